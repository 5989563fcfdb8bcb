"""The legal clock: working days from valid reception, standing still while the citizen has to act.

Sources: domain.md I.1 (start at valid reception; first day not counted; pauses with reasons), E.3; Decree 118/2025.
A day counts when it is a working day after the start on which the clock was not standing. A pause takes effect the day
after it is set, because the agency still had the dossier that day, and ends with the day of the answer, so that the
clock runs again from the next working day.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final, Protocol, Self

from dean06.services.errors import ClockFault

LONGEST_SEARCH_DAYS: Final = 3_660  # a calendar without working days must not hang a page


class Calendar(Protocol):
    """What the clock must know about days; ``reference.public`` has it."""

    def is_working_day(self, day: date, /) -> bool:
        """Say whether offices work on the day."""
        ...


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the clock stood still: after ``start``, up to and including ``end``.

    Attributes:
        start: day on which the pause was set (counts as a working day of the agency).
        end: day on which it ended; none while it lasts.
        reason: why, in the words that the citizen reads.
    """

    start: date
    end: date | None
    reason: str

    def holds_on(self, day: date) -> bool:
        """Say whether the clock stood still on the day."""
        return self.start < day and (self.end is None or day <= self.end)


@dataclass(frozen=True, slots=True)
class LegalClock:
    """Time limit of one dossier in working days (thời hạn giải quyết).

    Attributes:
        started_on: day of valid reception; not counted.
        limit_days: working days that the procedure pack gives.
        pauses: in the order in which they were set, never overlapping.
        finished_on: day on which the result was ready, or the dossier closed; none while it runs.
    """

    started_on: date
    limit_days: int
    pauses: tuple[Pause, ...] = ()
    finished_on: date | None = None

    @property
    def open_pause(self) -> Pause | None:
        """The pause that lasts, if there is one."""
        return self.pauses[-1] if self.pauses and self.pauses[-1].end is None else None

    def paused(self, on: date, reason: str) -> Self:
        """Return the clock with a pause set on a day.

        Raises:
            ClockFault: it stands already, or the day lies before the last event of the clock.
        """
        if self.open_pause or on < self._last_change:
            raise ClockFault
        return replace(self, pauses=(*self.pauses, Pause(on, None, reason)))

    def resumed(self, on: date) -> Self:
        """Return the clock with its pause ended on a day.

        Raises:
            ClockFault: it runs already, or the day lies before the pause.
        """
        pause = self.open_pause
        if pause is None or on < pause.start:
            raise ClockFault
        return replace(self, pauses=(*self.pauses[:-1], replace(pause, end=on)))

    def finished(self, on: date) -> Self:
        """Return the clock stopped for good; a pause that lasts ends with it."""
        clock = self.resumed(max(on, self.open_pause.start)) if self.open_pause else self
        return replace(clock, finished_on=on)

    def counts(self, day: date, calendar: Calendar) -> bool:
        """Say whether the day is one of the counted working days."""
        return day > self.started_on and calendar.is_working_day(day) and not any(pause.holds_on(day) for pause in self.pauses)

    def counted(self, until: date, calendar: Calendar) -> int:
        """Count the working days used up to and including a day."""
        return sum(self.counts(day, calendar) for day in _days(self.started_on, until))

    def due_on(self, calendar: Calendar, *, today: date) -> date:
        """Return the last day on which the result is in time.

        While the clock stands the date moves with each day: it is what would hold if the pause ended today.
        """
        clock = self.resumed(max(today, self.open_pause.start)) if self.open_pause else self
        left = clock.limit_days
        day = clock.started_on
        for _ in range(LONGEST_SEARCH_DAYS):
            if left <= 0:
                return day
            day += timedelta(days=1)
            left -= clock.counts(day, calendar)
        raise ClockFault(limit_days=self.limit_days)

    def days_left(self, calendar: Calendar, *, today: date) -> int:
        """Return the counted working days that are left: 0 on the due day, below 0 after it."""
        return self.limit_days - self.counted(self.finished_on or today, calendar)

    def is_late(self, calendar: Calendar, *, today: date) -> bool:
        """Say whether the result was, or still is, missing on the day after the due day."""
        return (self.finished_on or today) > self.due_on(calendar, today=self.finished_on or today)

    @property
    def _last_change(self) -> date:
        last = self.pauses[-1] if self.pauses else None
        return (last.end or last.start) if last else self.started_on


def _days(after: date, until: date) -> Iterator[date]:
    """Yield the days after one day, up to and including another."""
    for number in range(1, (until - after).days + 1):
        yield after + timedelta(days=number)
