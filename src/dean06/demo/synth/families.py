"""Who is married to whom and who are whose parents, found by sorting both sides into the same bins."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from dean06.demo.synth.calendar_days import AS_OF, NEVER, Codes, Days, Flags, Index, span, years_of
from dean06.demo.synth.people import People

NOBODY: Final = -1

EVER_MARRIED: Final = {
    "women": ([17.9, 18, 20, 25, 30, 35, 45], [0, 0.05, 0.30, 0.72, 0.88, 0.93, 0.95]),
    "men": ([19.9, 20, 25, 30, 35, 40, 50], [0, 0.05, 0.45, 0.76, 0.90, 0.94, 0.96]),
}
"""Assumption: share of people who have ever been married, by age in years."""
YOUNGEST_PARENT_YEARS: Final = 19.1
OLDEST_MOTHER_YEARS: Final = 44.5
MOST_CHILDREN: Final = 6
ADULT_DAYS: Final = int(span(np.array(18.0)))


@dataclass(slots=True)
class Couples:
    """Couples that are or were; arrays of one length.

    Attributes:
        husband: place of the man, ``NOBODY`` for a mother without one.
        wife: place of the woman.
        married: day of the wedding (for a mother without husband: the day from which she may have children).
        is_divorced: no longer married, both alive.
    """

    husband: Index
    wife: Index
    married: Days
    is_divorced: Flags


@dataclass(slots=True)
class Kin:
    """Kinship; places in ``People``, ``NOBODY`` where unknown.

    Attributes:
        spouse: of a marriage that lasts, both alive.
        marital: 0 single, 1 married, 2 divorced, 3 widowed (at death, for the dead).
        married: day of the wedding, ``NEVER`` if there was none.
    """

    father: Index
    mother: Index
    spouse: Index
    marital: Codes
    married: Days


def match_bins(rng: np.random.Generator, left: Index, right: Index) -> tuple[Index, Index]:
    """Pair places of ``left`` and ``right`` with equal keys, at random within a key, as many as both sides have."""
    one = np.lexsort((rng.random(len(left)), left))
    two = np.lexsort((rng.random(len(right)), right))
    left_keys, right_keys = left[one], right[two]
    left_rank = np.arange(len(left)) - np.searchsorted(left_keys, left_keys)
    right_rank = np.arange(len(right)) - np.searchsorted(right_keys, right_keys)
    left_room = np.searchsorted(right_keys, left_keys, "right") - np.searchsorted(right_keys, left_keys)
    right_room = np.searchsorted(left_keys, right_keys, "right") - np.searchsorted(left_keys, right_keys)
    return one[left_rank < left_room].astype(np.int32), two[right_rank < right_room].astype(np.int32)


def _ever_married(rng: np.random.Generator, people: People) -> Flags:
    women = np.interp(people.age, *EVER_MARRIED["women"])
    men = np.interp(people.age, *EVER_MARRIED["men"])
    return rng.random(people.size) < np.where(people.is_male, men, women)


def marry(rng: np.random.Generator, people: People) -> Couples:
    """Marry people of fitting age, nine of ten inside their ethnic group.

    Assumptions: husbands are 2.5 years older (standard deviation 2.5); women marry at 23 (3.5); 3 % of couples that both
    live are divorced; 3 % of unmarried women of 22 to 55 may have children.
    """
    ready = _ever_married(rng, people)
    men, women = np.flatnonzero(people.is_male & ready), np.flatnonzero(~people.is_male & ready)
    wanted = people.born - span(rng.normal(2.5, 2.5, people.size))
    husbands, wives = [], []
    for width, mixes in ((365, False), (1095, False), (2190, False), (1095, True)):
        group = np.zeros(people.size, np.int32) if mixes else people.ethnic.astype(np.int32)
        one, two = match_bins(rng, group[men] * 1000 + people.born[men] // width, group[women] * 1000 + wanted[women] // width)
        husbands.append(men[one])
        wives.append(women[two])
        men, women = np.delete(men, one), np.delete(women, two)
    husband, wife = np.concatenate(husbands).astype(np.int32), np.concatenate(wives).astype(np.int32)

    at_age = np.clip(rng.normal(23, 3.5, len(wife)), 18.1, 40)
    married = np.maximum(people.born[wife] + span(at_age), people.born[husband] + span(20.1 + rng.exponential(2.0, len(wife))))
    lasted = married + 30 < np.minimum(np.minimum(people.died[husband], people.died[wife]), AS_OF)
    husband, wife, married = husband[lasted], wife[lasted], married[lasted]
    both = people.is_alive[husband] & people.is_alive[wife]
    divorced = both & (rng.random(len(wife)) < 0.03)

    free = ~people.is_male & people.is_alive & (people.age > 22) & (people.age < 55)
    free[wife] = False
    alone = np.flatnonzero(free & (rng.random(people.size) < 0.03)).astype(np.int32)
    may = people.born[alone] + span(rng.uniform(20, 30, len(alone)))
    return Couples(
        np.concatenate([husband, np.full(len(alone), NOBODY, np.int32)]),
        np.concatenate([wife, alone]),
        np.concatenate([married, may]).astype(np.int32),
        np.concatenate([divorced, np.zeros(len(alone), np.bool_)]),
    )


def _at(values: Days, places: Index, otherwise: int) -> Days:
    """Gather with ``NOBODY`` giving a default."""
    return np.where(places == NOBODY, otherwise, values[places])


@dataclass(slots=True)
class _Slots:
    couple: Index
    day: Days
    ethnic: Codes


def _child_slots(rng: np.random.Generator, people: People, couples: Couples) -> _Slots:
    """Draw when each couple might have children, at least two years apart, more than there are children to place.

    Assumptions: 4.5 children for mothers born before 1955, 3.3 before 1970, 2.7 after.
    """
    mothers = people.born[couples.wife]
    count = len(mothers)
    number = rng.poisson(np.where(mothers < -5480, 4.0, np.where(mothers < 0, 2.8, 2.2)), count) + 0.5
    fathers = _at(people.born, couples.husband, -40_000)
    first = couples.married + span(np.clip(rng.exponential(1.1, count) + 0.6, 0.6, 7))
    first = np.maximum(first, np.maximum(mothers, fathers) + int(span(np.array(YOUNGEST_PARENT_YEARS))))
    gaps = np.concatenate([np.zeros((count, 1)), np.cumsum(rng.uniform(2.05, 4.5, (count, MOST_CHILDREN - 1)), axis=1)], axis=1)
    day = first[:, None] + span(gaps)
    ends = np.minimum(people.died[couples.wife], _at(people.died, couples.husband, NEVER))
    parent_lives = people.is_alive[couples.wife] | _at(people.died == NEVER, couples.husband, False)
    year = years_of(day.astype(np.int32).ravel()).reshape(day.shape)
    fits = (
        (np.arange(MOST_CHILDREN) < number[:, None])
        & (day < AS_OF - 2)
        & (day < mothers[:, None] + int(span(np.array(OLDEST_MOTHER_YEARS))))
        & (year < years_of(ends.astype(np.int32))[:, None])
        & (parent_lives[:, None] | (year < 2008))
    )
    couple = np.broadcast_to(np.arange(count)[:, None], day.shape)[fits].astype(np.int32)
    of = np.where(couples.husband == NOBODY, couples.wife, couples.husband)
    return _Slots(couple, day[fits].astype(np.int32), people.ethnic[of][couple])


def find_parents(rng: np.random.Generator, people: People, couples: Couples) -> tuple[Index, Index]:
    """Give people parents: born in the year in which a couple expected a child; every minor gets some.

    A minor who fits no couple of her year is moved to a day on which one expected a child; in a block too small even for
    that she becomes an adult without known parents. Returns father and mother.
    """
    slots = _child_slots(rng, people, couples)
    of_couple = np.full(people.size, NOBODY, np.int32)
    is_free = np.ones(len(slots.day), np.bool_)
    slot_year = years_of(slots.day)
    is_young = people.born > AS_OF - ADULT_DAYS - 400
    for group, may_wait in ((10_000, np.ones(people.size, np.bool_)), (0, is_young)):  # second: any ethnic group, minors only
        waiting = np.flatnonzero((of_couple == NOBODY) & may_wait)
        free = np.flatnonzero(is_free)
        one, two = match_bins(
            rng,
            people.ethnic[waiting].astype(np.int32) * group + years_of(people.born[waiting]),
            slots.ethnic[free].astype(np.int32) * group + slot_year[free],
        )
        of_couple[waiting[one]] = slots.couple[free[two]]
        people.ethnic[waiting[one]] = slots.ethnic[free[two]]
        is_free[free[two]] = False

    orphans = np.flatnonzero((of_couple == NOBODY) & is_young & people.is_alive)
    free = np.flatnonzero(is_free & (slots.day > AS_OF - ADULT_DAYS))
    free = rng.permutation(free)[: len(orphans)]
    placed, left = orphans[: len(free)], orphans[len(free) :]
    of_couple[placed] = slots.couple[free]
    people.born[placed] = slots.day[free]
    people.ethnic[placed] = slots.ethnic[free]
    people.born[left] -= span(rng.uniform(20, 45, len(left)))

    known = of_couple != NOBODY
    father, mother = np.full(people.size, NOBODY, np.int32), np.full(people.size, NOBODY, np.int32)
    father[known], mother[known] = couples.husband[of_couple[known]], couples.wife[of_couple[known]]
    return father, mother


def _gather(values: Index, places: Index) -> Index:
    return np.where(places == NOBODY, NOBODY, values[places])


def _part_relatives(couples: Couples, father: Index, mother: Index) -> None:
    """Take from a wife her parents where she would have married a brother, an uncle or a nephew (first degrees only)."""
    husband, wife = couples.husband, couples.wife
    pairs = husband != NOBODY
    husband, wife = husband[pairs], wife[pairs]
    near = np.zeros(len(wife), np.bool_)
    for parent in (father, mother):
        hers, his = parent[wife], parent[husband]
        near |= (hers != NOBODY) & (hers == his)
        near |= (hers == husband) | (his == wife)
        for line in (father, mother):
            near |= (hers != NOBODY) & (hers == _gather(parent, line[husband]))
            near |= (his != NOBODY) & (his == _gather(parent, line[wife]))
    for one in (wife[near], husband[near]):
        father[one] = mother[one] = NOBODY


def relate(people: People, couples: Couples, father: Index, mother: Index) -> Kin:
    """Put marriages and parents together and settle who is married, divorced or widowed."""
    _part_relatives(couples, father, mother)
    spouse = np.full(people.size, NOBODY, np.int32)
    marital = np.zeros(people.size, np.int16)
    married = np.full(people.size, NEVER, np.int32)
    wed = couples.husband != NOBODY
    sides = ((couples.husband[wed], couples.wife[wed]), (couples.wife[wed], couples.husband[wed]))
    divorced = couples.is_divorced[wed]
    for one, other in sides:
        lives_together = people.is_alive[one] & people.is_alive[other] & ~divorced
        spouse[one[lives_together]] = other[lives_together]
        marital[one] = np.where(divorced, 2, np.where(people.died[other] < people.died[one], 3, 1))
        married[one] = couples.married[wed]
    return Kin(father, mother, spouse, marital, married)
