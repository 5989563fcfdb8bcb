"""Connections to other gateways and to information systems: pooled, timed, never following a redirect."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

import structlog
from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from dean06.exchange.domain.digests import Header
from dean06.exchange.errors import ProviderUnreachable
from dean06.exchange.wire import LARGEST_BODY_BYTES

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 3
IDLE_SECONDS: Final = 30
MOST_CONNECTIONS: Final = 512
CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = field(repr=False)


class Link:
    """A client with a pool of connections; made when first used, inside the event loop that uses it."""

    def __init__(self) -> None:
        self._client: Client | None = None

    async def send(self, method: str, address: str, *, headers: Iterable[Header], body: bytes, timeout_seconds: float) -> Received:
        """Send a request and read the whole answer.

        Raises:
            ProviderUnreachable: no connection, no answer in time, broken off, or an answer beyond all bounds.
        """
        if self._client is None:
            self._client = _client()
        lines = [(name, value) for name, value in headers if name not in ("content-length", "host")]
        builder = self._client.request(method, address).headers(lines).timeout(timedelta(seconds=timeout_seconds))
        if body:
            builder = builder.body_bytes(body)
        try:
            async with builder.build_streamed() as response:
                chunks: list[bytes] = []
                size = 0
                while (chunk := await response.body_reader.read(CHUNK_BYTES)) is not None:
                    chunks.append(bytes(chunk))
                    if (size := size + len(chunk)) > LARGEST_BODY_BYTES:
                        raise ProviderUnreachable(f"The answer is larger than {LARGEST_BODY_BYTES} bytes.")
                return Received(response.status, tuple(response.headers.items()), b"".join(chunks))
        except PyreqwestError as exc:
            log.warning("exchange.peer_unreachable", error=type(exc).__name__)
            raise ProviderUnreachable(cause=type(exc).__name__) from exc

    async def close(self) -> None:
        """Close all connections."""
        if self._client is not None:
            await self._client.close()
            self._client = None


def _client() -> Client:
    return (
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
        .build()
    )
