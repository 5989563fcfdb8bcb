"""Connections to other gateways and to information systems: pooled, timed, never following a redirect."""

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar, TCPConnector
from yarl import URL

from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.headers import LARGEST_HEADERS_BYTES
from dean06.exchange.errors import ProviderUnreachable
from dean06.exchange.wire import LARGEST_BODY_BYTES
from dean06.signing.public import TlsIdentity

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 3
IDLE_SECONDS: Final = 30
IDENTITY_SECONDS: Final = 5
MOST_CONNECTIONS: Final = 512
LONGEST_CALL_SECONDS: Final = 600


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
        self._session: ClientSession | None = None
        self._made_for = b""
        self._checked_at = 0.0

    async def send(self, method: str, address: str, *, headers: Iterable[Header], body: bytes, timeout_seconds: float) -> Received:
        """Send a request and read the whole answer; the address is sent as it stands.

        Raises:
            ProviderUnreachable: no connection, no answer in time, broken off, or an answer beyond all bounds.
        """
        lines = [(name, value) for name, value in headers if name not in ("content-length", "host")]
        patience = ClientTimeout(total=timeout_seconds, connect=CONNECT_SECONDS)
        try:
            async with self._ready().request(
                method, URL(address, encoded=True), headers=lines, data=body or None, timeout=patience, allow_redirects=False
            ) as response:
                named = tuple((name.lower(), value) for name, value in response.headers.items())
                return Received(response.status, named, await _body(response))
        except (ClientError, TimeoutError, ValueError) as exc:  # ValueError: an address or a header that cannot be sent
            log.warning("exchange.peer_unreachable", error=type(exc).__name__)
            raise ProviderUnreachable(cause=type(exc).__name__) from exc

    def _ready(self) -> ClientSession:
        if self._session is not None and (self._identity is None or time.monotonic() - self._checked_at < IDENTITY_SECONDS):
            return self._session
        identity = self._identity() if self._identity else None
        self._checked_at = time.monotonic()
        shown = identity.certificate + identity.authorities if identity else b""
        if self._session is None or shown != self._made_for:
            if self._session is not None:  # requests under way keep the former one until they end
                asyncio.get_running_loop().call_later(LONGEST_CALL_SECONDS, _close, self._session)
            self._session = _session(identity)
            self._made_for = shown
        return self._session

    async def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None


def _close(session: ClientSession) -> None:
    _closing.add(task := asyncio.ensure_future(session.close()))
    task.add_done_callback(_closing.discard)


_closing: Final[set["asyncio.Future[None]"]] = set()
"""Tasks that nobody awaits: the loop itself keeps no reference."""


async def _body(response: ClientResponse) -> bytes:
    if (response.content_length or 0) > LARGEST_BODY_BYTES:
        raise _too_large()
    chunks: list[bytes] = []
    size = 0
    async for chunk in response.content.iter_any():
        if (size := size + len(chunk)) > LARGEST_BODY_BYTES:
            raise _too_large()
        chunks.append(chunk)
    return b"".join(chunks)


def _too_large() -> ProviderUnreachable:
    return ProviderUnreachable(f"The answer is larger than {LARGEST_BODY_BYTES} bytes.")


def _session(identity: TlsIdentity | None) -> ClientSession:
    connector = TCPConnector(
        ssl=client_context(identity) if identity else True,
        limit=MOST_CONNECTIONS,
        keepalive_timeout=IDLE_SECONDS,
        use_dns_cache=False,
    )
    return ClientSession(
        connector=connector,
        cookie_jar=DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
        skip_auto_headers=("Accept", "Accept-Encoding", "Content-Type"),
        headers={"User-Agent": "dean06-exchange"},
        max_field_size=LARGEST_HEADERS_BYTES,
        max_line_size=LARGEST_HEADERS_BYTES,
    )


def client_context(identity: TlsIdentity) -> ssl.SSLContext:
    """Return what a client shows and whom it trusts; OpenSSL reads keys from files only, so the key passes through one in memory."""
    context = ssl.create_default_context(cadata=identity.authorities.decode("ascii"))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the gateways' authority is trusted as such, not for its root
    handle = os.memfd_create("gateway-identity")
    try:
        os.write(handle, identity.certificate + identity.key)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
    return context
