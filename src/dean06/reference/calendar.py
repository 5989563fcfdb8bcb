"""The calendar in force: package, our defaults, and the table of overrides, which each process reads again every half minute."""

import threading
import time
from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Final

import holidays
from django.db import transaction

from dean06.core.databases import database_of
from dean06.reference.domain.calendar import DayRule, WorkCalendar
from dean06.reference.models import CalendarOverride
from dean06.reference.tables import document

REFRESH_SECONDS: Final = 30.0
_DEFAULT_NOTE: Final = "Làm bù (ngày làm việc thay thế)"


class _Overrides:
    """Overrides as last read; never kept while a transaction of this process has changed them uncommitted."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: Mapping[date, DayRule] = {}
        self._until = 0.0
        self._is_dirty = False

    def current(self) -> Mapping[date, DayRule]:
        with self._lock:
            if time.monotonic() < self._until:
                return self._known
            alias = database_of("reference")
            if self._is_dirty and not transaction.get_connection(alias).in_atomic_block:
                self._is_dirty = False
            self._known = {**_defaults(), **{row.day: DayRule(row.is_working, row.note) for row in CalendarOverride.objects.all()}}
            self._until = 0.0 if self._is_dirty else time.monotonic() + REFRESH_SECONDS
            return self._known

    def changed(self) -> None:
        with self._lock:
            self._until, self._is_dirty = 0.0, True

        transaction.on_commit(self._committed, using=database_of("reference"))

    def _committed(self) -> None:
        with self._lock:
            self._until, self._is_dirty = 0.0, False


_overrides = _Overrides()


@cache
def _defaults() -> Mapping[date, DayRule]:
    return {said["day"]: DayRule(said["is_working"], said["note"]) for said in document("calendar_overrides")[1]["day"]}


@cache
def _package() -> holidays.HolidayBase:
    return holidays.country_holidays("VN", language="vi")


def _package_note(day: date) -> str:
    name = _package().get(day)  # also makes the package compute that year, weekend_workdays included
    return name or (_DEFAULT_NOTE if day in _package().weekend_workdays else "")


def _package_is_working(day: date) -> bool:
    _package().get(day)
    return bool(_package().is_working_day(day))


def overrides_changed() -> None:
    """Forget what was read; called by the actions that write the table."""
    _overrides.changed()


def work_calendar(*, with_overrides: bool = True) -> WorkCalendar:
    """Return the calendar of this moment; without overrides it needs no database and knows the defaults only."""
    return WorkCalendar(_package_is_working, _package_note, _overrides.current() if with_overrides else _defaults())


def is_working_day(day: date) -> bool:
    """Tell whether clocks run on this day."""
    return work_calendar().is_working_day(day)


def add_working_days(day: date, days: int) -> date:
    """Return the last day of a limit of working days; the first day is not counted.

    Raises:
        DurationOutOfRange: not between 0 and 10,000.
    """
    return work_calendar().add_working_days(day, days)


def working_days_between(start: date, end: date) -> int:
    """Count working days after ``start``, up to and including ``end``."""
    return work_calendar().working_days_between(start, end)


def day_note(day: date) -> str:
    """Name the holiday or the swapped day, "" for an ordinary day."""
    return work_calendar().note(day)
