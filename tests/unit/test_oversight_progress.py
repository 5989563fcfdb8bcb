"""How a dossier's events become figures."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dean06.oversight.domain.progress import Event, Outcome, fold, is_overdue, outcome

START = datetime(2026, 11, 16, 2, tzinfo=UTC)
DUE = date(2026, 11, 25)


def at(hours):
    return START + timedelta(hours=hours)


def settled_log():
    return [
        Event(1, "submitted", 1, at(0)),
        Event(2, "received", 2, at(2), DUE),
        Event(3, "claimed", 4, at(3), DUE),
        Event(4, "supplement_requested", 5, at(5), DUE),
        Event(5, "supplement_answered", 4, at(29), DUE),
        Event(6, "appraised", 4, at(30), DUE),
        Event(7, "approved", 4, at(34), DUE),
        Event(8, "result_signed", 4, at(35), DUE),
        Event(9, "registry_confirmed", 9, at(35.5), DUE),
        Event(10, "returned", 10, at(40), DUE),
    ]


def test_a_pause_is_taken_out_of_the_step_it_fell_in():
    progress = fold(settled_log())

    assert progress.step_times == {
        1: timedelta(hours=2),
        2: timedelta(hours=28 - 24),
        3: timedelta(hours=4),
        4: timedelta(hours=1),
        5: timedelta(hours=5),
    }


def test_a_dossier_is_settled_when_it_is_done_not_when_it_is_fetched():
    assert fold(settled_log()).settled_at == at(35.5)


@given(st.permutations(settled_log()), st.integers(0, 9))
def test_order_of_arrival_and_repetition_do_not_matter(events, repeated):
    assert fold([*events, events[repeated]]) == fold(settled_log())


def test_late_begins_on_the_day_after():
    progress = fold(settled_log())

    assert outcome(progress, settled_on=DUE - timedelta(days=1)) is Outcome.BEFORE
    assert outcome(progress, settled_on=DUE) is Outcome.ON
    assert outcome(progress, settled_on=DUE + timedelta(days=1)) is Outcome.AFTER


def test_an_open_dossier_is_overdue_only_from_the_day_after_and_never_while_paused():
    running = fold(settled_log()[:3])
    paused = fold(settled_log()[:4])

    assert not is_overdue(running, today=DUE)
    assert is_overdue(running, today=DUE + timedelta(days=1))
    assert not is_overdue(paused, today=DUE + timedelta(days=1))


def test_withdrawn_and_refused_dossiers_are_not_part_of_the_share():
    withdrawn = fold([*settled_log()[:3], Event(4, "withdrawn", 7, at(4), DUE)])

    assert outcome(withdrawn, settled_on=DUE) is Outcome.NOT_COUNTED
