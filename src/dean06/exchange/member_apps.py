"""Questions of a member to its own gateway that are no messages: ``?xRoadInstance=&memberClass=&memberCode=&subsystemCode=``.

Beside the consumer's gateway, with its authentication: a subsystem gets what is its own and nobody else's.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs

import structlog
from django.db import close_old_connections

from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error, Invalid
from dean06.core.problems import status_of
from dean06.exchange import snapshot
from dean06.exchange.consumer_edge import authenticate
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import BadRequest, ClientNotAuthenticated
from dean06.exchange.wire import Application, Incoming, Receive, Scope, Send, answer, incoming

log = structlog.get_logger(__name__)

PARTS: Final = ("xRoadInstance", "memberClass", "memberCode", "subsystemCode")
PLAIN: Final = "text/plain; charset=utf-8"
BAD_REQUEST: Final = 400
UNAUTHORISED: Final = 401
INTERNAL_ERROR: Final = 500
UNAVAILABLE: Final = 503

Make = Callable[[ClientId, Mapping[str, str]], bytes]
"""Makes the answer for an authenticated subsystem from the parameters of its question, in a thread."""


def for_members(make: Make, *, kind: str) -> Application:
    """Return an application that answers members.

    Args:
        make: makes the body.
        kind: content type of the body.
    """

    async def serve(scope: Scope, _receive: Receive, send: Send) -> None:
        try:
            status, body, content_type = 200, await asyncio.to_thread(_made, make, incoming(scope)), kind
        except Dean06Error as error:
            status, body, content_type = _status(error), f"{error.detail}\n".encode(), PLAIN
        except DATABASE_AWAY:
            status, body, content_type = UNAVAILABLE, b"The gateway's database is away.\n", PLAIN
        except Exception:
            log.exception("exchange.member_not_answered", path=scope["path"])
            status, body, content_type = INTERNAL_ERROR, b"The answer could not be put together.\n", PLAIN
        headers = [("content-type", content_type), ("cache-control", "no-store")]
        await answer(send, status=status, headers=headers, body=body, head_only=scope["method"] == "HEAD")

    return serve


def _status(error: Dean06Error) -> int:
    """Return the statuses that X-Road gives at such addresses: 400, 401, 404; ours where it has none."""
    if isinstance(error, ClientNotAuthenticated):
        return UNAUTHORISED
    return BAD_REQUEST if isinstance(error, Invalid) else int(status_of(error))


def _made(make: Make, request: Incoming) -> bytes:
    try:
        asked = {name: values[-1] for name, values in parse_qs(request.query, strict_parsing=True).items()}
        party = ClientId.parse("/".join(asked[part] for part in PARTS))
    except (KeyError, ValueError) as exc:
        raise BadRequest("Name xRoadInstance, memberClass, memberCode and subsystemCode.") from exc
    try:
        authenticate(request, party, state=snapshot.current())
        return make(party, asked)
    finally:
        close_old_connections()
