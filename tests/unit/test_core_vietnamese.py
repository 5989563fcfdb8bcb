"""Folding, dictionary order and tone placement of Vietnamese text."""

import random
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.core.vietnamese import fold, fold_tone_placement, sort_key

ALPHABET = [
    "a",
    "ă",
    "â",
    "b",
    "c",
    "d",
    "đ",
    "e",
    "ê",
    "g",
    "h",
    "i",
    "k",
    "l",
    "m",
    "n",
    "o",
    "ô",
    "ơ",
    "p",
    "q",
    "r",
    "s",
    "t",
    "u",
    "ư",
    "v",
    "x",
    "y",
]
TONES = ["", "\u0300", "\u0309", "\u0303", "\u0301", "\u0323"]
SYLLABLES = st.text(alphabet="aăâbcdđeêghiklmnoôơpqrstuưvxyàảãáạồớựỹỵ", min_size=1, max_size=7)
NAMES = st.lists(SYLLABLES, min_size=1, max_size=5).map(" ".join)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Phường Hồng Gai", "phuong hong gai"),
        ("  ĐẶNG  Thị\tÁnh ", "dang thi anh"),
        ("Cư M’gar", "cu m'gar"),
        ("Cư M'gar", "cu m'gar"),
        ("Krông Nô – Ea H`leo", "krong no – ea h'leo"),
        ("", ""),
    ],
)
def test_fold(text, folded):
    assert fold(text) == folded


@given(st.text())
def test_fold_is_idempotent_and_indifferent_to_unicode_form(text):
    once = fold(text)
    assert fold(once) == once
    assert fold(unicodedata.normalize("NFD", text)) == once


@given(NAMES)
def test_fold_of_vietnamese_is_lower_case_ascii_whatever_the_case(name):
    assert fold(name).isascii()
    assert fold(name) == fold(name).lower() == fold(name.upper()) == fold(name.title())


def test_letters_come_in_the_order_of_the_alphabet():
    shuffled = random.Random(6).sample(ALPHABET, len(ALPHABET))
    assert sorted(shuffled, key=sort_key) == ALPHABET


@pytest.mark.parametrize("vowel", ["a", "ă", "â", "e", "ê", "i", "o", "ô", "ơ", "u", "ư", "y"])
def test_tones_come_in_the_order_of_the_dictionary(vowel):
    spelled = ["b" + unicodedata.normalize("NFC", vowel + tone) for tone in TONES]
    assert sorted(random.Random(1).sample(spelled, len(spelled)), key=sort_key) == spelled


def test_letters_weigh_more_than_tones_and_syllables_are_compared_one_by_one():
    right = ["ba", "ba má", "ba tri", "bà", "bà con", "bạ", "bac", "bằng", "bân", "ca", "da", "đa", "đá"]
    assert sorted(random.Random(1).sample(right, len(right)), key=sort_key) == right


@given(NAMES, NAMES)
def test_keys_are_ascii_and_equal_keys_mean_the_same_word(left, right):
    assert sort_key(left).isascii()
    if sort_key(left) == sort_key(right):
        assert fold(left) == fold(right)


@given(NAMES)
def test_case_and_unicode_form_do_not_change_the_order(name):
    assert sort_key(name) == sort_key(name.upper()) == sort_key(unicodedata.normalize("NFD", name))


@pytest.mark.parametrize(
    ("new", "old"),
    [("Hoà", "Hòa"), ("THUỶ", "THỦY"), ("khoẻ", "khỏe"), ("Uỷ ban", "Ủy ban"), ("xã Hoà Lạc", "xã Hòa Lạc")],
)
def test_both_habits_of_placing_a_tone_are_equal(new, old):
    assert fold_tone_placement(new) == fold_tone_placement(old) == old
    assert sort_key(new) == sort_key(old)


@pytest.mark.parametrize("text", ["Quý", "quỳ", "hoàn", "toán", "khuyên", "của", "hỏa"])
def test_other_rhymes_keep_their_tone_where_it_stands(text):
    assert fold_tone_placement(text) == text


@given(st.text())
def test_tone_placement_changes_no_letter(text):
    moved = fold_tone_placement(text)
    assert fold_tone_placement(moved) == moved
    assert fold(moved) == fold(text)
