"""Who plays which part in the demonstration: chosen from the invented population, the same for the same seed."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import polars as pl

from dean06.core.errors import NotFound
from dean06.core.keys import PersonKey

ADULT_YEARS: Final = 22
OLDEST_MOVER_YEARS: Final = 45
OLDEST_OFFICER_YEARS: Final = 58
PARTS: Final = (
    "one_stop_officer",
    "appraiser",
    "head",
    "leader",
    "national_leader",
    "bank_teller",
    "exchange_requester",
    "exchange_approver",
    "operator",
)
"""In this order, as earlier parts keep their people when later ones are added."""


class NoCast(NotFound):
    """The invented population has no one for a part of the demonstration: ask for more people (--people) or another --seed."""

    code = "demo.no_cast"
    message_vi = "Dân số minh họa không có người phù hợp cho một vai. Hãy tăng --people hoặc đổi --seed."


@dataclass(frozen=True, slots=True)
class Player:
    """An invented person with a part."""

    key: PersonKey
    number: str
    full_name: str
    sex: str


@dataclass(frozen=True, slots=True)
class Cast:
    """The people of the walk.

    Attributes:
        citizen: an adult who will move into the household of a living parent.
        householder: that parent, head of a household in another commune.
        from_commune: where the citizen lives.
        to_commune: where the householder lives: its police settles the dossier.
        officials: part to person, all living elsewhere than in the two households.
    """

    citizen: Player
    householder: Player
    from_commune: str
    to_commune: str
    officials: dict[str, Player]


def choose(population: Path, *, on: date, skip: int = 0) -> Cast:
    """Choose the cast from the population's Parquet files.

    Args:
        population: directory that ``demo.synthesise`` wrote.
        on: day on which ages count.
        skip: how many suitable pairs to pass over, so that a second walk finds other people; the officials stay the same.

    Raises:
        NoCast: a part stays empty.
    """
    people = pl.scan_parquet(population / "persons.parquet").filter(
        (pl.col("status") == "alive") & pl.col("number").is_not_null() & (pl.col("born_on") <= _years_before(on, ADULT_YEARS))
    )
    homes = pl.scan_parquet(population / "households.parquet").select("household_key", "unit_code", "head_key")
    pairs = _parents_elsewhere(people, homes, born_after=_years_before(on, OLDEST_MOVER_YEARS)).collect()
    found = _to_busiest_commune(pairs).slice(skip, 1)
    if found.is_empty():
        raise NoCast(part="citizen", walks_before=skip)
    pair = found.row(0, named=True)
    taken = [*pairs["household_key"].to_list(), *pairs["parent_household"].to_list()]
    others = (
        people.filter(~pl.col("household_key").is_in(taken) & (pl.col("born_on") >= _years_before(on, OLDEST_OFFICER_YEARS)))
        .sort("person_key", descending=True)
        .head(len(PARTS))
        .collect()
    )
    if others.height < len(PARTS):
        raise NoCast(part=PARTS[others.height])
    parent = people.filter(pl.col("person_key") == pair["parent_key"]).collect().row(0, named=True)
    return Cast(
        citizen=_player(pair),
        householder=_player(parent),
        from_commune=pair["unit_code"],
        to_commune=pair["parent_commune"],
        officials={part: _player(row) for part, row in zip(PARTS, others.iter_rows(named=True), strict=True)},
    )


def _parents_elsewhere(people: pl.LazyFrame, homes: pl.LazyFrame, *, born_after: date) -> pl.LazyFrame:
    """Pair adults with a living parent who heads a household in another commune: one row a pair."""
    heads = homes.join(people.select(pl.col("person_key").alias("head_key")), on="head_key", how="semi").select(
        pl.col("head_key").alias("parent_key"),
        pl.col("household_key").alias("parent_household"),
        pl.col("unit_code").alias("parent_commune"),
    )
    children = people.filter((pl.col("born_on") >= born_after) & (pl.col("marital_state") == "single")).join(
        homes.select("household_key", "unit_code"), on="household_key"
    )
    by_parent = [children.with_columns(parent_key=pl.col(parent)).join(heads, on="parent_key") for parent in ("father_key", "mother_key")]
    return pl.concat(by_parent).filter(pl.col("unit_code") != pl.col("parent_commune")).unique("person_key")


def _to_busiest_commune(pairs: pl.DataFrame) -> pl.DataFrame:
    """Keep the pairs of the receiving commune that has most of them, one child a household, in a fixed order."""
    busiest = pairs.group_by("parent_commune").len().sort(["len", "parent_commune"], descending=[True, False]).head(1)
    kept = pairs.join(busiest, on="parent_commune", how="semi").sort("person_key")
    return kept.unique("parent_household", keep="first", maintain_order=True).unique("household_key", keep="first", maintain_order=True)


def _player(row: dict[str, Any]) -> Player:
    return Player(PersonKey(UUID(row["person_key"])), row["number"], row["full_name"], row["sex"])


def _years_before(day: date, years: int) -> date:
    return date(day.year - years, 1, 1)
