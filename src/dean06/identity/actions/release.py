"""Releasing claims: from the registry through the gateway, as far as the person agrees, with one ledger entry a session."""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from django.db import transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.errors import Dean06Error
from dean06.core.keys import PersonKey
from dean06.exchange.public import call
from dean06.identity.actions.accounts import LOG
from dean06.identity.actions.consent import consented
from dean06.identity.actions.sessions import actor_of, is_alive
from dean06.identity.clients import party
from dean06.identity.domain.claims import userinfo_claims
from dean06.identity.domain.clients import OPENID, Client
from dean06.identity.domain.encoding import stored_hash
from dean06.identity.domain.subjects import pairwise_sub
from dean06.identity.errors import ClaimsUnavailable, InvalidToken, UnknownClient
from dean06.identity.models import AccessToken, ClaimRelease, LoginSession
from dean06.identity.secrets import pairwise_salt
from dean06.ledger import public as ledger

USING: Final = database_of("identity")
CLIENT: Final = "VN/GOV/G01/EID"
SERVICE: Final = "VN/GOV/G01/POPULATION/population"
LOOK_UP: Final = "/v1/persons/look-up"
PURPOSE: Final = "userinfo"

log = structlog.get_logger(__name__)


def userinfo(token: str) -> dict[str, Any]:
    """Answer a relying party that shows an access token.

    The registry is asked for what was agreed to at sign-in and has not been taken back since.

    Raises:
        InvalidToken: unknown, expired, revoked, or its session is over.
        ClaimsUnavailable: the registry did not answer.
    """
    row = AccessToken.objects.select_related("session__account").filter(token_hash=stored_hash(token)).first() if token else None
    if row is None or row.revoked_at is not None or now() >= row.expires_at or not is_alive(row.session):
        raise InvalidToken
    try:
        client = party(row.client_id).client
    except UnknownClient:
        raise InvalidToken from None
    agreed = consented(account=row.session.account_id, client_id=row.client_id)
    if OPENID not in agreed:
        raise InvalidToken("The person no longer agrees.")
    sub = subject_of(row.session, client)
    names = [name for name in row.claims if name in agreed and name in client.claims]
    if not names:
        return {"sub": sub}
    claims = userinfo_claims(_document(row.session), names)
    note_release(session=row.session, client=client, names=sorted(claims))
    return {"sub": sub, **claims}


def subject_of(session: LoginSession, client: Client) -> str:
    """Return the pairwise subject of a session's account for a client."""
    return pairwise_sub(sector=client.sector, account=session.account_id, salt=pairwise_salt())


def _document(session: LoginSession) -> dict[str, Any]:
    try:
        answer = call(
            client=CLIENT,
            service=SERVICE,
            method="POST",
            path=LOOK_UP,
            body={"person_key": str(session.account.person)},
            purpose=PURPOSE,
            user=str(session.account_id),
            actor=actor_of(session),
        )
    except Dean06Error as exc:
        log.warning("identity.registry_refused", code=exc.code)
        raise ClaimsUnavailable from exc
    if answer.status != 200:  # noqa: PLR2004 -- HTTP
        log.warning("identity.registry_refused", status=answer.status, code=str(answer.document.get("code", "")))
        raise ClaimsUnavailable
    return dict(answer.document)


def note_release(*, session: LoginSession, client: Client, names: Sequence[str]) -> bool:
    """Record what a relying party learns for the first time in this session; return whether anything was new.

    The gateway's entry says that the registry disclosed; this one says to whom it went.
    """
    if not _not_yet_released(session, client, names):
        return False
    with transaction.atomic(using=USING, durable=True):
        LoginSession.objects.select_for_update().get(key=session.key)  # two requests at once: one entry
        new = _not_yet_released(session, client, names)
        if new:
            _release(session, client, new)
    return bool(new)


def _not_yet_released(session: LoginSession, client: Client, names: Sequence[str]) -> list[str]:
    known = set(ClaimRelease.objects.filter(session=session, client_id=client.client_id).values_list("claim", flat=True))
    return [name for name in names if name not in known]


def _release(session: LoginSession, client: Client, new: Sequence[str]) -> None:
    ClaimRelease.objects.bulk_create(
        [ClaimRelease(account_id=session.account_id, session=session, client_id=client.client_id, claim=name) for name in new]
    )
    bases = sorted({basis for name in new if (basis := client.claims[name].legal_basis)} | ({client.legal_basis} - {""}))
    ledger.record(
        "identity.claims_released",
        log=LOG,
        using=USING,
        actor=actor_of(session),
        who=client.name,
        subject=PersonKey(session.account.person),
        purpose=client.purpose,
        legal_basis="; ".join(bases),
        fields=new,
    )
