"""What of a refused call is kept: enough to find it again, and no number of a person."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.evidence import LONGEST_IN_REFUSAL, harmless


@given(st.uuids(version=4))
def test_a_random_uuid_is_kept_whole_whatever_its_digits(reference):
    assert harmless(str(reference)) == str(reference)


def test_a_reference_that_ends_in_many_digits_is_found_again():
    assert harmless("560ffee6-14e8-431d-a941-7808559034e3") == "560ffee6-14e8-431d-a941-7808559034e3"


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("079123456789", "…"),
        ("kyc 079123456789!", "kyc …!"),
        ("00000000-0000-0000-0000-079123456789", "00000000-0000-0000-0000-…"),
        ("560ffee6-14e8-431d-a941-7808559034e3 079123456789", "560ffee6-14e8-431d-a941-…e3 …"),
        ("12345678", "12345678"),
    ],
)
def test_a_long_number_is_blanked_out(sent, kept):
    assert harmless(sent) == kept


@given(st.text() | st.from_regex(r"[0-9 -]*"))
def test_what_is_no_random_uuid_is_cut_and_holds_no_long_number(sent):
    kept = harmless(sent)

    assert len(kept) <= LONGEST_IN_REFUSAL
    assert not re.search(r"[0-9]{9}", kept, re.ASCII)
