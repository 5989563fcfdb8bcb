"""Who lives with whom and where: households, their heads, relations, communes."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dean06.demo.synth.calendar_days import AS_OF, YEAR_DAYS, Codes, Days, Flags, Index, span
from dean06.demo.synth.families import ADULT_DAYS, NOBODY, Kin
from dean06.demo.synth.people import People, pick
from dean06.demo.synth.world import Province

RELATIONS: Final = ("head", "spouse", "child", "father", "mother", "child_in_law", "grandchild", "grandparent", "sibling", "other")
LONGEST_LINE: Final = 5
"""Generations that live at once in one block, at most."""


@dataclass(slots=True)
class Homes:
    """Households; a household is named by its root, the place of one member in ``People``.

    Attributes:
        root: of each person, ``NOBODY`` for the dead.
        head: of each root, as place in ``People`` (meaningful at roots only).
        relation: place in ``RELATIONS``, for the living.
        commune: of each root, as place in ``Nation.communes``.
        since: first day of the household at this place, of each root.
        parents_home: root of the household of living parents elsewhere, else ``NOBODY``, of each person.
    """

    root: Index
    head: Index
    relation: Codes
    commune: Index
    since: Days
    parents_home: Index


def _gather(values: Index, places: Index) -> Index:
    return np.where(places == NOBODY, NOBODY, values[places])


def _nuclei(people: People, kin: Kin) -> Index:
    """Name the smallest circle of each living person by one member: couples by the husband, minors by a living parent."""
    own = np.arange(people.size, dtype=np.int32)
    nucleus = np.where((kin.spouse != NOBODY) & ~people.is_male, kin.spouse, own)
    minor = (people.born > AS_OF - ADULT_DAYS) & (kin.spouse == NOBODY)
    return np.where(minor & people.is_alive, _parents_nucleus(people, kin, nucleus, own), nucleus).astype(np.int32)


def _parents_nucleus(people: People, kin: Kin, nucleus: Index, otherwise: Index) -> Index:
    mother, father = _living(people, kin.mother), _living(people, kin.father)
    return np.where(mother != NOBODY, nucleus[mother], np.where(father != NOBODY, nucleus[father], otherwise)).astype(np.int32)


def _living(people: People, places: Index) -> Index:
    return np.where((places != NOBODY) & people.is_alive[places], places, NOBODY).astype(np.int32)


def _first_of_each(rng: np.random.Generator, places: Index, groups: Index) -> Index:
    """Keep one of ``places`` at random for each group."""
    order = rng.permutation(len(places))
    _, first = np.unique(groups[order], return_index=True)
    return places[order[first]]


@dataclass(slots=True)
class _Circles:
    nucleus: Index
    lead: Flags
    child: Index
    above: Index


def _circles(rng: np.random.Generator, people: People, kin: Kin) -> _Circles:
    """Find the circles, and for each through which member it hangs on living parents and on which circle of theirs."""
    nucleus = _nuclei(people, kin)
    own = np.arange(people.size, dtype=np.int32)
    lead = people.is_alive & (nucleus == own)
    nobody = np.full(people.size, NOBODY, np.int32)
    above_of_person = np.where(people.is_alive, _parents_nucleus(people, kin, nucleus, nobody), NOBODY)
    above_of_person = np.where(above_of_person == nucleus, NOBODY, above_of_person)
    wife = kin.spouse
    through_wife = (wife != NOBODY) & (_gather(above_of_person, wife) != NOBODY)
    through_wife &= (above_of_person == NOBODY) | (rng.random(people.size) < 0.15)
    child = np.where(lead & through_wife, wife, own).astype(np.int32)
    above = np.where(lead, above_of_person[child], NOBODY).astype(np.int32)
    return _Circles(nucleus, lead, child, above)


def _hosts(rng: np.random.Generator, people: People, kin: Kin, circles: _Circles) -> tuple[Index, Index]:
    """Decide which circles live in another's household, one step deep.

    Assumptions: couples live with parents in 45 % of cases for five years after the wedding, 30 % until the fifteenth year, 18 %
    later, one couple with each parents; unmarried adults 92 % until 22, 78 % until 30, then 72 %; people alone after a marriage 30 %;
    parents of 60 or more who are alone move in with a child in 60 % of cases.
    Returns the host of each circle and, where elders moved in, the member through whom they hang on it.
    """
    age, years_married = people.age, np.clip((AS_OF - kin.married) / YEAR_DAYS, 0, 80)
    together = kin.spouse != NOBODY
    chance = np.where(
        together,
        np.where(years_married < 5, 0.45, np.where(years_married < 15, 0.30, 0.18)),
        np.where(kin.marital == 0, np.where(age < 22, 0.92, np.where(age < 30, 0.78, 0.72)), 0.30),
    )
    up = circles.lead & (circles.above != NOBODY) & (rng.random(people.size) < chance)
    couples = np.flatnonzero(up & together).astype(np.int32)
    up[np.setdiff1d(couples, _first_of_each(rng, couples, circles.above[couples]))] = False
    up &= ~up[circles.above]
    host = np.arange(people.size, dtype=np.int32)
    host[up] = circles.above[up]
    _lodge(rng, people, kin, circles=circles, host=host, up=up)

    hosting = np.zeros(people.size, np.bool_)
    hosting[circles.above[up]] = True
    lodging = host != np.arange(people.size)
    lodging[up] = False
    below = np.flatnonzero(circles.lead & ~up & ~lodging & (circles.above != NOBODY)).astype(np.int32)
    below = _first_of_each(rng, below, circles.above[below])
    elder = circles.above[below]
    fits = ~together[elder] & (age[elder] >= 60) & ~hosting[elder] & ~up[elder] & ~lodging[elder] & (rng.random(len(elder)) < 0.6)
    below, elder = below[fits], elder[fits]
    moving = np.zeros(people.size, np.bool_)
    moving[elder] = True
    stays = ~moving[below]
    host[elder[stays]] = below[stays]
    through = np.full(people.size, NOBODY, np.int32)
    through[below[stays]] = circles.child[below[stays]]
    return host, through


def _lodge(rng: np.random.Generator, people: People, kin: Kin, *, circles: _Circles, host: Index, up: Flags) -> None:
    """Let people without living parents on record live with a couple, as relatives whom the records don't link.

    Assumption: 60 % of the unmarried under 65 and a third of those alone after a marriage.
    """
    alone = circles.lead & (circles.above == NOBODY) & (kin.spouse == NOBODY) & (people.age < np.where(kin.marital == 0, 65, 200))
    alone &= rng.random(people.size) < np.where(kin.marital == 0, 0.6, 0.33)
    taken = np.zeros(people.size, np.bool_)
    taken[host[up]] = True  # a circle that has taken somebody in does not move itself
    guests = np.flatnonzero(alone & ~taken)
    hosts = np.flatnonzero(circles.lead & ~up & (kin.spouse != NOBODY))
    if len(hosts):
        host[guests] = hosts[(rng.random(len(guests)) * len(hosts)).astype(np.int32)]


def settle(rng: np.random.Generator, people: People, kin: Kin, province: Province) -> Homes:
    """Form households and give each a commune by population, often the one of the parents.

    Assumptions: the wife heads one household of a couple in four; 45 % of households that have parents elsewhere live in
    the parents' commune; a household has stood at its place for a random part of the time since it could be founded.
    """
    circles = _circles(rng, people, kin)
    host, through = _hosts(rng, people, kin, circles)
    root = np.where(people.is_alive, host[circles.nucleus], NOBODY).astype(np.int32)
    own = np.arange(people.size, dtype=np.int32)
    wife_heads = (kin.spouse != NOBODY) & (rng.random(people.size) < 0.25)
    head = np.where(through != NOBODY, through, np.where(wife_heads, kin.spouse, own)).astype(np.int32)

    parents_home = np.where(circles.above != NOBODY, host[circles.above], NOBODY)[circles.nucleus].astype(np.int32)
    parents_home = np.where(people.is_alive & (parents_home != root), parents_home, NOBODY).astype(np.int32)
    commune = _communes(rng, people, province, root, parents_home)

    could = np.where(kin.spouse != NOBODY, kin.married, people.born + ADULT_DAYS)
    could = np.minimum(np.maximum(could, people.born + ADULT_DAYS), AS_OF - 2)
    since = np.minimum(could + ((AS_OF - could) * 0.6 * rng.random(people.size)).astype(np.int32), AS_OF - 1)
    return Homes(root, head, _relations(people, kin, root, head), commune, since.astype(np.int32), parents_home)


def _communes(rng: np.random.Generator, people: People, province: Province, root: Index, parents_home: Index) -> Index:
    drawn = province.communes[pick(rng, province.commune_shares, people.size)]
    is_root = root == np.arange(people.size)
    near = is_root & (parents_home != NOBODY) & (rng.random(people.size) < 0.45)
    commune = drawn.copy()
    for _ in range(LONGEST_LINE):
        commune = np.where(near, commune[parents_home], drawn)
    return np.asarray(commune, dtype=np.int32)


def _relations(people: People, kin: Kin, root: Index, head: Index) -> Codes:
    own = np.arange(people.size, dtype=np.int32)
    of = np.where(root == NOBODY, own, head[root])
    wife = _gather(kin.spouse, of)
    father, mother = kin.father, kin.mother

    def has_parent(places: Index, parents: Index) -> Flags:
        found = (places != NOBODY) & (parents != NOBODY)
        is_child: Flags = found & ((father[places] == parents) | (mother[places] == parents))
        return is_child

    def shares_parent(one: Index, other: Index) -> Flags:
        of_father = (father[one] != NOBODY) & (father[one] == father[other])
        is_sibling: Flags = of_father | ((mother[one] != NOBODY) & (mother[one] == mother[other]))
        return is_sibling

    cases = (
        own == of,
        own == wife,
        has_parent(own, of) | has_parent(own, wife),
        father[of] == own,
        mother[of] == own,
        has_parent(kin.spouse, of) | has_parent(kin.spouse, wife),
        has_parent(father, of) | has_parent(mother, of) | has_parent(father, wife) | has_parent(mother, wife),
        has_parent(_gather(father, of), own) | has_parent(_gather(mother, of), own),
        shares_parent(own, of),
    )
    return np.select(cases, range(len(cases)), len(cases)).astype(np.int16)


def moved_in(rng: np.random.Generator, people: People, kin: Kin, homes: Homes) -> Days:
    """Return since when each living person has lived in her household: its first day, her birth or her wedding.

    Assumption: parents who moved in with a child did so within the last eight years.
    """
    since = np.maximum(homes.since[homes.root], people.born)
    in_law = homes.relation == RELATIONS.index("child_in_law")
    since = np.where(in_law, np.maximum(since, kin.married), since)
    elder = (homes.relation == RELATIONS.index("father")) | (homes.relation == RELATIONS.index("mother"))
    since = np.where(elder, np.maximum(since, AS_OF - 1 - span(8 * rng.random(people.size))), since)
    return np.minimum(since, AS_OF - 1).astype(np.int32)
