"""Who holds which post when, who stands in, and what takes two people."""

from datetime import date, timedelta
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import given, settings
from hypothesis import strategies as st

from dean06.core.actor import SYSTEM, Actor
from dean06.core.keys import PersonKey
from dean06.ledger.models import LedgerEntry
from dean06.ledger.public import looks_at
from dean06.organisation import errors
from dean06.organisation.domain.mandates import Term
from dean06.organisation.models import Holding, PostRow, Unit
from dean06.organisation.public import (
    appoint,
    approve_appointment,
    covers,
    end_appointment,
    establish_post,
    establish_unit,
    holders_of,
    org_unit,
    posts_held_by,
    posts_in,
    propose_appointment,
    record_absence,
    reject_appointment,
    unit_for,
)

pytestmark = pytest.mark.django_db

UNIT = "G01.H49.06685"
DAY = date(2026, 11, 2)
ADMIN = Actor(account="admin-1", person=PersonKey(uuid4()), roles=frozenset({"operator"}))
SECOND_ADMIN = Actor(account="admin-2", person=PersonKey(uuid4()), roles=frozenset({"operator"}))


def person():
    return PersonKey(uuid4())


@pytest.fixture
def posts():
    """A commune police unit with three posts; the keys of reception, appraisal and head."""
    establish_unit(code=UNIT, name="Công an phường Hồng Gai", kind="commune_police", area_code="06685", actor=SYSTEM)
    roles = {"reception": ["one_stop_officer"], "appraisal": ["appraiser"], "head": ["head"]}
    return {
        name: establish_post(unit_code=UNIT, title=name, roles=held, key=f"{UNIT}/{name}", actor=SYSTEM).key for name, held in roles.items()
    }


def entries(kind):
    return LedgerEntry.objects.using("default").filter(log="organisation", kind=kind).count()


def test_an_appointed_officer_holds_her_post_on_its_days_and_no_others(posts):
    officer = person()
    appoint(post=posts["appraisal"], person=officer, since=DAY, until=DAY + timedelta(days=10), actor=SYSTEM)

    [held] = posts_held_by(officer, on=DAY)

    assert (held.post_key, held.unit_code, held.unit_name) == (posts["appraisal"], UNIT, "Công an phường Hồng Gai")
    assert (held.roles, held.area, held.standing_in_for) == (frozenset({"appraiser"}), ("06685",), None)
    assert posts_held_by(officer, on=DAY - timedelta(days=1)) == posts_held_by(officer, on=DAY + timedelta(days=10)) == ()
    assert holders_of("appraiser", UNIT, on=DAY) == (officer,)
    assert holders_of("head", UNIT, on=DAY) == ()


def test_one_post_has_one_holder_at_a_time(posts):
    first = person()
    appoint(post=posts["appraisal"], person=first, since=DAY, actor=SYSTEM)

    with pytest.raises(errors.PostTaken):
        appoint(post=posts["appraisal"], person=person(), since=DAY + timedelta(days=3), actor=SYSTEM)
    assert entries("organisation.appointed") == 1

    end_appointment(post=posts["appraisal"], on=DAY + timedelta(days=3), actor=SYSTEM)
    second = person()
    appoint(post=posts["appraisal"], person=second, since=DAY + timedelta(days=3), actor=SYSTEM)
    assert holders_of("appraiser", UNIT, on=DAY + timedelta(days=2)) == (first,)
    assert holders_of("appraiser", UNIT, on=DAY + timedelta(days=3)) == (second,)


def test_the_same_once_more_changes_nothing(posts):
    officer = person()
    for _ in range(2):
        establish_unit(code=UNIT, name="Công an phường Hồng Gai", kind="commune_police", area_code="06685", actor=SYSTEM)
        appoint(post=posts["appraisal"], person=officer, since=DAY, actor=SYSTEM)

    assert (entries("organisation.unit_established"), entries("organisation.appointed")) == (1, 1)
    assert Holding.objects.count() == 1


def test_a_stand_in_acts_while_the_holder_is_away_and_the_holder_does_not(posts):
    holder, colleague = person(), person()
    appoint(post=posts["head"], person=holder, since=DAY, actor=SYSTEM)
    appoint(post=posts["appraisal"], person=colleague, since=DAY, actor=SYSTEM)
    back = DAY + timedelta(days=5)

    record_absence(person=holder, since=DAY + timedelta(days=2), until=back, stand_in=colleague, actor=SYSTEM)

    away = DAY + timedelta(days=3)
    assert {(held.post_key, held.standing_in_for) for held in posts_held_by(colleague, on=away)} == {
        (posts["appraisal"], None),
        (posts["head"], holder),
    }
    assert posts_held_by(holder, on=away) == ()
    assert holders_of("head", UNIT, on=away) == (colleague,)
    assert holders_of("head", UNIT, on=back) == (holder,)
    assert [held.post_key for held in posts_held_by(colleague, on=back)] == [posts["appraisal"]]


def test_a_stand_in_who_is_away_leaves_the_post_empty(posts):
    holder, colleague = person(), person()
    appoint(post=posts["head"], person=holder, since=DAY, actor=SYSTEM)
    appoint(post=posts["appraisal"], person=colleague, since=DAY, actor=SYSTEM)
    until = DAY + timedelta(days=5)
    record_absence(person=holder, since=DAY, until=until, stand_in=colleague, actor=SYSTEM)
    record_absence(person=colleague, since=DAY, until=until, actor=SYSTEM)

    assert holders_of("head", UNIT, on=DAY) == ()
    assert posts_held_by(colleague, on=DAY) == ()


def test_an_unfit_stand_in_and_a_second_absence_are_refused(posts):
    holder, stranger = person(), person()
    appoint(post=posts["appraisal"], person=holder, since=DAY, actor=SYSTEM)
    until = DAY + timedelta(days=5)

    for stand_in in (stranger, holder):
        with pytest.raises(errors.StandInUnfit):
            record_absence(person=holder, since=DAY, until=until, stand_in=stand_in, actor=SYSTEM)
    record_absence(person=holder, since=DAY, until=until, actor=Actor(account="self", person=holder))
    with pytest.raises(errors.AlreadyAbsent):
        record_absence(person=holder, since=DAY + timedelta(days=4), until=until + timedelta(days=4), actor=SYSTEM)
    with pytest.raises(errors.EmptyTerm):
        record_absence(person=holder, since=until, until=until, actor=SYSTEM)


def test_a_sensitive_role_takes_a_proposer_and_another_who_approves(posts):
    head = person()
    with pytest.raises(errors.FourEyesRequired):
        appoint(post=posts["head"], person=head, since=DAY, actor=ADMIN)

    proposal = propose_appointment(post=posts["head"], person=head, since=DAY, actor=ADMIN)
    with pytest.raises(errors.FourEyesRequired):
        approve_appointment(proposal, actor=ADMIN)
    with pytest.raises(errors.FourEyesRequired):
        approve_appointment(proposal, actor=Actor(account="other", person=head, roles=frozenset({"operator"})))
    assert posts_held_by(head, on=DAY) == ()

    approve_appointment(proposal, actor=SECOND_ADMIN)

    assert [held.post_key for held in posts_held_by(head, on=DAY)] == [posts["head"]]
    with pytest.raises(errors.ProposalNotFound):
        approve_appointment(proposal, actor=SECOND_ADMIN)


def test_a_rejected_proposal_is_over(posts):
    proposal = propose_appointment(post=posts["head"], person=person(), since=DAY, actor=ADMIN)
    reject_appointment(proposal, actor=ADMIN)

    with pytest.raises(errors.ProposalNotFound):
        approve_appointment(proposal, actor=SECOND_ADMIN)
    assert not Holding.objects.exists()


def test_nobody_else_sets_up_units_or_appoints(posts):
    citizen = Actor(account="citizen-1", person=person(), roles=frozenset({"citizen"}))
    attempts = [
        lambda: establish_unit(code="X", name="X", kind="bank", area_code="VN", actor=citizen),
        lambda: establish_post(unit_code=UNIT, title="X", roles=["appraiser"], actor=citizen),
        lambda: appoint(post=posts["appraisal"], person=person(), since=DAY, actor=citizen),
        lambda: propose_appointment(post=posts["head"], person=person(), since=DAY, actor=citizen),
        lambda: approve_appointment(uuid4(), actor=citizen),
        lambda: end_appointment(post=posts["appraisal"], on=DAY, actor=citizen),
        lambda: record_absence(person=person(), since=DAY, until=DAY + timedelta(days=1), actor=citizen),
    ]
    for attempt in attempts:
        with pytest.raises(errors.MayNotAppoint):
            attempt()


def test_bad_input_is_refused_and_leaves_nothing(posts):
    before = LedgerEntry.objects.using("default").count()
    cases = [
        (errors.MalformedUnit, lambda: establish_unit(code="Y", name="", kind="bank", area_code="VN", actor=SYSTEM)),
        (errors.MalformedUnit, lambda: establish_unit(code="Y", name="Y", kind="circus", area_code="VN", actor=SYSTEM)),
        (errors.MalformedUnit, lambda: establish_post(unit_code=UNIT, title="Y", roles=["king"], actor=SYSTEM)),
        (errors.OrgUnitNotFound, lambda: establish_unit(code="Y", name="Y", kind="bank", area_code="VN", parent_code="Z", actor=SYSTEM)),
        (errors.OrgUnitNotFound, lambda: establish_post(unit_code="Z", title="Y", roles=["head"], actor=SYSTEM)),
        (errors.UnitDiffers, lambda: establish_unit(code=UNIT, name="Khác", kind="bank", area_code="VN", actor=SYSTEM)),
        (errors.UnitDiffers, lambda: establish_post(unit_code=UNIT, title="Khác", roles=["head"], key=posts["head"], actor=SYSTEM)),
        (errors.PostNotFound, lambda: appoint(post="Z", person=person(), since=DAY, actor=SYSTEM)),
        (errors.EmptyTerm, lambda: appoint(post=posts["head"], person=person(), since=DAY, until=DAY, actor=SYSTEM)),
        (errors.NotHeld, lambda: end_appointment(post=posts["head"], on=DAY, actor=SYSTEM)),
        (errors.OrgUnitNotFound, lambda: org_unit("Z")),
        (errors.OrgUnitNotFound, lambda: unit_for("06685", "bank")),
    ]
    for error, attempt in cases:
        with pytest.raises(error):
            attempt()

    assert LedgerEntry.objects.using("default").count() == before


def test_units_are_found_by_code_and_by_territory(posts):
    assert org_unit(UNIT) == unit_for("06685", "commune_police")
    assert [post.key for post in posts_in(UNIT)] == sorted(posts.values())


def test_a_province_covers_its_communes_as_reference_knows_them():
    assert covers(["22"], "06685", on=DAY)
    assert covers(["VN"], "06685")
    assert not covers(["01"], "06685", on=DAY)
    assert not covers(["22"], "99999", on=DAY)


def test_an_officer_s_own_page_shows_her_appointment(posts):
    officer = person()
    appoint(post=posts["appraisal"], person=officer, since=DAY, actor=SYSTEM)

    [entry] = looks_at(officer).rows
    assert (entry.kind, entry.detail["post"], entry.detail["since"]) == ("organisation.appointed", posts["appraisal"], "2026-11-02")


terms = st.tuples(st.integers(0, 20), st.none() | st.integers(1, 20)).map(
    lambda pair: Term(DAY + timedelta(days=pair[0]), pair[1] and DAY + timedelta(days=pair[0] + pair[1]))
)


@settings(max_examples=25)
@given(st.lists(terms, min_size=2, max_size=6))
def test_the_database_keeps_terms_apart_exactly_as_the_rule_says(given_terms):
    with transaction.atomic():
        unit = Unit.objects.create(code="U", name="U", kind="bank", area_code="VN")
        post = PostRow.objects.create(key="P", unit=unit, title="P", roles=["bank_teller"], area=["VN"])
        taken = []
        for term in given_terms:
            is_free = not any(term.overlaps(other) for other in taken)
            try:
                with transaction.atomic():
                    Holding.objects.create(post=post, person=uuid4(), valid=DateRange(term.since, term.until))
                taken.append(term)
            except IntegrityError:
                assert not is_free
            else:
                assert is_free
        transaction.set_rollback(True)
