"""Logging in at the identity provider as an ordinary relying party.

Source: OpenID Connect Core 1.0 sec. 3.1, RFC 6749 sec. 4.1, RFC 7636 (PKCE), RFC 9207 (issuer in the answer), RFC 7523 (client assertion).
"""

import base64
import hashlib
import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlencode

from dean06.portal.errors import LoginNotStarted, LoginRefused, ProviderAway, TokenRefused

SCOPES: Final = ("openid", "profile", "number")
SECRET_BYTES: Final = 32  # 43 characters of base64url: the least that RFC 7636 sec. 4.1 allows a verifier
CLOCK_TOLERANCE: Final = timedelta(seconds=60)
OLDEST_TOKEN: Final = timedelta(minutes=10)
ASSERTION_TTL: Final = timedelta(minutes=1)
ASSERTION_TYPE: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"  # RFC 7523 sec. 2.2
ALGORITHM: Final = "ES256"
LONGEST_PARAMETER: Final = 2048
NEEDED_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 sec. 2)."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def digest(secret: str) -> str:
    """Return what is kept of a secret that only the browser holds."""
    return hashlib.sha256(secret.encode()).hexdigest()


@dataclass(frozen=True, slots=True, repr=False)
class Attempt:
    """The secrets of one log-in: ``state`` and ``nonce`` travel, ``verifier`` stays until the code is redeemed."""

    state: str = field(default_factory=lambda: secrets.token_urlsafe(SECRET_BYTES))
    nonce: str = field(default_factory=lambda: secrets.token_urlsafe(SECRET_BYTES))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(SECRET_BYTES))

    @property
    def challenge(self) -> str:
        """S256 of the verifier (RFC 7636 sec. 4.2)."""
        return base64url(hashlib.sha256(self.verifier.encode()).digest())


@dataclass(frozen=True, slots=True)
class Provider:
    """Where the identity provider is, as it says itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    end_session_endpoint: str = ""

    @classmethod
    def parse(cls, document: Mapping[str, Any], *, issuer: str) -> "Provider":
        """Read a discovery document.

        Raises:
            ProviderAway: it is another issuer's, or an address is missing (OpenID Connect Discovery 1.0 sec. 4.3).
        """
        if document.get("issuer") != issuer or any(not isinstance(document.get(name), str) for name in NEEDED_ADDRESSES):
            raise ProviderAway("The discovery document is not this issuer's.")
        addresses = {name: str(document[name]) for name in NEEDED_ADDRESSES}
        return cls(issuer, end_session_endpoint=str(document.get("end_session_endpoint", "")), **addresses)


def authorization_address(provider: Provider, attempt: Attempt, *, client_id: str, redirect_uri: str, language: str) -> str:
    """Return where the browser is sent to log in."""
    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect_uri,
        "scope": " ".join(SCOPES),
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
        "ui_locales": language,
    }
    return f"{provider.authorization_endpoint}?{urlencode(parameters)}"


def returned_code(parameters: Mapping[str, str], *, issuer: str) -> str:
    """Return the code that the provider's answer carries.

    Raises:
        LoginNotStarted: the answer is malformed or another issuer's.
        LoginRefused: the provider says why it did not let the person in.
    """
    if any(len(value) > LONGEST_PARAMETER for value in parameters.values()):
        raise LoginNotStarted
    if parameters.get("iss", issuer) != issuer:
        raise LoginNotStarted
    if error := parameters.get("error"):
        raise LoginRefused(error=error[:60])
    if not (code := parameters.get("code", "")):
        raise LoginNotStarted
    return code


def client_assertion_input(*, client_id: str, audience: str, kid: str, now: datetime) -> str:
    """Return the signing input of the client's proof of itself (RFC 7523 sec. 3); one use, one minute."""
    issued = int(now.timestamp())
    header = {"alg": ALGORITHM, "kid": kid, "typ": "JWT"}
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": audience,
        "jti": secrets.token_urlsafe(16),
        "iat": issued,
        "exp": issued + int(ASSERTION_TTL.total_seconds()),
    }
    return ".".join(base64url(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))


@dataclass(frozen=True, slots=True)
class LoggedIn:
    """What a verified id_token says: no personal data."""

    sub: str
    acr: str
    auth_time: datetime


def logout_address(provider: Provider, *, id_token: str, return_to: str) -> str:
    """Return where the browser ends the provider's session too (OpenID Connect RP-Initiated Logout 1.0), or "" if it offers none."""
    if not provider.end_session_endpoint:
        return ""
    return f"{provider.end_session_endpoint}?{urlencode({'id_token_hint': id_token, 'post_logout_redirect_uri': return_to})}"


def check_id_token(claims: Mapping[str, Any], *, issuer: str, client_id: str, nonce: str, access_token: str, now: datetime) -> LoggedIn:
    """Check the claims of an id_token whose signature is verified (OIDC Core sec. 3.1.3.7).

    Raises:
        TokenRefused: a claim is missing or wrong.
    """
    audience = claims.get("aud")
    if claims.get("iss") != issuer or audience not in (client_id, [client_id]):
        raise TokenRefused("The id_token is another client's or another issuer's.")
    expires, issued, auth_time, sub = claims.get("exp"), claims.get("iat"), claims.get("auth_time"), claims.get("sub")
    if type(expires) is not int or type(issued) is not int or type(auth_time) is not int or not isinstance(sub, str) or not sub:
        raise TokenRefused("The id_token lacks sub, exp, iat or auth_time.")
    present, tolerance = now.timestamp(), CLOCK_TOLERANCE.total_seconds()
    if not issued - tolerance <= present < expires + tolerance or present - issued > OLDEST_TOKEN.total_seconds():
        raise TokenRefused("The id_token is not in force.")
    if not _same(claims.get("nonce"), nonce):
        raise TokenRefused("The id_token answers another request.")
    half = base64url(hashlib.sha256(access_token.encode()).digest()[:16])
    if not _same(claims.get("at_hash"), half):
        raise TokenRefused("The id_token belongs to another access token.")
    return LoggedIn(sub, str(claims.get("acr", "")), datetime.fromtimestamp(auth_time, tz=now.tzinfo))


def _same(given: object, wanted: str) -> bool:
    return isinstance(given, str) and hmac.compare_digest(given.encode(), wanted.encode())


def safe_path(text: str) -> str:
    """Return a path of this site to go on to, or "" for anything that could lead elsewhere."""
    is_own = text.startswith("/") and not text.startswith(("//", "/\\")) and "\\" not in text and text.isprintable()
    return text if is_own and len(text) <= LONGEST_PARAMETER else ""
