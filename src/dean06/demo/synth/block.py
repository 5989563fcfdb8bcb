"""One block of the country: some twenty thousand people who are related among themselves, as three tables."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
import polars as pl

from dean06.demo.synth.birthplaces import born_in, founder
from dean06.demo.synth.calendar_days import (
    CUT,
    NEVER,
    Days,
    Flags,
    Index,
    day_number,
    first_of_month,
    first_of_year,
    years_of,
)
from dean06.demo.synth.families import NOBODY, Kin, find_parents, marry, relate
from dean06.demo.synth.homes import RELATIONS, Homes, moved_in, settle
from dean06.demo.synth.names import full_names
from dean06.demo.synth.numbers import Numbers, prefixes
from dean06.demo.synth.people import People, draw_people, pick
from dean06.demo.synth.residences import TEMPORARY, Residences, reside
from dean06.demo.synth.world import Nation, Province

RELIGION_SHARES: Final = {"00": 0.863, "01": 0.048, "02": 0.061, "03": 0.010, "05": 0.006, "08": 0.010, "04": 0.001, "13": 0.001}
"""Assumption, after headline figures of the census of 2019 recalled from memory; one for each household."""
MARITAL: Final = ("single", "married", "divorced", "widowed")
STREETS: Final = (
    "Trần Hưng Đạo", "Lê Lợi", "Nguyễn Trãi", "Hai Bà Trưng", "Quang Trung", "Lý Thường Kiệt", "Ngô Quyền", "Lê Hồng Phong",
    "Trần Phú", "Nguyễn Văn Cừ", "Hoàng Văn Thụ", "Bạch Đằng", "Lê Thánh Tông", "Nguyễn Du", "Hùng Vương", "Điện Biên Phủ",
)  # fmt: skip
"""Assumption: street names that occur in most towns; addresses are invented."""
_PERSON_KEYS: Final = 1_767_225_600_000  # milliseconds of 01/01/2026: keys are UUIDv7 in the order of the rows
_HOUSEHOLD_KEYS: Final = _PERSON_KEYS - 1_000_000_000_000 // 8
_NUMBERS_SINCE: Final = day_number(date(2016, 1, 1))  # Law 59/2014/QH13 gave everyone a number from this day


@dataclass(slots=True)
class Frames:
    """The rows of one block."""

    persons: pl.DataFrame
    households: pl.DataFrame
    residences: pl.DataFrame


def uuid_keys(rng: np.random.Generator, first: int, size: int) -> pl.Series:
    """Make ``size`` keys of the form UUIDv7 whose time part counts up from ``first``."""
    raw = np.frombuffer(rng.bytes(16 * size), np.uint8).reshape(size, 16).copy()
    time = np.arange(first, first + size, dtype=">u8").view(np.uint8).reshape(size, 8)
    raw[:, :6] = time[:, 2:]
    raw[:, 6] = raw[:, 6] & 0x0F | 0x70
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    digits = np.frombuffer(raw.tobytes().hex().encode(), np.uint8).reshape(size, 32)
    text = np.full((size, 37), ord("-"), np.uint8)
    for target, source, length in ((0, 0, 8), (9, 8, 4), (14, 12, 4), (19, 16, 4), (24, 20, 12)):
        text[:, target : target + length] = digits[:, source : source + length]
    text[:, 36] = ord("\n")
    return _split(text.tobytes().decode("ascii"), size)


def _split(lines: str, size: int) -> pl.Series:
    """Cut text into ``size`` lines without making Python strings of them."""
    if not size:
        return pl.Series([], dtype=pl.String)
    return pl.Series([lines.removesuffix("\n")]).str.split("\n").explode()


def _days(values: Days) -> pl.Series:
    return pl.Series(values.astype(np.int32)).cast(pl.Date)


def _days_or_null(values: Days) -> pl.Series:
    return pl.select(pl.when(pl.Series(values != NEVER)).then(_days(values))).to_series()


def _taken(words: pl.Series, places: Index) -> pl.Series:
    """Gather, ``NOBODY`` giving null."""
    with_null = pl.concat([words, pl.Series([None], dtype=words.dtype)])
    return with_null.gather(np.where(places == NOBODY, len(words), places).astype(np.uint32))


def _digits(values: np.ndarray, length: int, has: Flags) -> pl.Series:
    text = pl.Series(values).cast(pl.String).str.zfill(length)
    return pl.select(pl.when(pl.Series(has)).then(text)).to_series()


@dataclass(slots=True)
class Counters:
    """What runs on from block to block: people, households, numbers given."""

    numbers: Numbers
    people: int = 0
    households: int = 0


@dataclass(slots=True)
class _Block:
    """One block while it is written down."""

    people: People
    kin: Kin
    homes: Homes
    nation: Nation
    province: Province
    counters: Counters
    keys: pl.Series
    household_keys: pl.Series
    roots: Index

    def household_of(self, root: Index) -> pl.Series:
        """Return the household keys behind roots, null for ``NOBODY``."""
        number = np.full(self.people.size, NOBODY, np.int32)
        number[self.roots] = np.arange(len(self.roots))
        return _taken(self.household_keys, np.where(root == NOBODY, NOBODY, number[root]))


@dataclass(slots=True)
class Invented:
    """One block thought out but not yet written down: arrays only."""

    people: People
    kin: Kin
    homes: Homes
    residences: Residences
    province: Province


def invent(rng: np.random.Generator, size: int, province: Province, nation: Nation) -> Invented:
    """Think out ``size`` people of one province: families, households, residences."""
    people = draw_people(rng, size, province)
    couples = marry(rng, people)
    father, mother = find_parents(rng, people, couples)
    kin = relate(people, couples, father, mother)
    homes = settle(rng, people, kin, province)
    since = moved_in(rng, people, kin, homes)
    return Invented(people, kin, homes, reside(rng, people, homes, since, province=province, nation=nation), province)


def write_down(rng: np.random.Generator, invented: Invented, nation: Nation, counters: Counters) -> Frames:
    """Give a block keys, numbers, names and addresses; blocks are written down in order, because counters run on."""
    people, homes = invented.people, invented.homes
    roots = np.unique(homes.root[homes.root != NOBODY])
    keys = uuid_keys(rng, _PERSON_KEYS + counters.people, people.size)
    household_keys = uuid_keys(rng, _HOUSEHOLD_KEYS + counters.households, len(roots))
    block = _Block(people, invented.kin, homes, nation, invented.province, counters, keys, household_keys, roots)
    frames = Frames(_persons(rng, block), _households(block), _residence_rows(block, invented.residences))
    counters.people += people.size
    counters.households += len(roots)
    return frames


def _units_on(days: Days, former: Index, nation: Nation) -> pl.Series:
    """Return the code in force on a day for former communes: their own before 01/07/2025, their heir's from then on."""
    words = pl.Series([*nation.former, *nation.communes])
    return words.gather(np.where(days < CUT, former, len(nation.former) + nation.heir[former]))


def _persons(rng: np.random.Generator, block: _Block) -> pl.DataFrame:
    """Write the people down.

    Assumptions: 0.3 % have no number, nor have nine of ten who died before 2016; 90 % of those born until 1998 and half of those
    born until 2001 have a nine-digit number; only the year of birth is known of 6 % born before 1960 and 2 % before 1975, only
    month and year of 1 %.
    """
    people, kin, homes, nation, counters, keys = block.people, block.kin, block.homes, block.nation, block.counters, block.keys
    size = people.size
    line = founder(kin, size)
    birthplace = born_in(rng, people, kin, homes, nation)
    year = years_of(people.born)
    prefix = prefixes(people.born, nation.former_province[birthplace], nation.commune_province[nation.heir[birthplace]])
    without = rng.random(size) < np.where(people.died < _NUMBERS_SINCE, 0.9, 0.003)
    number = counters.numbers.personal(prefix, people.is_male, people.born)
    has_old = rng.random(size) < np.where(year <= 1998, 0.9, np.where(year <= 2001, 0.5, 0.0))
    draw = rng.random(size)
    of_year = draw < np.where(year < 1960, 0.06, np.where(year < 1975, 0.02, 0.0))
    of_month = ~of_year & (year < 1975) & (draw < 0.07) & (draw > 0.06)
    born = np.where(of_year, first_of_year(people.born), np.where(of_month, first_of_month(people.born), people.born)).astype(np.int32)
    root = np.where(homes.root == NOBODY, np.arange(size), homes.root)
    faith = pick(rng, np.array(list(RELIGION_SHARES.values())) / sum(RELIGION_SHARES.values()), size)[root]
    relation = np.where(homes.root == NOBODY, NOBODY, homes.relation).astype(np.int32)
    return pl.DataFrame(
        {
            "person_key": keys,
            "number": _digits(number, 12, ~without),
            "old_number": _digits(counters.numbers.old(counters.people + np.arange(size)), 9, has_old),
            "full_name": full_names(rng, people, line, is_southern=block.province.is_southern),
            "sex": pl.Series(["female", "male"]).gather(people.is_male.astype(np.uint32)),
            "born_on": _days(born),
            "birth_precision": pl.Series(["day", "month", "year"]).gather(of_month.astype(np.uint32) + 2 * of_year.astype(np.uint32)),
            "ethnic_group": pl.Series(people.ethnic).cast(pl.String).str.zfill(2),
            "religion": pl.Series(list(RELIGION_SHARES)).gather(faith),
            "nationality": pl.repeat("VNM", size, eager=True),
            "marital_state": pl.Series(MARITAL).gather(kin.marital.astype(np.uint32)),
            "status": pl.Series(["dead", "alive"]).gather(people.is_alive.astype(np.uint32)),
            "died_on": _days_or_null(people.died),
            "father_key": _taken(keys, kin.father),
            "mother_key": _taken(keys, kin.mother),
            "spouse_key": _taken(keys, kin.spouse),
            "birth_unit_code": _units_on(people.born, birthplace, nation),
            "native_unit_code": _units_on(people.born, birthplace[line], nation),
            "household_key": block.household_of(homes.root),
            "relation": _taken(pl.Series(RELATIONS), relation),
        }
    )


def _address(seed: Index, is_urban: Flags) -> pl.Series:
    """Write an invented address: house and street in a ward, hamlet in a commune; the same for the same seed."""
    house = pl.Series((seed.astype(np.int64) * 7919 % 397 + 1).astype(np.int32)).cast(pl.String)
    street = pl.Series(STREETS).gather((seed.astype(np.int64) * 104_729 % len(STREETS)).astype(np.uint32))
    group = pl.Series((seed.astype(np.int64) * 31 % 18 + 1).astype(np.int32)).cast(pl.String)
    in_ward = pl.concat_str([pl.lit("Số "), house, pl.lit(", đường "), street, pl.lit(", tổ dân phố "), group])
    return pl.select(pl.when(pl.Series(is_urban)).then(in_ward).otherwise(pl.concat_str([pl.lit("Thôn "), group]))).to_series()


def _households(block: _Block) -> pl.DataFrame:
    homes, roots, nation = block.homes, block.roots, block.nation
    commune = homes.commune[roots]
    serial = pl.Series(block.counters.households + 1 + np.arange(len(roots), dtype=np.int64)).cast(pl.String).str.zfill(9)
    return pl.DataFrame(
        {
            "household_key": block.household_keys,
            "code": pl.select(pl.concat_str([pl.lit(f"HK{block.province.code}-"), serial])).to_series(),
            "unit_code": pl.Series(nation.communes).gather(commune),
            "address": _address(roots, nation.is_urban[commune]),
            "head_key": block.keys.gather(homes.head[roots]),
            "since": _days(homes.since[roots]),
        }
    )


def _residence_rows(block: _Block, rows: Residences) -> pl.DataFrame:
    nation = block.nation
    words = pl.Series([*nation.former, *nation.communes])
    unit = np.where(rows.is_former, rows.unit, len(nation.former) + rows.unit)
    present = np.where(rows.is_former, nation.heir[np.where(rows.is_former, rows.unit, 0)], rows.unit)
    return pl.DataFrame(
        {
            "person_key": block.keys.gather(rows.person),
            "kind": pl.Series(["permanent", "temporary"]).gather((rows.kind == TEMPORARY).astype(np.uint32)),
            "unit_code": words.gather(unit),
            "address": _address(rows.address, nation.is_urban[present]),
            "valid_from": _days(rows.start),
            "valid_to": _days_or_null(rows.end),
            "household_key": block.household_of(rows.household),
        }
    )
