"""Which agreement lets a consumer hear of a type of event for a purpose."""

from collections.abc import Iterable
from datetime import date

from dean06.exchange.domain.agreements import Agreement, LegalBasis


def covering(agreements: Iterable[Agreement], *, event_type: str, purpose: str, day: date) -> Agreement | None:
    """Return the agreement in force that names the type and the purpose, or nothing.

    Args:
        agreements: those between the consumer and the provider's events, in a fixed order; the first that covers wins.
        event_type: exact name; there are no patterns, so that nobody hears of a type that was not meant.
        purpose: what the consumer subscribed for.
        day: of the legal calendar.
    """
    for agreement in agreements:
        if event_type in agreement.events and purpose in agreement.purposes and agreement.is_in_force(day):
            return agreement
    return None


def basis_of(agreement: Agreement, text: str) -> LegalBasis | None:
    """Return the legal basis that a call named, if the agreement (still) rests on it."""
    return next((basis for basis in agreement.legal_bases if basis.text == text), None)
