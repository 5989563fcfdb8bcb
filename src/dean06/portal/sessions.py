"""Log-ins and sessions of the portal: every write of the module."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from dean06.core.actor import ANONYMOUS, CITIZEN, Actor
from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.organisation.public import HeldPost
from dean06.portal.domain.login import Attempt, LoggedIn, digest, safe_path
from dean06.portal.errors import LoginNotStarted
from dean06.portal.models import OwnPage, PendingLogin, PortalSession
from dean06.portal.sealing import open_sealed, seal

USING: Final = database_of("portal")
COOKIE: Final = "dean06_session"
LOGIN_COOKIE: Final = "dean06_login"
LOGIN_TTL: Final = timedelta(minutes=15)  # long enough to find a phone; the provider's own page has its own limits
IDLE: Final = timedelta(minutes=30)
ABSOLUTE: Final = timedelta(hours=12)
SEEN_EVERY: Final = timedelta(minutes=1)
POSTS_FRESH: Final = timedelta(minutes=1)
SECRET_BYTES: Final = 32


PostsOf = Callable[[PersonKey, date], Sequence[HeldPost]]


@dataclass(frozen=True, slots=True)
class Cookie:
    """A secret that only the browser keeps."""

    value: str
    max_age: timedelta


@transaction.atomic(using=USING, durable=True)
def begin_login(attempt: Attempt, *, next_path: str) -> Cookie:
    """Remember a log-in that is on its way; the cookie ties it to this browser (no log-in from elsewhere can be slipped in)."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    PendingLogin.objects.filter(expires_at__lt=now()).delete()
    PendingLogin.objects.create(
        state_hash=digest(attempt.state),
        browser_hash=digest(secret),
        nonce=attempt.nonce,
        verifier=attempt.verifier,
        next_path=safe_path(next_path),
        expires_at=now() + LOGIN_TTL,
    )
    return Cookie(secret, LOGIN_TTL)


@dataclass(frozen=True, slots=True)
class Expected:
    """What the provider's answer must fit, and where the person wanted to go."""

    nonce: str
    verifier: str
    next_path: str


@transaction.atomic(using=USING, durable=True)
def take_login(*, state: str, secret: str) -> Expected:
    """Take the pending log-in that an answer belongs to; it can be taken once.

    Raises:
        LoginNotStarted: none of this browser, or it is too old, or it was answered before.
    """
    row = (
        PendingLogin.objects.select_for_update().filter(state_hash=digest(state), browser_hash=digest(secret), expires_at__gt=now()).first()
    )
    if row is None:
        raise LoginNotStarted
    expected = Expected(row.nonce, row.verifier, row.next_path)
    row.delete()
    return expected


@transaction.atomic(using=USING, durable=True)
def open_session(who: LoggedIn, *, person: PersonKey, name: str, id_token: str, posts: Sequence[HeldPost]) -> Cookie:
    """Open a session; whatever session the browser had before stays behind, its cookie is replaced."""
    secret = secrets.token_urlsafe(SECRET_BYTES)
    PortalSession.objects.filter(expires_at__lt=now() - ABSOLUTE).delete()
    PortalSession.objects.create(
        cookie_hash=digest(secret),
        sub=who.sub,
        person=person,
        acr=who.acr,
        auth_time=who.auth_time,
        name=seal(name) if name else b"",
        id_token=seal(id_token),
        posts=[_kept(post) for post in posts],
        expires_at=now() + ABSOLUTE,
    )
    return Cookie(secret, ABSOLUTE)


def find_session(cookie: str) -> PortalSession | None:
    """Return the live session of a cookie: not ended, not idle for half an hour, not older than half a day."""
    if not cookie:
        return None
    at = now()
    return PortalSession.objects.filter(cookie_hash=digest(cookie), ended_at__isnull=True, expires_at__gt=at, seen_at__gt=at - IDLE).first()


def keep_alive(session: PortalSession, *, posts_of: PostsOf) -> PortalSession:
    """Note that the session is used, at most once a minute, and learn anew which posts the person holds."""
    at = now()
    changed = []
    if at - session.seen_at > SEEN_EVERY:
        session.seen_at = at
        changed.append("seen_at")
    if at - session.posts_at > POSTS_FRESH:
        session.posts = [_kept(post) for post in posts_of(PersonKey(session.person), today())]
        session.posts_at = at
        changed += ["posts", "posts_at"]
    if changed:
        PortalSession.objects.filter(key=session.key).update(**{name: getattr(session, name) for name in changed})
    return session


@transaction.atomic(using=USING, durable=True)
def end_session(cookie: str) -> str:
    """End the session of a cookie and forget what it had been shown; return its id_token, for ending it at the provider too."""
    session = PortalSession.objects.filter(cookie_hash=digest(cookie), ended_at__isnull=True).first()
    if session is None:
        return ""
    OwnPage.objects.filter(session=session).delete()
    PortalSession.objects.filter(key=session.key).update(ended_at=now(), name=b"", id_token=b"")
    return open_sealed(session.id_token) or "" if session.id_token else ""


def _kept(post: HeldPost) -> dict[str, Any]:
    return {
        "post": post.post_key,
        "title": post.title,
        "unit": post.unit_code,
        "unit_name": post.unit_name,
        "roles": sorted(post.roles),
        "area": list(post.area),
    }


def actor_of_session(session: PortalSession | None) -> Actor:
    """Build the Actor: the person herself and all her posts; the first post's unit stands for the unit."""
    if session is None:
        return ANONYMOUS
    posts: list[Mapping[str, Any]] = session.posts
    return Actor(
        account=session.sub,
        person=PersonKey(session.person),
        unit_code=posts[0]["unit"] if posts else "",
        posts=tuple(post["post"] for post in posts),
        roles=frozenset({CITIZEN, *(role for post in posts for role in post["roles"])}),
        area=tuple(dict.fromkeys(code for post in posts for code in post["area"])),
        assurance=session.acr,
        session=str(session.key),
    )


def name_of_session(session: PortalSession) -> str:
    """Return the name that greets the person."""
    return open_sealed(session.name) or "" if session.name else ""


def kept_page(session: UUID, page: str) -> Mapping[str, Any] | None:
    """Return what this session was shown on a page of the person's own data, or None if it was not shown yet."""
    row = OwnPage.objects.filter(session_id=session, page=page).first()
    text = open_sealed(row.content) if row else None
    kept: Mapping[str, Any] | None = json.loads(text) if text else None
    return kept


@transaction.atomic(using=USING, durable=True)
def keep_page(session: UUID, page: str, content: Mapping[str, Any]) -> None:
    """Keep what was shown, encrypted, so that looking again in this session is not another disclosure."""
    sealed = seal(json.dumps(content))
    OwnPage.objects.update_or_create(session_id=session, page=page, defaults={"content": sealed, "fetched_at": now()})


def forget_pages(person: PersonKey) -> None:
    """Forget what sessions of a person were shown, because it changed; joins the caller's transaction."""
    OwnPage.objects.filter(session__person=person).delete()


def forget_ended() -> int:
    """Delete sessions and log-ins that ended a while ago; return how many."""
    at = now()
    gone = PortalSession.objects.filter(Q(expires_at__lt=at) | Q(ended_at__lt=at - ABSOLUTE)).delete()[0]
    return gone + PendingLogin.objects.filter(expires_at__lt=at).delete()[0]
