"""Talking to the identity provider over HTTP, as any other relying party would."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any, Final, Protocol

import structlog
from django.conf import settings
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.request import SyncRequestBuilder

from dean06.core.clock import now
from dean06.portal.domain.login import (
    ALGORITHM,
    ASSERTION_TYPE,
    Attempt,
    LoggedIn,
    Provider,
    authorization_address,
    base64url,
    check_id_token,
    client_assertion_input,
    logout_address,
)
from dean06.portal.errors import ProviderAway, TokenRefused
from dean06.signing.public import ensure_key

log = structlog.get_logger(__name__)

CLIENT_ID: Final = "portal"
CLIENT_KEY: Final = "client.portal"
CALLBACK_PATH: Final = "/oidc/callback"
DISCOVERY_PATH: Final = "/.well-known/openid-configuration"
TIMEOUT: Final = timedelta(seconds=5)
LARGEST_ANSWER_BYTES: Final = 256 * 1024
FRESH: Final = timedelta(minutes=10)
OK: Final = 200


class Transport(Protocol):
    """How requests reach the provider; tests put a fake in its place."""

    def get(self, url: str, *, bearer: str = "") -> tuple[int, bytes]:
        """Fetch; return status and body."""

    def post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form; return status and body."""


class HttpTransport:
    """The real one: five seconds, no redirects, bounded answers."""

    def get(self, url: str, *, bearer: str = "") -> tuple[int, bytes]:
        """Fetch; return status and body."""
        request = _client().get(url)
        return _sent(request.bearer_auth(bearer) if bearer else request)

    def post(self, url: str, form: Mapping[str, str]) -> tuple[int, bytes]:
        """Send a form; return status and body."""
        return _sent(_client().post(url).form(list(form.items())))


@dataclass(frozen=True, slots=True)
class Redeemed:
    """Who logged in, what the provider says about her, and the token that says so."""

    who: LoggedIn
    claims: Mapping[str, Any] = field(repr=False)
    id_token: str = field(repr=False)


@cache
def _client() -> SyncClient:
    return SyncClientBuilder().timeout(TIMEOUT).follow_redirects(False).no_proxy().build()


def _sent(request: SyncRequestBuilder) -> tuple[int, bytes]:
    try:
        with request.header("accept", "application/json").build_streamed() as response:
            body = b""
            while len(body) <= LARGEST_ANSWER_BYTES and (part := response.body_reader.read()) is not None:
                body += bytes(part)
    except PyreqwestError as exc:
        log.warning("portal.provider_unreachable", error=type(exc).__name__)
        raise ProviderAway from exc
    if len(body) > LARGEST_ANSWER_BYTES:
        raise ProviderAway("The provider's answer is too large.")
    return response.status, body


class IdentityProvider:
    """The provider of this installation: its metadata and keys are remembered for ten minutes.

    A token under an unknown key makes the keys be fetched once more, so that rotation needs no restart.
    """

    def __init__(self, transport: Transport | None = None) -> None:
        self._transport = transport or HttpTransport()
        self._provider: Provider | None = None
        self._keys: KeySet | None = None
        self._read_at: datetime | None = None

    @property
    def issuer(self) -> str:
        """The issuer identifier: the web process's own origin."""
        return str(settings.DEAN06_WEB_ORIGIN)

    @property
    def redirect_uri(self) -> str:
        """Where the provider sends people back."""
        return f"{self.issuer}{CALLBACK_PATH}"

    def metadata(self) -> Provider:
        """Return the provider's addresses.

        Raises:
            ProviderAway: it does not answer as itself.
        """
        if self._provider is None or self._read_at is None or now() - self._read_at > FRESH or self._provider.issuer != self.issuer:
            document = self._json(*self._transport.get(self.issuer + DISCOVERY_PATH))
            self._provider, self._keys, self._read_at = Provider.parse(document, issuer=self.issuer), None, now()
        return self._provider

    def authorization_address(self, attempt: Attempt, *, language: str) -> str:
        """Return where to send the browser."""
        return authorization_address(self.metadata(), attempt, client_id=CLIENT_ID, redirect_uri=self.redirect_uri, language=language)

    def logout_address(self, id_token: str) -> str:
        """Return where the browser ends the provider's session and comes back, or "" if the provider cannot be asked."""
        try:
            return logout_address(self.metadata(), id_token=id_token, return_to=f"{self.issuer}/")
        except ProviderAway:
            return ""

    def redeem(self, code: str, *, verifier: str, nonce: str) -> Redeemed:
        """Exchange a code for a verified id_token and the person's claims.

        Raises:
            ProviderAway: the provider does not answer.
            TokenRefused: its answer does not hold, or it refused the code.
        """
        status, body = self._transport.post(
            self.metadata().token_endpoint,
            {
                "grant_type": "authorization_code",
                "code": code,
                "redirect_uri": self.redirect_uri,
                "code_verifier": verifier,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": self._assertion(),
            },
        )
        answer = self._json(status, body, refusal=TokenRefused)
        access_token, id_token = answer.get("access_token"), answer.get("id_token")
        if not isinstance(access_token, str) or not isinstance(id_token, str):
            raise TokenRefused("The token answer lacks a token.")
        who = check_id_token(
            self._verified(id_token), issuer=self.issuer, client_id=CLIENT_ID, nonce=nonce, access_token=access_token, now=now()
        )
        claims = self._json(*self._transport.get(self.metadata().userinfo_endpoint, bearer=access_token))
        if claims.get("sub") != who.sub:
            raise TokenRefused("The claims are another person's.")  # OIDC Core sec. 5.3.2: token substitution
        return Redeemed(who, claims, id_token)

    def _assertion(self) -> str:
        key = ensure_key(CLIENT_KEY, common_name="Cổng dịch vụ công dean06", usage="oidc")
        signed = client_assertion_input(client_id=CLIENT_ID, audience=self.issuer, kid=key.kid, now=now())
        return f"{signed}.{base64url(key.sign_raw(signed.encode()))}"

    def _verified(self, token: str) -> Mapping[str, Any]:
        for is_last in (False, True):
            try:
                return jwt.decode(token, self._key_set(), algorithms=[ALGORITHM]).claims
            except (JoseError, ValueError) as exc:
                if is_last:
                    raise TokenRefused("The id_token's signature does not hold.") from exc
                self._keys = None
        raise TokenRefused

    def _key_set(self) -> KeySet:
        if self._keys is None:
            document = self._json(*self._transport.get(self.metadata().jwks_uri))
            try:
                self._keys = KeySet.import_key_set(document)  # type: ignore[arg-type]  # a plain mapping, checked by joserfc
            except (JoseError, ValueError, KeyError, TypeError) as exc:
                raise ProviderAway("The provider's keys cannot be read.") from exc
        return self._keys

    @staticmethod
    def _json(status: int, body: bytes, *, refusal: type[ProviderAway | TokenRefused] = ProviderAway) -> dict[str, Any]:
        try:
            document = json.loads(body)
        except ValueError as exc:
            raise ProviderAway(f"The provider answered {status} without JSON.") from exc
        if status != OK or not isinstance(document, dict):
            error = str(document.get("error", ""))[:60] if isinstance(document, dict) else ""
            raise refusal(f"The provider answered {status} {error}", status=status, error=error)
        return document


@cache
def identity_provider() -> IdentityProvider:
    """Return the provider of this process."""
    return IdentityProvider()
