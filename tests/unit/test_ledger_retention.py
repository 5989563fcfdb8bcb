"""Periods after which entries may go: what counts on a day, and whole months counted so that nothing goes too early."""

from datetime import date, timedelta
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.ledger import retaining
from dean06.ledger.domain.retention import Period, Retention, months_before
from dean06.ledger.errors import RetentionRefused

TODAY = date(2026, 11, 23)
days = st.dates(min_value=date(1990, 1, 1), max_value=date(2090, 12, 31))


def period(key, months, logs=("exchange.*",), **more):
    return Period(key=key, title="Thời hạn", logs=logs, months=months, source="Nguồn", certainty="M", **more)


@given(on=days, recorded=days, months=st.integers(min_value=1, max_value=120))
def test_nothing_is_over_before_its_months_have_passed(on, recorded, months):
    year, month = divmod(recorded.year * 12 + recorded.month - 1 + months, 12)
    full = date(year, month + 1, 28) + timedelta(days=max(recorded.day - 28, 0))  # 31/01 and a month: 03/03, never earlier

    if recorded < months_before(on, months):
        assert on >= date(year, month + 1, min(recorded.day, 28))
    if on > full:
        assert recorded < months_before(on, months)


@pytest.mark.parametrize(
    ("on", "months", "first_kept"),
    [
        (date(2026, 11, 23), 36, date(2023, 11, 23)),
        (date(2026, 3, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), 12, date(2027, 2, 28)),
        (date(2026, 1, 5), 12, date(2025, 1, 5)),
        (date(2026, 1, 5), 1, date(2025, 12, 5)),
        (date(30, 1, 5), 1200, date.min),
    ],
)
def test_the_first_day_that_is_kept(on, months, first_kept):
    assert months_before(on, months) == first_kept


def test_a_log_that_nothing_ends_stays_whole_whatever_the_law_demands():
    rules = Retention(system_level=3, kept=(period("law", 6, ("*",)),), ends=(period("ours", 12),))

    assert rules.deciding("registry", on=TODAY) is None
    assert rules.deciding("exchange.provider", on=TODAY).key == "ours"


def test_no_decision_of_the_installation_ends_what_a_source_still_demands():
    rules = Retention(system_level=3, kept=(period("law", 6, ("*",)),), ends=(period("ours", 1),))

    assert rules.deciding("exchange.provider", on=TODAY).key == "law"


def test_a_period_counts_on_its_days_alone_and_for_its_level_alone():
    until, since = date(2026, 6, 30), date(2026, 7, 1)
    rules = Retention(
        system_level=4,
        kept=(period("old", 24, valid_until=until), period("new", 18, valid_from=since), period("level-5", 99, level=5)),
        ends=(period("ours", 1),),
    )

    assert rules.deciding("exchange.provider", on=until).key == "old"
    assert rules.deciding("exchange.provider", on=since).key == "new"


def test_what_comes_with_the_programs_says_of_each_period_how_sure_it_is_and_lets_go_of_nothing_but_evidence(settings):
    settings.DEAN06_LEDGER_RETENTION = None
    rules = retaining.periods()

    assert {one.certainty for one in rules.kept} == {"F", "F2"}
    assert [(one.certainty, "chưa có nguồn" in one.source) for one in rules.ends] == [("M", True)] * len(rules.ends)
    named = {name for one in rules.ends for name in one.logs}
    assert named == {"exchange.provider", "exchange.consumer"}
    for log in named:
        assert rules.deciding(log, on=TODAY).months >= 12


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("system_level = 9", "$.system_level"),
        ("system_level = ", "Invalid value"),
        ("", "system_level"),
        ("system_level = 3\n[[ends]]\nkey = 'x'", "$.ends[0]"),
        ("system_level = 3\n[[ends]]\nkey='x'\ntitle='t'\nlogs=['a']\nmonths=0\nsource='s'\ncertainty='M'", "$.ends[0].months"),
        ("system_level = 3\n[[ends]]\nkey='x'\ntitle='t'\nlogs=['a']\nmonths=1\nsource='s'\ncertainty='sure'", "$.ends[0].certainty"),
        ("system_level = 3\nlimit = 4", "limit"),
    ],
)
def test_a_file_of_another_form_is_refused_with_its_place(settings, tmp_path, text, told):
    settings.DEAN06_LEDGER_RETENTION = tmp_path / "own.toml"
    settings.DEAN06_LEDGER_RETENTION.write_text(text)

    with pytest.raises(RetentionRefused) as refusal:
        retaining.periods()

    assert told in refusal.value.context["reason"]
    assert refusal.value.context["file"].endswith("own.toml")


def test_a_file_that_is_not_there_is_named(settings):
    settings.DEAN06_LEDGER_RETENTION = Path("nowhere.toml")

    with pytest.raises(RetentionRefused) as refusal:
        retaining.periods()

    assert refusal.value.context["file"] == "nowhere.toml"


def test_two_periods_of_one_name_and_one_that_never_counts_are_refused():
    one = msgspec.to_builtins(period("law", 6))
    with pytest.raises(msgspec.ValidationError, match="law"):
        msgspec.convert({"system_level": 3, "kept": [one], "ends": [one]}, Retention)
    never = {**one, "valid_from": date(2026, 2, 1), "valid_until": date(2026, 1, 1)}
    with pytest.raises(msgspec.ValidationError, match="valid_until"):
        msgspec.convert({"system_level": 3, "kept": [never]}, Retention)
