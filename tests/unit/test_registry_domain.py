"""Numbers, names and facts with two times, as pure code."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.registry.domain.facts import Span, apply, as_of, hold_from, hold_over
from dean06.registry.domain.names import PersonName, same_name
from dean06.registry.domain.personal_id import OldNumber, PersonalId, parse_number
from dean06.registry.domain.spelling import is_near, near_words
from dean06.registry.errors import MalformedOldNumber, MalformedPersonalId, ResidenceOverlaps

FIRST_DAY = date(2026, 1, 1)
FIRST_INSTANT = datetime(2026, 6, 1, tzinfo=UTC)
DAYS = 12


def day(n):
    return FIRST_DAY + timedelta(days=n)


def instant(n):
    return FIRST_INSTANT + timedelta(hours=n)


spans = st.builds(
    lambda start, length: Span(day(start), None if length is None else day(start + length)),
    st.integers(0, DAYS - 1),
    st.none() | st.integers(0, DAYS),
)
changes = st.lists(st.tuples(st.sampled_from("ABCD"), spans), max_size=8)


@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_repr_and_str_hide_the_random_part(number):
    shown = PersonalId.parse(number)

    assert number not in f"{shown!r} {shown} {shown!s}"


@given(st.from_regex(r"[0-9]{9}", fullmatch=True))
def test_an_old_number_hides_itself_too(number):
    assert number not in f"{OldNumber.parse(number)!r} {OldNumber.parse(number)}"


@pytest.mark.parametrize("text", ["", "12345678901", "1234567890123", "١٢٣٤٥٦٧٨٩٠١٢", "12345678901a", "001-090-000001", "000190000017\n"])
def test_what_is_not_twelve_ascii_digits_is_refused(text):
    with pytest.raises(MalformedPersonalId):
        PersonalId.parse(text)


def test_an_old_number_has_nine_digits():
    assert OldNumber.parse("100 000 001").value == "100000001"
    with pytest.raises(MalformedOldNumber):
        OldNumber.parse("10000000")


def test_a_number_of_either_kind_is_recognised_by_its_length():
    assert parse_number("000190 000017") == PersonalId("000190000017")
    assert parse_number("100000001") == OldNumber("100000001")


@pytest.mark.parametrize(
    ("number", "year", "sex"),
    [("001085123456", 1985, "male"), ("001190000017", 1990, "female"), ("001285123456", 2085, "male"), ("022306000001", 2006, "female")],
)
def test_the_historic_encoding_raises_doubts_only(number, year, sex):
    parsed = PersonalId.parse(number)

    assert (parsed.plausible_birth_year, parsed.plausible_sex) == (year, sex)


def test_a_name_has_family_middle_and_given():
    name = PersonName.parse("  Nguyễn  Thị Thu   Hà ")

    assert (name.family, name.middle, name.given) == ("Nguyễn", "Thị Thu", "Hà")
    assert name.full == "Nguyễn Thị Thu Hà"
    assert (name.folded, name.given_first) == ("nguyen thi thu ha", "ha nguyen thi thu")
    assert "Hà" not in repr(name)


def test_a_single_word_is_a_given_name():
    assert PersonName.parse("Pơlang") == PersonName("", "", "Pơlang")


def test_a_list_of_people_is_ordered_by_given_name_then_family():
    listed = ["Trần Văn Bình", "Nguyễn Thị Ân", "Đỗ Văn An", "Bùi Văn An", "Lê Đào"]

    assert sorted(listed, key=lambda name: PersonName.parse(name).order) == [
        "Bùi Văn An",
        "Đỗ Văn An",
        "Nguyễn Thị Ân",
        "Trần Văn Bình",
        "Lê Đào",
    ]


def test_names_are_compared_without_marks():
    assert same_name("Nguyễn Thị Hoà", "NGUYEN THI HÒA")
    assert not same_name("Nguyễn Thị Hoà", "Nguyễn Thị Hoan")


@given(st.text("abc", max_size=5), st.text("abc", max_size=5))
def test_nearness_is_one_edit(one, other):
    assert is_near(one, other) == (edits(one, other) <= 1)


def edits(one, other):
    """Optimal string alignment distance, by the textbook's table."""
    table = [[max(i, j) if 0 in (i, j) else 0 for j in range(len(other) + 1)] for i in range(len(one) + 1)]
    for i in range(1, len(one) + 1):
        for j in range(1, len(other) + 1):
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (one[i - 1] != other[j - 1]))
            if i > 1 and j > 1 and one[i - 1] == other[j - 2] and one[i - 2] == other[j - 1]:
                table[i][j] = min(table[i][j], table[i - 2][j - 2] + 1)
    return table[-1][-1]


def test_near_words_begin_with_the_word_itself_then_the_most_carried():
    assert near_words("hoa", {"hoan": 5, "hoa": 1, "hoang": 90, "ho": 7, "oha": 2}) == ("hoa", "ho", "hoan", "oha")


@given(changes)
def test_a_timeline_answers_as_of_both_times_like_a_notebook_of_days(made):
    facts = ()
    notebook = [dict.fromkeys(range(DAYS * 2))]  # what we held true of each day, after each change

    for n, (value, span) in enumerate(made, start=1):
        facts = apply(facts, hold_over(facts, value, span=span, known_at=instant(n)), at=instant(n))
        notebook.append({d: value if day(d) in span else before for d, before in notebook[-1].items()})

    for n, page in enumerate(notebook):
        for d, expected in page.items():
            assert as_of(facts, valid=day(d), known=instant(n)) == expected
    current = [fact.valid for fact in facts if fact.superseded_at is None]
    assert not any(one.overlaps(other) for one in current for other in current if one is not other)
    assert not any(span.is_empty for span in current)


@given(st.permutations([("A", 1), ("B", 4), ("C", 7), ("D", 9)]))
def test_decisions_give_one_timeline_in_whichever_order_they_arrive(arrivals):
    facts = ()

    for n, (value, since) in enumerate(arrivals, start=1):
        facts = apply(facts, hold_from(facts, value, since=day(since), known_at=instant(n)), at=instant(n))

    held = [as_of(facts, valid=day(d), known=instant(9)) for d in range(DAYS)]
    assert held == [None, "A", "A", "A", "B", "B", "B", "C", "C", "D", "D", "D"]


def test_two_decisions_for_one_day_are_refused():
    facts = hold_from((), "A", since=day(1), known_at=instant(1)).added

    with pytest.raises(ResidenceOverlaps):
        hold_from(facts, "B", since=day(1), known_at=instant(2))


@given(spans, spans)
def test_a_span_without_another_keeps_the_other_days(one, other):
    pieces = one.without(other)

    for d in range(DAYS * 3):
        assert any(day(d) in piece for piece in pieces) == (day(d) in one and day(d) not in other)
