"""What other modules may use of ledger."""

from dean06.ledger.actions import destroy_subject_key, record, record_many
from dean06.ledger.queries import Look, looks_at, proof_of
from dean06.ledger.rights import grant_app_role
from dean06.ledger.sequencer import sequence
from dean06.ledger.verification import Finding, Findings, verify

__all__ = [
    "Finding",
    "Findings",
    "Look",
    "destroy_subject_key",
    "grant_app_role",
    "looks_at",
    "proof_of",
    "record",
    "record_many",
    "sequence",
    "verify",
]
