"""The rows of a log as they are stored, read in one state of the database and in the log's order."""

import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction
from psycopg import Cursor

from dean06.ledger.domain.leaves import CHAIN_PREFIX, ID_SIZE, LEAF_START, POSTGRESQL_EPOCH, SIZE, Entry, sized
from dean06.ledger.domain.merkle import STORED_EVERY
from dean06.ledger.naming import names_by_number
from dean06.ledger.sequencer import ENTRY_COLUMNS, entry_of

BATCH: Final = 5000
INSTANT: Final = struct.Struct(">q")
TIME_SIZE: Final = SIZE.pack(INSTANT.size)
LOGS: Final = """
    SELECT ledger_name(log) FROM (
        SELECT DISTINCT log FROM ledger_ledgerentry UNION SELECT DISTINCT log FROM ledger_ledgerleaf
        UNION SELECT log FROM ledger_ledgerpending
    ) AS numbered
    UNION SELECT log FROM ledger_ledgercheckpoint UNION SELECT log FROM ledger_ledgercosignature UNION SELECT log FROM ledger_ledgerstamp
"""
BARE_LEAVES: Final = f"""
    SELECT l.seq, l.entry_id, l.leaf_hash, l.chain_hash, NULL::bytea, NULL::uuid, false, NULL::bytea, NULL::bytea,
        {ENTRY_COLUMNS}
    FROM ledger_ledgerleaf l LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
    WHERE l.log = (SELECT ledger_number(%s)) AND l.seq > %s AND l.seq <= %s ORDER BY l.seq LIMIT {BATCH}
"""  # noqa: S608 -- constants
LEAVES: Final = f"""
    SELECT l.seq, l.entry_id, l.leaf_hash, l.chain_hash, e.ciphertext, e.key_id, k.id IS NOT NULL, k.wrapped,
        k.subject, {ENTRY_COLUMNS}
    FROM ledger_ledgerleaf l
    LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
    LEFT JOIN ledger_ledgerkey k ON k.id = e.key_id
    WHERE l.log = (SELECT ledger_number(%s)) AND l.seq > %s AND l.seq <= %s ORDER BY l.seq LIMIT {BATCH}
"""  # noqa: S608 -- constants
CONTENTS: Final = f"""
    SELECT l.seq, l.leaf_hash, l.chain_hash, uuid_send(e.id), e.kind, timestamptz_send(e.recorded_at),
        int4send(octet_length(e.subject)) || e.subject || '\\x00000008' || int8send(e.subject_count::bigint) || '\\x00000000'
            || int4send(octet_length(e.commitment)) || e.commitment,
        e.log = l.log AND e.subjects_root = ''
    FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id
    WHERE l.log = (SELECT ledger_number(%s)) AND l.seq > %s AND l.seq <= %s ORDER BY l.seq LIMIT {BATCH}
"""  # noqa: S608 -- constants
"""What a leaf hashes, as ``Entry.content`` writes it, but for both names and the time; of entries that concern one person or none."""
NODES: Final = f"""
    SELECT n.level, n.index, n.node_hash FROM generate_series({STORED_EVERY}, %s::int, {STORED_EVERY}) AS g(level) CROSS JOIN LATERAL (
        SELECT level, index, node_hash FROM ledger_ledgernode
        WHERE log = (SELECT ledger_number(%s)) AND level = g.level
            AND index >= %s::bigint >> g.level AND index < %s::bigint >> g.level OFFSET 0
    ) n
"""  # noqa: S608 -- constants
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
    cursor.execute("SELECT coalesce(max(seq), 0) FROM ledger_ledgerleaf WHERE log = (SELECT ledger_number(%s))", [log])
    return int(cursor.fetchone()[0])


def logs_in(cursor: Any) -> list[str]:
    """Return the names of the logs that a database holds anything of."""
    cursor.execute(f"{LOGS} ORDER BY 1")
    return [name for (name,) in cursor.fetchall() if name]


def leaves_after(cursor: Any, log: str, seq: int, *, until: int, with_readings: bool) -> list[StoredLeaf]:
    """Return the next leaves behind a number, up to and including another; a few thousand at a time."""
    rows = fetched(cursor, LEAVES if with_readings else BARE_LEAVES, [log, seq, until])
    return [StoredLeaf(*row[:9], entry=entry_of(row[9:]) if row[9] else None) for row in rows]


@dataclass(slots=True)
class Run:
    """Leaves that follow one another without a gap, computed from their entries, and equal to what is stored."""

    leaves: list[bytes]
    chains: list[bytes]


def sound_run(cursor: Any, log: str, seq: int, chain: bytes, *, until: int) -> Run | None:
    """Compute the next few thousand leaves and links behind a number all at once; none if anything at all does not fit.

    Nothing is said of what does not fit: who needs that looks at each leaf by itself (``leaves_after``).
    """
    rows = fetched(cursor, CONTENTS, [log, seq, until])
    if not rows:
        return None
    numbers, leaves, chains, ids, kinds, times, tails, are_usual = zip(*rows, strict=True)
    start = LEAF_START + sized(log) + ID_SIZE
    named = {number: sized(name) + TIME_SIZE for number, name in names_by_number(cursor).items()}
    instants = [INSTANT.pack(INSTANT.unpack(time)[0] + POSTGRESQL_EPOCH) for time in times]
    computed = [
        sha256(start + key + named.get(kind, b"") + time + tail).digest()
        for key, kind, time, tail in zip(ids, kinds, instants, tails, strict=True)
    ]
    before = (chain, *chains[:-1])
    links = [sha256(CHAIN_PREFIX + link + leaf).digest() for link, leaf in zip(before, computed, strict=True)]
    is_sound = (
        numbers == tuple(range(seq + 1, seq + 1 + len(rows))) and all(are_usual) and computed == list(leaves) and links == list(chains)
    )
    return Run(computed, links) if is_sound else None


def nodes_between(cursor: Any, log: str, before: int, after: int) -> dict[tuple[int, int], bytes]:
    """Return the stored hashes of the complete subtrees that end between two sizes of a log, by level and index."""
    return {(level, index): value for level, index, value in fetched(cursor, NODES, [after.bit_length(), log, before, after])}


def fetched(cursor: Any, query: str, values: list[Any]) -> list[tuple[Any, ...]]:
    """Fetch in PostgreSQL's binary form: half the time of text where rows are many and mostly bytes."""
    with cursor.db.wrap_database_errors, Cursor(cursor.connection) as binary:
        return list(binary.execute(query, values, binary=True).fetchall())
