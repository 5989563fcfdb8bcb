"""One HTTP/1.1 connection as a client, one request at a time; llhttp reads what comes, and everything has a bound.

Libraries that do more take as much time for a request as a gateway's whole work on it (ADR 14).
"""

import asyncio
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.headers import LARGEST_HEADERS_BYTES
from dean06.exchange.peers import shown_by
from dean06.exchange.wire import LARGEST_BODY_BYTES, WITHOUT_BODY

INTERIM: Final = range(100, 200)
NEVER_SENT: Final = frozenset({"content-length", "host", "connection", "transfer-encoding"})
"""What frames the message is ours to say."""
WITH_LENGTH: Final = frozenset({"POST", "PUT", "PATCH"})


class Refused(Exception):
    """What came is no answer: malformed, beyond all bounds, or broken off."""


@dataclass(frozen=True, slots=True)
class Received:
    """A whole answer; header names in lower case."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = field(repr=False)


class Connection(asyncio.Protocol):
    """A connection; not to be used again once it is closed.

    Attributes:
        shown: fingerprint of the certificate that the server showed; empty without TLS.
    """

    def __init__(self) -> None:
        self.is_open = False
        self.shown = ""
        self._answer: asyncio.Future[Received] | None = None
        self._method = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready."""
        self._transport = cast("asyncio.Transport", transport)
        self.shown = shown_by(transport.get_extra_info("ssl_object"))
        self.is_open = True

    async def ask(self, method: str, target: str, *, host: str, headers: Iterable[Header], body: bytes, deadline: float) -> Received:
        """Send a request and wait for the whole answer, until ``deadline`` of the loop's clock.

        Raises:
            ValueError: something cannot be said in a request.
            Refused: no answer came, or what came is none.
            TimeoutError: it did not come in time.
        """
        lines = [f"{method} {target} HTTP/1.1", f"host: {host}"]
        lines += [f"{name}: {value}" for name, value in headers if name not in NEVER_SENT]
        if body or method in WITH_LENGTH:
            lines.append(f"content-length: {len(body)}")
        head = "\r\n".join(lines)
        if head.count("\r") != len(lines) - 1 or head.count("\n") != len(lines) - 1 or "\0" in head:
            raise ValueError("a line of the request holds a line break")
        self._method = method
        self._begin()
        loop = asyncio.get_running_loop()
        self._answer = loop.create_future()
        self._transport.write(head.encode() + b"\r\n\r\n" + body)
        late = loop.call_at(deadline, self._end, TimeoutError())  # a timer alone: asyncio.timeout costs ten times as much
        try:
            return await self._answer
        finally:
            late.cancel()

    def close(self) -> None:
        """Close it at once."""
        self.is_open = False
        self._transport.abort()

    # -- what the loop calls

    def data_received(self, data: bytes) -> None:
        """Read what came."""
        if self._answer is None or self._answer.done():  # nobody asked
            self.close()
            return
        self._unread += len(data)
        try:
            self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as exc:
            self._fail(type(exc).__name__)
            return
        if self._unread > LARGEST_HEADERS_BYTES and not self._answer.done():
            self._fail(f"a head or trailers of {self._unread} bytes and more")

    def connection_lost(self, exc: Exception | None) -> None:
        """End; a body whose length nobody stated ends here."""
        self.is_open = False
        if self._answer is None or self._answer.done():
            return
        if exc is None and self._in_body and not self._is_framed:
            self._answer.set_result(self._received())
        else:
            self._fail("connection lost")

    # -- what the parser calls

    def on_message_begin(self) -> None:
        """Take no second answer to one request: whoever sends it may put it before the next one's."""
        if self._answer is None or self._answer.done():
            self.close()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header; those behind the body are trailers, which nobody signed and nobody reads."""
        if not self._in_body:
            self._headers.append((name.decode("latin-1").lower(), value.decode("utf-8").strip(" \t")))

    def on_headers_complete(self) -> None:
        """Know what kind of body follows."""
        self._status = self._parser.get_status_code()
        self._in_body = self._status not in INTERIM
        if self._in_body:  # interim heads count together
            self._unread = 0
        self._is_framed = any(name in ("content-length", "transfer-encoding") for name, _ in self._headers)
        if self._in_body and self._method == "HEAD":  # the parser would wait for the body that the length promises
            self._done(reusable=False)

    def on_chunk_header(self) -> None:
        """Begin a chunk, or the trailers."""
        self._unread = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        self._unread = 0
        self._body.append(body)
        self._body_bytes += len(body)
        if self._body_bytes > LARGEST_BODY_BYTES:
            self._fail(f"a body of more than {LARGEST_BODY_BYTES} bytes")

    def on_message_complete(self) -> None:
        """Hand over a whole answer; an interim one is followed by another."""
        if self._status in INTERIM:
            self._headers.clear()
        elif self._is_framed or self._status in WITHOUT_BODY:
            self._done(reusable=self._parser.should_keep_alive())

    # -- what an answer is made of

    def _begin(self) -> None:
        self._parser = HttpResponseParser(self)
        self._headers: list[Header] = []
        self._body: list[bytes] = []
        self._status = self._body_bytes = 0
        self._unread = 0  # bytes since the parser last made something of what came
        self._in_body = self._is_framed = False

    def _received(self) -> Received:
        return Received(self._status, tuple(self._headers), b"".join(self._body))

    def _done(self, *, reusable: bool) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(self._received())
        if not reusable:
            self.close()

    def _fail(self, reason: str) -> None:
        self._end(Refused(reason))

    def _end(self, error: Exception) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error)
        self.close()


async def opened(host: str, port: int, *, tls: ssl.SSLContext | None) -> Connection:
    """Open a connection.

    Args:
        host: name or address; the server's certificate must name it.
        port: TCP port.
        tls: None for plain HTTP.

    Raises:
        OSError: nobody listens there, or TLS failed.
    """
    loop = asyncio.get_running_loop()
    _, connection = await loop.create_connection(Connection, host, port, ssl=tls, server_hostname=host if tls else None)
    return connection
