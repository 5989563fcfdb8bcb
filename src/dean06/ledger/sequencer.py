"""Numbering: one sequencer a log takes committed entries, chains them, grows the tree and signs a checkpoint.

Batch by batch, each in one transaction under an advisory lock, so that a killed sequencer leaves nothing half-done and a
second one steps aside.
"""

from dataclasses import dataclass
from typing import Any, Final

import structlog
from django.db import connections, transaction

from dean06.core import clock
from dean06.ledger.checkpoints import sign
from dean06.ledger.domain.leaves import CHAIN_START, Entry, chain_hash
from dean06.ledger.domain.merkle import Frontier, Place, peaks_of, root_of
from dean06.ledger.domain.notes import Checkpoint
from dean06.ledger.naming import KIND_OF_ENTRY, LOG_OF_ENTRY, number_of

log = structlog.get_logger(__name__)

BATCH: Final = 2000
ENTRY_COLUMNS: Final = f"e.id, {LOG_OF_ENTRY}, {KIND_OF_ENTRY}, e.recorded_at, e.subject, e.subject_count, e.subjects_root, e.commitment"


def sequence(using: str) -> int:
    """Number everything that is committed in one database; return how many entries.

    A log that another process is numbering at this moment is left to it.
    """
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT ledger_name(log) FROM (SELECT DISTINCT log FROM ledger_ledgerpending) AS waiting ORDER BY 1")
        names = [name for (name,) in cursor.fetchall()]
    return sum(sequence_log(using, name) for name in names)


def sequence_log(using: str, name: str) -> int:
    """Number what waits in one log; nothing if another process is at it."""
    numbered = 0
    while (batch := _sequence_batch(using, name)) > 0:
        numbered += batch
        if batch < BATCH:
            break
    return numbered


def _sequence_batch(using: str, name: str) -> int:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('dean06.ledger.' || %s, 0))", [name])
        if not cursor.fetchone()[0]:
            return 0
        if (number := number_of(cursor, name)) is None or not (entries := _pending_entries(cursor, number)):
            return 0
        end = _end_of(cursor, name)
        leaves, nodes = end.extend(entries)
        _insert_leaves(cursor, number, leaves)
        _insert_nodes(cursor, number, nodes)
        checkpoint = Checkpoint(name, end.tree.size, end.tree.root(), end.chain)
        cursor.execute(
            "INSERT INTO ledger_ledgercheckpoint (log, size, root, chain_head, note, made_at) VALUES (%s, %s, %s, %s, %s, %s)",
            [name, checkpoint.size, checkpoint.root, checkpoint.chain_head, sign(checkpoint), clock.now()],
        )
        cursor.execute("DELETE FROM ledger_ledgerpending WHERE entry_id = ANY(%s)", [[entry.id for entry in entries]])
    log.info("ledger.checkpoint", log=name, size=checkpoint.size, root=checkpoint.root.hex(), using=using)
    return len(entries)


def _pending_entries(cursor: Any, number: int) -> list[Entry]:
    cursor.execute(
        f"SELECT {ENTRY_COLUMNS} FROM ledger_ledgerpending p JOIN ledger_ledgerentry e ON e.id = p.entry_id AND e.log = p.log"  # noqa: S608 -- a constant
        " WHERE p.log = %s ORDER BY p.entry_id LIMIT %s",
        [number, BATCH],
    )
    return [entry_of(row) for row in cursor.fetchall()]


def entry_of(row: tuple[Any, ...]) -> Entry:
    """Make an entry from a row of ``ENTRY_COLUMNS``."""
    key, name, kind, recorded_at, subject, count, root, commitment = row
    return Entry(key, name, kind, recorded_at, bytes(subject or b""), count, bytes(root or b""), bytes(commitment))


@dataclass(slots=True)
class _End:
    """The end of a log as far as it is numbered."""

    chain: bytes
    tree: Frontier

    def extend(self, entries: list[Entry]) -> tuple[list[tuple[Any, ...]], list[tuple[Place, bytes]]]:
        """Append entries; return leaf rows and the nodes to be stored that became complete."""
        leaves: list[tuple[Any, ...]] = []
        for seq, entry in enumerate(entries, start=self.tree.size + 1):
            leaf = entry.leaf_hash()
            self.chain = chain_hash(self.chain, leaf)
            leaves.append((seq, entry.id, leaf, self.chain))
        return leaves, self.tree.extend([row[2] for row in leaves])


def _end_of(cursor: Any, name: str) -> _End:
    cursor.execute("SELECT seq, chain_hash FROM ledger_ledgerleaf WHERE log = (SELECT ledger_number(%s)) ORDER BY seq DESC LIMIT 1", [name])
    row = cursor.fetchone()
    if row is None:
        return _End(CHAIN_START, Frontier())
    size = row[0]
    hashes = hashes_at(cursor, name, peaks_of(size))
    return _End(bytes(row[1]), Frontier(size, [hashes[place] for place in peaks_of(size)]))


def hashes_at(cursor: Any, name: str, places: list[Place]) -> dict[Place, bytes]:
    """Return the hashes of complete subtrees of a log, computed from what is stored below; level 0 are the leaves.

    A place whose parts are not all there is left out.
    """
    stored = _stored_hashes(cursor, name, list({part for place in places for part in place.parts()}))
    return {place: root_of(stored[part] for part in parts) for place in places if stored.keys() >= set(parts := place.parts())}


def _stored_hashes(cursor: Any, name: str, places: list[Place]) -> dict[Place, bytes]:
    leaves = [place.index + 1 for place in places if place.level == 0]
    inner = [place for place in places if place.level]
    cursor.execute(
        "SELECT 0, seq - 1, leaf_hash FROM ledger_ledgerleaf WHERE log = (SELECT ledger_number(%s)) AND seq = ANY(%s)"
        " UNION ALL SELECT n.level, n.index, n.node_hash FROM unnest(%s::smallint[], %s::bigint[]) AS p(level, index)"
        " JOIN ledger_ledgernode n ON n.log = (SELECT ledger_number(%s)) AND n.level = p.level AND n.index = p.index",
        [name, leaves, [place.level for place in inner], [place.index for place in inner], name],
    )
    return {Place(level, index): bytes(value) for level, index, value in cursor.fetchall()}


def _insert_leaves(cursor: Any, number: int, leaves: list[tuple[Any, ...]]) -> None:
    with cursor.copy("COPY ledger_ledgerleaf (log, seq, entry_id, leaf_hash, chain_hash) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int2", "int8", "uuid", "bytea", "bytea"])
        for row in leaves:
            copy.write_row((number, *row))


def _insert_nodes(cursor: Any, number: int, nodes: list[tuple[Place, bytes]]) -> None:
    with cursor.copy("COPY ledger_ledgernode (log, level, index, node_hash) FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(["int2", "int2", "int8", "bytea"])
        for place, value in nodes:
            copy.write_row((number, place.level, place.index, value))
