"""What a verification says."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that does not fit.

    Attributes:
        log: in which log.
        problem: stable name of what is wrong (``entry_altered``, ``tail_cut`` ...).
        detail: the same in a sentence.
        seq: number of the entry in its log, or of the first of several.
        entry_id: the entry, where one can be named.
    """

    log: str
    problem: str
    detail: str
    seq: int | None = None
    entry_id: UUID | None = None

    def __str__(self) -> str:
        number = f" {self.seq}" if self.seq is not None else ""
        entry = f" entry {self.entry_id}" if self.entry_id else ""
        return f"{self.log}{number}{entry}: {self.problem}: {self.detail}"


@dataclass(frozen=True, slots=True)
class Findings:
    """What a verification saw: how much, and everything that does not fit.

    Attributes:
        entries: numbered entries that were recomputed.
        pending: entries that wait for their number.
        checkpoints: signatures checked.
        destroyed: entries whose text was removed by law; their proof stands.
        cosignatures: statements of witnesses that were compared.
        stamps: time stamps that were verified.
    """

    findings: tuple[Finding, ...] = ()
    logs: tuple[str, ...] = ()
    entries: int = 0
    pending: int = 0
    checkpoints: int = 0
    destroyed: int = 0
    cosignatures: int = 0
    stamps: int = 0

    @property
    def is_clean(self) -> bool:
        """Say whether nothing was found."""
        return not self.findings

    def __add__(self, other: "Findings") -> "Findings":
        return Findings(
            self.findings + other.findings,
            self.logs + other.logs,
            self.entries + other.entries,
            self.pending + other.pending,
            self.checkpoints + other.checkpoints,
            self.destroyed + other.destroyed,
            self.cosignatures + other.cosignatures,
            self.stamps + other.stamps,
        )
