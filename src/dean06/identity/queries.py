"""What the holder of an account reads about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from dean06.core.clock import now
from dean06.identity.actions.sessions import IDLE
from dean06.identity.clients import party
from dean06.identity.errors import UnknownClient
from dean06.identity.models import Consent, LoginSession, Passkey, SignInEvent

HISTORY_ROWS: Final = 20


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one relying party may learn of the holder."""

    client_id: str
    name: str
    claims: tuple[str, ...]
    since: datetime
    until: datetime


def passkeys_of(account: UUID) -> Sequence[Passkey]:
    """Return the account's passkeys, oldest first."""
    return list(Passkey.objects.filter(account_id=account).order_by("id"))


def living_sessions_of(account: UUID) -> Sequence[LoginSession]:
    """Return sessions that still open something, newest first."""
    present = now()
    alive = LoginSession.objects.filter(account_id=account, ended_at=None, expires_at__gt=present, seen_at__gt=present - IDLE)
    return list(alive.order_by("-auth_time"))


def history_of(account: UUID) -> Sequence[SignInEvent]:
    """Return the newest lines of the sign-in history."""
    return list(SignInEvent.objects.filter(account_id=account).order_by("-id")[:HISTORY_ROWS])


def agreements_of(account: UUID) -> Sequence[Agreement]:
    """Return what is agreed to and in force, by relying party."""
    rows = Consent.objects.filter(account_id=account, expires_at__gt=now()).order_by("client_id", "claim")
    by_client: dict[str, list[Consent]] = {}
    for row in rows:
        by_client.setdefault(row.client_id, []).append(row)
    return [
        Agreement(
            client_id,
            name_of(client_id),
            tuple(row.claim for row in agreed if row.claim != "openid"),
            min(row.given_at for row in agreed),
            max(row.expires_at for row in agreed),
        )
        for client_id, agreed in by_client.items()
    ]


def name_of(client_id: str) -> str:
    """Return a relying party's name, or its id if it is no longer registered."""
    try:
        return party(client_id).client.name
    except UnknownClient:
        return client_id
