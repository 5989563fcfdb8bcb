"""The token request and what it yields.

Source: RFC 6749 sec. 4.1.3 and 5, RFC 7521/7523 (client assertions), OpenID Connect Core sec. 2 and 3.1.3.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard
from urllib.parse import unquote_plus
from uuid import UUID

from dean06.identity.domain import pkce
from dean06.identity.domain.encoding import base64url
from dean06.identity.domain.parameters import required
from dean06.identity.errors import InvalidClient, InvalidGrant, InvalidRequest, UnsupportedGrantType

GRANT_TYPE: Final = "authorization_code"
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 sec. 2.2
CODE_TTL: Final = timedelta(seconds=60)  # RFC 6749 sec. 4.1.2 recommends at most ten minutes; ASVS 5.0 10.4.3: one
ACCESS_TOKEN_TTL: Final = timedelta(minutes=10)
ID_TOKEN_TTL: Final = timedelta(minutes=10)
LONGEST_ASSERTION_LIFE: Final = timedelta(minutes=5)
CLOCK_TOLERANCE: Final = timedelta(seconds=10)
LONGEST_JTI: Final = 256
LATEST_INSTANT: Final = 1 << 37  # the year 6325


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """A code to be redeemed."""

    code: str
    redirect_uri: str
    code_verifier: str


@dataclass(frozen=True, slots=True)
class PresentedSecret:
    """A client that shows its secret (RFC 6749 sec. 2.3.1)."""

    client_id: str
    secret: str

    def matches(self, stored_hash: str) -> bool:
        """Compare in constant time with the kept SHA-256 (the secret has 256 random bits)."""
        return hmac.compare_digest(hashlib.sha256(self.secret.encode()).hexdigest(), stored_hash)


@dataclass(frozen=True, slots=True)
class PresentedAssertion:
    """A client that signs (RFC 7523): ``client_id`` is only claimed until the signature is verified."""

    client_id: str
    assertion: str


@dataclass(frozen=True, slots=True)
class CodeFacts:
    """What was written when the code was given."""

    client_id: str
    redirect_uri: str
    code_challenge: str
    expires_at: datetime


def parse_token_request(parameters: Mapping[str, str]) -> TokenRequest:
    """Check the shape of a token request.

    Raises:
        UnsupportedGrantType: another grant.
        InvalidRequest: a parameter is absent.
    """
    given = dict(parameters)
    if required(given, "grant_type") != GRANT_TYPE:
        raise UnsupportedGrantType
    return TokenRequest(required(given, "code"), required(given, "redirect_uri"), required(given, "code_verifier"))


def presented_credentials(
    parameters: Mapping[str, str], authorization: str, *, claimed_subject: str = ""
) -> PresentedSecret | PresentedAssertion:
    """Return how the client authenticates itself.

    Args:
        parameters: the form.
        authorization: the ``Authorization`` header, or empty.
        claimed_subject: ``sub`` of the client assertion, still unverified, for requests without ``client_id``.

    Raises:
        InvalidClient: nothing usable was shown.
        InvalidRequest: two methods at once (RFC 6749 sec. 2.3), or a secret in the form, which this provider does not read.
    """
    has_assertion = "client_assertion" in parameters
    if "client_secret" in parameters or (has_assertion and authorization):
        raise InvalidRequest("Show one set of client credentials, by private_key_jwt or in the Authorization header.")
    if has_assertion:
        if parameters.get("client_assertion_type") != ASSERTION_TYPE:
            raise InvalidClient("The client_assertion_type is not the one of RFC 7523.")
        client_id = parameters.get("client_id", claimed_subject)
        if not client_id or client_id != claimed_subject:
            raise InvalidClient("The client assertion is for another client.")
        return PresentedAssertion(client_id, parameters["client_assertion"])
    shown = _basic(authorization)
    if parameters.get("client_id", shown.client_id) != shown.client_id:
        raise InvalidClient("The client_id differs from the Authorization header.")
    return shown


def _basic(authorization: str) -> PresentedSecret:
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient
    try:
        client_id, separator, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError) as exc:
        raise InvalidClient from exc
    if not separator or not client_id or not secret:
        raise InvalidClient
    return PresentedSecret(unquote_plus(client_id), unquote_plus(secret))


def check_assertion_claims(claims: Mapping[str, Any], *, client_id: str, audiences: frozenset[str], now: datetime) -> tuple[str, datetime]:
    """Check the claims of a client assertion whose signature is verified; return its ``jti`` and expiry.

    Raises:
        InvalidClient: wrong issuer, subject, audience, times or no ``jti`` (RFC 7523 sec. 3).
    """
    if claims.get("iss") != client_id or claims.get("sub") != client_id:
        raise InvalidClient("The client assertion is not the client's own.")
    audience = claims.get("aud")
    named = audience if isinstance(audience, list) else [audience]
    if len(named) != 1 or not isinstance(named[0], str) or named[0] not in audiences:
        raise InvalidClient("The client assertion is for another audience.")
    expires, issued, jti = claims.get("exp"), claims.get("iat", claims.get("nbf")), claims.get("jti")
    if not _is_instant(expires) or not _is_instant(issued) or not isinstance(jti, str) or not 0 < len(jti) <= LONGEST_JTI:
        raise InvalidClient("The client assertion needs exp, iat and jti.")
    present = now.timestamp()
    tolerance = CLOCK_TOLERANCE.total_seconds()
    if not issued - tolerance <= present < expires + tolerance or expires - present > LONGEST_ASSERTION_LIFE.total_seconds() + tolerance:
        raise InvalidClient("The client assertion is not in force, or for longer than five minutes.")
    return jti, now + timedelta(seconds=expires - present) + CLOCK_TOLERANCE


def _is_instant(value: object) -> TypeGuard[int]:
    """Say whether a claim is a NumericDate within the next thousands of years (a bool is no number, a huge one overflows)."""
    return type(value) is int and 0 <= value < LATEST_INSTANT


def check_redemption(code: CodeFacts, request: TokenRequest, *, client_id: str, now: datetime) -> None:
    """Check that a code is redeemed by whom, for what and as it was given.

    Raises:
        InvalidGrant: it is not.
    """
    if code.client_id != client_id:
        raise InvalidGrant
    if now >= code.expires_at:
        raise InvalidGrant("The code has expired.")
    if not hmac.compare_digest(code.redirect_uri.encode(), request.redirect_uri.encode()):
        raise InvalidGrant("The redirect_uri is not the one of the authorization request.")
    pkce.check_verifier(request.code_verifier, code.code_challenge)


def at_hash(access_token: str) -> str:
    """Return the left half of the token's SHA-256 (OIDC Core sec. 3.1.3.6, for ES256)."""
    return base64url(hashlib.sha256(access_token.encode()).digest()[:16])


@dataclass(frozen=True, slots=True)
class Authentication:
    """What happened when the person signed in."""

    account: UUID
    auth_time: datetime
    acr: str
    amr: tuple[str, ...]


def id_token_claims(
    authentication: Authentication, *, issuer: str, client_id: str, sub: str, nonce: str, access_token: str, now: datetime
) -> dict[str, Any]:
    """Return the claims of an id_token (OIDC Core sec. 2): no personal data."""
    issued = int(now.timestamp())
    claims = {
        "iss": issuer,
        "sub": sub,
        "aud": client_id,
        "exp": issued + int(ID_TOKEN_TTL.total_seconds()),
        "iat": issued,
        "auth_time": int(authentication.auth_time.timestamp()),
        "acr": authentication.acr,
        "amr": list(authentication.amr),
        "at_hash": at_hash(access_token),
    }
    return {**claims, "nonce": nonce} if nonce else claims


def token_response(*, access_token: str, id_token: str, scopes: tuple[str, ...]) -> dict[str, Any]:
    """Return the body of a successful answer (RFC 6749 sec. 5.1)."""
    return {
        "access_token": access_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_TOKEN_TTL.total_seconds()),
        "scope": " ".join(scopes),
        "id_token": id_token,
    }
