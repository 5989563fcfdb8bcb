"""What a bulk load did."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a bulk load did.

    Attributes:
        digest: names the set of files.
        people: rows of persons.
        households: rows of households.
        residences: rows of residences.
        evidence_id: ledger entry over all people.
        was_loaded_before: the same files had been loaded, so nothing was done now.
        took_seconds: from the start to the commit.
    """

    digest: str
    people: int
    households: int
    residences: int
    evidence_id: str
    was_loaded_before: bool
    took_seconds: float
