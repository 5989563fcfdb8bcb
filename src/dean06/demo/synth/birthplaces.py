"""Where people were born and come from, as units of that time."""

import numpy as np

from dean06.demo.synth.calendar_days import Flags, Index
from dean06.demo.synth.families import NOBODY, Kin
from dean06.demo.synth.homes import Homes
from dean06.demo.synth.people import People, pick
from dean06.demo.synth.world import Nation

GENERATIONS = 8


def founder(kin: Kin, size: int) -> Index:
    """Follow fathers (mothers where there is no father) up to the first known ancestor."""
    own = np.arange(size, dtype=np.int32)
    line = np.where(kin.father != NOBODY, kin.father, np.where(kin.mother != NOBODY, kin.mother, own))
    for _ in range(GENERATIONS):
        line = line[line]
    return np.array(line, dtype=np.int32)


def former_of(rng: np.random.Generator, commune: Index, nation: Nation) -> Index:
    """Draw one of the former communes that a commune in force took over."""
    offset = (rng.random(len(commune)) * nation.origin_count[commune]).astype(np.int32)
    former: Index = nation.origins[nation.origin_start[commune] + offset]
    return former


def born_in(rng: np.random.Generator, people: People, kin: Kin, homes: Homes, nation: Nation) -> Index:
    """Draw each one's place of birth as a former commune.

    Assumptions: with a living mother, 93 % in her present commune; else 82 % in their own commune (of the province, for the dead)
    and 18 % anywhere in the country by population.
    """
    mother = np.where((kin.mother != NOBODY) & people.is_alive[kin.mother], kin.mother, NOBODY)
    place = np.where(mother != NOBODY, mother, np.arange(people.size))
    home = homes.commune[np.where(homes.root[place] == NOBODY, place, homes.root[place])]
    local: Flags = rng.random(people.size) < np.where(mother != NOBODY, 0.93, 0.82)
    anywhere = pick(rng, nation.former_shares, people.size)
    return np.where(local, former_of(rng, home, nation), anywhere).astype(np.int32)
