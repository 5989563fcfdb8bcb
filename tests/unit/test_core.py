"""Core: keys, cursors, problems, logs."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.core import errors
from dean06.core.keys import new_key
from dean06.core.logs import mask_personal_numbers
from dean06.core.paging import MalformedCursor, decode_cursor, encode_cursor
from dean06.core.problems import problem, status_of


def test_keys_are_uuids_of_version_7_and_sort_in_the_order_they_were_made():
    keys = [new_key() for _ in range(1000)]

    assert len(set(keys)) == 1000
    assert sorted(keys) == keys
    assert {(key.version, key.variant) for key in keys} == {(7, uuid.RFC_4122)}


def test_keys_keep_their_order_when_the_clock_is_set_back(monkeypatch):
    before = new_key()
    monkeypatch.setattr("time.time_ns", lambda: 0)

    assert before < new_key() < new_key()


@given(st.lists(st.one_of(st.integers(), st.text(max_size=20)), min_size=1, max_size=4))
def test_a_cursor_gives_back_what_was_packed(values):
    assert decode_cursor(encode_cursor(values), width=len(values)) == values


@given(st.text(max_size=60))
def test_a_made_up_cursor_is_refused_never_a_crash(text):
    try:
        values = decode_cursor(text, width=2)
    except MalformedCursor:
        return
    assert len(values) == 2


@pytest.mark.parametrize(
    ("kind", "status"),
    [(errors.Invalid, 422), (errors.Denied, 403), (errors.NotFound, 404), (errors.Conflict, 409), (errors.Unavailable, 503)],
)
def test_each_kind_of_error_has_one_status_and_shows_no_context(kind, status):
    error = kind(secret="inside")

    assert status_of(error) == status
    assert "inside" not in str(problem(error))


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_no_twelve_digits_pass_the_log(number):
    event = mask_personal_numbers(None, "info", {"event": f"look {number}", "n": 3})

    assert number not in str(event)
