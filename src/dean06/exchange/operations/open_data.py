"""Open data: one file a day for everybody, made from the sums by the rule of ``domain/opendata.py``."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any, Final

from django.conf import settings
from django.db.models import Min

from dean06.core.clock import legal, today
from dean06.core.databases import database_of
from dean06.exchange.operations.domain.opendata import OpenDay, OpenRow, published
from dean06.exchange.operations.errors import DayNotPublished
from dean06.exchange.operations.models import CallSum
from dean06.exchange.operations.queries import cells_of
from dean06.exchange.operations.report import as_csv, rounded

COLUMNS: Final = ("day", "hour", "client", "service", "calls", "succeeded", "service_problems", "refused", "p50_ms", "p99_ms")


def published_days() -> Sequence[date]:
    """Return the days that can be had, the newest first; on some there may have been too few calls for a row."""
    first = CallSum.objects.using(database_of("exchange")).aggregate(first=Min("window_at"))["first"]
    last = today() - timedelta(days=settings.DEAN06_OPERATIONS.open_data_after_days)
    if first is None:
        return ()
    oldest = max(legal(first).date(), today() - timedelta(days=settings.DEAN06_OPERATIONS.sums_days - 1))
    return tuple(last - timedelta(days=back) for back in range((last - oldest).days + 1))


def document(day: date) -> dict[str, Any]:
    """Return a day as JSON.

    Raises:
        DayNotPublished: too early or too late for it.
    """
    made = _made(day)
    return {
        "day": day.isoformat(),
        "time_zone": "UTC+7",
        "least_calls_in_a_row": settings.DEAN06_OPERATIONS.open_data_least,
        "calls_in_no_row": made.left_out,
        "rows": [_told(row, day) for row in made.rows],
    }


def table(day: date) -> str:
    """Return a day as CSV.

    Raises:
        DayNotPublished: too early or too late for it.
    """
    return as_csv(COLUMNS, [_told(row, day) for row in _made(day).rows])


def _made(day: date) -> OpenDay:
    if day not in published_days():
        raise DayNotPublished(day=day.isoformat())
    return published(cells_of(day), least=settings.DEAN06_OPERATIONS.open_data_least)


def _told(row: OpenRow, day: date) -> dict[str, Any]:
    mine = row.figures
    durations = (rounded(mine.p50_ms), rounded(mine.p99_ms))
    values = (day.isoformat(), row.hour, row.client, row.service, mine.calls, mine.succeeded, mine.problems, mine.refused, *durations)
    return dict(zip(COLUMNS, values, strict=True))
