"""Connections to other gateways and to information systems: pooled, timed, never following a redirect."""

import asyncio
import os
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

import structlog

from dean06.exchange.client import Connection, Received, Refused, opened
from dean06.exchange.domain.digests import Header
from dean06.exchange.errors import GatewayNotNamed, ProviderUnreachable
from dean06.exchange.peers import fingerprint, trust
from dean06.signing.public import TlsIdentity

log = structlog.get_logger(__name__)

CONNECT_SECONDS: Final = 3
IDLE_SECONDS: Final = 30
IDENTITY_SECONDS: Final = 5
MOST_CONNECTIONS: Final = 512
"""To one place; so a place that is silent holds up nobody's calls but its own."""
SCHEMES: Final = {"http": 80, "https": 443}

__all__ = ["Link", "Received"]


@dataclass(slots=True)
class _Pool:
    """Connections to one place: room for so many at once, and idle ones, the one used last at the end."""

    room: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(MOST_CONNECTIONS))
    idle: deque[tuple[float, Connection]] = field(default_factory=deque)

    def take(self) -> Connection | None:
        """Return one that is still open and was used lately; close those that were not."""
        late = time.monotonic() - IDLE_SECONDS
        while self.idle and self.idle[0][0] <= late:
            self.idle.popleft()[1].close()
        while self.idle:
            _, connection = self.idle.pop()
            if connection.is_open:
                return connection
            connection.close()
        return None


class Link:
    """A client with pools of connections; used inside one event loop.

    Args:
        identity: returns what a TLS server wants to see of us and whom we trust; asked again every few seconds, so that a
            renewed certificate is used without a restart. None trusts the system's authorities and shows nothing.
    """

    def __init__(self, identity: Callable[[], TlsIdentity] | None = None) -> None:
        self._identity = identity
        self._context: ssl.SSLContext | None = None
        self._made_for: tuple[bytes, bytes] | None = None
        self._named: frozenset[bytes] = frozenset()
        self._shown = ""
        self._checked_at = 0.0
        self._pools: dict[tuple[str, str, int], _Pool] = {}

    def shown(self, *, trusting: frozenset[bytes]) -> str:
        """Return the fingerprint of the certificate that we show to gateways.

        Args:
            trusting: certificates (DER) to which we speak beside those of our own authority. Who is no longer among them is still
                spoken to by TLS, so ``send`` asks for each request.
        """
        context = self._tls()
        if trusting is not self._named:  # another state of the configuration, mostly with the same certificates
            trust(context, trusting - self._named)
            self._named = trusting
        return self._shown

    async def send(
        self,
        method: str,
        address: str,
        *,
        headers: Iterable[Header],
        body: bytes,
        timeout_seconds: float,
        is_named: Callable[[str], bool] | None = None,
    ) -> Received:
        """Send a request and read the whole answer; the address is sent as it stands.

        Args:
            method: HTTP method.
            address: URL.
            headers: in order.
            body: may be empty.
            timeout_seconds: for all of it.
            is_named: says by the fingerprint of its certificate, empty without TLS, whether we speak to this server; None: to any.

        Raises:
            GatewayNotNamed: the server is not whom it should be; it learned nothing of the request.
            ProviderUnreachable: no connection, no answer in time, broken off, or an answer beyond all bounds.
        """
        deadline = asyncio.get_running_loop().time() + timeout_seconds
        try:
            parts = urlsplit(address)
            place = parts.scheme, parts.hostname or "", parts.port or SCHEMES[parts.scheme]
            pool = self._pools.setdefault(place, _Pool())
            async with asyncio.timeout_at(deadline) if pool.room.locked() else nullcontext():
                await pool.room.acquire()
            try:
                if asyncio.get_running_loop().time() >= deadline:  # room came and time went in the same turn of the loop
                    raise TimeoutError
                target = address[len(parts.scheme) + len("://") + len(parts.netloc) :] or "/"
                connection = await self._connected(pool, *place, deadline=deadline)
                if is_named is not None and not is_named(connection.shown):
                    raise _turned_away(connection)
                return await _asked(pool, connection, method, target, host=parts.netloc, headers=headers, body=body, deadline=deadline)
            finally:
                pool.room.release()
        except (OSError, TimeoutError, ValueError, Refused) as exc:  # ValueError: an address or a header that cannot be sent
            raise _unreachable(exc, is_gateway=is_named is not None) from exc

    async def _connected(self, pool: _Pool, scheme: str, host: str, port: int, *, deadline: float) -> Connection:
        """Return an idle connection that showed our present certificate, or a new one."""
        tls = self._tls() if scheme == "https" else None
        if (idle := pool.take()) is not None:
            return idle
        async with asyncio.timeout_at(min(deadline, asyncio.get_running_loop().time() + CONNECT_SECONDS)):
            return await opened(host, port, tls=tls)

    def _tls(self) -> ssl.SSLContext:
        if self._context is not None and (self._identity is None or time.monotonic() - self._checked_at < IDENTITY_SECONDS):
            return self._context
        if self._identity is None:
            self._context = ssl.create_default_context()
            return self._context
        identity = self._identity()
        self._checked_at = time.monotonic()
        shown = identity.certificate, identity.authorities
        if self._context is None or shown != self._made_for:
            self._context = client_context(identity)
            trust(self._context, self._named)
            self._made_for = shown
            self._shown = fingerprint(ssl.PEM_cert_to_DER_cert(identity.certificate.decode("ascii")))
            self._forget()  # connections that showed the former certificate; requests under way keep theirs until they end
        return self._context

    def _forget(self) -> None:
        for pool in self._pools.values():
            for _, connection in pool.idle:
                connection.close()
            pool.idle.clear()

    async def close(self) -> None:
        """Close all connections."""
        self._forget()


def _turned_away(connection: Connection) -> GatewayNotNamed:
    """Close a connection to a server that learned nothing of a request; return why."""
    connection.close()
    log.warning("exchange.gateway_not_named", shown=connection.shown)
    if not connection.shown:
        return GatewayNotNamed("The provider's gateway showed no certificate: its address is one without TLS.")
    return GatewayNotNamed(f"The configuration does not name the certificate {connection.shown} that the provider's gateway showed.")


def _unreachable(error: Exception, *, is_gateway: bool) -> ProviderUnreachable:
    if is_gateway and isinstance(error, ssl.SSLCertVerificationError):
        log.warning("exchange.gateway_not_named", reason=error.verify_message)
        return GatewayNotNamed(cause=error.verify_message)
    log.warning("exchange.peer_unreachable", error=type(error).__name__)
    return ProviderUnreachable(cause=type(error).__name__)


async def _asked(pool: _Pool, connection: Connection, method: str, target: str, **request: Any) -> Received:
    """Ask on a connection, which is idle afterwards if it is still open."""
    try:
        received = await connection.ask(method, target, **request)
    except BaseException:  # a request that was given up leaves a connection on which its answer may still come
        connection.close()
        raise
    if connection.is_open:
        pool.idle.append((time.monotonic(), connection))
    return received


def client_context(identity: TlsIdentity) -> ssl.SSLContext:
    """Return what a client shows and whose certificates it trusts.

    OpenSSL reads keys from files only, so the key passes through one in memory.
    """
    context = ssl.create_default_context(cadata=identity.authorities.decode("ascii"))
    context.minimum_version = ssl.TLSVersion.TLSv1_3  # ADR 12; information systems may still speak 1.2
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the gateways' authority is trusted as such, not for its root
    handle = os.memfd_create("gateway-identity")
    try:
        os.write(handle, identity.certificate + identity.key)
        context.load_cert_chain(f"/proc/self/fd/{handle}")
    finally:
        os.close(handle)
    return context
