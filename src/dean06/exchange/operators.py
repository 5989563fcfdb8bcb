"""Who operates the exchange: pages over evidence and figures are for that role alone."""

from typing import Final

from django.http import HttpRequest

from dean06.core.actor import Actor, actor_of
from dean06.exchange.errors import NotInEvidenceOffice

OPERATOR: Final = "operator"


def operator_of(request: HttpRequest) -> Actor:
    """Return who asks, if it is an operator.

    Raises:
        NotInEvidenceOffice: it is not.
    """
    actor = actor_of(request)
    if not actor.has_role(OPERATOR):
        raise NotInEvidenceOffice
    return actor
