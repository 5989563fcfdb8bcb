"""The front at the consumer's gateway: one call opened, translated, and its answer put into the envelope that the client knows."""

import json
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any, Final

from dean06.exchange.ngsp import translating
from dean06.exchange.ngsp.credentials import client_of
from dean06.exchange.ngsp.dialect import Dialect, Envelope
from dean06.exchange.ngsp.loading import current_dialect
from dean06.exchange.ngsp.translating import bearer_of, is_call
from dean06.exchange.wire import Incoming, Send

__all__ = ["Front", "enveloped", "front_for", "is_call"]

UNAUTHORISED: Final = 401
FIRST_ERROR_STATUS: Final = 400
CHALLENGE: Final = (b"www-authenticate", b'Bearer realm="dean06", error="invalid_token"')  # RFC 6750, sec. 3
OF_THE_BODY: Final = frozenset({b"content-length", b"content-type", b"content-digest"})


@dataclass(frozen=True, slots=True)
class Front:
    """One call of the front."""

    request: Incoming
    dialect: Dialect

    def as_r1(self) -> Incoming:
        """Return the call as an r1 message of the client whom the token proves.

        Raises:
            FrontTokenRefused: the token is unknown, ended or revoked; nothing else of the call was looked at.
        """
        client = client_of(bearer_of(self.request))
        return translating.as_r1(self.request, client=client, dialect=self.dialect)

    def answering(self, send: Send) -> Send:
        """Return a ``send`` that challenges whoever has no token, and wraps answers where the address says so."""
        address = self.dialect.address_of(self.request.raw_path)
        return _Answer(send, address.envelope if address else None, is_head=self.request.method == "HEAD")


class _Answer:
    def __init__(self, send: Send, envelope: Envelope | None, *, is_head: bool) -> None:
        self._send = send
        self._envelope = envelope
        self._is_head = is_head
        self._start: MutableMapping[str, Any] = {}

    async def __call__(self, event: MutableMapping[str, Any]) -> None:
        if event["type"] == "http.response.start":
            lines = [*event["headers"], *([CHALLENGE] if event["status"] == UNAUTHORISED else [])]
            self._start = {**event, "headers": lines}
            return
        headers = {name.lower(): value.decode() for name, value in self._start["headers"]}
        body = event.get("body", b"")
        if self._envelope is not None and not self._is_head:
            wrapped = enveloped(self._envelope, status=self._start["status"], headers=headers, body=body)
            if wrapped is not None:
                kept = [line for line in self._start["headers"] if line[0].lower() not in OF_THE_BODY]
                length = str(len(wrapped)).encode("ascii")
                self._start["headers"] = [*kept, (b"content-type", b"application/json; charset=utf-8"), (b"content-length", length)]
                event = {**event, "body": wrapped}
        await self._send(self._start)
        await self._send(event)


def enveloped(envelope: Envelope, *, status: int, headers: dict[bytes, str], body: bytes) -> bytes | None:
    """Return an answer in its envelope; None for one that is no JSON and stays as it is."""
    if "json" not in headers.get(b"content-type", ""):
        return None
    try:
        document = json.loads(body)
    except ValueError:
        return None
    code = headers.get(b"x-exchange-error", "")
    is_wrong = bool(code) or status >= FIRST_ERROR_STATUS
    wrong = {"error_code": envelope.error(code, status), "message": _message(document), "data": []}
    right = {"error_code": envelope.nothing_wrong, "message": "", "data": document if isinstance(document, list) else [document]}
    whole = {
        "code": status,
        "status": envelope.failed if is_wrong else envelope.ok,
        "correlationId": headers.get(b"x-road-request-id", "") or headers.get(b"x-road-id", ""),
        "response": wrong if is_wrong else right,
    }
    return json.dumps(whole, ensure_ascii=False).encode()


def _message(document: object) -> str:
    """Return what a fault of ours or a problem document (RFC 9457) says."""
    said = document if isinstance(document, dict) else {}
    return str(said.get("message") or said.get("detail") or said.get("title") or "")


def front_for(request: Incoming) -> Front:
    """Open a call: what the front goes by is read, and the token of a call is not yet looked at."""
    return Front(request, current_dialect())
