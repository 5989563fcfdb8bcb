"""Evidence for members, at X-Road's address: ``GET /asic?queryId=&xRoadInstance=&memberClass=&memberCode=&subsystemCode=``.

Beside the consumer's gateway, with its authentication: a subsystem gets the evidence of its own transactions and nobody
else's. What is handed out is our bundle, a zip; each hand-out is an entry in the ledger.
"""

import asyncio
from typing import Final
from urllib.parse import parse_qs

import structlog
from django.db import close_old_connections

from dean06.core.actor import Actor
from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error, Invalid
from dean06.core.problems import status_of
from dean06.exchange import snapshot
from dean06.exchange.bundles import bundle, find, note_hand_out
from dean06.exchange.consumer_edge import authenticate
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import BadRequest, ClientNotAuthenticated
from dean06.exchange.wire import Incoming, Receive, Scope, Send, answer, incoming

log = structlog.get_logger(__name__)

ASIC: Final = "/asic"
PARTS: Final = ("xRoadInstance", "memberClass", "memberCode", "subsystemCode")
PLAIN: Final = "text/plain; charset=utf-8"
BAD_REQUEST: Final = 400
UNAUTHORISED: Final = 401
INTERNAL_ERROR: Final = 500
UNAVAILABLE: Final = 503


async def evidence_app(scope: Scope, _receive: Receive, send: Send) -> None:
    """Answer one request of a member for evidence."""
    try:
        status, body, kind = 200, await asyncio.to_thread(_bundle_for, incoming(scope)), "application/zip"
    except Dean06Error as error:
        status, body, kind = _status(error), f"{error.detail}\n".encode(), PLAIN
    except DATABASE_AWAY:
        status, body, kind = UNAVAILABLE, b"The gateway's database is away.\n", PLAIN
    except Exception:
        log.exception("exchange.evidence_failed")
        status, body, kind = INTERNAL_ERROR, b"The evidence could not be put together.\n", PLAIN
    headers = [("content-type", kind), ("cache-control", "no-store")]
    await answer(send, status=status, headers=headers, body=body, head_only=scope["method"] == "HEAD")


def _status(error: Dean06Error) -> int:
    """Return the statuses that X-Road gives at this address: 400, 401, 404; ours where it has none."""
    if isinstance(error, ClientNotAuthenticated):
        return UNAUTHORISED
    return BAD_REQUEST if isinstance(error, Invalid) else int(status_of(error))


def _bundle_for(request: Incoming) -> bytes:
    try:
        asked = parse_qs(request.query, strict_parsing=True)
        identifier = asked["queryId"][-1]
        party = ClientId.parse("/".join(asked[part][-1] for part in PARTS))
    except (KeyError, ValueError) as exc:
        raise BadRequest("Name queryId, xRoadInstance, memberClass, memberCode and subsystemCode.") from exc
    try:
        authenticate(request, party, state=snapshot.current())
        rows = find(identifier, party=party)
        made = bundle(rows)
        note_hand_out([str(row.entry_id) for row in rows], actor=Actor(account=str(party)), who=str(party))
    finally:
        close_old_connections()
    return made
