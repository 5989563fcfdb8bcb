"""What other modules may use of ledger."""

from dean06.ledger.actions import Draft, destroy_subject_key, record, record_batch, record_many
from dean06.ledger.archiving import ArchivedDay, archive
from dean06.ledger.domain.retention import Period
from dean06.ledger.evidence import Opened, evidence_of, look_at, opened_after, size_of
from dean06.ledger.export import export, public_keys_pem
from dean06.ledger.findings import Finding, Findings
from dean06.ledger.grouping import EntryWriter
from dean06.ledger.queries import Look, closed_proof_of, looks_at, proof_of
from dean06.ledger.retaining import LogRetention, retention
from dean06.ledger.rights import grant_app_role
from dean06.ledger.sequencer import sequence
from dean06.ledger.stamping import Overdue, overdue, stamp_everywhere
from dean06.ledger.submitting import Statement, add_witness, ask_witnesses, log_keys, submit_everywhere, witnesses
from dean06.ledger.verification import vanished, verify
from dean06.ledger.witness_endpoint import witness_app
from dean06.ledger.witnessing import keys_of_pem, watch, witness_key
from dean06.ledger.words import learn_words

__all__ = [
    "ArchivedDay",
    "Draft",
    "EntryWriter",
    "Finding",
    "Findings",
    "LogRetention",
    "Look",
    "Opened",
    "Overdue",
    "Period",
    "Statement",
    "add_witness",
    "archive",
    "ask_witnesses",
    "closed_proof_of",
    "destroy_subject_key",
    "evidence_of",
    "export",
    "grant_app_role",
    "keys_of_pem",
    "learn_words",
    "log_keys",
    "look_at",
    "looks_at",
    "opened_after",
    "overdue",
    "proof_of",
    "public_keys_pem",
    "record",
    "record_batch",
    "record_many",
    "retention",
    "sequence",
    "size_of",
    "stamp_everywhere",
    "submit_everywhere",
    "vanished",
    "verify",
    "watch",
    "witness_app",
    "witness_key",
    "witnesses",
]
