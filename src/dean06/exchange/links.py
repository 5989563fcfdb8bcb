"""Connections to other gateways and to information systems: pooled, timed, never following a redirect."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from pyreqwest.response import Response

from dean06.exchange.domain.digests import Header
from dean06.exchange.errors import ProviderUnreachable
from dean06.exchange.wire import LARGEST_BODY_BYTES
from dean06.signing.public import TlsIdentity

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 3
IDLE_SECONDS: Final = 30
IDENTITY_SECONDS: Final = 5
MOST_CONNECTIONS: Final = 512
CHUNK_BYTES: Final = 64 * 1024
LENGTH_DIGITS: Final = 6


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = field(repr=False)


class Link:
    """A client with a pool of connections; made when first used, inside the event loop that uses it.

    Args:
        identity: returns what a TLS server wants to see of us and whom we trust; asked again every few seconds, so that a
            renewed certificate is used without a restart. None for plain clients.
    """

    def __init__(self, identity: Callable[[], TlsIdentity] | None = None) -> None:
        self._identity = identity
        self._client: Client | None = None
        self._made_for = b""
        self._checked_at = 0.0

    async def send(self, method: str, address: str, *, headers: Iterable[Header], body: bytes, timeout_seconds: float) -> Received:
        """Send a request and read the whole answer.

        Raises:
            ProviderUnreachable: no connection, no answer in time, broken off, or an answer beyond all bounds.
        """
        lines = [(name, value) for name, value in headers if name not in ("content-length", "host")]
        builder = self._ready().request(method, address).headers(lines).timeout(timedelta(seconds=timeout_seconds))
        if body:
            builder = builder.body_bytes(body)
        try:
            async with builder.build_streamed() as response:
                return Received(response.status, tuple(response.headers.items()), await _body(response))
        except PyreqwestError as exc:
            log.warning("exchange.peer_unreachable", error=type(exc).__name__)
            raise ProviderUnreachable(cause=type(exc).__name__) from exc

    def _ready(self) -> Client:
        if self._client is not None and (self._identity is None or time.monotonic() - self._checked_at < IDENTITY_SECONDS):
            return self._client
        identity = self._identity() if self._identity else None
        self._checked_at = time.monotonic()
        shown = identity.certificate + identity.authorities if identity else b""
        if self._client is None or shown != self._made_for:
            self._client = _client(identity)  # requests under way keep the former one until they end
            self._made_for = shown
        return self._client

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None


async def _body(response: Response) -> bytes:
    """Read a body; one whose length is stated and small in one go, as each wait is a hand-over between threads."""
    stated = response.get_header("content-length") or ""
    if stated.isascii() and stated.isdigit() and len(stated) <= LENGTH_DIGITS and int(stated) <= CHUNK_BYTES:
        return bytes(await response.bytes())
    chunks: list[bytes] = []
    size = 0
    while (chunk := await response.body_reader.read(CHUNK_BYTES)) is not None:
        chunks.append(bytes(chunk))
        if (size := size + len(chunk)) > LARGEST_BODY_BYTES:
            raise ProviderUnreachable(f"The answer is larger than {LARGEST_BODY_BYTES} bytes.")
    return b"".join(chunks)


def _client(identity: TlsIdentity | None) -> Client:
    builder = (
        ClientBuilder()
        .connect_timeout(timedelta(seconds=CONNECT_SECONDS))
        .pool_timeout(timedelta(seconds=CONNECT_SECONDS))
        .pool_idle_timeout(timedelta(seconds=IDLE_SECONDS))
        .max_connections(MOST_CONNECTIONS)
        .follow_redirects(False)  # PR-REST, sec. 4.7: 3xx is passed on
        .gzip(False)
        .brotli(False)
        .deflate(False)
        .zstd(False)
        .referer(False)
        .no_proxy()
        .user_agent("dean06-exchange")
    )
    if identity:
        builder = builder.identity_pem(identity.certificate + identity.key).add_root_certificate_pem(identity.authorities)
    return builder.build()
