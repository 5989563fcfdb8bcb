"""A small population as Parquet files, for tests of the bulk load."""

import itertools
import random
import uuid
from datetime import date, timedelta

import polars as pl

COMMUNES = ("06652", "06658", "06661", "06673")
OLD_COMMUNE = "06649"
FAMILIES = ("Nguyễn", "Trần", "Lê", "Phạm", "Đỗ", "Ngô")
MIDDLES = ("Văn", "Thị", "Đức", "Thu", "Minh")
GIVENS = ("An", "Bình", "Hoà", "Hằng", "Đạt", "Ý", "Quỳnh")


def population(couples=40, *, seed=1):
    """Return three lists of rows: couples with a child each, one household a family; some dead, some year-only births."""
    rng = random.Random(seed)
    persons, households, residences = [], [], []
    serial = itertools.count(1)

    def key():
        return str(uuid.UUID(int=rng.getrandbits(128), version=4))

    def person(sex, born_on, household, relation, **more):
        row = {
            "person_key": key(),
            "number": f"000{next(serial):09d}" if rng.random() > 0.1 else None,
            "old_number": f"{100_000_000 + next(serial)}" if born_on.year < 1990 else None,
            "full_name": f"{rng.choice(FAMILIES)} {rng.choice(MIDDLES)} {rng.choice(GIVENS)}",
            "sex": sex,
            "born_on": born_on,
            "birth_precision": rng.choice(("day", "year")),
            "ethnic_group": "01",
            "religion": None,
            "nationality": "VNM",
            "marital_state": "married" if relation in ("head", "spouse") else "single",
            "status": "alive",
            "died_on": None,
            "father_key": None,
            "mother_key": None,
            "spouse_key": None,
            "birth_unit_code": OLD_COMMUNE,
            "native_unit_code": OLD_COMMUNE,
            "household_key": household,
            "relation": relation,
        } | more
        persons.append(row)
        return row

    for number in range(couples):
        household, unit_code, since = key(), rng.choice(COMMUNES), date(2010, 1, 1) + timedelta(days=number % 500)
        husband = person("male", date(1960 + number % 30, 3, 1), household, "head")
        wife = person("female", date(1962 + number % 30, 5, 1), household, "spouse", spouse_key=husband["person_key"])
        husband["spouse_key"] = wife["person_key"]
        child = person("female", date(2011, 7, 1), household, "child", father_key=husband["person_key"], mother_key=wife["person_key"])
        if number % 5 == 0:
            wife |= {"status": "dead", "died_on": date(2020, 2, 2)}
        households.append(
            {
                "household_key": household,
                "code": f"HK{number:06d}",
                "unit_code": unit_code,
                "address": f"Tổ {number}, khu 1",
                "head_key": husband["person_key"],
                "since": since,
            }
        )
        for member in (husband, wife, child):
            common = {"person_key": member["person_key"], "address": f"Tổ {number}, khu 1", "household_key": household}
            residences.append(
                common
                | {"kind": "permanent", "unit_code": OLD_COMMUNE, "valid_from": max(since, member["born_on"]), "valid_to": date(2018, 1, 1)}
            )
            residences.append(common | {"kind": "permanent", "unit_code": unit_code, "valid_from": date(2018, 1, 1), "valid_to": None})
    return {"persons": persons, "households": households, "residences": residences}


SCHEMAS = {
    "persons": {
        "born_on": pl.Date,
        "died_on": pl.Date,
        **dict.fromkeys(("number", "old_number", "religion", "father_key", "mother_key", "spouse_key"), pl.String),
    },
    "households": {"since": pl.Date},
    "residences": {"valid_from": pl.Date, "valid_to": pl.Date},
}


def write(directory, tables):
    """Write the three files."""
    for name, rows in tables.items():
        frame = pl.DataFrame(rows, schema_overrides=SCHEMAS[name], infer_schema_length=None)
        frame.write_parquet(directory / f"{name}.parquet")
    return directory
