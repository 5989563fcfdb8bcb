"""Working days by law, and corrections that an administrator makes."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st

from dean06.core.actor import SYSTEM
from dean06.reference import calendar
from dean06.reference.errors import BadOverride, DurationOutOfRange
from dean06.reference.models import CalendarOverride
from dean06.reference.public import (
    add_working_days,
    day_note,
    is_working_day,
    remove_calendar_override,
    set_calendar_override,
)
from shared_data import shared_rows

DEFAULTS = {date(2026, 1, 2), date(2026, 1, 10)}
DAYS = st.dates(min_value=date(2020, 1, 1), max_value=date(2030, 12, 31))
USUAL = calendar.work_calendar(with_overrides=False)


@pytest.mark.django_db
def test_vectors_of_the_domain_page():
    assert add_working_days(date(2026, 8, 28), 3) == date(2026, 9, 7)  # as of the package alone
    assert is_working_day(date(2026, 8, 22))
    assert not is_working_day(date(2026, 8, 31))
    assert not is_working_day(date(2026, 11, 24))
    assert day_note(date(2026, 11, 24)) == "Ngày Văn hóa Việt Nam"
    assert day_note(date(2026, 8, 22)) == "Làm bù (ngày làm việc thay thế)"
    assert day_note(date(2026, 8, 31)).startswith("Ngày nghỉ (thay cho ngày")
    assert day_note(date(2026, 11, 23)) == ""


@pytest.mark.django_db
def test_public_holidays_of_the_research_are_days_off():
    for row in shared_rows("calendar_finance/public_holidays_2020_2030.csv"):
        day = date.fromisoformat(row["date"])
        assert not is_working_day(day), day
        assert day_note(day) == row["name_vi"]
    for row in shared_rows("domain/public_holidays_2024_2027.csv"):
        assert is_working_day(date.fromisoformat(row["date"])) == (row["kind"] == "working")


def test_ordinary_weeks_are_monday_to_friday():
    holidays = {date.fromisoformat(row["date"]) for row in shared_rows("calendar_finance/public_holidays_2020_2030.csv")}
    swapped = {date.fromisoformat(row["date"]) for row in shared_rows("domain/public_holidays_2024_2027.csv") if row["kind"] == "working"}
    for number in range((date(2027, 12, 31) - date(2024, 1, 1)).days):
        day = date(2024, 1, 1) + timedelta(days=number)
        if day not in holidays | swapped | DEFAULTS:
            assert USUAL.is_working_day(day) == (day.weekday() < 5), day


@given(DAYS, st.integers(min_value=0, max_value=60))
def test_a_limit_ends_on_a_working_day_and_holds_as_many_as_asked(start, days):
    end = USUAL.add_working_days(start, days)

    assert USUAL.is_working_day(end)
    assert end >= start
    if days:
        assert USUAL.working_days_between(start, end) == days
        assert USUAL.working_days_between(start, end - timedelta(days=1)) == days - 1


@given(DAYS, DAYS, DAYS)
def test_counting_adds_up(one, two, three):
    first, middle, last = sorted((one, two, three))
    counted = USUAL.working_days_between(first, middle) + USUAL.working_days_between(middle, last)
    assert counted == USUAL.working_days_between(first, last)


@pytest.mark.parametrize("days", [-1, 10_001])
def test_an_absurd_limit_is_refused(days):
    with pytest.raises(DurationOutOfRange):
        USUAL.add_working_days(date(2026, 1, 1), days)


@pytest.mark.django_db(transaction=True)
def test_an_override_wins_at_once_and_can_be_taken_back():
    storm = date(2026, 9, 9)
    assert is_working_day(storm)

    set_calendar_override(day=storm, is_working=False, note="Bão", source="Công điện thử", actor=SYSTEM)

    assert not is_working_day(storm)
    assert day_note(storm) == "Bão"
    assert add_working_days(date(2026, 9, 8), 1) == date(2026, 9, 10)

    assert remove_calendar_override(day=storm, actor=SYSTEM)
    assert is_working_day(storm)
    assert not remove_calendar_override(day=storm, actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_an_override_wins_over_a_default_of_ours():
    swapped = date(2026, 1, 10)
    assert is_working_day(swapped)

    set_calendar_override(day=swapped, is_working=False, note="Không làm bù", source="Thông báo thử", actor=SYSTEM)

    assert not is_working_day(swapped)
    remove_calendar_override(day=swapped, actor=SYSTEM)


@pytest.mark.django_db(transaction=True)
def test_another_process_sees_an_override_when_its_memory_runs_out(monkeypatch):
    memory = calendar._Overrides()
    monkeypatch.setattr(calendar, "_overrides", memory)
    monkeypatch.setattr(calendar, "REFRESH_SECONDS", 3600.0)  # runs out below and not before, however slow the machine
    storm = date(2026, 9, 10)
    assert is_working_day(storm)

    CalendarOverride.objects.create(day=storm, is_working=False, note="Bão", source="Công điện thử")  # as another process would

    assert is_working_day(storm)
    memory._until = 0.0
    assert not is_working_day(storm)


@pytest.mark.django_db(transaction=True)
def test_an_override_that_is_rolled_back_leaves_no_trace():
    storm = date(2026, 9, 11)

    with transaction.atomic():
        CalendarOverride.objects.create(day=storm, is_working=False, note="Bão", source="Công điện thử")
        calendar.overrides_changed()
        assert not is_working_day(storm)
        transaction.set_rollback(True)

    assert is_working_day(storm)


@pytest.mark.django_db
@pytest.mark.parametrize(("note", "source"), [("", "x"), ("x", " "), ("x" * 201, "x")])
def test_an_override_without_reason_or_basis_is_refused(note, source, transactional_db):
    with pytest.raises(BadOverride):
        set_calendar_override(day=date(2026, 9, 9), is_working=False, note=note, source=source, actor=SYSTEM)
    assert not CalendarOverride.objects.exists()


@pytest.mark.django_db
def test_the_database_itself_refuses_an_override_without_basis():
    with pytest.raises(IntegrityError):
        CalendarOverride.objects.create(day=date(2026, 9, 9), is_working=False, note="Bão", source="")


@pytest.mark.django_db
def test_reading_again_and_again_asks_the_database_once(django_assert_max_num_queries):
    with django_assert_max_num_queries(1):
        for number in range(50):
            add_working_days(date(2026, 1, 1) + timedelta(days=number), 7)
