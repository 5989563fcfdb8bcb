"""The gateways as ASGI applications, served by ``dean06.site.gateway``."""

from typing import Final

from dean06.exchange.consumer_edge import ConsumerEdge
from dean06.exchange.ngsp.desk import REVOKE, TOKEN, TokenDesk
from dean06.exchange.operational_app import OPERATIONAL_DATA, operational_app
from dean06.exchange.provider_edge import ProviderEdge
from dean06.exchange.proving.member_app import ASIC, evidence_app
from dean06.exchange.wire import Application, Receive, Scope, Send
from dean06.ledger.public import witness_app

WITNESS: Final = "/witness/"


def consumer_app() -> Application:
    """Return the consumer's gateway: ``/r1/…``, ``/listClients``, the metadata services, and beside them what is no message."""
    edge = ConsumerEdge()
    desk = TokenDesk(edge)
    return beside(edge, {WITNESS: witness_app, ASIC: evidence_app, OPERATIONAL_DATA: operational_app, TOKEN: desk, REVOKE: desk})


def provider_app() -> Application:
    """Return the provider's gateway: ``/x1/…`` between gateways, and its witnesses."""
    return beside(ProviderEdge(), {WITNESS: witness_app})


def beside(gateway: Application, others: dict[str, Application]) -> Application:
    """Serve other applications under addresses of their own, those that end in a slash with all below; the rest is the gateway's."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            for prefix, application in others.items():
                if scope["path"] == prefix or (prefix.endswith("/") and scope["path"].startswith(prefix)):
                    await application(scope, receive, send)
                    return
        await gateway(scope, receive, send)

    return serve
