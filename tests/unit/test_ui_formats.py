"""The words, dates and figures of the design system."""

from datetime import UTC, date, datetime

import pytest
from django.utils.translation import override

from dean06.ui import formats


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        (date(2026, 11, 25), "25/11/2026"),
        (datetime(2026, 11, 24, 18, 30, tzinfo=UTC), "25/11/2026"),
        ("1990-05-02", "02/05/1990"),
        ("1990-05", "05/1990"),
        ("1990", "1990"),
        (None, "chưa có"),
    ],
)
def test_dates_keep_their_precision_and_follow_the_legal_clock(given, shown):
    assert formats.day(given) == shown


def test_instants_and_weekdays_are_written_out():
    at = datetime(2026, 12, 1, 7, 10, tzinfo=UTC)

    assert formats.moment(at) == "01/12/2026, 14:10"
    assert formats.weekday(date(2026, 12, 1)) == "Thứ Ba, 01/12/2026"


def test_figures_use_the_signs_of_their_language():
    assert formats.number(1174473) == "1.174.473"
    assert formats.number(-2.345, 2) == "−2,35"
    assert formats.percent(0.9466) == "94,7\N{NO-BREAK SPACE}%"
    assert formats.percent(None) == "không xác định"
    assert formats.dong(10000) == "10.000 đồng"
    with override("en"):
        assert formats.number(1174473.5, 1) == "1,174,473.5"


def test_personal_numbers_and_names_are_masked():
    assert formats.masked_number("022185000017") == "022 185 ••• •17"
    assert formats.masked_number("101234567") == "••• ••• 567"
    assert formats.masked_number("12") == "12"
    assert formats.masked_name("Vũ Thị Minh Hà") == "V* T** M*** H*"


@pytest.mark.parametrize(
    ("days", "paused", "kind"),
    [(4, False, ""), (1, False, "soon"), (0, False, "soon"), (-1, False, "late"), (4, True, "hold"), (None, False, "hold")],
)
def test_a_due_mark_says_how_the_clock_stands(days, paused, kind):
    assert formats.due_words(days, is_paused=paused)[1] == kind
