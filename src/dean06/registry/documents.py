"""What the registry answers about people, as JSON documents, with the people whose data is in each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from dean06.core.clock import today
from dean06.core.keys import PersonKey
from dean06.registry import queries
from dean06.registry.models import Household, Kinship, Membership, Person, PersonNumber, Residence
from dean06.registry.portrait import Home, Portrait, Relative, portrait_of
from dean06.registry.units import unit_name

ALL_FIELDS: Final = ("*",)

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Disclosure:
    """A document and whose data it holds, the person asked for first."""

    document: Document = field(repr=False)
    subjects: tuple[PersonKey, ...]


def describe_person(person: Person, *, fields: Sequence[str] = ALL_FIELDS) -> Disclosure:
    """Describe a person as she stands today.

    Args:
        person: who.
        fields: paths that the agreement releases. Other people (household head, parents, spouse) are read and count as
            subjects only where a path leads to them.
    """
    on = today()
    wanted = _roots(fields)
    around = portrait_of(
        person.key,
        on=on,
        kinds=[kind for kind in Kinship.Kind.values if _wants(wanted, kind)],
        with_household=_wants(wanted, "household"),
        with_head=_leads_to(fields, "household", "head"),
    )
    document: Document = {
        "personal_id": around.numbers.get(PersonNumber.Kind.PERSONAL),
        "old_number": around.numbers.get(PersonNumber.Kind.OLD),
        "full_name": person.full_name,
        "born_on": shown_birth(person),
        "birth_precision": person.birth_precision,
        "sex": person.sex,
        "ethnic_group": person.ethnic_group,
        "religion": person.religion,
        "nationality": person.nationality,
        "marital_state": person.marital_state,
        "status": person.status,
        "died_on": person.died_on.isoformat() if person.died_on else None,
        "permanent_residence": _residence(around.homes.get(Residence.Kind.PERMANENT), on=on),
        "temporary_residence": _residence(around.homes.get(Residence.Kind.TEMPORARY), on=on),
        "household": _household(around),
        **{kind: _relative(around.kin.get(kind)) for kind in Kinship.Kind.values},
        "born_in": _place(person.birth_unit_code, on=person.born_on),
        "native_place": unit_name(person.native_unit_code, on=person.born_on) if person.native_unit_code else "",
    }
    others = [*([around.head] if around.head else []), *around.kin.values()]
    return Disclosure(document, _subjects([person.key, *(other.key for other in others)]))


def describe_household(household: Household, *, asked_for: Person, fields: Sequence[str] = ALL_FIELDS) -> Disclosure:
    """Describe a household and its members as they stand today; members count as subjects only where a path leads to them."""
    on = today()
    wanted = _roots(fields)
    members = queries.members_of(household.key, on=on)
    head = next((row.person for row in members if row.relation == Membership.HEAD), None)
    numbers = queries.numbers_of([row.person_id for row in members])
    document: Document = {
        "code": household.code,
        "unit_code": household.unit_code,
        "unit_name": unit_name(household.unit_code, on=on),
        "address": household.address,
        "head": _someone(head, numbers),
        "members": [
            {
                "personal_id": numbers[row.person_id].get(PersonNumber.Kind.PERSONAL),
                "full_name": row.person.full_name,
                "born_on": shown_birth(row.person),
                "sex": row.person.sex,
                "relation": row.relation,
            }
            for row in members
        ],
    }
    listed = [row.person_id for row in members] if _wants(wanted, "members") else []
    return Disclosure(document, _subjects([asked_for.key, *([head.key] if head and _wants(wanted, "head") else []), *listed]))


def describe_found(people: Sequence[Person], *, is_complete: bool) -> Disclosure:
    """List people found by a search, best first."""
    on = today()
    numbers = queries.numbers_of([person.key for person in people])
    matches = [
        {
            "personal_id": numbers[person.key].get(PersonNumber.Kind.PERSONAL),
            "full_name": person.full_name,
            "born_on": shown_birth(person),
            "sex": person.sex,
            "status": person.status,
            "permanent_residence": _place(person.home_unit_code, on=on),
        }
        for person in people
    ]
    return Disclosure({"matches": matches, "is_complete": is_complete}, _subjects(person.key for person in people))


def shown_birth(person: Person) -> str:
    """Write a birth date as exactly as it is known: ``1990-05-02``, ``1990-05`` or ``1990``."""
    length = {Person.BirthPrecision.DAY: 10, Person.BirthPrecision.MONTH: 7, Person.BirthPrecision.YEAR: 4}
    return person.born_on.isoformat()[: length[Person.BirthPrecision(person.birth_precision)]]


def _residence(home: Home | None, *, on: date) -> Document | None:
    if home is None:
        return None
    unit = unit_name(home.unit_code, on=on)
    return {"unit_code": home.unit_code, "unit_name": unit, "address": home.address, "since": home.since}


def _household(around: Portrait) -> Document | None:
    if not around.household_code:
        return None
    return {"code": around.household_code, "relation": around.relation, "head": _relative(around.head)}


def _relative(one: Relative | None) -> Document | None:
    return {"full_name": one.full_name, "personal_id": one.personal_id} if one else None


def _someone(person: Person | None, numbers: Mapping[UUID, Mapping[str, str]]) -> Document | None:
    if person is None:
        return None
    return {"full_name": person.full_name, "personal_id": numbers[person.key].get(PersonNumber.Kind.PERSONAL)}


def _place(code: str, *, on: date) -> Document | None:
    return {"unit_code": code, "unit_name": unit_name(code, on=on)} if code else None


def _subjects(people: Iterable[UUID]) -> tuple[PersonKey, ...]:
    return tuple(dict.fromkeys(map(PersonKey, people)))


def _roots(fields: Sequence[str]) -> frozenset[str]:
    return frozenset(path.replace("[", ".").partition(".")[0] for path in fields)


def _wants(roots: frozenset[str], name: str) -> bool:
    return "*" in roots or name in roots


def _leads_to(fields: Sequence[str], *steps: str) -> bool:
    """Say whether a released path covers the steps or something below them."""
    paths = [tuple(path.replace("[]", "").split(".")) for path in fields]
    return any(path[0] == "*" or path[: len(steps)] == steps or steps[: len(path)] == path or path == (steps[0], "*") for path in paths)
