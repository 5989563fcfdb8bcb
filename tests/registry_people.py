"""People for the registry's tests: the least that the tables ask for; the numbers carry the prefix 000, which no province has."""

import itertools
from datetime import UTC, date, datetime

from django.db.backends.postgresql.psycopg_any import DateRange

from dean06.core.keys import PersonKey
from dean06.registry.domain.names import PersonName
from dean06.registry.models import Household, Kinship, Membership, Person, PersonNumber, Residence

LOADED_AT = datetime(2026, 1, 1, tzinfo=UTC)
COMMUNE = "06652"
OTHER_COMMUNE = "06658"
_counter = itertools.count(1)


def a_person(full_name="Trần Thí Dụ", *, number=None, old_number=None, born_on=date(1990, 5, 2), home=COMMUNE, **fields):
    """Add a person with a number and, unless ``home`` is empty, a permanent residence."""
    name = PersonName.parse(full_name)
    fields = {"sex": "male", "ethnic_group": "01"} | fields
    person = Person.objects.create(
        full_name=full_name,
        name_folded=name.folded,
        given_first_folded=name.given_first,
        born_on=born_on,
        home_unit_code=home,
        known_at=LOADED_AT,
        **fields,
    )
    number = f"000{next(_counter):09d}" if number is None else number
    since_birth = DateRange(born_on, None)
    if number:
        PersonNumber.objects.create(person=person, kind="personal", number=number, valid=since_birth, known_at=LOADED_AT)
    if old_number:
        PersonNumber.objects.create(person=person, kind="old", number=old_number, valid=since_birth, known_at=LOADED_AT)
    if home:
        a_residence(person, home, since=born_on)
    return person


def a_residence(person, unit_code, *, since, until=None, kind="permanent", **fields):
    return Residence.objects.create(
        person=person, kind=kind, unit_code=unit_code, address="Số 1", valid=DateRange(since, until), known_at=LOADED_AT, **fields
    )


def a_household(head, *members, unit_code=COMMUNE, since=date(2015, 1, 1)):
    """Make a household of a head and pairs (person, relation)."""
    household = Household.objects.create(
        code=f"{unit_code}-{next(_counter)}", unit_code=unit_code, address="Số 1", since=since, known_at=LOADED_AT
    )
    for person, relation in ((head, "head"), *members):
        Membership.objects.create(person=person, household=household, relation=relation, valid=DateRange(since, None), known_at=LOADED_AT)
    return household


def related(person, kind, relative, *, since=date(1990, 1, 1), until=None):
    return Kinship.objects.create(person=person, relative=relative, kind=kind, valid=DateRange(since, until), known_at=LOADED_AT)


def number_of(person):
    return PersonNumber.objects.get(person=person, kind="personal", superseded_at=None).number


def key_of(person):
    return PersonKey(person.key)
