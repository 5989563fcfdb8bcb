"""The rows of a log as they are stored, read in one state of the database and in the log's order."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction
from psycopg import Cursor

from dean06.ledger.domain.leaves import Entry
from dean06.ledger.sequencer import ENTRY_COLUMNS, entry_of

BATCH: Final = 5000
TABLES: Final = ("entry", "leaf", "checkpoint", "pending", "cosignature", "stamp")

BARE_LEAVES: Final = f"""
    SELECT l.seq, l.entry_id, l.leaf_hash, l.chain_hash, NULL::bytea, NULL::bytea, NULL::uuid, false, NULL::bytea, NULL::bytea,
        {ENTRY_COLUMNS}
    FROM ledger_ledgerleaf l LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
    WHERE l.log = %s AND l.seq > %s AND l.seq <= %s ORDER BY l.seq LIMIT {BATCH}
"""  # noqa: S608 -- constants
LEAVES: Final = f"""
    SELECT l.seq, l.entry_id, l.leaf_hash, l.chain_hash, r.nonce, r.ciphertext, r.key_id, k.id IS NOT NULL, k.wrapped,
        k.subject, {ENTRY_COLUMNS}
    FROM ledger_ledgerleaf l
    LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
    LEFT JOIN ledger_ledgerreading r ON r.entry_id = l.entry_id
    LEFT JOIN ledger_ledgerkey k ON k.id = r.key_id
    WHERE l.log = %s AND l.seq > %s AND l.seq <= %s ORDER BY l.seq LIMIT {BATCH}
"""  # noqa: S608 -- constants
NODES: Final = """
    SELECT n.level, n.index, n.node_hash FROM generate_series(1, %s::int) AS g(level) CROSS JOIN LATERAL (
        SELECT level, index, node_hash FROM ledger_ledgernode
        WHERE log = %s AND level = g.level AND index >= %s::bigint >> g.level AND index < %s::bigint >> g.level OFFSET 0
    ) n
"""
ONE_BY_ONE: Final = """
    SELECT set_config(name, setting, true)
    FROM (VALUES ('max_parallel_workers_per_gather', '0'), ('jit', 'off'), ('enable_seqscan', 'off')) AS wanted(name, setting)
"""
"""A few thousand rows of a large table at a time: found by its index, by one process, whatever the planner thinks of the rest."""


@dataclass(slots=True)
class StoredLeaf:
    """A number in the log with everything that is stored under it; ``entry`` is none if it was removed.

    The fields of the readable part stay empty where it was not asked for.
    """

    seq: int
    entry_id: UUID
    leaf_hash: bytes
    chain_hash: bytes
    nonce: bytes | None
    ciphertext: bytes | None
    key_id: UUID | None
    has_key: bool
    wrapped: bytes | None
    key_owner: bytes | None
    entry: Entry | None = field(kw_only=True)


@contextmanager
def snapshot(using: str) -> Iterator[Any]:
    """Read one state of the database throughout, though the sequencer goes on."""
    is_outermost = not connections[using].in_atomic_block
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        if is_outermost:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        yield cursor


@contextmanager
def same_snapshot(using: str, identifier: str) -> Iterator[Any]:
    """Read, over a connection of this process, the state that another one exported (``pg_export_snapshot``)."""
    with snapshot(using) as cursor:
        cursor.execute("SET TRANSACTION SNAPSHOT %s", [identifier])
        cursor.execute(ONE_BY_ONE)
        yield cursor


def log_size(cursor: Any, log: str) -> int:
    """Return how many entries of a log have their number."""
    cursor.execute("SELECT coalesce(max(seq), 0) FROM ledger_ledgerleaf WHERE log = %s", [log])
    return int(cursor.fetchone()[0])


def logs_in(cursor: Any) -> list[str]:
    """Return the names of the logs that a database holds anything of."""
    cursor.execute(" UNION ".join(f"SELECT log FROM ledger_ledger{table}" for table in TABLES) + " ORDER BY log")  # noqa: S608 -- constants
    return [name for (name,) in cursor.fetchall()]


def leaves_after(cursor: Any, log: str, seq: int, *, until: int, with_readings: bool) -> list[StoredLeaf]:
    """Return the next leaves behind a number, up to and including another; a few thousand at a time."""
    rows = fetched(cursor, LEAVES if with_readings else BARE_LEAVES, [log, seq, until])
    return [StoredLeaf(*row[:10], entry=entry_of(row[10:]) if row[10] else None) for row in rows]


def nodes_between(cursor: Any, log: str, before: int, after: int) -> dict[tuple[int, int], bytes]:
    """Return the hashes of the complete subtrees that end between two sizes of a log, by level and index."""
    return {(level, index): value for level, index, value in fetched(cursor, NODES, [after.bit_length(), log, before, after])}


def fetched(cursor: Any, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """Fetch in PostgreSQL's binary form: half the time of text where rows are many and mostly bytes."""
    with cursor.db.wrap_database_errors, Cursor(cursor.connection) as binary:
        return list(binary.execute(query, values, binary=True).fetchall())
