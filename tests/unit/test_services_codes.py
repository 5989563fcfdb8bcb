"""Codes, masks and hashes of services."""

import contextlib
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.services.domain.codes import DossierCode, masked_name, masked_number, new_verification_code, read_verification_code
from dean06.services.domain.hashing import FIRST, event_hash, form_hash
from dean06.services.errors import MalformedDossierCode, MalformedVerificationCode


@pytest.mark.parametrize("text", ["000.00.19.H26-230101-0001", "H57.132-260804-0583", "G01.H49.06649-261119-0042"])
def test_codes_seen_in_the_field_are_read(text):
    assert str(DossierCode.parse(text)) == text


@pytest.mark.parametrize("text", ["H26-2301-1", "H26-231301-0001", "", "x" * 5000, "H26-260101-0001\n0", "h..26-260101-0001"])
def test_what_is_not_a_code_is_refused(text):
    with pytest.raises(MalformedDossierCode):
        DossierCode.parse(text)


@given(st.dates(date(2000, 1, 1), date(2099, 12, 31)), st.integers(0, 9_999_999))
def test_a_code_reads_back(day, serial):
    code = DossierCode("G01.H49.06649", day, serial)
    assert DossierCode.parse(str(code)) == code


def test_verification_codes_read_back_however_they_are_typed():
    code = new_verification_code()
    assert read_verification_code(code.lower().replace("-", " ")) == code
    assert new_verification_code() != code


@given(st.text(max_size=40))
def test_a_made_up_verification_code_is_refused_never_a_crash(text):
    with contextlib.suppress(MalformedVerificationCode):
        assert len(read_verification_code(text)) == 19


def test_masks_hide_what_a_stranger_may_not_read():
    assert masked_name("Vũ Thị Minh Hà") == "V* T** M*** H*"
    assert masked_number("022185000017") == "022 185 ••• •17"


def test_the_form_hash_changes_with_every_part():
    base = form_hash("1.004222", "ab", {"street": "số 17"})

    assert base != form_hash("1.004222", "ab", {"street": "số 18"})
    assert base != form_hash("1.004222", "ac", {"street": "số 17"})
    assert base == form_hash("1.004222", "ab", {"street": "số 17"})


def test_an_event_hash_holds_the_one_before():
    event = {"dossier": "A", "seq": 1, "kind": "received", "at": datetime(2026, 11, 19, tzinfo=UTC), "by": {}, "data": {}}

    assert event_hash(**event, previous=FIRST) != event_hash(**event, previous=bytes([1] * 32))
