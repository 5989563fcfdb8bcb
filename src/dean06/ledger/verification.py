"""Proving that nothing was altered: everything is recomputed from the entries and compared with what is stored.

A finding names the entry. A long log is walked in parts on all cores first; if anything at all does not fit there, the whole
of it is walked once more from its first leaf to its last, to say what and where.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

from django.db import connections

from dean06.core.processes import spread
from dean06.ledger.domain.leaves import CHAIN_START
from dean06.ledger.domain.merkle import Frontier, peaks_of
from dean06.ledger.findings import Finding, Findings
from dean06.ledger.sequencer import hashes_at
from dean06.ledger.stored import log_size, logs_in, same_snapshot, snapshot
from dean06.ledger.submitting import Statement
from dean06.ledger.walking import LogWalk

PART: Final = 1 << 15
LONG: Final = 2 * PART
"""A log from this length on is walked in parts; a shorter one is done before the processes are there."""

Tell = Callable[[str, int, int], None]
"""Is told, now and then, of which log how many leaves were seen of how many."""


def verify(
    using: str,
    log: str | None = None,
    *,
    seen: Iterable[Statement] = (),
    with_readings: bool = True,
    tell: Tell = lambda *_: None,
    long: int = LONG,
) -> Findings:
    """Recompute the logs of one database (or one of them) and say what does not fit.

    Args:
        using: the database.
        log: only this log.
        seen: what witnesses say that they saw (``submitting.ask_witnesses``), beside the cosignatures that are stored here.
        with_readings: also open each readable part and compare it with what was committed to.
        tell: is told how far it is.
        long: from how many leaves on a log is shared out over the cores.
    """
    said, is_alone = list(seen), not connections[using].in_atomic_block
    found = Findings()
    with snapshot(using) as cursor:
        for name in [log] if log else logs_in(cursor):
            asked = _Asked(using, name, tuple(one for one in said if one.checkpoint.log == name), with_readings)
            size = log_size(cursor, name)
            whole = _walked_in_parts(cursor, asked, size, tell) if is_alone and size >= long else None
            found += whole or asked.walk(cursor).walk(partial(_tell_of, tell, name, size))
        return found if log else found + Findings(findings=tuple(_strays(cursor)))


def vanished(seen: Iterable[Statement], names: Iterable[str]) -> Findings:
    """Return a finding for each log that a witness saw and that no database holds anything of."""
    gone = {one.checkpoint.log: one for one in seen if one.checkpoint.log not in set(names)}
    return Findings(
        tuple(Finding(log, "log_missing", f"{one.witness} saw {one.checkpoint.size} entries", seq=1) for log, one in gone.items())
    )


def _tell_of(tell: Tell, log: str, size: int, seq: int) -> None:
    tell(log, seq, size)


def _strays(cursor: Any) -> Iterator[Finding]:
    """Find rows beside the log that belong to no entry, and rows of logs that have no name any more."""
    for table, problem in (("subject", "subject_stray"), ("pending", "pending_stray")):
        cursor.execute(
            f"SELECT DISTINCT r.entry_id FROM ledger_ledger{table} r"  # noqa: S608 -- constants
            " WHERE NOT EXISTS (SELECT 1 FROM ledger_ledgerentry e WHERE e.id = r.entry_id) LIMIT 1000"
        )
        for (entry_id,) in cursor.fetchall():
            yield Finding("", problem, f"there is a {table} row, but no such entry", entry_id=entry_id)
    for table, key in (("entry", "id"), ("leaf", "entry_id"), ("pending", "entry_id")):
        cursor.execute(
            f"SELECT {key} FROM ledger_ledger{table} WHERE log NOT IN (SELECT number FROM ledger_ledgername) LIMIT 1000"  # noqa: S608 -- constants
        )
        for (entry_id,) in cursor.fetchall():
            yield Finding("", "name_missing", f"the log of its {table} row has no name", entry_id=entry_id)


# -- in parts


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is to be verified of one log."""

    using: str
    log: str
    told: tuple[Statement, ...]
    with_readings: bool

    def walk(self, cursor: Any) -> LogWalk:
        return LogWalk(cursor, self.log, list(self.told), with_readings=self.with_readings)


@dataclass(frozen=True, slots=True)
class _End:
    """How chain and tree stand at a size."""

    size: int
    chain: bytes = CHAIN_START
    peaks: tuple[bytes, ...] = ()


@dataclass(frozen=True, slots=True)
class _Part:
    """What the walk over one part saw: from where, to where, and how much."""

    begin: _End
    end: _End
    found: Findings


def _walked_in_parts(cursor: Any, asked: _Asked, size: int, tell: Tell) -> Findings | None:
    """Walk a log in parts on all cores; none if anything does not fit, be it within a part or between two."""
    cursor.execute("SELECT pg_export_snapshot()")
    work = partial(_walk_part, asked, cursor.fetchone()[0])
    bounds = ((first, min(first + PART, size)) for first in range(0, size, PART))
    total, end = Findings(), _End(0)
    for part in spread(work, bounds):
        if not part.found.is_clean or part.begin != end:
            return None
        total, end = total + part.found, part.end
        tell(asked.log, end.size, size)
    if end.size != size:
        return None
    rest = _begun_at(asked.walk(cursor), end)
    rest.checkpoints = total.checkpoints
    total += replace(rest.walk(), checkpoints=rest.checkpoints - total.checkpoints)
    return total if total.is_clean else None


def _walk_part(asked: _Asked, identifier: str, bounds: tuple[int, int]) -> _Part:
    """Walk one part in a process of its own, beginning with what is stored at its start."""
    first, last = bounds
    with same_snapshot(asked.using, identifier) as cursor:
        begin = _stored_end(cursor, asked.log, first)
        walk = _begun_at(asked.walk(cursor), begin)
        walk.until = last
        walk.walk_part()
    peaks = tuple(walk.tree.peaks) if walk.tree else ()
    found = Findings(tuple(walk.findings), (), walk.entries, 0, walk.checkpoints, walk.destroyed, walk.cosignatures)
    return _Part(begin, _End(walk.last_seq, walk.chain, peaks), found)


def _begun_at(walk: LogWalk, end: _End) -> LogWalk:
    """Let a walk begin where another ended."""
    walk.last_seq, walk.chain, walk.tree = end.size, end.chain, Frontier(end.size, list(end.peaks))
    return walk


def _stored_end(cursor: Any, log: str, size: int) -> _End:
    if size == 0:
        return _End(0)
    cursor.execute("SELECT chain_hash FROM ledger_ledgerleaf WHERE log = (SELECT ledger_number(%s)) AND seq = %s", [log, size])
    row, places = cursor.fetchone(), peaks_of(size)
    hashes = hashes_at(cursor, log, places)
    return _End(size, bytes(row[0]) if row else b"", tuple(hashes.get(place, b"") for place in places))
