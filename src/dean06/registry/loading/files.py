"""The three files of a population: what columns they have, and reading them."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final

import polars as pl

from dean06.registry.loading.findings import Finding, refuse

PERSONS: Final = "persons.parquet"
HOUSEHOLDS: Final = "households.parquet"
RESIDENCES: Final = "residences.parquet"

COLUMNS: Final[Mapping[str, Mapping[str, type[pl.DataType]]]] = MappingProxyType(
    {
        PERSONS: {
            "person_key": pl.String,
            "number": pl.String,
            "old_number": pl.String,
            "full_name": pl.String,
            "sex": pl.String,
            "born_on": pl.Date,
            "birth_precision": pl.String,
            "ethnic_group": pl.String,
            "religion": pl.String,
            "nationality": pl.String,
            "marital_state": pl.String,
            "status": pl.String,
            "died_on": pl.Date,
            "father_key": pl.String,
            "mother_key": pl.String,
            "spouse_key": pl.String,
            "birth_unit_code": pl.String,
            "native_unit_code": pl.String,
            "household_key": pl.String,
            "relation": pl.String,
        },
        HOUSEHOLDS: {
            "household_key": pl.String,
            "code": pl.String,
            "unit_code": pl.String,
            "address": pl.String,
            "head_key": pl.String,
            "since": pl.Date,
        },
        RESIDENCES: {
            "person_key": pl.String,
            "kind": pl.String,
            "unit_code": pl.String,
            "address": pl.String,
            "valid_from": pl.Date,
            "valid_to": pl.Date,
            "household_key": pl.String,
        },
    }
)


@dataclass(frozen=True, slots=True, repr=False)
class Population:
    """The files' rows and the digest over their bytes, which names the load."""

    persons: pl.DataFrame
    households: pl.DataFrame
    residences: pl.DataFrame
    digest: str


def read_population(directory: Path) -> Population:
    """Read the three files of a directory.

    Raises:
        PopulationRefused: a file or column is missing, or a column has another type.
    """
    frames = {name: _read(directory / name, columns) for name, columns in COLUMNS.items()}
    return Population(frames[PERSONS], frames[HOUSEHOLDS], frames[RESIDENCES], digest_of(directory))


def digest_of(directory: Path) -> str:
    """Return SHA-256 over the digests of the three files, in the order of their names.

    Raises:
        PopulationRefused: a file is missing.
    """
    total = hashlib.sha256()
    for name in sorted(COLUMNS):
        try:
            with (directory / name).open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        except OSError:
            refuse(Finding(name, 0, "the file cannot be read", f"put {name} into the directory"))
    return total.hexdigest()


def _read(path: Path, columns: Mapping[str, type[pl.DataType]]) -> pl.DataFrame:
    try:
        lazy = pl.scan_parquet(path)
        schema = lazy.collect_schema()
    except (OSError, pl.exceptions.PolarsError):
        refuse(Finding(path.name, 0, "the file cannot be read as Parquet", f"write {path.name} anew"))
    missing = [name for name in columns if name not in schema]
    if missing:
        refuse(Finding(path.name, 0, f"missing columns: {', '.join(missing)}", "add the columns, with nulls where nothing is known"))
    casts = []
    for name, kind in columns.items():
        found = schema[name]
        if found != kind and not (kind is pl.String and isinstance(found, pl.Categorical | pl.Enum | pl.Null)) and found != pl.Null:
            refuse(Finding(path.name, 0, f"column {name} is {found}", f"write it as {kind.__name__}"))
        casts.append(pl.col(name).cast(kind))
    try:
        return lazy.select(casts).collect()
    except pl.exceptions.PolarsError:
        refuse(Finding(path.name, 0, "the file is damaged", f"write {path.name} anew"))
