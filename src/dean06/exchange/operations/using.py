"""When each agreement was last used: noted from the evidence as it is indexed, so that calls by any way count."""

from collections.abc import Iterable
from datetime import datetime

from django.db import connections

NOTE = (
    "INSERT INTO exchange_operations_agreementuse AS mine (code, last_used_at) SELECT * FROM unnest(%s::text[], %s::timestamptz[])"
    " ON CONFLICT (code) DO UPDATE SET last_used_at = GREATEST(mine.last_used_at, EXCLUDED.last_used_at)"
)


def note_use(uses: Iterable[tuple[str, datetime]], *, using: str) -> None:
    """Remember when agreements were used, in the caller's transaction.

    Args:
        uses: agreement as evidence names it (``code/version``; empty: none) and when.
        using: the database.
    """
    last: dict[str, datetime] = {}
    for name, at in uses:
        if code := name.rpartition("/")[0]:
            last[code] = max(at, last.get(code, at))
    if last:
        codes = sorted(last)
        with connections[using].cursor() as cursor:
            cursor.execute(NOTE, [codes, [last[code] for code in codes]])
