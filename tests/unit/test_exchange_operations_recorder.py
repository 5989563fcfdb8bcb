"""Decisions of operations: buckets of durations, registered patterns, a recorder that nobody waits for."""

import threading

import pytest
from django.db import OperationalError
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.domain.metering import Seen
from dean06.exchange.operations.domain.histogram import bucket_of, middle_ms, quantile_ms
from dean06.exchange.operations.domain.paths import pattern_of
from dean06.exchange.operations.recording import MOST_AT_ONCE, Recorder


@given(st.integers(1, 3_600_000_000))
def test_the_middle_of_a_bucket_is_right_to_a_tenth(duration_us):
    assert abs(middle_ms(bucket_of(duration_us)) * 1000 / duration_us - 1) < 0.1 or duration_us == 1


@given(st.lists(st.integers(2, 60_000_000), min_size=1, max_size=200), st.sampled_from([0.5, 0.9, 0.99, 1.0]))
def test_a_quantile_from_buckets_is_the_quantile_of_the_values(durations, part):
    calls = {}
    for duration in durations:
        calls[bucket_of(duration)] = calls.get(bucket_of(duration), 0) + 1
    exact = next(value for place, value in enumerate(sorted(durations), 1) if place >= part * len(durations))

    assert abs(quantile_ms(calls, part) * 1000 / exact - 1) < 0.1


def test_no_calls_have_no_quantile():
    assert quantile_ms({}, 0.99) is None


@given(st.text("0123456789abc/", max_size=30))
def test_what_is_kept_of_a_path_was_registered(text):
    endpoints = [("POST", "/v1/persons/look-up"), ("GET", "/v1/cards/{number}"), ("*", "/v2/**")]

    kept = pattern_of("GET", f"/v1/cards/{text}", endpoints)

    assert kept == ("/v1/cards/{number}" if text and "/" not in text else "")
    assert pattern_of("DELETE", f"/v2/{text}", endpoints) == "/v2/**"
    assert pattern_of("GET", "/v1/persons/look-up", endpoints) == ""


class Database:
    """Takes groups, or fails as it is told."""

    def __init__(self):
        self.groups = []
        self.fails = None

    def write(self, group):
        if self.fails is not None:
            raise self.fails
        self.groups.append(list(group))


@pytest.fixture
def recorder(monkeypatch):
    """A recorder whose thread never drains by itself."""
    database = Database()
    made = Recorder(database.write, most=5_000)
    made.database = database
    monkeypatch.setattr(made, "_thread", threading.Thread(name="never started"))
    return made


def note(recorder, count):
    for number in range(count):
        recorder.note("provider", Seen(0.0, transaction_id=str(number)), ended=1.0, at=2.0)


def test_nothing_is_kept_where_nobody_records():
    recorder = Recorder(Database().write, most=1)
    note(recorder, 3)

    assert recorder.dropped == 0
    recorder.drain()


def test_all_that_waits_is_written_in_order_in_groups(recorder):
    note(recorder, MOST_AT_ONCE + 5)
    recorder.drain()
    recorder.drain()

    assert [len(group) for group in recorder.database.groups] == [MOST_AT_ONCE, 5]
    assert [call.seen.transaction_id for group in recorder.database.groups for call in group] == [str(n) for n in range(MOST_AT_ONCE + 5)]


def test_a_full_queue_drops_and_counts(recorder):
    note(recorder, 5_003)
    recorder.drain()

    assert recorder.dropped == 3
    assert sum(map(len, recorder.database.groups)) == 5_000


def test_what_the_database_cannot_take_now_is_written_later(recorder):
    note(recorder, 3)
    recorder.database.fails = OperationalError("away")
    recorder.drain()
    recorder.database.fails = None
    recorder.drain()

    assert (recorder.dropped, [len(group) for group in recorder.database.groups]) == (0, [3])


def test_what_the_database_never_takes_does_not_block_what_follows(recorder):
    note(recorder, 3)
    recorder.database.fails = ValueError("broken")
    recorder.drain()
    recorder.database.fails = None
    note(recorder, 2)
    recorder.drain()

    assert (recorder.dropped, [len(group) for group in recorder.database.groups]) == (3, [2])


def test_a_call_with_a_user_does_not_show_her():
    seen = Seen(0.0, user="VN000190000017", path="/v1/persons/000190000017")

    assert "000190000017" not in repr(seen)
