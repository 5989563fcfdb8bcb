"""The legal clock of a dossier: working days, pauses, lateness."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.services.domain.clock import LegalClock
from dean06.services.errors import ClockFault

HOLIDAYS = {date(2026, 11, 24), date(2026, 9, 1), date(2026, 9, 2)}


class Weekdays:
    """Monday to Friday, without the holidays named above."""

    def is_working_day(self, day: date) -> bool:
        return day.weekday() < 5 and day not in HOLIDAYS


CALENDAR = Weekdays()
DAYS = st.dates(date(2026, 1, 1), date(2027, 12, 31))
LIMITS = st.integers(1, 40)


def test_the_example_of_the_track_page_is_due_on_the_seventh_counted_day():
    clock = LegalClock(date(2026, 11, 19), 7)

    assert clock.due_on(CALENDAR, today=date(2026, 11, 19)) == date(2026, 12, 1)
    assert clock.days_left(CALENDAR, today=date(2026, 11, 25)) == 4


def test_a_dossier_is_late_only_the_day_after_it_was_due():
    clock = LegalClock(date(2026, 11, 19), 7)

    assert not clock.is_late(CALENDAR, today=date(2026, 12, 1))
    assert clock.days_left(CALENDAR, today=date(2026, 12, 1)) == 0
    assert clock.is_late(CALENDAR, today=date(2026, 12, 2))
    assert clock.days_left(CALENDAR, today=date(2026, 12, 2)) == -1


def test_a_finished_dossier_never_becomes_late():
    clock = LegalClock(date(2026, 11, 19), 7).finished(date(2026, 11, 20))

    assert not clock.is_late(CALENDAR, today=date(2027, 11, 20))


def test_while_the_clock_stands_the_days_left_stand_too():
    clock = LegalClock(date(2026, 11, 2), 7).paused(date(2026, 11, 4), "thiếu giấy tờ")

    assert {clock.days_left(CALENDAR, today=date(2026, 11, day)) for day in range(4, 24)} == {5}
    assert not clock.is_late(CALENDAR, today=date(2026, 12, 30))


def test_a_clock_cannot_stop_twice_nor_run_twice():
    clock = LegalClock(date(2026, 11, 2), 7)

    with pytest.raises(ClockFault):
        clock.resumed(date(2026, 11, 3))
    with pytest.raises(ClockFault):
        clock.paused(date(2026, 11, 3), "a").paused(date(2026, 11, 4), "b")
    with pytest.raises(ClockFault):
        clock.paused(date(2026, 11, 5), "a").resumed(date(2026, 11, 4))


def test_a_calendar_without_working_days_is_a_fault_not_a_hang():
    class Never:
        def is_working_day(self, _day: date) -> bool:
            return False

    with pytest.raises(ClockFault):
        LegalClock(date(2026, 11, 2), 7).due_on(Never(), today=date(2026, 11, 2))


@given(DAYS, LIMITS)
def test_the_due_day_is_a_working_day_and_exactly_the_limit_is_counted(start, limit):
    clock = LegalClock(start, limit)
    due = clock.due_on(CALENDAR, today=start)

    assert CALENDAR.is_working_day(due)
    assert clock.counted(due, CALENDAR) == limit
    assert clock.counted(due - timedelta(days=1), CALENDAR) == limit - 1
    assert not clock.counts(start, CALENDAR)


@given(DAYS, LIMITS, st.integers(0, 60), st.integers(0, 60))
def test_a_pause_moves_the_due_day_by_the_working_days_it_covers(start, limit, after, length):
    plain = LegalClock(start, limit)
    set_on = start + timedelta(days=after)
    ended_on = set_on + timedelta(days=length)
    due = plain.due_on(CALENDAR, today=start)
    if set_on >= due:
        return
    paused = plain.paused(set_on, "chờ bổ sung").resumed(ended_on)

    lost = sum(CALENDAR.is_working_day(set_on + timedelta(days=n)) for n in range(1, length + 1))
    later = LegalClock(start, limit + lost).due_on(CALENDAR, today=start) if lost else due
    assert paused.due_on(CALENDAR, today=ended_on) == later


@given(DAYS, LIMITS, st.integers(0, 90))
def test_days_left_and_lateness_agree(start, limit, passed):
    clock = LegalClock(start, limit)
    today = start + timedelta(days=passed)

    assert clock.is_late(CALENDAR, today=today) == (today > clock.due_on(CALENDAR, today=today))
    if clock.days_left(CALENDAR, today=today) < 0:
        assert clock.is_late(CALENDAR, today=today)
