"""Numbering: events that are committed get the next numbers of their type, by one sequencer at a time.

A number is given only to what is visible to everybody, and the transaction that gave the lower numbers has ended before the next
begins: a reader who has seen number n will never find a lower one later, however late the telling transaction committed.
"""

from typing import Final

from django.db import connections, transaction

from dean06.core.databases import database_of

BATCH: Final = 2000
LOCK: Final = "SELECT pg_try_advisory_xact_lock(hashtextextended('dean06.exchange.events', 0))"
NUMBER: Final = """
    WITH batch AS (
        SELECT id, type_id FROM exchange_events_event WHERE seq IS NULL ORDER BY id LIMIT %s
    ), placed AS (
        SELECT b.id, t.last_seq + row_number() OVER (PARTITION BY b.type_id ORDER BY b.id) AS seq, b.type_id
        FROM batch b JOIN exchange_events_eventtype t ON t.id = b.type_id
    ), numbered AS (
        UPDATE exchange_events_event e SET seq = p.seq FROM placed p WHERE e.id = p.id RETURNING e.type_id, p.seq
    ), ends AS (
        SELECT type_id, max(seq) AS seq, count(*) AS how_many FROM numbered GROUP BY type_id
    )
    UPDATE exchange_events_eventtype t SET last_seq = ends.seq FROM ends WHERE t.id = ends.type_id RETURNING ends.how_many
"""


def number_events() -> int:
    """Number what is committed and waits; return how many. Nothing if another process is at it."""
    using = database_of("exchange")
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(LOCK)
        if not cursor.fetchone()[0]:
            return 0
        cursor.execute(NUMBER, [BATCH])
        return sum(how_many for (how_many,) in cursor.fetchall())
