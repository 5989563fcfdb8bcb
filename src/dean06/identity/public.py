"""What other modules may use of identity: keys and sessions, no personal fields."""

from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType
from uuid import UUID

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.identity.actions import accounts
from dean06.identity.actions.sessions import session_by_cookie
from dean06.identity.clients import client_assertion, client_secret, load_clients
from dean06.identity.models import Account
from dean06.identity.usernames import username_of
from dean06.registry.public import PersonalId

__all__ = [
    "AccountKey",
    "SessionView",
    "account_of",
    "client_assertion",
    "client_secret",
    "enrol_totp",
    "load_clients",
    "protocol_app",
    "register_account",
    "session_of",
]

AccountKey = NewType("AccountKey", UUID)
"""An account, inside; across a border only its pairwise subjects are seen."""

Asgi = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[MutableMapping[str, Any]]], Callable[[MutableMapping[str, Any]], Awaitable[None]]],
    Awaitable[None],
]


@dataclass(frozen=True, slots=True)
class SessionView:
    """A living session as other modules may see it."""

    key: UUID
    account: AccountKey
    person: PersonKey
    acr: str
    amr: tuple[str, ...]
    auth_time: datetime


def register_account(
    *, person: PersonKey, level: int, username: str | PersonalId, password: str, actor: Actor, totp_secret: str = ""
) -> AccountKey:
    """Open an account of level 1 or 2.

    Args:
        person: whose; one person has one account.
        level: 1 or 2.
        username: the twelve-digit number that she signs in with; only a keyed hash of it is stored.
        password: 10 to 128 characters.
        actor: who registers.
        totp_secret: base32; with it the one-time-code generator is there from the first moment.

    Raises:
        MalformedPersonalId: the username has not twelve digits.
        AccountExists: the person or the number has an account.
        WeakPassword: too short or too long.
        MalformedTotpSecret: not base32 of at least 128 bits.
    """
    key = accounts.register_account(
        person=person, level=level, username=username_of(username), password=password, actor=actor, totp_secret=totp_secret
    )
    return AccountKey(key)


def enrol_totp(account: AccountKey, secret: str) -> None:
    """Give an account a one-time-code generator (base32 secret), replacing an earlier one.

    Raises:
        MalformedTotpSecret: not base32 of at least 128 bits.
        AccountNotFound: no such account.
    """
    accounts.enrol_totp(account=account, secret=secret)


def account_of(person: PersonKey) -> AccountKey | None:
    """Return the account of a person, if she has one."""
    key = Account.objects.filter(person=person).values_list("key", flat=True).first()
    return AccountKey(key) if key else None


def session_of(cookie: str) -> SessionView | None:
    """Return the living session that a cookie of this provider opens."""
    session = session_by_cookie(cookie)
    if session is None:
        return None
    return SessionView(
        session.key, AccountKey(session.account_id), PersonKey(session.account.person), session.acr, tuple(session.amr), session.auth_time
    )


def protocol_app() -> Asgi:
    """Return the ASGI application of the machine endpoints; import it in the protocol process only."""
    from dean06.identity.endpoints import protocol_app as make  # noqa: PLC0415 -- the web process needs no Starlette

    return make()
