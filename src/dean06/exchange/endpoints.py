"""The gateways as ASGI applications, served by ``dean06.site.gateway``."""

from typing import Final

from dean06.exchange.consumer_edge import ConsumerEdge
from dean06.exchange.edge import Edge
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
    return Beside(edge, {WITNESS: witness_app, ASIC: evidence_app, OPERATIONAL_DATA: operational_app, TOKEN: desk, REVOKE: desk})


def provider_app() -> Application:
    """Return the provider's gateway: ``/x1/…`` between gateways, and its witnesses."""
    return Beside(ProviderEdge(), {WITNESS: witness_app})


class Beside:
    """A gateway with other applications under addresses of their own, those that end in a slash with all below; the rest is the gateway's.

    Attributes:
        speaks_as: prefix of the faults that the gateway makes; the server refuses in its name what is no message.
    """

    def __init__(self, gateway: Edge, others: dict[str, Application]) -> None:
        self.speaks_as = gateway.gateway
        self._gateway = gateway
        self._others = others

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            for prefix, application in self._others.items():
                if scope["path"] == prefix or (prefix.endswith("/") and scope["path"].startswith(prefix)):
                    await application(scope, receive, send)
                    return
        await self._gateway(scope, receive, send)
