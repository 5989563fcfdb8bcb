"""Where people live and lived, each row with the unit code of its days."""

from dataclasses import dataclass, fields
from typing import Final, Self

import numpy as np

from dean06.demo.synth.birthplaces import former_of
from dean06.demo.synth.calendar_days import AS_OF, CUT, NEVER, Codes, Days, Index, span
from dean06.demo.synth.families import NOBODY
from dean06.demo.synth.homes import Homes
from dean06.demo.synth.people import People, pick
from dean06.demo.synth.world import Nation, Province

PERMANENT: Final = 0
TEMPORARY: Final = 1
LONGEST_TEMPORARY_DAYS: Final = 730  # Decree 154/2024: two years at most (domain.md B.2)


@dataclass(slots=True)
class Residences:
    """Rows of residence; arrays of one length.

    Attributes:
        person: place in ``People``.
        kind: ``PERMANENT`` or ``TEMPORARY``.
        unit: place in ``Nation.communes``, or, for rows before 01/07/2025, in ``Nation.former``.
        is_former: which of the two.
        address: seed of the written address; one per household.
        start: first day.
        end: first day after, ``NEVER`` while open.
        household: root of the household, ``NOBODY`` where it is not one of ours.
    """

    person: Index
    kind: Codes
    unit: Index
    is_former: np.ndarray
    address: Index
    start: Days
    end: Days
    household: Index

    @classmethod
    def joined(cls, *parts: Self) -> Self:
        """Put rows together, one person's rows side by side in the order of time."""
        columns = [np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(cls)]
        whole = cls(*columns)
        order = np.lexsort((whole.start, whole.kind, whole.person))
        return cls(*(column[order] for column in columns))


def _rows(*, person: Index, kind: int, unit: Index, address: Index, start: Days, end: Days, household: Index) -> Residences:
    size = len(person)
    return Residences(person, np.full(size, kind, np.int16), unit, np.zeros(size, np.bool_), address, start, end, household)


def reside(rng: np.random.Generator, people: People, homes: Homes, since: Days, *, province: Province, nation: Nation) -> Residences:
    """Write down present, past and temporary residences.

    Assumptions: who left living parents lived in their household before; of the others with a long life elsewhere 35 % have
    one earlier place on record, seven of ten in the province; 5 % of the single from 18 to 45 have a temporary residence.
    """
    living = np.flatnonzero(people.is_alive).astype(np.int32)
    root = homes.root[living]
    present = _rows(
        person=living,
        kind=PERMANENT,
        unit=homes.commune[root],
        address=root,
        start=since[living],
        end=np.full(len(living), NEVER, np.int32),
        household=root,
    )
    past = _past(rng, people, homes, since, province=province, nation=nation)
    return Residences.joined(present, *past, _temporary(rng, people, homes, province))


def _past(
    rng: np.random.Generator, people: People, homes: Homes, since: Days, *, province: Province, nation: Nation
) -> tuple[Residences, Residences]:
    size = people.size
    root = homes.parents_home
    with_parents = np.where(root != NOBODY, np.maximum(people.born, homes.since[root]), NEVER)
    from_parents = people.is_alive & (with_parents < since)
    elsewhere = people.is_alive & (root == NOBODY) & (since > people.born + 1500) & (rng.random(size) < 0.35)
    start = np.where(from_parents, with_parents, np.maximum(people.born, since - 400 - span(14 * rng.random(size)))).astype(np.int32)
    drawn = province.communes[pick(rng, province.commune_shares, size)]
    far = nation.heir[pick(rng, nation.former_shares, size)]
    other = np.where(rng.random(size) < 0.7, drawn, far)
    commune = np.where(from_parents, homes.commune[root], other).astype(np.int32)
    who = np.flatnonzero(from_parents | elsewhere).astype(np.int32)
    household = np.where(from_parents, root, NOBODY)[who].astype(np.int32)
    address = np.where(from_parents, root, size + np.arange(size))[who].astype(np.int32)
    rows = _rows(person=who, kind=PERMANENT, unit=commune[who], address=address, start=start[who], end=since[who], household=household)
    return _before_and_after(rng, rows, nation)


def _before_and_after(rng: np.random.Generator, rows: Residences, nation: Nation) -> tuple[Residences, Residences]:
    """Cut past rows at 01/07/2025, so that each code was in force on every day of its row."""
    before, after = rows.start < CUT, rows.end > CUT
    former = former_of(rng, rows.unit, nation)
    old = Residences(
        rows.person[before],
        rows.kind[before],
        former[before],
        np.ones(int(before.sum()), np.bool_),
        rows.address[before],
        rows.start[before],
        np.minimum(rows.end, CUT)[before].astype(np.int32),
        rows.household[before],
    )
    new = _rows(
        person=rows.person[after],
        kind=PERMANENT,
        unit=rows.unit[after],
        address=rows.address[after],
        start=np.maximum(rows.start, CUT)[after].astype(np.int32),
        end=rows.end[after],
        household=rows.household[after],
    )
    return old, new


def _temporary(rng: np.random.Generator, people: People, homes: Homes, province: Province) -> Residences:
    age = people.age
    single = people.is_alive & (age >= 18) & (age < 45) & (homes.relation != 0) & (rng.random(people.size) < 0.05)
    who = np.flatnonzero(single).astype(np.int32)
    start = (AS_OF - 30 - (600 * rng.random(len(who)))).astype(np.int32)
    start = np.maximum(start, CUT)
    unit = province.communes[pick(rng, province.commune_shares, len(who))]
    return _rows(
        person=who,
        kind=TEMPORARY,
        unit=unit,
        address=(2 * people.size + who).astype(np.int32),
        start=start,
        end=(start + LONGEST_TEMPORARY_DAYS).astype(np.int32),
        household=np.full(len(who), NOBODY, np.int32),
    )
