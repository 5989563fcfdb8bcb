"""Serves one gateway by HTTP: uvicorn with uvloop, one process, one thread for all connections.

``python -m dean06.site.gateway dean06.site.asgi:provider_gateway --port 8404 --tls CERTIFICATE KEY AUTHORITIES``. A thread that
hands over to another waits until the machine wakes it; in one thread nothing is handed over.
"""

import argparse
import ssl
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

import uvicorn
from httptools import HttpParserInvalidMethodError
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from dean06.exchange.domain.faults import CONSUMER_GATEWAY, fault_of, rendered
from dean06.exchange.domain.headers import LARGEST_HEADERS_BYTES
from dean06.exchange.domain.identifiers import LONGEST_TARGET
from dean06.exchange.errors import BadRequest, HeadersTooLarge, MethodNotAllowed

LARGEST_HEAD_BYTES: Final = 2 * (LARGEST_HEADERS_BYTES + LONGEST_TARGET)
"""Beyond what is refused with a reason; whoever sends more is cut off unread."""
KEPT_OPEN_SECONDS: Final = 75
"""Longer than our own client keeps an idle connection, so that it never asks on one that is being closed."""
BACKLOG: Final = 4096


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
        """End a head."""
        self._in_head = False
        super().on_headers_complete()


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
