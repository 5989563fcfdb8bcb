"""Reads of the registry; inside the module only, because they return personal data."""

from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db.models import Q, QuerySet

from dean06.core.clock import today
from dean06.core.keys import PersonKey
from dean06.registry.domain.personal_id import OldNumber, PersonalId
from dean06.registry.errors import HouseholdNotFound, NumberAmbiguous, PersonNotFound
from dean06.registry.models import CURRENT, FactRow, Household, Kinship, Membership, Person, PersonNumber, Residence

Row = TypeVar("Row", bound=FactRow)

PERSON_BY_NUMBER: Final = """
    SELECT p.* FROM registry_personnumber n JOIN registry_person p ON p.key = n.person_id
    WHERE n.number = %s AND n.kind = %s AND n.superseded_at IS NULL
"""


def held(rows: QuerySet[Row], *, on: date) -> QuerySet[Row]:
    """Keep what we hold true now of one day."""
    return rows.filter(CURRENT, valid__contains=on)


def known(rows: QuerySet[Row], *, at: datetime) -> QuerySet[Row]:
    """Keep what we held true at an instant."""
    return rows.filter(Q(superseded_at__isnull=True) | Q(superseded_at__gt=at), known_at__lte=at)


def residence_as_of(person: PersonKey, *, kind: str, valid: date, known_at: datetime) -> Residence | None:
    """Return where a person lived on a day, as we knew it at an instant."""
    rows = Residence.objects.filter(person_id=person, kind=kind, valid__contains=valid)
    return known(rows, at=known_at).first()


def person_by_number(number: PersonalId | OldNumber) -> Person:
    """Return the person who has a number, or had it before it was replaced.

    Raises:
        PersonNotFound: nobody's.
        NumberAmbiguous: a nine-digit number of several people.
    """
    kind = PersonNumber.Kind.PERSONAL if isinstance(number, PersonalId) else PersonNumber.Kind.OLD
    people = {person.key: person for person in Person.objects.raw(PERSON_BY_NUMBER, [number.value, kind.value])}
    if not people:
        raise PersonNotFound
    if len(people) > 1:
        raise NumberAmbiguous
    return people.popitem()[1]


def person_by_key(key: PersonKey) -> Person:
    """Return a person.

    Raises:
        PersonNotFound: no such key.
    """
    person = Person.objects.filter(key=key).first()
    if person is None:
        raise PersonNotFound(person=str(key))
    return person


def numbers_of(people: Collection[UUID]) -> Mapping[UUID, Mapping[str, str]]:
    """Return the numbers in force by person and kind."""
    found: dict[UUID, dict[str, str]] = {key: {} for key in people}
    rows = held(PersonNumber.objects.filter(person_id__in=people), on=today())
    for person, kind, number in rows.values_list("person_id", "kind", "number"):
        found[person][kind] = number
    return found


def kin_of(person: UUID, *, on: date) -> Mapping[str, Person]:
    """Return father, mother and spouse on a day."""
    return {row.kind: row.relative for row in held(Kinship.objects.filter(person_id=person), on=on).select_related("relative")}


def membership_of(person: UUID, *, on: date) -> Membership | None:
    """Return a person's household and her relation to its head."""
    return held(Membership.objects.filter(person_id=person), on=on).select_related("household").first()


def members_of(household: UUID, *, on: date) -> list[Membership]:
    """Return a household's members, the head first, then by age."""
    rows = held(Membership.objects.filter(household_id=household), on=on).select_related("person")
    return sorted(rows, key=lambda row: (row.relation != Membership.HEAD, row.person.born_on, row.person_id))


def household_of(person: UUID, *, on: date) -> Household:
    """Return the household a person belongs to.

    Raises:
        HouseholdNotFound: she belongs to none.
    """
    membership = membership_of(person, on=on)
    if membership is None:
        raise HouseholdNotFound(person=str(person))
    return membership.household


def relation_between(one: UUID, other: UUID, *, on: date) -> str:
    """Say what ``other`` is to ``one``: ``spouse``, ``parent``, ``child``, ``sibling`` (a parent in common) or ``none``."""
    kin = dict.fromkeys((one, other), frozenset[tuple[str, UUID]]())
    rows = held(Kinship.objects.filter(person_id__in=(one, other)), on=on)
    for person, kind, relative in rows.values_list("person_id", "kind", "relative_id"):
        kin[person] |= {(kind, relative)}
    if (Kinship.Kind.SPOUSE, other) in kin[one] or (Kinship.Kind.SPOUSE, one) in kin[other]:
        return "spouse"
    if other in _parents(kin[one]):
        return "parent"
    if one in _parents(kin[other]):
        return "child"
    return "sibling" if one != other and _parents(kin[one]) & _parents(kin[other]) else "none"


def _parents(kin: Iterable[tuple[str, UUID]]) -> set[UUID]:
    return {relative for kind, relative in kin if kind != Kinship.Kind.SPOUSE}
