"""How long entries of a log stay: periods with their source and the days on which they are in force.

Two kinds stand against each other. ``kept`` is what a source demands at least; ``ends`` is what the installation decided for some
logs. Nothing is over that no ``ends`` names: who forgets a rule keeps too much, not too little.
"""

import calendar
from collections.abc import Iterable
from datetime import date
from typing import Annotated, Final, Literal

import msgspec

MONTHS_A_YEAR: Final = 12
LONGEST_MONTHS: Final = 1200
ANY_REST: Final = "*"

Months = Annotated[int, msgspec.Meta(ge=1, le=LONGEST_MONTHS)]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=300)]


class Period(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A period (thời hạn lưu giữ) and where it comes from.

    Attributes:
        key: its name in reports.
        title: what it is about, in Vietnamese.
        logs: names of logs; ``*`` stands for any rest.
        months: of the calendar, counted from the day on which an entry was recorded.
        source: document, or that there is none.
        certainty: mark of domain.md: F found, F2 weak source, C cross-checked, M assumption.
        article: of the source, where it is known.
        level: only for systems of this level of security; 0 for all.
        valid_from: first day on which it is in force; none if it always was.
        valid_until: last day; none if no end is known.
    """

    key: Text
    title: Text
    logs: Annotated[tuple[Text, ...], msgspec.Meta(min_length=1)]
    months: Months
    source: Text
    certainty: Literal["F", "F2", "C", "M"]
    article: str = ""
    level: Annotated[int, msgspec.Meta(ge=0, le=5)] = 0
    valid_from: date | None = None
    valid_until: date | None = None

    def __post_init__(self) -> None:
        """Refuse a period that never is in force."""
        if self.valid_from and self.valid_until and self.valid_until < self.valid_from:
            raise ValueError(f"{self.key}: valid_until lies before valid_from")

    def is_in_force(self, on: date) -> bool:
        """Say whether the period counts on a day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_until is None or on <= self.valid_until)

    def names(self, log: str) -> bool:
        """Say whether the period is about a log."""
        return any(log.startswith(name[:-1]) if name.endswith(ANY_REST) else log == name for name in self.logs)


class Retention(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """All periods of an installation.

    Attributes:
        system_level: level of security of the information system (cấp độ), 1 to 5.
        kept: what sources demand at least.
        ends: after which the installation lets a log's entries go.
    """

    system_level: Annotated[int, msgspec.Meta(ge=1, le=5)]
    kept: tuple[Period, ...] = ()
    ends: tuple[Period, ...] = ()

    def __post_init__(self) -> None:
        """Refuse two periods of one name: a report could not say which of them it means."""
        keys = [one.key for one in (*self.kept, *self.ends)]
        if twice := sorted({key for key in keys if keys.count(key) > 1}):
            raise ValueError(f"more than one period has the key {', '.join(twice)}")

    def in_force(self, log: str, *, on: date) -> tuple[tuple[Period, ...], tuple[Period, ...]]:
        """Return what counts for a log on a day: what demands that it is kept, and what lets it end."""

        def chosen(periods: Iterable[Period]) -> tuple[Period, ...]:
            return tuple(one for one in periods if one.names(log) and one.is_in_force(on) and one.level in (0, self.system_level))

        return chosen(self.kept), chosen(self.ends)

    def deciding(self, log: str, *, on: date) -> Period | None:
        """Return the longest period that counts for a log on a day; none if nothing lets its entries go."""
        kept, ends = self.in_force(log, on=on)
        return max((*ends, *kept), key=lambda one: one.months) if ends else None


def months_before(day: date, months: int) -> date:
    """Return the day so many months of the calendar before a day: the same date, or the last of a month that is too short.

    An entry recorded before it is older than the period on ``day``; one recorded on it is still kept.
    """
    year, month = divmod(day.year * MONTHS_A_YEAR + day.month - 1 - months, MONTHS_A_YEAR)
    if year < 1:
        return date.min
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
