"""A kept body opens with its day's key, its salt and its entry, and with nothing else."""

from datetime import date
from uuid import UUID, uuid4

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from dean06.core.config import Bodies as Settings
from dean06.core.keys import PersonKey, new_key
from dean06.exchange.bodies.keeping import AT_ONCE_BYTES, _in_pieces, bodies_of
from dean06.exchange.bodies.sealing import Bodies, new_day_key, new_salt, seal, unseal, unwrap, wrap

KEY, SALT, ENTRY = new_day_key(), new_salt(), new_key()
parts = st.dictionaries(st.sampled_from(["request", "answer"]), st.binary(max_size=2000))
people = st.lists(st.uuids().map(PersonKey), max_size=3).map(tuple)


def sealed(content, subjects=()):
    return seal(Bodies(date(2026, 11, 23), "provider", SALT, content, subjects), day_key=KEY, entry_id=ENTRY)


@given(parts, people)
def test_what_was_sealed_opens_as_it_was(content, subjects):
    found = unseal(sealed(content, subjects), day_key=KEY, salt=SALT, entry_id=ENTRY)

    assert (found.parts, found.subjects) == (content, subjects)


@pytest.mark.parametrize("other", [{"day_key": new_day_key()}, {"salt": new_salt()}, {"entry_id": UUID(int=ENTRY.int ^ 1)}])
def test_the_key_of_another_day_another_salt_or_another_entry_opens_nothing(other):
    right = {"day_key": KEY, "salt": SALT, "entry_id": ENTRY}
    text = sealed({"answer": b"{}"})

    assert unseal(text, **right) is not None
    assert unseal(text, **(right | other)) is None


@given(parts, st.data())
def test_a_body_with_a_flipped_bit_or_a_cut_end_opens_nothing(content, data):
    text = bytearray(sealed(content))
    place = data.draw(st.integers(0, len(text) - 1))
    cut = bytes(text[:place])
    text[place] ^= 1 << data.draw(st.integers(0, 7))

    assert unseal(bytes(text), day_key=KEY, salt=SALT, entry_id=ENTRY) is None
    assert unseal(cut, day_key=KEY, salt=SALT, entry_id=ENTRY) is None


def test_the_key_of_a_day_is_wrapped_for_its_row_alone():
    row = uuid4()

    assert unwrap(wrap(KEY, key_id=row), key_id=row) == KEY
    assert unwrap(wrap(KEY, key_id=row), key_id=uuid4()) is None


@override_settings(DEAN06_BODIES=Settings(largest_bytes=10))
@given(st.binary(max_size=20), st.binary(max_size=20))
def test_a_part_is_kept_or_named_as_too_large_and_never_left_out_silently(request, answer):
    bodies, said = bodies_of(side="provider", request=request, answer=answer)

    for name, body in (("request", request), ("answer", answer)):
        assert said.get(name) == (None if not body else "kept" if len(body) <= 10 else "too_large")
        assert (bodies.parts.get(name) if bodies else None) == (body if 0 < len(body) <= 10 else None)
    assert (bodies is None) == (not request and not answer)


@given(st.lists(st.integers(1, AT_ONCE_BYTES), max_size=12))
def test_bodies_go_to_the_database_in_pieces_that_lose_none(sizes):
    rows = [(number, number, range(size)) for number, size in enumerate(sizes)]  # a range has a length and takes no memory

    pieces = list(_in_pieces(iter(rows)))

    assert [row for piece in pieces for row in piece] == rows
    assert all(len(piece) == 1 or sum(len(row[2]) for row in piece) <= AT_ONCE_BYTES for piece in pieces)
