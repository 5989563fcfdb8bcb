"""Who lives and who has died: sex, days of birth and death, ethnic group."""

from dataclasses import dataclass

import numpy as np

from dean06.demo.synth.calendar_days import AS_OF, FIRST_BIRTH, NEVER, YEAR_DAYS, Codes, Days, Flags, Reals, span
from dean06.demo.synth.world import Province, pyramid

DEAD_SHARE = 0.035
"""Assumption: share of records of people who died in the last 22 years."""


@dataclass(slots=True)
class People:
    """One block of people; arrays of one length, a person is her place in them.

    Attributes:
        is_male: sex.
        born: day of birth.
        died: day of death, ``NEVER`` while alive.
        ethnic: number of the ethnic group.
    """

    is_male: Flags
    born: Days
    died: Days
    ethnic: Codes

    @property
    def size(self) -> int:
        """How many."""
        return len(self.born)

    @property
    def is_alive(self) -> Flags:
        """Who lives."""
        return np.equal(self.died, NEVER)

    @property
    def age(self) -> Reals:
        """Years lived until ``AS_OF`` or death."""
        return (np.minimum(self.died, AS_OF) - self.born) / YEAR_DAYS


def pick(rng: np.random.Generator, shares: Reals, size: int) -> np.ndarray:
    """Draw places of ``shares`` with their probability; several times faster than ``Generator.choice``."""
    return np.minimum(np.searchsorted(np.cumsum(shares), rng.random(size), side="right"), len(shares) - 1)


def draw_people(rng: np.random.Generator, size: int, province: Province) -> People:
    """Draw the living by the national pyramid of 2021 and the dead by ages at death.

    Assumptions: the pyramid is the same in all provinces; above 80 ages fall off exponentially (mean 5.5 years);
    ages at death are 88 % normal (74, 11), 10 % uniform from 25 to 65, 2 % in the first year; 55 % of the dead are men.
    """
    dead = round(size * DEAD_SHARE) if size > 1 else 0
    living = size - dead
    ages, shares = pyramid()
    group = pick(rng, shares, living)
    within = rng.random(living)
    open_group = np.minimum(rng.exponential(5.5, living), 24.0)
    age = np.where(ages[group] == ages.max(), ages[group] + open_group, ages[group] + 5 * within)
    born = AS_OF - 1 - span(age)

    kind = rng.random(dead)
    age_at_death = np.where(kind < 0.88, rng.normal(74, 11, dead), np.where(kind < 0.98, rng.uniform(25, 65, dead), rng.random(dead)))
    died = AS_OF - 1 - span(22 * rng.random(dead) ** 1.3)
    dead_born = np.maximum(died - span(np.clip(age_at_death, 0, 100)), FIRST_BIRTH)
    return People(
        np.concatenate([group < len(ages) // 2, rng.random(dead) < 0.55]),
        np.concatenate([born, dead_born]).astype(np.int32),
        np.concatenate([np.full(living, NEVER), died]).astype(np.int32),
        province.ethnic_groups[pick(rng, province.ethnic_shares, size)],
    )
