"""Tables of the exchange: who takes part, what was agreed, what stands beside the calls.

Nothing here holds personal data in the clear; the evidence of each call is a ledger entry.
"""

from dean06.exchange.models.agreements import AgreementCase, AgreementDecision, AgreementEvent, AgreementVersion
from dean06.exchange.models.calls import EvidenceIndex, KeptAnswer, QuotaUse, SeenNonce
from dean06.exchange.models.parties import (
    ClientGroup,
    ConfigurationState,
    GroupMember,
    HeldByMember,
    Member,
    MemberKey,
    PackVersion,
    PublishedConfiguration,
    Service,
    ServiceDescription,
    Subsystem,
)

__all__ = [
    "AgreementCase",
    "AgreementDecision",
    "AgreementEvent",
    "AgreementVersion",
    "ClientGroup",
    "ConfigurationState",
    "EvidenceIndex",
    "GroupMember",
    "HeldByMember",
    "KeptAnswer",
    "Member",
    "MemberKey",
    "PackVersion",
    "PublishedConfiguration",
    "QuotaUse",
    "SeenNonce",
    "Service",
    "ServiceDescription",
    "Subsystem",
]
