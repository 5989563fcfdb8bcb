"""``POST /token`` and ``POST /revoke`` beside the consumer's gateway (RFC 6749, sec. 4.4; RFC 7009)."""

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Final
from urllib.parse import parse_qsl, unquote_plus
from uuid import uuid4

import structlog

from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error
from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.limits import Rate
from dean06.exchange.edge import Edge
from dean06.exchange.errors import BadRequest, ClientNotAuthenticated, ExchangeError, MethodNotAllowed, TryLater
from dean06.exchange.ngsp.credentials import issue_token, prove, revoke_token
from dean06.exchange.ngsp.loading import current_dialect
from dean06.exchange.ngsp.throttle import Throttle
from dean06.exchange.wire import Incoming, Receive, Scope, Send, answer, closing, incoming, read_body

log = structlog.get_logger(__name__)

TOKEN: Final = "/token"  # noqa: S105 -- an address
REVOKE: Final = "/revoke"
LARGEST_FORM_BYTES: Final = 8 * 1024
MOST_FIELDS: Final = 20
KEY: Final = re.compile(r"[A-Za-z0-9_-]{1,64}")
FORM: Final = "application/x-www-form-urlencoded"
OF_ONE_ADDRESS: Final = Rate(per_second=20, burst=100)
OF_ONE_CREDENTIAL: Final = Rate(per_second=2, burst=20)
WRONG_ONES: Final = Rate(per_second=0.1, burst=5)
"""So many wrong secrets for one key from one address, then whoever sends one waits.

The right secret never waits for wrong ones: behind a proxy all systems are one address, and who knows a key must not lock its owner out.
"""
NEVER_KEPT: Final = [("cache-control", "no-store"), ("pragma", "no-cache")]  # RFC 6749, sec. 5.1
CHALLENGE: Final = ("www-authenticate", 'Basic realm="dean06"')


@dataclass(frozen=True, slots=True)
class Asked:
    """A question at the desk: who asks with which secret, and the form."""

    key: str
    secret: str = field(repr=False)
    form: Mapping[str, str] = field(repr=False)


class Refused(BadRequest):
    """The question is not one that is answered here."""

    code = "exchange.token_request_refused"

    def __init__(self, error: str, detail: str) -> None:
        super().__init__(detail)
        self.error = error


class TokenDesk:
    """Hands out and takes back tokens.

    Args:
        edge: the gateway beside which it stands; its threads and its log are used.
    """

    def __init__(self, edge: Edge) -> None:
        self._edge = edge
        self._addresses = Throttle(OF_ONE_ADDRESS)
        self._credentials = Throttle(OF_ONE_CREDENTIAL)
        self._wrong = Throttle(WRONG_ONES)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        try:
            status, document, headers = 200, await self._serve(scope, receive), NEVER_KEPT
        except Exception as exc:  # noqa: BLE001 -- the edge: whatever happens, the client gets an answer of RFC 6749
            await self._remember(exc, path=REVOKE if scope["path"] == REVOKE else TOKEN)
            status, document, headers = refusal(exc)
            send = closing(send) if isinstance(exc, BadRequest) else send
        body = json.dumps(document).encode() if document else b""
        await answer(send, status=status, headers=[("content-type", "application/json"), *headers], body=body)

    async def _serve(self, scope: Scope, receive: Receive) -> dict[str, object]:
        request = incoming(scope)
        self._addresses.count(request.peer)
        if request.method != "POST":
            raise MethodNotAllowed
        asked = read(request, await read_body(request, receive, limit=LARGEST_FORM_BYTES))
        who = f"{request.peer} {asked.key}"
        try:
            await self._edge.in_thread(partial(prove, key=asked.key, secret=asked.secret))
        except ClientNotAuthenticated:
            self._wrong.count(who)
            raise
        self._credentials.count(who)
        return await (self._token(asked) if request.raw_path == TOKEN else self._revocation(asked))

    async def _token(self, asked: Asked) -> dict[str, object]:
        if not (grant := asked.form.get("grant_type", "")):
            raise Refused("invalid_request", "grant_type is missing.")
        if grant != "client_credentials":
            raise Refused("unsupported_grant_type", "Only client_credentials is granted here.")
        dialect = await self._edge.in_thread(current_dialect)
        seconds = dialect.token_seconds
        token = await self._edge.in_thread(partial(issue_token, key=asked.key, secret=asked.secret, seconds=seconds))
        return {"access_token": token, "scope": dialect.token_scope, "token_type": "Bearer", "expires_in": seconds}

    async def _revocation(self, asked: Asked) -> dict[str, object]:
        if not (token := asked.form.get("token", "")):
            raise Refused("invalid_request", "token is missing.")
        await self._edge.in_thread(partial(revoke_token, key=asked.key, secret=asked.secret, token=token))
        return {}

    async def _remember(self, exc: Exception, *, path: str) -> None:
        """Keep wrong credentials and floods in the log of refusals; the rest is the client's own mistake."""
        if isinstance(exc, ClientNotAuthenticated | TryLater):
            await self._edge.record_refusal(exc, detail={"path": path, "reference": str(uuid4()), "key": exc.context.get("key", "")})
        elif not isinstance(exc, (Dean06Error, *DATABASE_AWAY)):
            log.error("exchange.unforeseen", place=path, exc_info=exc)


def read(request: Incoming, body: bytes) -> Asked:
    """Read credentials and form.

    Raises:
        Refused: no form, a field twice, or credentials in two places (RFC 6749, sec. 2.3.1, 3.2).
        ClientNotAuthenticated: no credentials, or none that can be read.
    """
    if request.value("content-type").partition(";")[0].strip().lower() != FORM:
        raise Refused("invalid_request", f"Send a form: Content-Type {FORM}.")
    try:
        pairs = parse_qsl(
            body.decode("ascii"), keep_blank_values=True, strict_parsing=bool(body), max_num_fields=MOST_FIELDS, errors="strict"
        )
    except ValueError as exc:
        raise Refused("invalid_request", "The form cannot be read.") from exc
    form = dict(pairs)
    if len(form) < len(pairs):
        raise Refused("invalid_request", "A field stands twice.")
    in_form = "client_id" in form and "client_secret" in form
    if request.value("authorization"):
        if "client_secret" in form:
            raise Refused("invalid_request", "Credentials stand in two places.")
        key, secret = basic(request.value("authorization"))
    elif in_form:
        key, secret = form["client_id"], form["client_secret"]
    else:
        raise ClientNotAuthenticated
    if not KEY.fullmatch(key):
        raise ClientNotAuthenticated
    return Asked(key, secret, form)


def basic(value: str) -> tuple[str, str]:
    """Read credentials of the Basic scheme (RFC 7617), form-encoded within (RFC 6749, sec. 2.3.1).

    Raises:
        ClientNotAuthenticated: another scheme, or it cannot be read.
    """
    scheme, _, encoded = value.partition(" ")
    try:
        key, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError) as exc:
        raise ClientNotAuthenticated from exc
    if scheme.lower() != "basic" or not colon:
        raise ClientNotAuthenticated
    return unquote_plus(key), unquote_plus(secret)


def refusal(exc: Exception) -> tuple[int, dict[str, object], list[Header]]:
    """Return status, document and headers of a refusal (RFC 6749, sec. 5.2)."""
    match exc:
        case Refused():
            return 400, {"error": exc.error, "error_description": exc.detail}, NEVER_KEPT
        case ClientNotAuthenticated():
            return 401, {"error": "invalid_client", "error_description": "Unknown client or wrong secret."}, [*NEVER_KEPT, CHALLENGE]
        case TryLater():
            wait = ("retry-after", str(max(1, math.ceil(exc.retry_after))))
            return exc.status, {"error": "slow_down", "error_description": exc.detail}, [*NEVER_KEPT, wait]
        case MethodNotAllowed():
            return 405, {"error": "invalid_request", "error_description": "Ask with POST."}, [*NEVER_KEPT, ("allow", "POST")]
        case BadRequest():
            return 400, {"error": "invalid_request", "error_description": exc.detail}, NEVER_KEPT
        case _:
            status = 503 if isinstance(exc, (ExchangeError, *DATABASE_AWAY)) else 500
            return status, {"error": "server_error", "error_description": "The gateway cannot answer now."}, NEVER_KEPT
