"""Codes are given, redeemed once, and pulled back with their tokens when someone tries twice."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connections, transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.identity.clients import Assertion
from dean06.identity.domain.authorize import AuthorizationRequest
from dean06.identity.domain.clients import Client
from dean06.identity.domain.encoding import random_token, stored_hash
from dean06.identity.domain.tokens import ACCESS_TOKEN_TTL, CODE_TTL, Authentication, CodeFacts, TokenRequest, check_redemption
from dean06.identity.errors import InvalidClient, InvalidGrant, ProtocolRefusal
from dean06.identity.models import AccessToken, AuthorizationCode, LoginSession

USING: Final = database_of("identity")

# One statement decides: of any number of tries at once, the row's lock lets one see it unused.
TAKE_CODE: Final = """
    UPDATE identity_authorizationcode c SET used_at = %(now)s
    FROM identity_loginsession s JOIN identity_account a ON a.key = s.account_id
    WHERE c.code_hash = %(code)s AND c.client_id = %(client)s AND c.used_at IS NULL AND s.key = c.session_id
    RETURNING c.redirect_uri, c.code_challenge, c.expires_at, c.nonce, c.scopes, c.claims,
        s.key, s.auth_time, s.acr, s.amr, s.expires_at, s.ended_at, a.key, a.state
"""
USE_ASSERTION: Final = """
    INSERT INTO identity_clientassertion (client_id, jti_hash, expires_at) VALUES (%s, %s, %s)
    ON CONFLICT (client_id, jti_hash) DO NOTHING RETURNING id
"""


@transaction.atomic(using=USING, durable=True)
def issue_code(*, session: LoginSession, request: AuthorizationRequest, client: Client, agreed: Collection[str]) -> str:
    """Give a code for one minute, bound to client, address, challenge and session; only its hash is kept."""
    code = random_token()
    AuthorizationCode.objects.create(
        code_hash=stored_hash(code),
        client_id=client.client_id,
        session_id=session.key,
        redirect_uri=request.redirect_uri,
        code_challenge=request.code_challenge,
        nonce=request.nonce,
        scopes=list(request.scopes),
        claims=[claim.name for claim in client.claims_of(request.scopes) if claim.name in agreed],
        expires_at=now() + CODE_TTL,
    )
    return code


@dataclass(frozen=True, slots=True)
class Redeemed:
    """What a code was worth."""

    access_token: str
    authentication: Authentication
    nonce: str
    scopes: tuple[str, ...]


@transaction.atomic(using=USING, durable=True)
def redeem_code(*, client: Client, assertion: Assertion | None, request: TokenRequest) -> Redeemed | ProtocolRefusal:
    """Spend the client's assertion and the code, in one transaction that also stands when the answer is no.

    A code that is shown with a wrong verifier or address is spent as well. A code shown a second time takes the tokens back that
    came from it (RFC 6749 sec. 4.1.2); another client's try changes nothing, or a thief could end a stranger's session.

    Returns:
        The tokens' content, or the refusal to be raised after the commit.
    """
    present = now()
    if assertion is not None and not _spend(assertion, client.client_id):
        return InvalidClient("The client assertion was used before.")
    code_hash = stored_hash(request.code)
    with connections[USING].cursor() as cursor:
        cursor.execute(TAKE_CODE, {"now": present, "code": code_hash, "client": client.client_id})
        row = cursor.fetchone()
    if row is None:
        AccessToken.objects.filter(code_id=code_hash, client_id=client.client_id, revoked_at=None).update(revoked_at=present)
        return InvalidGrant()
    redirect_uri, challenge, expires_at, nonce, scopes, claims, session_key, auth_time, acr, amr, session_expires, ended, account, state = (
        row
    )
    try:
        check_redemption(CodeFacts(client.client_id, redirect_uri, challenge, expires_at), request, client_id=client.client_id, now=present)
        _check_session(expires_at=session_expires, ended_at=ended, state=state, present=present)
    except InvalidGrant as refusal:
        return refusal
    token = random_token()
    AccessToken.objects.create(
        token_hash=stored_hash(token),
        code_id=code_hash,
        client_id=client.client_id,
        session_id=session_key,
        scopes=scopes,
        claims=claims,
        issued_at=present,
        expires_at=min(present + ACCESS_TOKEN_TTL, session_expires),
    )
    return Redeemed(token, Authentication(_uuid(account), auth_time, acr, tuple(amr)), nonce, tuple(scopes))


def _uuid(value: UUID | str) -> UUID:
    return value if isinstance(value, UUID) else UUID(value)


def _spend(assertion: Assertion, client_id: str) -> bool:
    with connections[USING].cursor() as cursor:
        cursor.execute(USE_ASSERTION, [client_id, assertion.jti_hash, assertion.expires_at])
        return cursor.fetchone() is not None


def _check_session(*, expires_at: datetime, ended_at: datetime | None, state: str, present: datetime) -> None:
    if ended_at is not None or present >= expires_at or state != "active":
        raise InvalidGrant("The session behind the code has ended.")


@transaction.atomic(using=USING, durable=True)
def revoke_token(*, client_id: str, token: str) -> None:
    """Revoke a client's own access token (RFC 7009); anything else changes nothing and tells nothing."""
    AccessToken.objects.filter(token_hash=stored_hash(token), client_id=client_id, revoked_at=None).update(revoked_at=now())


@transaction.atomic(using=USING, durable=True)
def spend_assertion(*, client_id: str, assertion: Assertion) -> bool:
    """Spend an assertion that came without a code; return whether it was the first use."""
    return _spend(assertion, client_id)
