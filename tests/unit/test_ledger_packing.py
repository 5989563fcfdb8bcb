"""What is locked is packed first; what is opened is what was written, byte by byte."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.ledger.domain.leaves import canonical_payload
from dean06.ledger.domain.packing import DICTIONARIES, LEAST_BYTES, NEWEST, packed, unpacked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.binary(min_size=LEAST_BYTES).map(lambda tail: b"{" + tail) | st.binary(max_size=9).map(lambda tail: b"{" + 99 * b"abc " + tail))
def test_a_text_comes_back_as_it_was(text):
    assert unpacked(packed(text)) == text


def test_a_text_of_before_packing_is_read_as_it_is():
    assert unpacked(b'{"version":1}') == b'{"version":1}'


def test_evidence_shrinks_to_a_third_and_a_short_text_stays():
    text = DICTIONARIES[NEWEST] * 2

    assert len(packed(text)) < len(text) / 3
    assert packed(b"{}") == b"{}"


@pytest.mark.parametrize("broken", [bytes([NEWEST]), bytes([NEWEST]) + b"no deflate", packed(DICTIONARIES[NEWEST] * 2)[:-4]])
def test_a_broken_packing_opens_to_nothing(broken):
    assert unpacked(broken) == b""


@given(st.dictionaries(st.text(), JSON))
def test_a_payload_is_json_with_sorted_keys(payload):
    written = canonical_payload(payload)

    assert json.loads(written) == payload
    assert list(json.loads(written)) == sorted(payload)
    assert written == canonical_payload(dict(reversed(payload.items())))


def test_what_json_does_not_know_is_refused():
    with pytest.raises((TypeError, ValueError)):
        canonical_payload({"a": object()})


def test_msgspec_is_not_asked_to_guess():
    class Word(str):
        __slots__ = ()

    assert canonical_payload({"a": Word("b")}) == b'{"a":"b"}' == msgspec.json.encode({"a": "b"})
