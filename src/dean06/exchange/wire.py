"""Reading and answering HTTP as ASGI hands it over: bounded before it is parsed."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import Any, Final

from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.faults import Fault, rendered
from dean06.exchange.domain.headers import checked
from dean06.exchange.domain.identifiers import LONGEST_TARGET
from dean06.exchange.errors import BadRequest, BodyTooLarge, MalformedPath

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

LARGEST_BODY_BYTES: Final = 10 * 1024 * 1024  # what X-Road can keep as evidence; the hash needs the whole body
WITHOUT_BODY: Final = frozenset({204, 304})


PEER_CERTIFICATE: Final = "dean06.peer_certificate"
"""Where the server says in an ASGI scope which certificate the peer showed."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A request whose head is bounded and decoded.

    Attributes:
        proven: the client that a front has proved by its own means; empty: the request itself has to.
        certificate: fingerprint of the certificate that the peer showed; empty without TLS.
    """

    method: str
    raw_path: str
    query: str
    headers: tuple[Header, ...] = field(repr=False)
    peer: str
    proven: str = ""
    certificate: str = ""

    def value(self, name: str) -> str:
        """Return the last value of a header, or nothing."""
        return next((value for key, value in reversed(self.headers) if key == name), "")


def incoming(scope: Scope) -> Incoming:
    """Decode the head of a request.

    Raises:
        BadRequest: something is too long, not ASCII where it must be, or framed twice; the subclass says what.
    """
    raw_path, raw_query = scope["raw_path"], scope["query_string"]
    if len(raw_path) > LONGEST_TARGET or len(raw_query) > LONGEST_TARGET:
        raise MalformedPath("The address is longer than 2000 signs.")
    try:
        path, query = raw_path.decode("ascii"), raw_query.decode("ascii")
    except UnicodeDecodeError as exc:
        raise MalformedPath("The address holds bytes outside ASCII; percent-encode UTF-8.") from exc
    return Incoming(
        scope["method"], path, query, tuple(checked(scope["headers"])), peer_of(scope), certificate=scope.get(PEER_CERTIFICATE, "")
    )


def peer_of(scope: Scope) -> str:
    """Return the address of who speaks to us; empty for a socket of the file system."""
    return str((scope.get("client") or ("",))[0])


def is_loopback(peer: str) -> bool:
    """Say whether a peer's address is this machine's own; a socket of the file system is."""
    try:
        return not peer or ip_address(peer).is_loopback
    except ValueError:
        return False


async def read_body(request: Incoming, receive: Receive, *, limit: int = LARGEST_BODY_BYTES) -> bytes:
    """Read the body up to a limit.

    Raises:
        BodyTooLarge: longer, by announcement or in fact.
        BadRequest: the length is not a number or not the body's, or the client hung up.
    """
    announced = request.value("content-length")
    if announced and not (announced.isascii() and announced.isdigit()):
        raise BadRequest("Content-Length is not a number.")
    if announced and (len(announced) > len(str(limit)) or int(announced) > limit):
        raise BodyTooLarge(f"The body is larger than {limit} bytes.")
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        event = await receive()
        if event["type"] != "http.request":
            raise BadRequest("The client hung up before the body was complete.")
        chunk = event.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise BodyTooLarge(f"The body is larger than {limit} bytes.")
        chunks.append(chunk)
        more = event.get("more_body", False)
    if announced and size != int(announced):
        raise BadRequest("The body is not as long as Content-Length says.")
    return b"".join(chunks)


def closing(send: Send) -> Send:
    """Close the connection after the response: the body may be unread, and what follows it is not trusted to be a request."""

    async def send_and_close(event: MutableMapping[str, Any]) -> None:
        if event["type"] == "http.response.start":
            event = {**event, "headers": [*event["headers"], (b"connection", b"close")]}
        await send(event)

    return send_and_close


async def answer(send: Send, *, status: int, headers: Iterable[Header], body: bytes, head_only: bool = False) -> None:
    """Send a whole response; its length is stated and what a HEAD or 204 must not carry is left out."""
    lines = [(name.encode("ascii"), value.encode("utf-8")) for name, value in headers]
    if status not in WITHOUT_BODY:
        lines.append((b"content-length", str(len(body)).encode("ascii")))
    await send({"type": "http.response.start", "status": status, "headers": lines})
    await send({"type": "http.response.body", "body": b"" if head_only or status in WITHOUT_BODY else body})


async def refuse(send: Send, fault: Fault, *, accept: str, headers: Iterable[Header] = (), head_only: bool = False) -> None:
    """Answer with a fault; ``X-Road-Error`` tells that a gateway refused and not the service."""
    kind, body = rendered(fault, accept=accept)
    lines = [*headers, ("content-type", kind), *fault.headers]
    await answer(send, status=fault.status, headers=lines, body=body, head_only=head_only)


async def lifespan(receive: Receive, send: Send, *, start: Callable[[], Awaitable[None]], stop: Callable[[], Awaitable[None]]) -> None:
    """Serve ASGI's lifespan protocol."""
    await receive()
    await start()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await stop()
    await send({"type": "lifespan.shutdown.complete"})
