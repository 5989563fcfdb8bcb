"""Terms, areas and sensitive roles as pure rules."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dean06.organisation.domain.mandates import COUNTRY, SENSITIVE_ROLES, Term, covers, needs_two

DAY = date(2026, 7, 1)
days = st.integers(-30, 30).map(lambda number: DAY + timedelta(days=number))
terms = st.builds(Term, days, st.none() | days)
WINDOW = [DAY + timedelta(days=number) for number in range(-31, 120)]


def days_of(term):
    return {day for day in WINDOW if term.holds_on(day)}


@given(terms)
def test_a_term_is_possible_exactly_when_it_holds_on_some_day(term):
    assert term.is_possible == bool(days_of(term))


@given(terms, terms)
def test_terms_overlap_exactly_when_they_share_a_day(one, other):
    assert one.overlaps(other) == other.overlaps(one) == bool(days_of(one) & days_of(other))


@given(terms, days)
def test_cutting_takes_away_the_days_from_the_cut_on_and_no_others(term, cut):
    assert days_of(term.cut_at(cut)) == {day for day in days_of(term) if day < cut}


def test_a_province_covers_its_communes_and_the_country_covers_all():
    assert covers(["22"], "06685", ["22"])
    assert covers(["06685"], "06685")
    assert covers([COUNTRY], "06685")
    assert not covers(["06650"], "06685", ["22"])
    assert not covers([], "06685", ["22"])


@given(st.sets(st.sampled_from(["one_stop_officer", "appraiser", "bank_teller", *SENSITIVE_ROLES])))
def test_one_sensitive_role_is_enough_for_four_eyes(roles):
    assert needs_two(roles) == any(role in SENSITIVE_ROLES for role in roles)
