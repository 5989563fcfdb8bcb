"""What other modules may use of ledger."""

from dean06.ledger.actions import Draft, destroy_subject_key, record, record_batch, record_many
from dean06.ledger.export import export, public_keys_pem
from dean06.ledger.queries import Look, closed_proof_of, looks_at, proof_of
from dean06.ledger.rights import grant_app_role
from dean06.ledger.sequencer import sequence
from dean06.ledger.verification import Finding, Findings, verify

__all__ = [
    "Draft",
    "Finding",
    "Findings",
    "Look",
    "closed_proof_of",
    "destroy_subject_key",
    "export",
    "grant_app_role",
    "looks_at",
    "proof_of",
    "public_keys_pem",
    "record",
    "record_batch",
    "record_many",
    "sequence",
    "verify",
]
