"""What must hold before a population may be loaded; the database checks much of it again."""

from collections.abc import Iterable, Iterator
from datetime import date

import polars as pl

from dean06.core.clock import today
from dean06.reference.errors import UnitUnknown
from dean06.reference.public import code_list, unit
from dean06.registry.domain.names import LONGEST_NAME
from dean06.registry.loading.files import HOUSEHOLDS, PERSONS, RESIDENCES, Population
from dean06.registry.loading.findings import Finding, refuse

UUID_FORM = r"^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
FIVE_DIGITS = r"^[0-9]{5}$"
LONGEST_ADDRESS = 500


def check(population: Population) -> None:
    """Check the files against themselves and the code lists.

    Raises:
        PopulationRefused: with file, row and remedy of each kind of fault.
    """
    findings = [*_keys(population), *_persons(population.persons), *_households(population), *_residences(population.residences)]
    if not findings:  # the rest needs sound keys and codes
        findings = [*_references(population), *_heads(population), *_overlaps(population.residences), *_units(population)]
    if findings:
        refuse(*findings)


def _flag(frame: pl.DataFrame, file: str, bad: pl.Expr, what: str, remedy: str) -> Iterator[Finding]:
    """Report the rows for which an expression is true."""
    rows = frame.select(pl.arg_where(bad.fill_null(value=False))).to_series()
    if len(rows):
        yield Finding(file, int(rows[0]) + 1, what, remedy, len(rows))


def _pattern(name: str, form: str) -> pl.Expr:
    return pl.col(name).is_not_null() & ~pl.col(name).str.contains(form)


def _outside(name: str, allowed: Iterable[str]) -> pl.Expr:
    return pl.col(name).is_null() | ~pl.col(name).is_in(list(allowed))


def _keys(population: Population) -> Iterator[Finding]:
    for frame, file, name in ((population.persons, PERSONS, "person_key"), (population.households, HOUSEHOLDS, "household_key")):
        column = pl.col(name)
        yield from _flag(frame, file, column.is_null() | ~column.str.contains(UUID_FORM), f"{name} is no UUID", "write 36 lower-case signs")
        yield from _flag(frame, file, column.is_not_null() & column.is_duplicated(), f"{name} stands twice", "keep one row for each key")


def _persons(persons: pl.DataFrame) -> Iterator[Finding]:
    number, name, born, died = pl.col("number"), pl.col("full_name"), pl.col("born_on"), pl.col("died_on")
    relations = [entry.code for entry in code_list("relationships").entries]
    for bad, what, remedy in (
        (_pattern("number", r"^[0-9]{12}$"), "number is not twelve digits", "correct it, or leave it null for a person without one"),
        (number.is_not_null() & number.is_duplicated(), "number belongs to several people", "give each person her own"),
        (_pattern("old_number", r"^[0-9]{9}$"), "old_number is not nine digits", "correct it or leave it null"),
        (name.is_null() | (name.str.strip_chars() == ""), "full_name is empty", "write the name"),
        (name.str.len_chars() > LONGEST_NAME, "full_name is too long", f"keep it within {LONGEST_NAME} letters"),
        (_outside("sex", ("male", "female")), "sex is unknown", "write male or female"),
        (_outside("birth_precision", ("day", "month", "year")), "birth_precision is unknown", "write day, month or year"),
        (_outside("status", ("alive", "dead", "missing")), "status is unknown", "write alive, dead or missing"),
        (_pattern("ethnic_group", r"^[0-9]{2}$") | pl.col("ethnic_group").is_null(), "ethnic_group is no code", "write two digits"),
        (_pattern("religion", r"^[0-9]{0,2}$"), "religion is no code", "write two digits, or nothing"),
        (_pattern("nationality", r"^[A-Z]{3}$") | pl.col("nationality").is_null(), "nationality is no code", "write three letters (VNM)"),
        (pl.col("marital_state").str.len_chars() > 20, "marital_state is no code", "write a code of the list marital_states"),  # noqa: PLR2004 -- the column's width
        (born.is_null() | (born > today()), "born_on is missing or in the future", "write the first possible day"),
        (died.is_not_null() & (died < born), "died_on lies before born_on", "correct one of them"),
        (died.is_not_null() & (pl.col("status") != "dead"), "died_on without status dead", "correct one of them"),
        (pl.col("household_key").is_not_null() & _outside("relation", relations), "relation is unknown", "use the list relationships"),
    ):
        yield from _flag(persons, PERSONS, bad, what, remedy)


def _households(population: Population) -> Iterator[Finding]:
    code, address = pl.col("code"), pl.col("address")
    for bad, what, remedy in (
        (code.is_null() | (code.str.len_chars() > 40), "code is missing or too long", "write up to 40 signs"),  # noqa: PLR2004 -- the column's width
        (code.is_duplicated(), "code stands twice", "give each household its own"),
        (pl.col("unit_code").is_null() | _pattern("unit_code", FIVE_DIGITS), "unit_code is not five digits", "write a commune's code"),
        (address.is_null() | (address.str.len_chars() > LONGEST_ADDRESS), "address is missing or too long", "write it in 500 letters"),
        (pl.col("since").is_null(), "since is missing", "write the first day"),
    ):
        yield from _flag(population.households, HOUSEHOLDS, bad, what, remedy)


def _residences(residences: pl.DataFrame) -> Iterator[Finding]:
    address, start, end = pl.col("address"), pl.col("valid_from"), pl.col("valid_to")
    for bad, what, remedy in (
        (pl.col("person_key").is_null(), "person_key is missing", "write the person's key"),
        (_outside("kind", ("permanent", "temporary")), "kind is unknown", "write permanent or temporary"),
        (pl.col("unit_code").is_null() | _pattern("unit_code", FIVE_DIGITS), "unit_code is not five digits", "write a commune's code"),
        (address.is_null() | (address.str.len_chars() > LONGEST_ADDRESS), "address is missing or too long", "write it in 500 letters"),
        (start.is_null(), "valid_from is missing", "write the first day"),
        (end.is_not_null() & (end <= start), "valid_to is not after valid_from", "write the first day after the residence, or null"),
    ):
        yield from _flag(residences, RESIDENCES, bad, what, remedy)


def _references(population: Population) -> Iterator[Finding]:
    people = population.persons["person_key"]
    homes = population.households["household_key"]
    for frame, file, name, known, among in (
        (population.persons, PERSONS, "father_key", people, PERSONS),
        (population.persons, PERSONS, "mother_key", people, PERSONS),
        (population.persons, PERSONS, "spouse_key", people, PERSONS),
        (population.persons, PERSONS, "household_key", homes, HOUSEHOLDS),
        (population.households, HOUSEHOLDS, "head_key", people, PERSONS),
        (population.residences, RESIDENCES, "person_key", people, PERSONS),
        (population.residences, RESIDENCES, "household_key", homes, HOUSEHOLDS),
    ):
        bad = pl.col(name).is_not_null() & ~pl.col(name).is_in(known.implode())
        yield from _flag(frame, file, bad, f"{name} names nobody of {among}", "add the missing row or leave it null")
    for name in ("father_key", "mother_key", "spouse_key"):
        yield from _flag(population.persons, PERSONS, pl.col(name) == pl.col("person_key"), f"{name} is herself", "leave it null")
    couples = population.persons.select("person_key", "spouse_key")
    of_spouse = couples.join(
        couples.rename({"person_key": "spouse_key", "spouse_key": "back"}), on="spouse_key", how="left", maintain_order="left"
    )
    one_sided = pl.col("spouse_key").is_not_null() & (pl.col("back").is_null() | (pl.col("back") != pl.col("person_key")))
    yield from _flag(of_spouse, PERSONS, one_sided, "spouse_key is not mutual", "write the marriage on both persons")


def _heads(population: Population) -> Iterator[Finding]:
    heads = population.persons.filter(pl.col("relation") == "head").select("household_key", pl.col("person_key").alias("found"))
    repeated = heads.filter(pl.col("household_key").is_duplicated())
    if len(repeated):
        yield Finding(PERSONS, 0, f"{len(repeated)} people are head of a household that has another", "keep one head a household")
        return
    named = population.households.join(heads, on="household_key", how="left", maintain_order="left")
    wrong = pl.col("head_key").is_null() | pl.col("found").is_null() | (pl.col("head_key") != pl.col("found"))
    yield from _flag(named, HOUSEHOLDS, wrong, "head_key is not the member with the relation head", "name that member")


def _overlaps(residences: pl.DataFrame) -> Iterator[Finding]:
    ordered = residences.with_row_index("at").sort("person_key", "kind", "valid_from")
    before = ordered.with_columns(
        (pl.col("valid_to").is_null() | (pl.col("valid_to") > pl.col("valid_from").shift(-1))).alias("reaches"),
        ((pl.col("person_key") == pl.col("person_key").shift(-1)) & (pl.col("kind") == pl.col("kind").shift(-1))).alias("same"),
    )
    rows = before.filter(pl.col("reaches") & pl.col("same"))["at"].sort()
    if len(rows):
        yield Finding(
            RESIDENCES, int(rows[0]) + 1, "overlaps the person's next residence of its kind", "end it where the next begins", len(rows)
        )


def _units(population: Population) -> Iterator[Finding]:
    """Check that each unit code names a commune on the first and the last day on which a row uses it."""
    now = today()
    used = (
        (population.households, HOUSEHOLDS, pl.lit(now)),
        (population.residences, RESIDENCES, pl.when(pl.col("valid_to").is_null()).then(pl.lit(now)).otherwise(pl.col("valid_from"))),
    )
    for frame, file, day in used:
        days = frame.lazy().with_row_index("at").with_columns(day.alias("day")).group_by("unit_code")
        for code, first, last, at in days.agg(first=pl.min("day"), last=pl.max("day"), at=pl.min("at")).collect().sort("at").iter_rows():
            if not (_is_commune(code, first) and _is_commune(code, last)):
                yield Finding(file, at + 1, f"no commune has the code {code} on that day", "use the code in force on that day")


def _is_commune(code: str, on: date) -> bool:
    try:
        return unit(code, on=on).level == "commune"
    except UnitUnknown:
        return False
