"""All that a person's document shows beside her own record, read by one statement.

Look-ups are the registry's busiest path. Six small queries through the ORM cost many times what PostgreSQL needs, so this one
is written by hand; each arm rests on the plain index of its key.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from django.db import connections

from dean06.core.databases import database_of

_HELD: Final = "{0}.superseded_at IS NULL AND {0}.valid @> %(on)s::date"
_NUMBER_OF_P: Final = f"""(SELECT n.number FROM registry_personnumber n
    WHERE n.person_id = p.key AND n.kind = 'personal' AND {_HELD.format("n")} LIMIT 1)"""  # noqa: S608 -- constants alone

_NUMBERS: Final = f"""SELECT 'number', n.kind, NULL::uuid, n.number, NULL, NULL
    FROM registry_personnumber n WHERE n.person_id = %(person)s AND {_HELD.format("n")}"""  # noqa: S608
_RESIDENCES: Final = f"""SELECT 'residence', r.kind, NULL, r.unit_code, r.address, lower(r.valid)::text
    FROM registry_residence r WHERE r.person_id = %(person)s AND {_HELD.format("r")}"""  # noqa: S608
_HOUSEHOLD: Final = f"""SELECT 'household', m.relation, m.household_id, h.code, NULL, NULL
    FROM registry_membership m JOIN registry_household h ON h.key = m.household_id
    WHERE m.person_id = %(person)s AND {_HELD.format("m")}"""  # noqa: S608
_HEAD: Final = f"""SELECT 'head', '', p.key, p.full_name, {_NUMBER_OF_P}, NULL
    FROM registry_membership m
    JOIN registry_membership o ON o.household_id = m.household_id AND o.relation = 'head' AND {_HELD.format("o")}
    JOIN registry_person p ON p.key = o.person_id
    WHERE m.person_id = %(person)s AND {_HELD.format("m")}"""  # noqa: S608
_KIN: Final = f"""SELECT 'kin', k.kind, p.key, p.full_name, {_NUMBER_OF_P}, NULL
    FROM registry_kinship k JOIN registry_person p ON p.key = k.relative_id
    WHERE k.person_id = %(person)s AND k.kind = ANY(%(kinds)s) AND {_HELD.format("k")}"""  # noqa: S608


@dataclass(frozen=True, slots=True)
class Relative:
    """Another person who stands in a document."""

    key: UUID
    full_name: str = field(repr=False)
    personal_id: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Home:
    """A residence as a document shows it."""

    unit_code: str
    address: str = field(repr=False)
    since: str


@dataclass(slots=True)
class Portrait:
    """What stands around a person on a day: numbers and residences by kind, household, its head, relatives by kind."""

    numbers: dict[str, str] = field(default_factory=dict, repr=False)
    homes: dict[str, Home] = field(default_factory=dict)
    kin: dict[str, Relative] = field(default_factory=dict)
    household_code: str = ""
    relation: str = ""
    head: Relative | None = None


def portrait_of(person: UUID, *, on: date, kinds: Collection[str], with_household: bool, with_head: bool) -> Portrait:
    """Read what is held true of a day.

    Args:
        person: whose.
        on: the day.
        kinds: which relatives to read (``father``, ``mother``, ``spouse``).
        with_household: read the household's code and her relation to its head.
        with_head: read who heads it.
    """
    arms = [_NUMBERS, _RESIDENCES, *([_HOUSEHOLD] if with_household else []), *([_HEAD] if with_head else []), *([_KIN] if kinds else [])]
    portrait = Portrait()
    with connections[database_of("registry")].cursor() as cursor:
        cursor.execute(" UNION ALL ".join(arms), {"person": person, "on": on, "kinds": list(kinds)})
        for what, kind, key, first, second, third in cursor.fetchall():
            match what:
                case "number":
                    portrait.numbers[kind] = first
                case "residence":
                    portrait.homes[kind] = Home(first, second, third)
                case "household":
                    portrait.household_code, portrait.relation = first, kind
                case "head":
                    portrait.head = Relative(key, first, second)
                case _:
                    portrait.kin[kind] = Relative(key, first, second)
    return portrait
