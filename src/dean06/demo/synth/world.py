"""What the invented people are drawn from: real units and published shares, as arrays, read once for each process."""

import csv
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from dean06.demo.synth.calendar_days import Codes, Flags, Index, Reals
from dean06.reference.public import province_of, successors, units

DATA: Final = Path(__file__).parent / "data"
NOW: Final = date(2026, 7, 1)
BEFORE: Final = date(2025, 6, 30)


def _rows(name: str) -> list[dict[str, str]]:
    lines = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    return list(csv.DictReader(line for line in lines if not line.startswith("#")))


@cache
def names() -> dict[str, Any]:
    """Return ``data/names.toml``."""
    return tomllib.loads((DATA / "names.toml").read_text(encoding="utf-8"))


def _pairs(text: str) -> tuple[list[str], Reals]:
    split = [one.split(":") for one in text.split()]
    return [code for code, _ in split], _shares([float(weight) for _, weight in split])


def _shares(weights: Any) -> Reals:
    values: Reals = np.asarray(weights, dtype=np.float64)
    shares: Reals = values / values.sum()
    return shares


@dataclass(frozen=True, slots=True)
class Province:
    """One of the 34 provinces.

    Attributes:
        communes: places of its communes in ``Nation.communes``.
        commune_shares: share of its people in each of them.
        ethnic_groups: codes of its groups as numbers.
        ethnic_shares: share of each.
        is_southern: whether Huỳnh and Võ are written for Hoàng and Vũ (assumption: provinces from code 46 on).
    """

    code: str
    people: int
    communes: Index
    commune_shares: Reals
    ethnic_groups: Codes
    ethnic_shares: Reals
    is_southern: bool


@dataclass(frozen=True, slots=True)
class Nation:
    """All units that an invented life may touch.

    Attributes:
        communes: codes in force, in order.
        is_urban: which of them are wards.
        commune_province: number of the province of each.
        former: codes until 30/06/2025, in order.
        former_province: number of the old province of each: the prefix of personal numbers.
        former_shares: chance of each to be the birthplace of somebody from anywhere, by census population of its province.
        heir: place in ``communes`` of the unit that took each former one.
        origins: former communes grouped by heir ...
        origin_start: ... from here ...
        origin_count: ... so many for each commune.
    """

    provinces: Mapping[str, Province]
    communes: tuple[str, ...]
    is_urban: Flags
    commune_province: Index
    former: tuple[str, ...]
    former_province: Index
    former_shares: Reals
    heir: Index
    origins: Index
    origin_start: Index
    origin_count: Index


@cache
def nation() -> Nation:
    """Read units and shares (half a second)."""
    present = sorted(units("commune", on=NOW), key=lambda one: one.code)
    place = {one.code: number for number, one in enumerate(present)}
    former = [one for one in sorted(units("commune", on=BEFORE), key=lambda one: one.code) if successors(one.code)]
    old_provinces = {one.code: province_of(one.code, BEFORE).code for one in units("district", on=BEFORE)}
    former_province = [old_provinces[one.parent_code] for one in former]
    heir = np.array([place[successors(one.code)[0].code] for one in former], dtype=np.int32)
    provinces_of_communes = [one.parent_code for one in present]
    origins, start, count = _origins(heir, provinces_of_communes)
    return Nation(
        provinces=_provinces(place),
        communes=tuple(one.code for one in present),
        is_urban=np.array([one.kind == "phường" for one in present]),
        commune_province=np.array(provinces_of_communes).astype(np.int32),
        former=tuple(one.code for one in former),
        former_province=np.array(former_province).astype(np.int32),
        former_shares=_former_shares(former_province),
        heir=heir,
        origins=origins,
        origin_start=start,
        origin_count=count,
    )


def _origins(heir: Index, provinces: list[str]) -> tuple[Index, Index, Index]:
    """Group former communes by heir; an island that never had a commune borrows those of another in its province."""
    order = np.argsort(heir, kind="stable").astype(np.int32)
    numbers = np.arange(len(provinces))
    start = np.searchsorted(heir[order], numbers, "left").astype(np.int32)
    count = (np.searchsorted(heir[order], numbers, "right") - start).astype(np.int32)
    for empty in np.flatnonzero(count == 0):
        lender = next(number for number in numbers if count[number] and provinces[number] == provinces[empty])
        start[empty], count[empty] = start[lender], count[lender]
    return order, start, count


def _former_shares(former_province: list[str]) -> Reals:
    people = {row["code"]: int(row["people"]) for row in _rows("population")}
    members: dict[str, int] = defaultdict(int)
    for code in former_province:
        members[code] += 1
    return _shares([people[code] / members[code] for code in former_province])


def _provinces(place: Mapping[str, int]) -> dict[str, Province]:
    people: dict[str, int] = defaultdict(int)
    for row in _rows("population"):
        people[row["province"]] += int(row["people"])
    ethnic = {row["province"]: _pairs(row["shares_per_mille"]) for row in _rows("ethnic_groups")}
    found = {}
    for row in _rows("communes"):
        code = row["province"]
        communes, shares = _pairs(row["thousands"])
        groups, group_shares = ethnic[code]
        found[code] = Province(
            code,
            people[code],
            np.array([place[one] for one in communes], dtype=np.int32),
            shares,
            np.array(groups).astype(np.int16),
            group_shares,
            code >= "46",
        )
    return found


@cache
def pyramid() -> tuple[Index, Reals]:
    """Return first ages of the five-year groups, men then women, and the share of each in the living."""
    rows = _rows("pyramid")
    ages = np.array([int(row["age_from"]) for row in rows] * 2, dtype=np.int32)
    return ages, _shares([int(row[sex]) for sex in ("male", "female") for row in rows])
