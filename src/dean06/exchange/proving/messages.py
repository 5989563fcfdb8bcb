"""Verifying the signatures of every message in the evidence logs, on all cores.

It is beside ``ledger verify``, which proves that no record was altered since it was written: this proves that what was
written is what the members signed. Each signature is verified by itself; there is no short cut for ECDSA.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from dean06.core.databases import database_of
from dean06.core.processes import spread
from dean06.exchange.domain.proving import faults, is_signed_record
from dean06.exchange.evidence import CONSUMER_LOG, PROVIDER_LOG
from dean06.exchange.proving.keys import KnownKeys
from dean06.ledger.public import Finding, Opened, opened_after, size_of

LOGS: Final = (PROVIDER_LOG, CONSUMER_LOG)
PART: Final = 2_000

Tell = Callable[[str, int, int], None]
"""Is told, now and then, of which log how many entries were seen of how many."""


@dataclass(frozen=True, slots=True)
class SignaturesSeen:
    """What was verified, and everything that does not fit.

    Attributes:
        signatures: that were verified, two a transaction.
        unsigned: entries without any: refusals.
        unreadable: entries whose text was removed by law; their signatures are gone with it.
    """

    signatures: int = 0
    unsigned: int = 0
    unreadable: int = 0
    findings: tuple[Finding, ...] = ()

    def __add__(self, other: "SignaturesSeen") -> "SignaturesSeen":
        return SignaturesSeen(
            self.signatures + other.signatures,
            self.unsigned + other.unsigned,
            self.unreadable + other.unreadable,
            self.findings + other.findings,
        )


def verify_messages(*, tell: Tell = lambda *_: None, processes: int | None = None) -> SignaturesSeen:
    """Verify both signatures of every transaction that this installation keeps evidence of.

    Args:
        tell: is told how far it is.
        processes: how many share the work; one does it here.
    """
    seen = SignaturesSeen()
    for log in LOGS:
        size = size_of(database_of("exchange"), log)
        pieces = range(0, size, PART)
        work = partial(_verify_part, log)
        is_short = processes == 1 or size <= PART
        for number, part in enumerate(map(work, pieces) if is_short else spread(work, pieces, processes=processes), start=1):
            seen += part
            tell(log, min(number * PART, size), size)
    return seen


def _verify_part(log: str, first: int) -> SignaturesSeen:
    opened = opened_after(database_of("exchange"), log, first, limit=PART)
    keys = KnownKeys()
    details = [(one, one.payload["detail"]) for one in opened if one.payload is not None]
    signed = [(one, detail) for one, detail in details if is_signed_record(detail)]
    return SignaturesSeen(
        signatures=2 * len(signed),
        unsigned=len(details) - len(signed),
        unreadable=len(opened) - len(details),
        findings=tuple(finding for one, detail in signed for finding in _findings(log, one, faults(detail, recorded_at=one.at, keys=keys))),
    )


def _findings(log: str, one: Opened, found: Iterator[tuple[str, str]]) -> Iterator[Finding]:
    return (Finding(log, problem, sentence, one.seq, one.entry_id) for problem, sentence in found)
