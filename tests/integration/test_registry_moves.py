"""Moves and corrections: what changes, what stays, what is refused without a trace."""

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from uuid import uuid4

import pytest
import time_machine
from django.db import IntegrityError, InternalError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.keys import PersonKey, new_key
from dean06.core.models import OutboxMessage
from dean06.ledger.public import looks_at
from dean06.reference.errors import UnitUnknown
from dean06.registry.actions import change_residence, correct_residence
from dean06.registry.domain.decision import Decision
from dean06.registry.errors import (
    BeforeBirth,
    HouseholdElsewhere,
    NotACommune,
    NotAHouseholder,
    PersonDeceased,
    PersonNotFound,
    RelationUnknown,
    ResidenceNotFound,
    ResidenceOverlaps,
)
from dean06.registry.models import Household, Membership, Person, Residence
from dean06.registry.queries import residence_as_of
from registry_people import COMMUNE, LOADED_AT, OTHER_COMMUNE, a_household, a_person, a_residence, key_of

pytestmark = pytest.mark.django_db(transaction=True)

SINCE = date(2026, 9, 1)
DECISION = Decision("H49.06658-260901-0001", "Luật Cư trú 68/2020/QH14", "Công an phường Thí Dụ")
OFFICER = Actor(account="officer")
MALFORMED = "registry.malformed_decision"


def move(person, **changes):
    asked = {"unit_code": OTHER_COMMUNE, "address": "Số 2", "since": SINCE, "decision": DECISION, "actor": OFFICER}
    return change_residence(**{"person": key_of(person), **asked, **changes})


def trace():
    """Everything that a change leaves: rows of facts, messages, looks."""
    return (
        list(Residence.objects.order_by("key").values()),
        list(Membership.objects.order_by("key").values()),
        Household.objects.count(),
        list(Person.objects.order_by("key").values()),
        OutboxMessage.objects.count(),
        sum(len(looks_at(PersonKey(key)).rows) for key in Person.objects.values_list("key", flat=True)),
    )


def refused(error, mover, **changes):
    before = trace()
    with pytest.raises(error):
        move(mover, **changes)
    assert trace() == before


def test_a_move_closes_the_old_residence_and_keeps_what_was_known():
    person = a_person()
    old = Residence.objects.get(person=person)

    new = move(person)

    old.refresh_from_db()
    closed = Residence.objects.get(person=person, superseded_at=None, unit_code=COMMUNE)
    assert old.valid.upper is None
    assert old.superseded_at == closed.known_at == new.known_at
    assert (closed.valid.lower, closed.valid.upper) == (person.born_on, SINCE)
    assert (new.valid.lower, new.valid.upper, new.dossier) == (SINCE, None, DECISION.dossier)
    assert Person.objects.get().home_unit_code == OTHER_COMMUNE


def test_a_move_leaves_one_ledger_entry_and_one_message():
    person = a_person()

    new = move(person)

    [look] = looks_at(key_of(person)).rows
    assert (look.kind, look.log, look.who, look.dossier) == (
        "registry.residence_changed",
        "registry",
        DECISION.decided_by,
        DECISION.dossier,
    )
    [message] = OutboxMessage.objects.all()
    assert message.topic == "registry.residence_changed"
    assert message.payload == {
        "dossier": DECISION.dossier,
        "person_key": str(person.key),
        "residence_key": str(new.key),
        "unit_code": OTHER_COMMUNE,
        "since": SINCE.isoformat(),
    }


def test_the_dead_do_not_move_and_a_refusal_leaves_no_trace():
    refused(PersonDeceased, a_person(status="dead", died_on=date(2024, 1, 31)))


def test_the_dead_without_a_known_day_do_not_move_either():
    refused(PersonDeceased, a_person(status="dead"))


def test_refusals_leave_no_trace():
    person, stranger = a_person(), a_person()
    householder = a_person()
    a_household(householder, unit_code=COMMUNE)

    with pytest.raises(PersonNotFound):
        move(Person(key=new_key()))
    refused(PersonNotFound, person, householder=PersonKey(new_key()), relation="child")
    refused(UnitUnknown, person, unit_code="99999")
    refused(NotACommune, person, unit_code="22")
    refused(BeforeBirth, a_person(born_on=date(2026, 10, 1)))
    refused(NotAHouseholder, person, householder=key_of(stranger), relation="child")
    refused(HouseholdElsewhere, person, householder=key_of(householder), relation="child")
    refused(RelationUnknown, person, unit_code=COMMUNE, householder=key_of(householder), relation="head")
    refused(RelationUnknown, person, unit_code=COMMUNE, householder=key_of(householder), relation="friend")


def test_two_decisions_for_one_day_are_refused():
    person = a_person()
    move(person)

    refused(ResidenceOverlaps, person, unit_code=COMMUNE)


def test_decisions_that_arrive_late_take_their_place():
    person = a_person()
    move(person, since=SINCE + timedelta(days=10))

    late = move(person, unit_code=COMMUNE, address="Số 3", since=SINCE)

    assert (late.valid.lower, late.valid.upper) == (SINCE, SINCE + timedelta(days=10))
    assert Person.objects.get(key=person.key).home_unit_code == OTHER_COMMUNE


def test_membership_moves_along_into_the_householders_household():
    person, old_head, new_head = a_person(), a_person(), a_person(home=OTHER_COMMUNE)
    old = a_household(old_head, (person, "child"))
    new = a_household(new_head, unit_code=OTHER_COMMUNE)

    residence = move(person, householder=key_of(new_head), relation="spouse")

    current = {row.household_id: row for row in Membership.objects.filter(person=person, superseded_at=None)}
    assert current[old.key].valid.upper == SINCE
    assert (current[new.key].relation, current[new.key].valid.upper) == ("spouse", None)
    assert residence.household_key == new.key


def test_without_a_householder_a_new_household_begins():
    person = a_person()

    residence = move(person)

    household = Household.objects.get(key=residence.household_key)
    assert (household.unit_code, household.address, household.since) == (OTHER_COMMUNE, "Số 2", SINCE)
    assert Membership.objects.get(person=person).relation == "head"


def test_the_database_refuses_overlapping_residences_and_empty_spans():
    person = a_person()

    with pytest.raises(IntegrityError), transaction.atomic():
        a_residence(person, OTHER_COMMUNE, since=SINCE)
    with pytest.raises(IntegrityError), transaction.atomic():
        a_residence(person, OTHER_COMMUNE, since=SINCE, until=SINCE, kind="temporary")
    a_residence(person, OTHER_COMMUNE, since=SINCE, kind="temporary")


@pytest.mark.parametrize(
    "tamper",
    [
        lambda rows: rows.delete(),
        lambda rows: rows.update(unit_code="00001"),
        lambda rows: rows.update(valid=DateRange(SINCE, None)),
        lambda rows: rows.update(superseded_at=now(), address="elsewhere"),
    ],
    ids=["deleted", "moved", "stretched", "changed while superseded"],
)
def test_the_database_refuses_to_change_or_delete_a_fact(tamper):
    rows = Residence.objects.filter(key=a_residence(a_person(home=""), COMMUNE, since=SINCE).key)

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        tamper(rows)


def test_a_superseded_fact_stays_superseded():
    person = a_person()
    move(person)
    rows = Residence.objects.filter(person=person, superseded_at__isnull=False)

    with pytest.raises((IntegrityError, InternalError)), transaction.atomic():
        rows.update(superseded_at=None)


def test_a_correction_supersedes_and_the_old_row_stays():
    person = a_person()
    wrong = move(person)
    told = now()

    right = correct_residence(residence=wrong.key, address="Số 20", decision=DECISION, actor=OFFICER)

    wrong.refresh_from_db()
    assert (wrong.address, wrong.superseded_at) == ("Số 2", right.known_at)
    as_of = {known: residence_as_of(key_of(person), kind="permanent", valid=SINCE, known_at=known) for known in (told, now())}
    assert [row.address for row in as_of.values()] == ["Số 2", "Số 20"]
    assert looks_at(key_of(person)).rows[0].kind == "registry.residence_corrected"


def test_a_correction_of_days_moves_the_persons_commune_of_search():
    wrong = move(a_person())

    correct_residence(residence=wrong.key, unit_code=COMMUNE, decision=DECISION, actor=OFFICER)

    assert Person.objects.get().home_unit_code == COMMUNE


def test_corrections_are_refused_without_a_trace():
    person = a_person()
    new = move(person)
    superseded = Residence.objects.exclude(superseded_at=None).get()
    common = {"decision": DECISION, "actor": OFFICER}
    before = trace()

    for error, asked in (
        (ResidenceNotFound, {"residence": uuid4()}),
        (ResidenceNotFound, {"residence": superseded.key, "address": "x"}),
        (ResidenceOverlaps, {"residence": new.key, "since": SINCE - timedelta(days=1)}),
        (ResidenceOverlaps, {"residence": new.key, "until": SINCE}),
        (NotACommune, {"residence": new.key, "unit_code": "22"}),
    ):
        with pytest.raises(error):
            correct_residence(**asked, **common)
    assert trace() == before


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 12), st.sampled_from([COMMUNE, OTHER_COMMUNE])), max_size=6, unique_by=lambda change: change[0]))
def test_as_of_answers_for_both_times_like_a_notebook(changes):
    """The model: at each known time, the value of a day is that of the latest decided start before it."""
    person = a_person(home="")
    known_times, notebook = [LOADED_AT], [{}]

    for n, (day, unit_code) in enumerate(changes, start=1):
        at = datetime(2026, 11, 1, n, tzinfo=UTC)
        with time_machine.travel(at, tick=False):
            move(person, unit_code=unit_code, address=str(n), since=SINCE + timedelta(days=day))
        known_times.append(at)
        notebook.append(notebook[-1] | {day: str(n)})

    for known_at, decided in zip(known_times, notebook, strict=True):
        for day in range(15):
            row = residence_as_of(key_of(person), kind="permanent", valid=SINCE + timedelta(days=day), known_at=known_at)
            starts = [start for start in decided if start <= day]
            assert (row.address if row else None) == (decided[max(starts)] if starts else None)


def decided(person, **changes):
    payload = {
        "dossier": DECISION.dossier,
        "person_key": str(person.key),
        "unit_code": OTHER_COMMUNE,
        "address": "Số 2",
        "since": SINCE.isoformat(),
        "householder_key": None,
        "relation": "",
        "legal_basis": DECISION.legal_basis,
        "decided_by": DECISION.decided_by,
    }
    with transaction.atomic():
        return messages.put("services.residence_decided", {**payload, **changes}, using="default")


def topics():
    return list(OutboxMessage.objects.exclude(topic="services.residence_decided").values_list("topic", flat=True))


def test_a_decided_dossier_moves_the_person_once_however_often_it_is_told():
    person = a_person()
    decided(person)

    messages.deliver("default", limit=1)
    OutboxMessage.objects.filter(topic="services.residence_decided").update(delivered_at=None)
    messages.deliver("default", limit=2)

    assert Residence.objects.filter(person=person, unit_code=OTHER_COMMUNE).count() == 1
    assert topics() == ["registry.residence_changed"]
    assert len(looks_at(key_of(person)).rows) == 1


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"person_key": "01890000-0000-7000-8000-000000000000"}, "registry.person_not_found"),
        ({"unit_code": "99999"}, "reference.unit_unknown"),
        ({"since": "2026-13-01"}, MALFORMED),
        ({"person_key": "nobody"}, MALFORMED),
        ({"person_key": None}, MALFORMED),
        ({"since": "1980-01-01"}, "registry.before_birth"),
        ({"householder_key": "01890000-0000-7000-8000-000000000000"}, "registry.person_not_found"),
    ],
)
def test_a_decision_that_cannot_be_recorded_is_told_back(changes, code):
    person = a_person()
    decided(person, **changes)
    before = trace()[:4]

    messages.deliver("default", limit=1)

    assert trace()[:4] == before
    [told] = OutboxMessage.objects.exclude(topic="services.residence_decided")
    assert (told.topic, told.payload) == ("registry.decision_refused", {"dossier": DECISION.dossier, "code": code})


def test_the_dead_are_told_back_too():
    decided(a_person(status="dead", died_on=date(2024, 1, 31)))

    messages.deliver("default", limit=1)

    assert OutboxMessage.objects.get(topic="registry.decision_refused").payload["code"] == "registry.person_deceased"


def test_successive_moves_leave_neither_gap_nor_overlap():
    person = a_person()
    for n in range(1, 4):
        move(person, since=SINCE + timedelta(days=n), unit_code=COMMUNE)

    held = Residence.objects.filter(person=person, superseded_at=None).order_by("valid")
    assert all(one.valid.upper == other.valid.lower for one, other in pairwise(held))
