"""Names with diacritics: the surname of the father's line, middle words, a given name."""

from functools import cache
from typing import Any

import numpy as np
import polars as pl

from dean06.demo.synth.calendar_days import Index, Reals, years_of
from dean06.demo.synth.people import People, pick
from dean06.demo.synth.world import names

SHARE_OF_OLDER_NAMES = 0.75
NAMED_LIKE_TODAY = 1985
FOUR_WORDS_SINCE = 1990


@cache
def _table(name: str) -> tuple[list[str], Reals]:
    weights = names()[name]
    return list(weights), np.array(list(weights.values())) / sum(weights.values())


def _spelled(name: str, *, is_southern: bool) -> str:
    return name.split("/")[-1 if is_southern else 0]


def _vocabulary(*parts: list[str]) -> tuple[pl.Series, list[int]]:
    """Join lists of words; also return where each begins."""
    starts = np.cumsum([0, *map(len, parts)])[:-1]
    return pl.Series([word for part in parts for word in part]), [int(start) for start in starts]


def surnames(rng: np.random.Generator, people: People, line: Index, *, is_southern: bool) -> pl.Series:
    """Draw a surname for each founder by ethnic group and hand it down."""
    words, shares = _table("surnames")
    groups: dict[str, list[str]] = names()["surnames_of_group"]
    vocabulary, starts = _vocabulary([_spelled(word, is_southern=is_southern) for word in words], *groups.values())
    drawn = pick(rng, shares, people.size)
    within = rng.random(people.size)
    for (group, own), start in zip(groups.items(), starts[1:], strict=True):
        drawn = np.where(people.ethnic == int(group), start + (within * len(own)).astype(np.int64), drawn)
    return vocabulary.gather(drawn[line])


def _middles(rng: np.random.Generator, people: People, year: Index) -> tuple[pl.Series, pl.Series]:
    """Draw one middle word, for some a second; Thị and Văn by year of birth."""
    table: dict[str, Any] = names()
    customary, middle, four = table["customary_middle"], table["middle"], table["four_words"]
    words, (men, women) = _vocabulary(["Văn", "Thị"], middle["men"], middle["women"])[0], (2, 2 + len(middle["men"]))
    usual = np.where(
        people.is_male, np.interp(year, customary["born"], customary["men"]), np.interp(year, customary["born"], customary["women"])
    )

    def other() -> Any:
        fraction = rng.random(people.size)
        return np.where(
            people.is_male, men + (fraction * len(middle["men"])).astype(int), women + (fraction * len(middle["women"])).astype(int)
        )

    first, second = np.where(rng.random(people.size) < usual, (~people.is_male).astype(int), other()), other()
    longer = np.where(people.is_male, four["men"], four["women"]) * np.where(year >= FOUR_WORDS_SINCE, 1.0, 0.5)
    has_second = (rng.random(people.size) < longer) & (first != second)
    return words.gather(first), pl.select(pl.when(pl.Series(has_second)).then(words.gather(second))).to_series()


def _given(rng: np.random.Generator, people: People, year: Index) -> pl.Series:
    men, women, older = _table("given_men"), _table("given_women"), _table("given_older_women")
    words, (_, first_woman, first_older) = _vocabulary(men[0], women[0], older[0])
    is_older = (year < NAMED_LIKE_TODAY) & (rng.random(people.size) < SHARE_OF_OLDER_NAMES)
    drawn = np.where(
        people.is_male,
        pick(rng, men[1], people.size),
        np.where(is_older, first_older + pick(rng, older[1], people.size), first_woman + pick(rng, women[1], people.size)),
    )
    return words.gather(drawn)


def full_names(rng: np.random.Generator, people: People, line: Index, *, is_southern: bool) -> pl.Series:
    """Return full names in the order surname, middle, given.

    Assumptions: see ``data/names.toml``; members of all groups take Vietnamese middle and given names.
    """
    year = years_of(people.born)
    family = surnames(rng, people, line, is_southern=is_southern)
    first, second = _middles(rng, people, year)
    given = _given(rng, people, year)
    customary = pl.Series(["Thị", "Văn"]).gather(people.is_male.astype(np.uint32))
    middle = pl.when((first == given) & (given != "Văn")).then(customary).otherwise(first)  # nobody is called Duy Duy
    more = pl.when(second != given).then(second)
    return pl.select(pl.concat_str([family, middle, more, given], separator=" ", ignore_nulls=True)).to_series()
