"""Working days: weekends, public holidays, swapped days, and corrections on top (domain.md I.1)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from dean06.reference.errors import DurationOutOfRange

ONE_DAY = timedelta(days=1)
LONGEST_DURATION = 10_000


@dataclass(frozen=True, slots=True)
class DayRule:
    """A correction of one day: whether people work, and why."""

    is_working: bool
    note: str


@dataclass(frozen=True, slots=True)
class WorkCalendar:
    """The calendar of one moment.

    Attributes:
        usual: whether people work on a day by the law as the package knows it.
        usual_note: the holiday's name or the swap, else "".
        overrides: corrections, which win.
    """

    usual: Callable[[date], bool]
    usual_note: Callable[[date], str]
    overrides: Mapping[date, DayRule]

    def is_working_day(self, day: date) -> bool:
        """Tell whether clocks run on this day."""
        rule = self.overrides.get(day)
        return self.usual(day) if rule is None else rule.is_working

    def note(self, day: date) -> str:
        """Name the holiday or the swap, "" on an ordinary day."""
        rule = self.overrides.get(day)
        return self.usual_note(day) if rule is None else rule.note

    def add_working_days(self, start: date, days: int) -> date:
        """Return the last day of a time limit; the first day is not counted.

        Zero days end on ``start``, or on the next working day if ``start`` is none: a due day that is a holiday
        moves forward (Civil Code, M).

        Raises:
            DurationOutOfRange: not between 0 and ``LONGEST_DURATION``.
        """
        if not 0 <= days <= LONGEST_DURATION:
            raise DurationOutOfRange(days=days)
        day, left = start, days
        while left:
            day += ONE_DAY
            left -= self.is_working_day(day)
        while not self.is_working_day(day):
            day += ONE_DAY
        return day

    def working_days_between(self, start: date, end: date) -> int:
        """Count working days after ``start``, up to and including ``end``; 0 if ``end`` is not later."""
        return sum(self.is_working_day(start + timedelta(days=n)) for n in range(1, (end - start).days + 1))
