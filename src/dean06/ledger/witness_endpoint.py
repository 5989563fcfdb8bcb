"""A witness over HTTP, as an ASGI application that stands beside a gateway.

``POST /witness/<name>/add-checkpoint`` (C2SP tlog-witness), ``GET /witness/<name>/checkpoint?log=…`` (what it last saw),
``GET /witness/<name>/key`` (its verifier key).
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qs

from django.db import close_old_connections

from dean06.core.databases import DATABASE_AWAY
from dean06.ledger.witnessing import Reply, add_checkpoint, last_seen, witness_key
from dean06.signing.errors import KeyNotFound

PREFIX: Final = "/witness/"
LARGEST_SUBMISSION_BYTES: Final = 64 * 1024  # 63 hashes and a note have some 4 KiB
SEPARATOR: Final = "\f"

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


async def witness_app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer one request to a witness of this installation."""
    body = await _body(receive)
    reply = Reply(HTTPStatus.REQUEST_ENTITY_TOO_LARGE) if body is None else await asyncio.to_thread(_answer, scope, body)
    content = reply.body.encode()
    headers = [(b"content-type", reply.content_type.encode()), (b"content-length", str(len(content)).encode())]
    await send({"type": "http.response.start", "status": int(reply.status), "headers": headers})
    await send({"type": "http.response.body", "body": content})


async def _body(receive: Receive) -> bytes | None:
    body, more = b"", True
    while more:
        event = await receive()
        body += event.get("body", b"")
        more = event.get("more_body", False)
        if len(body) > LARGEST_SUBMISSION_BYTES:
            return None
    return body


def _answer(scope: Scope, body: bytes) -> Reply:
    name, _, what = scope["path"].removeprefix(PREFIX).partition("/")
    asked = parse_qs(scope["query_string"].decode("ascii", "replace"))
    try:
        return _reply(name, f"{scope['method']} {what}", asked, body)
    except UnicodeDecodeError:
        return Reply(HTTPStatus.BAD_REQUEST)
    except KeyNotFound:
        return Reply(HTTPStatus.NOT_FOUND)
    except DATABASE_AWAY:
        return Reply(HTTPStatus.SERVICE_UNAVAILABLE)
    finally:
        close_old_connections()


def _reply(name: str, what: str, asked: Mapping[str, Sequence[str]], body: bytes) -> Reply:
    key = witness_key(name)
    match what:
        case "POST add-checkpoint":
            return add_checkpoint(name, body.decode())
        case "GET checkpoint":
            notes = last_seen(name, asked.get("log", [""])[-1], keeper=asked.get("keeper", [""])[-1])
            return Reply(HTTPStatus.OK, SEPARATOR.join(notes))
        case "GET key":
            return Reply(HTTPStatus.OK, f"{key}\n")
        case _:
            return Reply(HTTPStatus.NOT_FOUND)
