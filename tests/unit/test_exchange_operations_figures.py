"""Figures, what stands out and what is published: the decisions, without a database."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.operations.domain.anomalies import browsing, piling_refusals, unusual_volume
from dean06.exchange.operations.domain.figures import SUCCEEDED, Agreed, Cell, Figures, figures_by, refusals, unused
from dean06.exchange.operations.domain.opendata import published
from dean06.exchange.operations.report import as_csv

NOW = datetime(2026, 11, 23, 5, tzinfo=UTC)
cells = st.lists(
    st.builds(
        Cell,
        client=st.sampled_from(["VN/GOV/A/X", "VN/GOV/A/Y", "VN/COM/B/Z"]),
        service=st.sampled_from(["VN/GOV/P/S/one", "VN/GOV/P/S/two"]),
        outcome=st.sampled_from(["answered", "problem", "metadata", "exchange.rate_exceeded", "exchange.agreement_missing"]),
        bucket=st.integers(0, 128),
        calls=st.integers(1, 40),
        hour=st.integers(0, 23),
    ),
    max_size=40,
)


@given(cells)
def test_groups_add_up_to_the_whole(given_cells):
    total = sum(cell.calls for cell in given_cells)
    groups = figures_by(given_cells, lambda cell: cell.client)

    assert sum(figures.calls for figures in groups.values()) == total
    assert sum(figures.refused for figures in groups.values()) == sum(refusals(given_cells).values())
    for figures in groups.values():
        assert figures.succeeded + figures.refused == figures.calls
        assert 0 <= figures.share <= 1
        assert figures.p50_ms is None or figures.p50_ms <= figures.p99_ms


def test_nothing_has_no_share_and_no_duration():
    assert (Figures().share, Figures().p50_ms, Figures().p99_ms) == (None, None, None)


@given(cells, st.integers(2, 60))
def test_no_published_row_is_small_and_no_call_is_lost(given_cells, least):
    day = published(given_cells, least=least)

    assert all(row.figures.calls >= least for row in day.rows)
    assert sum(row.figures.calls for row in day.rows) + day.left_out == sum(cell.calls for cell in given_cells)
    assert day.left_out < least
    assert max(Counter((row.hour, row.client, row.service) for row in day.rows).values(), default=1) == 1


@given(cells, st.integers(2, 60), st.randoms())
def test_what_is_published_does_not_depend_on_the_order_of_the_calls(given_cells, least, random):
    shuffled = list(given_cells)
    random.shuffle(shuffled)

    assert published(given_cells, least=least) == published(shuffled, least=least)


@given(cells, st.integers(2, 60))
def test_a_row_with_an_hour_holds_all_calls_of_its_cell(given_cells, least):
    """Otherwise the difference to another figure of the same cell could be small."""
    whole = Counter()
    for cell in given_cells:
        whole[cell.hour, cell.client, cell.service] += cell.calls

    for row in published(given_cells, least=least).rows:
        if row.hour is not None:
            assert row.figures.calls == whole[row.hour, row.client, row.service]


@given(st.lists(st.integers(0, 500), min_size=1, max_size=15))
def test_a_day_stands_out_only_against_the_client_s_own_median(days):
    found = unusual_volume({"VN/GOV/A/X": days}, factor=3, least=200)
    last, *before = days

    assert bool(found) == (len(before) >= 5 and last >= 200 and last >= 3 * median(before))
    assert all((one.calls, one.usual) == (last, median(before)) for one in found)


def test_one_wild_day_in_the_past_does_not_hide_the_next():
    assert unusual_volume({"VN/GOV/A/X": [900, 100, 100, 90_000, 100, 110, 100]}, factor=3, least=200)


def test_only_an_end_user_at_the_threshold_stands_out_as_browsing():
    counts = [("VN/GOV/A/X", "aa", 49), ("VN/GOV/A/X", "bb", 50), ("VN/GOV/A/X", "", 900)]

    assert [(one.user_key, one.calls) for one in browsing(counts, least=50)] == [("bb", 50)]


@pytest.mark.parametrize(("refused", "calls", "stands_out"), [(20, 100, True), (19, 19, False), (20, 101, False), (500, 500, True)])
def test_refusals_stand_out_when_they_are_many_and_a_great_part(refused, calls, stands_out):
    figures = Figures(calls=calls, succeeded=calls - refused)

    assert bool(piling_refusals({"VN/GOV/A/X": figures}, least=20, share=0.2)) == stands_out


@given(st.integers(0, 400), st.one_of(st.none(), st.integers(0, 400)))
def test_an_agreement_is_unused_when_it_could_be_used_long_enough_and_was_not(usable_days, used_days):
    used = None if used_days is None else NOW - timedelta(days=used_days)
    one = Agreed("TT-1", "c", "s", (NOW - timedelta(days=usable_days)).date(), used)

    assert bool(unused([one], now=NOW, days=90)) == (usable_days >= 90 and (used_days is None or used_days > 90))


def test_whether_an_agreement_was_usable_long_enough_goes_by_the_legal_day():
    evening = datetime(2026, 6, 1, 18, tzinfo=UTC)  # one o'clock of 2 June in Vietnam
    one = Agreed("TT-1", "c", "s", date(2026, 3, 4), None)

    assert unused([one], now=evening, days=90) == [one]


def test_a_table_for_a_spreadsheet_starts_no_formula():
    assert as_csv(["name", "calls"], [{"name": "=HYPERLINK(1)", "calls": -3}]) == "name,calls\r\n'=HYPERLINK(1),-3\r\n"


def test_what_succeeds_is_what_the_health_figures_count_as_success():
    from dean06.exchange.domain.metering import Meter, Seen

    meter = Meter("provider")
    for outcome in ("answered", "problem", "metadata", "exchange.rate_exceeded"):
        meter.note(Seen(0.0, service="s", outcome=outcome), ended=1.0, at=2.0)

    assert meter.health()[0]["successfulRequestCount"] == len(SUCCEEDED)
