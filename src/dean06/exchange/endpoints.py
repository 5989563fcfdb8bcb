"""The gateways as ASGI applications, served by granian (``dean06.site.asgi``)."""

from dean06.exchange.consumer_edge import ConsumerEdge
from dean06.exchange.provider_edge import ProviderEdge
from dean06.exchange.wire import Application


def consumer_app() -> Application:
    """Return the consumer's gateway: ``/r1/…``, ``/listClients`` and the metadata services."""
    return ConsumerEdge()


def provider_app() -> Application:
    """Return the provider's gateway: ``/x1/…`` between gateways."""
    return ProviderEdge()
