"""What other modules may use of exchange."""

from dean06.exchange.calling import call
from dean06.exchange.domain.agreements import Agreement, LegalBasis
from dean06.exchange.domain.answering import Answer, Handler, ProviderRequest, ProviderResponse
from dean06.exchange.loading import load_agreements, load_members
from dean06.exchange.providing import register_provider
from dean06.exchange.queries import agreements, member_name

__all__ = [
    "Agreement",
    "Answer",
    "Handler",
    "LegalBasis",
    "ProviderRequest",
    "ProviderResponse",
    "agreements",
    "call",
    "load_agreements",
    "load_members",
    "member_name",
    "register_provider",
]
