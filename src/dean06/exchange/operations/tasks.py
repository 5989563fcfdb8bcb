"""Recurring work of operations: what is older than it is kept goes, in pieces."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import connections

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.tasks import recurring

FORGET_AT_ONCE: Final = 20_000
MOST_PIECES: Final = 50
FORGET: Final = {
    "records_days": (
        "DELETE FROM exchange_operations_record WHERE id IN"
        " (SELECT id FROM exchange_operations_record WHERE written_at < %s ORDER BY written_at LIMIT %s)"
    ),
    "sums_days": (
        "DELETE FROM exchange_operations_callsum WHERE id IN"
        " (SELECT id FROM exchange_operations_callsum WHERE window_at < %s ORDER BY window_at LIMIT %s)"
    ),
}


@recurring(every_seconds=60)
def forget_old_calls() -> int:
    """Delete records and sums that are older than they are kept; return how many rows."""
    return sum(_forget(statement, days=getattr(settings.DEAN06_OPERATIONS, kept)) for kept, statement in FORGET.items())


def _forget(statement: str, *, days: int) -> int:
    before, gone = now() - timedelta(days=days), 0
    for _ in range(MOST_PIECES):
        with connections[database_of("exchange")].cursor() as cursor:
            cursor.execute(statement, [before, FORGET_AT_ONCE])
            gone += cursor.rowcount
            if cursor.rowcount < FORGET_AT_ONCE:
                break
    return gone
