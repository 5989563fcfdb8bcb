"""Sessions begin and end."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.identity.actions.accounts import LEGAL_BASIS, LOG, PROVIDER_NAME
from dean06.identity.domain.assurance import LevelOfAssurance, authentication_level
from dean06.identity.domain.encoding import random_token, stored_hash
from dean06.identity.errors import LoginRefused
from dean06.identity.models import Account, LoginSession, SignInEvent
from dean06.identity.visits import Visit
from dean06.ledger import public as ledger

USING: Final = database_of("identity")
LIFETIME: Final = timedelta(hours=8)
IDLE: Final = timedelta(hours=1)
SEEN_EVERY: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session and the cookie that opens it; the cookie is told once."""

    session: LoginSession
    cookie: str


def actor_of(session: LoginSession) -> Actor:
    """Return the actor of a session: the account's holder acting for herself."""
    return Actor(account=str(session.account_id), person=PersonKey(session.account.person), assurance=session.acr, session=str(session.key))


@transaction.atomic(using=USING, durable=True)
def open_session(*, account_key: UUID, methods: Sequence[str], visit: Visit, client_name: str = "", replaces: str = "") -> OpenedSession:
    """Begin a session for whom the sign-in has proved to be the holder.

    Args:
        account_key: whose.
        methods: what was really done, ``amr`` (RFC 8176).
        visit: from where.
        client_name: relying party that asked for the sign-in, if any.
        replaces: cookie of the session that this browser had; it ends, so a session id never outlives a sign-in.

    Raises:
        LoginRefused: the account was locked meanwhile.
    """
    account = Account.objects.get(key=account_key)
    if not account.may_sign_in:
        raise LoginRefused
    present = now()
    if replaces:
        LoginSession.objects.filter(cookie_hash=stored_hash(replaces), ended_at=None).update(ended_at=present)
    cookie = random_token()
    session = LoginSession.objects.create(
        cookie_hash=stored_hash(cookie),
        account=account,
        auth_time=present,
        amr=list(methods),
        acr=str(LevelOfAssurance(account.level, authentication_level(methods))),
        seen_at=present,
        expires_at=present + LIFETIME,
        device=visit.device,
        source=visit.source,
    )
    SignInEvent.objects.create(
        account=account,
        outcome=SignInEvent.Outcome.SIGNED_IN,
        methods=" ".join(methods),
        device=visit.device,
        source=visit.source,
        client_name=client_name,
    )
    ledger.record(
        "identity.logged_in",
        log=LOG,
        using=USING,
        actor=actor_of(session),
        who=client_name or PROVIDER_NAME,
        subject=PersonKey(account.person),
        purpose="Đăng nhập bằng định danh điện tử",
        legal_basis=LEGAL_BASIS,
        detail={"methods": list(methods), "acr": session.acr, "device": visit.device},
    )
    return OpenedSession(session, cookie)


@transaction.atomic(using=USING, durable=True)
def end_session(*, session: LoginSession, visit: Visit) -> None:
    """End one session; codes and tokens that came from it are worth nothing from now on."""
    if LoginSession.objects.filter(key=session.key, ended_at=None).update(ended_at=now()):
        SignInEvent.objects.create(
            account_id=session.account_id, outcome=SignInEvent.Outcome.SIGNED_OUT, device=visit.device, source=visit.source
        )


@transaction.atomic(using=USING, durable=True)
def end_sessions_of(*, account: UUID, visit: Visit, only: UUID | None = None) -> int:
    """End all sessions of an account, or one of its own; return how many ended."""
    sessions = LoginSession.objects.filter(account_id=account, ended_at=None)
    ended = (sessions if only is None else sessions.filter(key=only)).update(ended_at=now())
    if ended:
        SignInEvent.objects.create(account_id=account, outcome=SignInEvent.Outcome.SIGNED_OUT, device=visit.device, source=visit.source)
    return ended


def session_by_cookie(cookie: str) -> LoginSession | None:
    """Return the living session that a cookie opens, noting at most once a minute that it was seen."""
    if not cookie:
        return None
    session = LoginSession.objects.select_related("account").filter(cookie_hash=stored_hash(cookie)).first()
    if session is None or not is_alive(session):
        return None
    present = now()
    if present - session.seen_at >= SEEN_EVERY:
        LoginSession.objects.filter(key=session.key).update(seen_at=present)
    return session


def is_alive(session: LoginSession) -> bool:
    """Say whether a session still counts: not ended, not expired, not left idle, and its account in force."""
    present = now()
    return session.ended_at is None and present < session.expires_at and present - session.seen_at < IDLE and session.account.may_sign_in
