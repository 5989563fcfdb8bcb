"""Serves one gateway by HTTP: uvicorn with uvloop, one process, one thread for all connections.

``python -m dean06.site.gateway dean06.site.asgi:provider_gateway --port 8404 --tls CERTIFICATE KEY AUTHORITIES``. A thread that
hands over to another waits until the machine wakes it; in one thread nothing is handed over.
"""

import argparse
import asyncio
import gc
import ssl
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from uuid import uuid4

import structlog
import uvicorn
from httptools import HttpParserError, HttpParserInvalidMethodError, HttpParserUpgrade, HttpRequestParser, parse_url
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from dean06.exchange.domain.faults import CONSUMER_GATEWAY, fault_of, rendered
from dean06.exchange.domain.headers import LARGEST_HEADERS_BYTES
from dean06.exchange.domain.identifiers import LONGEST_TARGET
from dean06.exchange.errors import BadRequest, HeadersTooLarge, MethodNotAllowed, RequestTooSlow
from dean06.exchange.peers import gatekeeper, shown_by
from dean06.exchange.wire import PEER_CERTIFICATE

log = structlog.get_logger(__name__)

LARGEST_HEAD_BYTES: Final = 2 * (LARGEST_HEADERS_BYTES + LONGEST_TARGET)
"""Beyond what is refused with a reason; whoever sends more is cut off unread."""
KEPT_OPEN_SECONDS: Final = 75
"""Longer than our own client keeps an idle connection, so that it never asks on one that is being closed."""
BACKLOG: Final = 4096
PATIENCE_SECONDS: Final = 30
"""So long a head may take, and so long a sender may be silent in a body: who is let in holds one of a bounded number of places."""
SLOWEST_BYTES_PER_SECOND: Final = 8 * 1024
"""A body that comes more slowly on the whole is given up; the rule is that of Apache's mod_reqtimeout (MinRate), the rate a slow line's."""
OFFER: Final = frozenset({b"upgrade", b"http2-settings"})
BAD_REQUEST: Final = 400
"""Status of what is no message yet, whichever gateway says so; RequestTooSlow has its own."""
COLLECTED_EVERY: Final = 10_000
"""New containers between two looks for cycles of garbage; a call leaves none, and each look costs what a signature does."""
CONTROLS: Final = bytes({*range(32), 127} - {9})
WITHOUT_BODY: Final = frozenset({204, 304})
FRAMING: Final = frozenset({b"connection: ", b"transfer-encoding: "})

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent


class OnePiece(RequestResponseCycle):
    """An answer whose head waits for its body, so that both leave by one call of the system and in one record of TLS."""

    _head: "HTTPResponseStartEvent | None" = None

    async def send(self, message: "ASGISendEvent") -> None:
        """Send a part of the answer."""
        if message["type"] == "http.response.start" and not self.response_started:
            self.response_started, self._head = True, message
            return
        head, self._head = self._head, None
        if head is None or message["type"] != "http.response.body":
            await super().send(message)
        elif self._is_plain(message) and (lines := self._lines(head, len(message["body"]))) is not None:
            await self._send_whole(lines, message["body"])
        else:
            self.response_started = False
            await super().send(head)
            await super().send(message)

    def _is_plain(self, message: Any) -> bool:
        return self.keep_alive and not message.get("more_body") and "body" in message and self.scope["method"] != "HEAD"

    def _lines(self, head: "HTTPResponseStartEvent", length: int) -> bytes | None:
        """Return the head as it is sent; None if anything in it decides how the answer ends.

        Raises:
            RuntimeError: a header holds a control sign.
        """
        parts = [STATUS_LINE[head["status"]]]
        stated = b""
        for name, value in (*self.default_headers, *head.get("headers", ())):
            label = _label(name)
            if label in FRAMING:
                return None
            if label == b"content-length: ":
                stated = value
            parts += (label, value, b"\r\n")
        if head["status"] in WITHOUT_BODY or stated != str(length).encode():
            return None
        parts.append(b"\r\n")
        lines = b"".join(parts)
        if len(lines) - len(lines.translate(None, CONTROLS)) != 2 * (len(parts) // 3 + 2):
            raise RuntimeError("Invalid HTTP header value.")
        return lines

    async def _send_whole(self, lines: bytes, body: bytes) -> None:
        if self.flow.write_paused and not self.disconnected:
            await self.flow.drain()
        if self.disconnected:
            return
        self.transport.write(lines + body)
        self.response_complete = True
        self.message_event.set()
        self.on_response()


@lru_cache(maxsize=1024)
def _label(name: bytes) -> bytes:
    if HEADER_RE.search(name):
        raise RuntimeError("Invalid HTTP header name.")
    return name.lower() + b": "


class BoundedProtocol(HttpToolsProtocol):
    """HTTP/1.1 of uvicorn within bounds of size and of time; offers to speak another protocol are passed over."""

    _in_head = True
    _shown = ""
    """Fingerprint of the certificate that the peer showed."""
    _unread = 0
    """Bytes since the parser last made something of what came; so heads, trailers and extensions of chunks have one bound."""
    _owed_since: float | None = None
    """Since when the peer owes us the rest of a request."""
    _last_words = b""
    """What is said before the connection closes, after the answers that are still to come."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """Be ready for a first request, though not for ever."""
        super().connection_made(transport)
        self._shown = shown_by(transport.get_extra_info("ssl_object"))
        self._owed_since = self.loop.time()
        self._watch = self.loop.call_later(PATIENCE_SECONDS, self._look)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._watch.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        if self._last_words:
            return
        self._unset_keepalive_if_required()
        if self._owed_since is None:
            self._owed_since = self.loop.time()
        self._unread += len(data)
        try:
            try:
                self.parser.feed_data(data)
            except HttpParserUpgrade as offer:
                self._go_on(memoryview(data)[offer.args[0] :])
        except HttpParserInvalidMethodError:
            self._refuse(MethodNotAllowed())
        except HttpParserError:
            self._refuse(BadRequest())
        else:
            if self._unread > LARGEST_HEAD_BYTES and not self.transport.is_closing():
                self._refuse(HeadersTooLarge())

    def _go_on(self, rest: memoryview) -> None:
        """Feed the parser again where it stopped for an offer of another protocol.

        Raises:
            HttpParserError: this is no HTTP.
        """
        while True:
            self._begin_again()
            try:
                self.parser.feed_data(rest)
            except HttpParserUpgrade as offer:
                rest = rest[offer.args[0] :]
            else:
                return

    def _begin_again(self) -> None:
        """Read a head anew without its offer, which a server may ignore (RFC 9110, sec. 7.8); llhttp takes no body behind an offer.

        Raises:
            HttpParserInvalidMethodError: CONNECT, which is nothing but an offer.
        """
        method, version = self.parser.get_method(), self.parser.get_http_version().encode()
        if method == b"CONNECT":
            raise HttpParserInvalidMethodError
        lines = [b"%s %s HTTP/%s" % (method, self.url, version)]
        lines += [b"%s: %s" % header for header in self.headers if header[0] not in OFFER]
        self.parser = HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn
        self.parser.feed_data(b"\r\n".join([*lines, b"", b""]))

    def _refuse(self, error: BadRequest) -> None:
        """Refuse in the words of the message protocol, when what was asked before is answered, and close."""
        own = None if self._in_head else self.cycle
        is_later = bool(self.pipeline) or (own is None and self._is_answering())
        if self.pipeline and self.pipeline[0][0] is own:
            self.pipeline.popleft()
        if own is not None:
            own.disconnected = True  # whoever reads its body learns that there is no more
            own.message_event.set()
        self._owed_since = None
        self._last_words = b"" if own is not None and own.response_started else self._fault(error)
        if not is_later:
            self._close()

    def _is_answering(self) -> bool:
        cycle: RequestResponseCycle | None = self.cycle
        return cycle is not None and not cycle.response_complete

    def _fault(self, error: BadRequest) -> bytes:
        gateway, reference = getattr(self.app, "speaks_as", CONSUMER_GATEWAY), str(uuid4())
        log.info("exchange.refused", code=error.code, gateway=gateway, reference=reference)
        fault = fault_of(error, gateway=gateway, detail=reference)
        kind, body = rendered(fault)
        lines = [("content-type", kind), ("content-length", str(len(body))), ("connection", "close"), *fault.headers]
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        return STATUS_LINE[error.status or BAD_REQUEST] + f"{head}\r\n".encode() + body

    def _close(self) -> None:
        self.transport.write(self._last_words)
        self.transport.close()

    def _look(self) -> None:
        """Cut off who owes us a part of a request for too long; while we do not read, nobody owes us anything."""
        now = self.loop.time()
        if self._owed_since is None or self.flow.read_paused:
            self._watch = self.loop.call_later(PATIENCE_SECONDS, self._look)
        elif (due := self._owed_since + PATIENCE_SECONDS) > now:
            self._watch = self.loop.call_at(due, self._look)
        elif self._in_head and not self._unread:
            self.transport.close()
        else:
            self._refuse(RequestTooSlow())

    # -- what the parser and the answers call

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head = True
        self._unread += 1  # what came in one piece with the end of the one before is not counted
        if self._owed_since is None:
            self._owed_since = self.loop.time()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End a head and begin to serve, as uvicorn does, without web sockets; headers that come later are trailers, which nobody reads."""
        if self.parser.should_upgrade():
            return
        self._in_head, self._unread, self._owed_since = False, 0, self.loop.time()
        version = self.parser.get_http_version()
        address = parse_url(self.url)
        path = address.path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = address.path
        self.scope["query_string"] = address.query or b""
        self.scope[PEER_CERTIFICATE] = self._shown  # type: ignore[typeddict-unknown-key]  # a key of our own
        before: RequestResponseCycle | None = self.cycle
        self.cycle = OnePiece(
            scope=self.scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=version != "1.0" and self.parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:  # asked before the answer to the one before
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
        self.headers = []

    def on_chunk_header(self) -> None:
        """Begin a chunk, or the trailers."""
        self._unread = 0

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; it buys its sender time."""
        self._unread = 0
        if self._owed_since is not None:
            self._owed_since = min(self.loop.time(), self._owed_since + len(body) / SLOWEST_BYTES_PER_SECOND)
        cycle: RequestResponseCycle = self.cycle
        if not cycle.response_complete:
            cycle.body += body
            if len(cycle.body) > HIGH_WATER_LIMIT:
                self.flow.pause_reading()
            cycle.message_event.set()

    def on_message_complete(self) -> None:
        """End a request; with an offer it has not yet begun."""
        if self._in_head:
            return
        self._in_head, self._unread, self._owed_since = True, 0, None
        cycle: RequestResponseCycle = self.cycle
        if not cycle.response_complete:
            cycle.more_body = False
            cycle.message_event.set()

    def on_response_complete(self) -> None:
        """Go on with what was asked meanwhile, or end with what is left to say."""
        if self._owed_since is not None:
            self._owed_since = self.loop.time()  # perhaps we did not read until now
        if self._last_words and not self.pipeline and not self.transport.is_closing():
            self._close()
        else:
            super().on_response_complete()


def serve(target: str, *, port: int, tls: Sequence[Path] = ()) -> None:
    """Serve an ASGI application on loopback until SIGTERM.

    Args:
        target: ``module:name``.
        port: TCP port.
        tls: certificate, key and the authorities that a client's certificate must be from; empty for plain HTTP.
    """
    config = uvicorn.Config(
        target,
        host="127.0.0.1",
        port=port,
        loop="uvloop",
        http=BoundedProtocol,
        ws="none",
        lifespan="on",
        log_config=None,  # dean06.core.logs has the say
        access_log=False,
        proxy_headers=False,  # who speaks to us is whom we see: X-Forwarded-For is anybody's
        server_header=False,
        date_header=True,
        backlog=BACKLOG,
        timeout_keep_alive=KEPT_OPEN_SECONDS,
        ssl_context_factory=_mutual_tls(*tls) if tls else None,
    )
    config.load()
    gc.collect()
    gc.freeze()  # what was loaded stays: it is not looked through again and again
    gc.set_threshold(COLLECTED_EVERY)
    uvicorn.Server(config).run()


def _mutual_tls(certificate: Path, key: Path, authorities: Path) -> Callable[..., ssl.SSLContext]:
    def make(*_: object) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(authorities))
        context.minimum_version = ssl.TLSVersion.TLSv1_3  # ADR 12
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the gateways' authority is trusted as such, not for its root
        context.load_cert_chain(certificate, key)
        gatekeeper.guard(context)
        return context

    return make


def main() -> None:
    """Serve what the command line says."""
    parser = argparse.ArgumentParser(description="Serve one gateway.")
    parser.add_argument("target")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tls", type=Path, nargs=3, default=(), metavar=("CERTIFICATE", "KEY", "AUTHORITIES"))
    asked = parser.parse_args()
    serve(asked.target, port=asked.port, tls=asked.tls)


if __name__ == "__main__":
    main()
