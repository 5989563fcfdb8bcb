"""Every figure opens to the dossiers that it was computed from."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dean06.core.actor import Actor
from dean06.core.keys import new_key
from dean06.core.messages import Message
from dean06.oversight.events import count_dossier_event
from dean06.oversight.queries import Scope, by_level, dossiers_behind, history, step_figures, total

pytestmark = pytest.mark.django_db

TODAY = date(2026, 11, 30)
NATION = Actor(account="a", roles=frozenset({"leader"}), area=("VN",))
QUANG_NINH = Actor(account="b", roles=frozenset({"leader"}), area=("22",))
OFFICER = Actor(account="c", roles=frozenset({"appraiser"}), area=("22",))
START = datetime(2026, 11, 16, 2, tzinfo=UTC)


def tell(code, events, *, province="22", commune="06649", procedure="1.004222"):
    for seq, (kind, state, hours, due) in enumerate(events, start=1):
        payload = {
            "dossier_code": code,
            "seq": seq,
            "procedure_code": procedure,
            "province_code": province,
            "commune_code": commune,
            "unit_code": f"H.{commune}",
            "event": kind,
            "step": min(seq, 5),
            "state": state,
            "at": (START + timedelta(hours=hours)).isoformat(),
            "due_on": due,
            "channel": 2,
            "officer_post": "",
        }
        count_dossier_event(Message(new_key(), "services.dossier_event", payload, START))


def settled(code, *, due, **place):
    events = [("submitted", 1, 0, None), ("received", 2, 1, due), ("appraised", 4, 2, due), ("approved", 4, 4, due)]
    tell(code, [*events, ("result_signed", 4, 5, due), ("registry_confirmed", 9, 6, due), ("returned", 10, 8, due)], **place)


@pytest.fixture
def some_dossiers():
    settled("A-261116-0001", due="2026-11-25")
    settled("A-261116-0002", due="2026-11-16")
    settled("A-261116-0003", due="2026-11-13")
    tell("A-261116-0004", [("submitted", 1, 0, None), ("received", 2, 1, "2026-11-20")])
    tell("B-261116-0001", [("submitted", 1, 0, None)], province="01", commune="00004")


def test_counts_and_share_come_from_the_events(some_dossiers):
    figures = total(NATION, Scope(), today=TODAY)

    assert (figures.received, figures.in_progress, figures.overdue) == (4, 2, 1)
    assert (figures.before, figures.on, figures.after) == (1, 1, 1)
    assert (figures.on_time.numerator, figures.on_time.denominator) == (2, 3)


def test_no_denominator_is_undetermined_not_zero(some_dossiers):
    hanoi = next(row for row in by_level(NATION, Scope(), "province", today=TODAY) if row.code == "01")

    assert hanoi.on_time.value is None


@pytest.mark.parametrize("measure", ["received", "in_progress", "overdue", "before", "on", "after", "settled", "on_time"])
def test_a_figure_equals_the_number_of_dossiers_behind_it(some_dossiers, measure):
    figures = total(NATION, Scope(), today=TODAY)
    counted = {"settled": figures.on_time.denominator, "on_time": figures.on_time.numerator}.get(measure)

    behind = dossiers_behind(NATION, Scope(), measure, today=TODAY).rows

    assert len(behind) == (getattr(figures, measure) if counted is None else counted)


def test_a_post_sees_its_area_and_an_officer_without_the_post_sees_nothing(some_dossiers):
    assert {row.code for row in by_level(QUANG_NINH, Scope(), "province", today=TODAY)} == {"22"}
    assert by_level(OFFICER, Scope(), "province", today=TODAY) == []
    assert history(QUANG_NINH, "B-261116-0001") is None
    assert history(OFFICER, "A-261116-0001") is None


def test_medians_open_to_the_steps_of_the_scope(some_dossiers):
    steps = {row.step: row for row in step_figures(QUANG_NINH, Scope(province="22"))}

    assert (steps[1].count, steps[1].median_hours) == (4, 1.0)
    assert (steps[3].count, steps[3].median_hours, steps[3].p90_hours) == (3, 2.0, 2.0)


def test_telling_the_same_events_again_changes_nothing(some_dossiers):
    before = total(NATION, Scope(), today=TODAY)

    settled("A-261116-0001", due="2026-11-25")

    assert total(NATION, Scope(), today=TODAY) == before


def test_a_list_by_province_is_one_query(some_dossiers):
    with CaptureQueriesContext(connection) as queries:
        by_level(NATION, Scope(), "province", today=TODAY)

    assert len(queries) == 1
