"""What other modules may use of exchange."""

from dean06.exchange.calling import call
from dean06.exchange.domain.answering import Answer, Handler, ProviderRequest, ProviderResponse
from dean06.exchange.loading import load_agreements, load_members
from dean06.exchange.providing import register_provider

__all__ = [
    "Answer",
    "Handler",
    "ProviderRequest",
    "ProviderResponse",
    "call",
    "load_agreements",
    "load_members",
    "register_provider",
]
