"""Which headers travel through the exchange, and in which shape.

Source: PR-REST 1.0.4, sec. 4.4 and 4.5: hop-by-hop headers and those of the transport are filtered both ways.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

from dean06.exchange.domain.digests import Header
from dean06.exchange.errors import BadRequest, HeadersTooLarge

MOST_HEADERS: Final = 100
LARGEST_HEADERS_BYTES: Final = 32 * 1024

TRANSPORT: Final = frozenset(
    {
        "transfer-encoding",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "upgrade",
        "connection",
        "user-agent",
        "host",
        "content-length",
        "server",
        "expect",
    }
)
GATEWAY_MADE: Final = frozenset(
    {
        "x-road-request-id",
        "x-road-request-hash",
        "x-road-error",
        "x-road-service",
        "signature",
        "signature-input",
        "content-digest",
        "x-exchange-head",
        "x-exchange-kept",
        "x-exchange-error",
        "x-exchange-subjects",
        "x-exchange-token",
        "x-exchange-budget",
        "x-exchange-replayed",
        "traceparent",
        "tracestate",
    }
)
"""Made by a gateway, so never taken from an information system as it stands; a trace is read apart (``core.tracing``) and not signed."""

NOT_FROM_SERVICE: Final = (
    TRANSPORT | GATEWAY_MADE | {"x-road-id", "x-road-client", "x-exchange-agreement", "content-type", "date", "set-cookie"}
)
"""Never taken from an information system's answer; a cookie has no place between two of them."""
_NAME: Final = re.compile(rb"[!#$%&'*+\-.^_`|~0-9A-Za-z]+")  # RFC 9110, sec. 5.6.2: token
_VALUE: Final = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")
_PROTOCOL_VALUE: Final = re.compile(r"[\x20-\x7e]*")


def checked(raw: Iterable[tuple[bytes, bytes]]) -> list[Header]:
    """Decode the headers of a request that came from a socket.

    Raises:
        HeadersTooLarge: too many or too long.
        BadRequest: not UTF-8, control signs, both Content-Length and Transfer-Encoding, several lengths or hosts, or a
            protocol header outside ASCII.
    """
    headers: list[Header] = []
    size = 0
    framing = 0
    for name, value in raw:
        size += len(name) + len(value)
        if size > LARGEST_HEADERS_BYTES or len(headers) >= MOST_HEADERS:
            raise HeadersTooLarge
        lower = _name(name)
        framing += lower in ("content-length", "transfer-encoding")
        headers.append((lower, _decoded(lower, value)))
    if framing > 1:
        raise BadRequest("Send either one Content-Length or Transfer-Encoding, not both.")
    return headers


@lru_cache(maxsize=1024)
def _name(raw: bytes) -> str:
    """Return a header's name in lower case; names repeat, so they are remembered, refusals are not."""
    if not _NAME.fullmatch(raw):
        raise BadRequest("A header name is malformed.")
    return raw.decode("ascii").lower()


def _decoded(name: str, value: bytes) -> str:
    try:
        text = value.decode("utf-8").strip(" \t")
    except UnicodeDecodeError as exc:
        raise BadRequest("A header value is not UTF-8.") from exc
    if text.isascii() and text.isprintable():  # nearly every one, and quicker than the shapes
        return text
    shape = _PROTOCOL_VALUE if name.startswith(("x-road-", "x-exchange-")) else _VALUE
    if not shape.fullmatch(text):
        raise BadRequest("A header value holds signs that are not allowed.")
    return text


def kept(headers: Iterable[Header], *, without: frozenset[str] = TRANSPORT | GATEWAY_MADE) -> tuple[Header, ...]:
    """Return what is forwarded: one line a name in order of first appearance, repeated values joined (RFC 9110, sec. 5.3).

    HTTP servers regroup repeated headers, so their own order would not survive and the request hash could not be
    recomputed. Of several X-Road-Client the last one wins (PR-REST).
    """
    merged: dict[str, str] = {}
    for name, value in headers:
        if name in without:
            continue
        if name in merged and name != "x-road-client":
            merged[name] = f"{merged[name]}{'; ' if name == 'cookie' else ', '}{value}"
        else:
            merged[name] = value
    return tuple(merged.items())
