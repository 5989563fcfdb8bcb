"""Whom the invented registers know: the people of the population that this installation loaded.

Each register of a real country keeps its own copy of names and dates of birth; these read the file that the population was made
from, so that they agree with it.
"""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from uuid import UUID

from dean06.core.config import config
from dean06.core.keys import PersonKey
from dean06.demo.accounts_file import NoDemoPeople
from dean06.demo.registers.drawing import REFERENCE_DAY, years_between
from dean06.demo.registers.errors import NotInRegister

if TYPE_CHECKING:
    import polars as pl

REMEMBERED: Final = 4_096
SANDBOX_SKIP: Final = 200
"""The sandbox's people are not the first of the file."""


@dataclass(frozen=True, slots=True)
class Resident:
    """One invented person as the registers hold her.

    Attributes:
        row: place in the population's file; serials of numbers come from it.
        key: her opaque key, the same as in the population registry.
        number: twelve digits.
        born_on: first possible day where only month or year are known.
        unit_code: commune of her household, or empty.
        relation: to the head of the household.
    """

    row: int
    key: PersonKey
    number: str = field(repr=False)
    full_name: str = field(repr=False)
    born_on: date = field(repr=False)
    sex: str
    is_alive: bool
    died_on: date | None
    marital_state: str
    spouse_key: str | None
    birth_unit_code: str
    household_key: str | None
    relation: str | None

    @property
    def seed(self) -> str:
        """Return what everything about her is drawn from."""
        return str(self.key)

    @property
    def age(self) -> int:
        """Return her age in whole years on the reference day, or at death."""
        return years_between(self.born_on, min(self.died_on or REFERENCE_DAY, REFERENCE_DAY))


@dataclass(frozen=True, slots=True)
class Home:
    """A household's place."""

    unit_code: str
    address: str = field(repr=False)


def resident_by_number(number: str) -> Resident:
    """Return the person who has a twelve-digit number.

    Raises:
        NotInRegister: nobody has it.
    """
    return _found(_resident(_directory(), "number", number))


def resident_by_key(key: str) -> Resident:
    """Return a person by her opaque key.

    Raises:
        NotInRegister: nobody has it, or the person has no number.
    """
    return _found(_resident(_directory(), "person_key", key))


def resident_at(row: int) -> Resident:
    """Return the person at a place of the file.

    Raises:
        NotInRegister: the file is shorter, or the person there has no number.
    """
    return _found(_resident(_directory(), "row", row))


def spouse_of(person: Resident) -> Resident | None:
    """Return the person's spouse; none where there is none, or one who has no number."""
    if person.spouse_key:
        with suppress(NotInRegister):
            return resident_by_key(person.spouse_key)
    return None


def home_of(person: Resident) -> Home | None:
    """Return where a person's household is."""
    return _home(_directory(), person.household_key) if person.household_key else None


def sandbox_residents(count: int = 5) -> tuple[Resident, ...]:
    """Return living adults of different households for the developers' sandbox: always the same ones.

    Raises:
        NotInRegister: this installation has no invented population.
    """
    return _sandbox(_directory(), count)


@lru_cache(maxsize=1)
def _sandbox(directory: Path, count: int) -> tuple[Resident, ...]:
    import polars as pl  # noqa: PLC0415 -- loaded where the invented registers answer, not in each process

    people = _people(directory).filter(
        (pl.col("status") == "alive")
        & pl.col("number").is_not_null()
        & (pl.col("relation") == "head")
        & (pl.col("birth_precision") == "day")
        & (pl.col("born_on") <= date(REFERENCE_DAY.year - 30, 1, 1))
    )
    rows = people.slice(SANDBOX_SKIP, count).collect()
    found = rows if rows.height == count else people.head(count).collect()
    return tuple(_of(row) for row in found.iter_rows(named=True))


def _found(person: Resident | None) -> Resident:
    if person is None:
        raise NotInRegister
    return person


def _directory() -> Path:
    """Return where the population lies.

    Raises:
        NotInRegister: this installation has none.
    """
    from dean06.demo.seed.world import population_in  # noqa: PLC0415 -- it imports what only seeding needs

    try:
        return population_in(config().data_dir)
    except NoDemoPeople as exc:
        raise NotInRegister from exc


def _people(directory: Path) -> "pl.LazyFrame":
    import polars as pl  # noqa: PLC0415 -- loaded where the invented registers answer, not in each process

    return pl.scan_parquet(directory / "persons.parquet", row_index_name="row")


@lru_cache(maxsize=REMEMBERED)
def _resident(directory: Path, column: str, value: str | int) -> Resident | None:
    import polars as pl  # noqa: PLC0415 -- loaded where the invented registers answer, not in each process

    if column == "row":
        rows = _people(directory).slice(int(value), 1).collect()
    else:
        rows = _people(directory).filter(pl.col(column) == value).collect()
    found = [row for row in rows.iter_rows(named=True) if row["number"]]
    return _of(found[0]) if found else None


def _of(row: dict[str, Any]) -> Resident:
    return Resident(
        row=row["row"],
        key=PersonKey(UUID(row["person_key"])),
        number=row["number"],
        full_name=row["full_name"],
        born_on=row["born_on"],
        sex=row["sex"],
        is_alive=row["status"] == "alive",
        died_on=row["died_on"],
        marital_state=row["marital_state"] or "",
        spouse_key=row["spouse_key"],
        birth_unit_code=row["birth_unit_code"] or "",
        household_key=row["household_key"],
        relation=row["relation"],
    )


@lru_cache(maxsize=REMEMBERED)
def _home(directory: Path, household: str) -> Home | None:
    import polars as pl  # noqa: PLC0415 -- loaded where the invented registers answer, not in each process

    rows = pl.scan_parquet(directory / "households.parquet").filter(pl.col("household_key") == household).collect()
    return Home(rows["unit_code"][0], rows["address"][0]) if rows.height else None
