"""Serves one gateway by HTTP: uvicorn with uvloop, one process, one thread for all connections.

``python -m dean06.site.gateway dean06.site.asgi:provider_gateway --port 8404 --tls CERTIFICATE KEY AUTHORITIES``. A thread that
hands over to another waits until the machine wakes it; in one thread nothing is handed over.
"""

import argparse
import asyncio
import gc
import ssl
import sys
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote
from uuid import uuid4

import uvicorn
from httptools import HttpParserInvalidMethodError, parse_url
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from dean06.exchange.domain.faults import CONSUMER_GATEWAY, fault_of, rendered
from dean06.exchange.domain.headers import LARGEST_HEADERS_BYTES
from dean06.exchange.domain.identifiers import LONGEST_TARGET
from dean06.exchange.errors import BadRequest, HeadersTooLarge, MethodNotAllowed

LARGEST_HEAD_BYTES: Final = 2 * (LARGEST_HEADERS_BYTES + LONGEST_TARGET)
"""Beyond what is refused with a reason; whoever sends more is cut off unread."""
KEPT_OPEN_SECONDS: Final = 75
"""Longer than our own client keeps an idle connection, so that it never asks on one that is being closed."""
BACKLOG: Final = 4096
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
    """HTTP/1.1 of uvicorn, with a bound for the head, which uvicorn would collect without end."""

    _head_bytes = 0
    _in_head = True

    def data_received(self, data: bytes) -> None:
        """Parse what arrived."""
        super().data_received(data)
        if self._in_head and not self.transport.is_closing():
            self._head_bytes += len(data)
            if self._head_bytes > LARGEST_HEAD_BYTES:
                self._refuse(HeadersTooLarge())

    def send_400_response(self, msg: str) -> None:
        """Refuse what is no HTTP request, as the message protocol refuses; uvicorn calls this while it handles the parser's error."""
        del msg
        self._refuse(MethodNotAllowed() if isinstance(sys.exception(), HttpParserInvalidMethodError) else BadRequest())

    def _refuse(self, error: BadRequest) -> None:
        fault = fault_of(error, gateway=CONSUMER_GATEWAY, detail=str(uuid4()))
        kind, body = rendered(fault)
        lines = [("content-type", kind), ("content-length", str(len(body))), ("connection", "close"), *fault.headers]
        head = "".join(f"{name}: {value}\r\n" for name, value in lines)
        self.transport.write(f"HTTP/1.1 {fault.status} Bad Request\r\n{head}\r\n".encode() + body)
        self.transport.close()

    def on_message_begin(self) -> None:
        """Begin a head."""
        self._in_head, self._head_bytes = True, 0
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """End a head and begin to serve; as uvicorn does, without web sockets and its own bound for connections."""
        self._in_head = False
        version = self.parser.get_http_version()
        address = parse_url(self.url)
        path = address.path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = version
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = address.path
        self.scope["query_string"] = address.query or b""
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
        context.verify_mode = ssl.CERT_REQUIRED
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the gateways' authority is trusted as such, not for its root
        context.load_cert_chain(certificate, key)
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
