"""ASGI applications of the benchmark: both gateways with a service behind them, and the same two hops without our work."""

import os
from typing import Any, Final
from uuid import UUID

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251 -- the gateways' server imports this module itself
django.setup()

import msgspec  # noqa: E402 -- after the settings

from dean06.core.config import config  # noqa: E402
from dean06.core.keys import PersonKey  # noqa: E402
from dean06.exchange import hop  # noqa: E402
from dean06.exchange.committing import GroupCommit  # noqa: E402
from dean06.exchange.consumer_edge import ConsumerEdge  # noqa: E402
from dean06.exchange.endpoints import consumer_app, provider_app  # noqa: E402
from dean06.exchange.evidence import EvidenceKeeper  # noqa: E402
from dean06.exchange.links import Link  # noqa: E402
from dean06.exchange.provider_edge import ProviderEdge  # noqa: E402
from dean06.exchange.public import ProviderRequest, ProviderResponse, register_provider  # noqa: E402
from dean06.exchange.wire import Application, Receive, Scope, Send, answer, incoming, read_body  # noqa: E402

SERVICE: Final = "BENCH/GOV/G01/POPULATION/population"
SUBJECTS: Final = tuple(PersonKey(UUID(int=0x0190A000_0000_7000_8000_000000000000 + number)) for number in range(1000))
DOCUMENT: Final[dict[str, Any]] = {
    "personal_id": "000190000017",
    "full_name": "Nguyễn Thị Mẫu",
    "born_on": "1990-05-02",
    "sex": "female",
    "permanent_residence": {"unit_code": "06649", "address": "Số 1, ngõ 2, phố Trình Diễn", "since": "2015-01-01"},
    "filler": "x" * 700,
}
_asked = 0


def handle(request: ProviderRequest) -> ProviderResponse:
    """Answer about one kilobyte from memory, as the bare provider does: what a register takes to answer is not measured here."""
    global _asked  # noqa: PLW0603 -- a counter that spreads the subjects
    del request
    _asked += 1
    return ProviderResponse(200, DOCUMENT, (SUBJECTS[_asked % len(SUBJECTS)],))


register_provider(SERVICE, handler=handle, openapi={}, is_quick=True)
consumer = consumer_app()
provider = provider_app()


async def provider_threaded(scope: Scope, receive: Receive, send: Send) -> None:
    """The provider's gateway with the same service behind a thread, as every service that reads a database is."""
    if scope["type"] == "lifespan":
        register_provider(SERVICE, handler=handle, openapi={})
    await provider(scope, receive, send)


def _one_by_one(edge: ConsumerEdge | ProviderEdge) -> Application:
    """Let a gateway commit each message alone, as it would without groups."""
    edge.evidence = GroupCommit(f"{edge.log_name}-evidence", EvidenceKeeper().keep, most=1)
    return edge


consumer_one_commit_each = _one_by_one(ConsumerEdge())
provider_one_commit_each = _one_by_one(ProviderEdge())

_link = Link(hop.identity) if hop.is_own_tls() else Link()
_body = msgspec.json.encode(DOCUMENT)


async def bare_consumer(scope: Scope, receive: Receive, send: Send) -> None:
    """Forward to the bare provider: the same server, the same client, nothing else."""
    if scope["type"] != "http":
        return
    request = incoming(scope)
    body = await read_body(request, receive)
    address = f"{config().provider_gateway_origin}{request.raw_path}"
    got = await _link.send(request.method, address, headers=request.headers, body=body, timeout_seconds=10)
    await answer(send, status=got.status, headers=[("content-type", "application/json")], body=got.body)


async def bare_provider(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer with the document."""
    if scope["type"] != "http":
        return
    await read_body(incoming(scope), receive)
    await answer(send, status=200, headers=[("content-type", "application/json")], body=_body)
