"""From the files' rows to the tables' rows: one frame for each table, columns named as in the database."""

from collections.abc import Iterator
from datetime import datetime

import numpy as np
import polars as pl

from dean06.core.keys import new_key
from dean06.registry.domain.names import PersonName
from dean06.registry.loading.files import Population

OPEN_ENDED = "(,)"
"""A span whose start nobody knows: the files do not say when a number was given or a couple married."""

Table = tuple[str, pl.DataFrame]


def tables_of(population: Population, *, known_at: datetime) -> Iterator[Table]:
    """Yield the rows of each table, tables that others point to first; all facts are known from ``known_at`` on."""
    persons = population.persons.with_columns(pl.col("died_on").dt.offset_by("1d").alias("gone_on"))
    yield "registry_person", _persons(persons, population.residences, known_at)
    yield (
        "registry_household",
        population.households.select(
            pl.col("household_key").alias("key"), "code", "unit_code", "address", "since", _instant(known_at).alias("known_at")
        ),
    )
    yield "registry_personnumber", _facts(_numbers(persons), known_at)
    yield "registry_kinship", _facts(_kinship(persons), known_at)
    yield "registry_membership", _facts(_memberships(persons, population.households), known_at)
    yield "registry_residence", _facts(_residences(population.residences), known_at)
    yield "registry_nameword", _name_words(population.persons)


def _persons(persons: pl.DataFrame, residences: pl.DataFrame, known_at: datetime) -> pl.DataFrame:
    homes = residences.filter((pl.col("kind") == "permanent") & pl.col("valid_to").is_null()).select(
        "person_key", pl.col("unit_code").alias("home_unit_code")
    )
    return (
        persons.join(_folded(persons), on="full_name", how="left")
        .join(homes, on="person_key", how="left")
        .select(
            pl.col("person_key").alias("key"),
            pl.col("written").alias("full_name"),
            "name_folded",
            "given_first_folded",
            "sex",
            "born_on",
            "birth_precision",
            "ethnic_group",
            pl.col("religion").fill_null(""),
            "nationality",
            pl.col("marital_state").fill_null(""),
            "status",
            "died_on",
            pl.col("birth_unit_code").fill_null(""),
            pl.col("native_unit_code").fill_null(""),
            pl.col("home_unit_code").fill_null(""),
            _instant(known_at).alias("known_at"),
        )
    )


def _folded(persons: pl.DataFrame) -> pl.DataFrame:
    """Fold each distinct name once."""
    distinct = persons["full_name"].unique()
    names = [PersonName.parse(name) for name in distinct]
    return pl.DataFrame(
        {
            "full_name": distinct,
            "written": [name.full for name in names],
            "name_folded": [name.folded for name in names],
            "given_first_folded": [name.given_first for name in names],
        }
    )


def _numbers(persons: pl.DataFrame) -> pl.DataFrame:
    kinds = {"number": "personal", "old_number": "old"}
    return pl.concat(
        persons.filter(pl.col(column).is_not_null()).select(
            pl.col("person_key").alias("person_id"),
            pl.col(column).alias("number"),
            pl.lit(kind).alias("kind"),
            pl.lit(OPEN_ENDED).alias("valid"),
        )
        for column, kind in kinds.items()
    )


def _kinship(persons: pl.DataFrame) -> pl.DataFrame:
    gone = persons.select(pl.col("person_key").alias("relative_id"), pl.col("gone_on").alias("relative_gone_on"))
    parents = [
        persons.filter(pl.col(f"{kind}_key").is_not_null()).select(
            pl.col("person_key").alias("person_id"),
            pl.col(f"{kind}_key").alias("relative_id"),
            pl.lit(kind).alias("kind"),
            _span(pl.col("born_on"), None),
        )
        for kind in ("father", "mother")
    ]
    couples = (
        persons.filter(pl.col("spouse_key").is_not_null())
        .select(
            pl.col("person_key").alias("person_id"), pl.col("spouse_key").alias("relative_id"), pl.lit("spouse").alias("kind"), "gone_on"
        )
        .join(gone, on="relative_id", how="left")
        .with_columns(_span(None, pl.min_horizontal("gone_on", "relative_gone_on")))
        .select("person_id", "relative_id", "kind", "valid")
    )
    return pl.concat([*parents, couples])


def _memberships(persons: pl.DataFrame, households: pl.DataFrame) -> pl.DataFrame:
    """Members from the household's or their own first day until their death; who died before it began is none."""
    start = pl.max_horizontal("since", "born_on")
    return (
        persons.filter(pl.col("household_key").is_not_null())
        .join(households.select("household_key", "since"), on="household_key", how="left")
        .filter(pl.col("gone_on").is_null() | (pl.col("gone_on") > start))
        .select(
            pl.col("person_key").alias("person_id"),
            pl.col("household_key").alias("household_id"),
            "relation",
            _span(start, pl.col("gone_on")),
        )
    )


def _residences(residences: pl.DataFrame) -> pl.DataFrame:
    return residences.select(
        pl.col("person_key").alias("person_id"),
        "kind",
        "unit_code",
        "address",
        "household_key",
        _span(pl.col("valid_from"), pl.col("valid_to")),
    )


def _name_words(persons: pl.DataFrame) -> pl.DataFrame:
    counted = persons["full_name"].value_counts(name="people")
    words = (
        counted.join(_folded(persons), on="full_name")
        .select(pl.col("name_folded").str.split(" ").list.unique().alias("word"), "people")
        .explode("word")
    )
    return words.group_by("word").agg(pl.col("people").sum()).sort("word")


def _facts(frame: pl.DataFrame, known_at: datetime) -> pl.DataFrame:
    """Add what every fact has: a key of its own, when it was known, and no decision."""
    return frame.with_columns(
        _new_keys(len(frame)),
        _instant(known_at).alias("known_at"),
        *(pl.lit("").alias(name) for name in ("dossier", "legal_basis", "decided_by")),
    )


def _new_keys(count: int) -> pl.Series:
    """Make many keys as ``core.keys.new_key`` does: this millisecond, version and variant, then random bits (hexadecimal)."""
    raw = np.frombuffer(np.random.default_rng().bytes(16 * count), dtype=np.uint8).reshape(count, 16).copy()
    raw[:, :6] = np.frombuffer(new_key().bytes[:6], dtype=np.uint8)
    raw[:, 6] = raw[:, 6] & 0x0F | 0x70
    raw[:, 8] = raw[:, 8] & 0x3F | 0x80
    text = raw.tobytes().hex()
    return pl.Series("key", [text[at : at + 32] for at in range(0, len(text), 32)], dtype=pl.String)


def _span(start: pl.Expr | None, end: pl.Expr | None) -> pl.Expr:
    """Write a daterange as PostgreSQL reads it; an unknown start or end is left open."""
    lower = pl.lit("(") if start is None else pl.lit("[") + start.dt.to_string("iso")
    upper = pl.lit("") if end is None else end.dt.to_string("iso").fill_null("")
    return (lower + pl.lit(",") + upper + pl.lit(")")).alias("valid")


def _instant(at: datetime) -> pl.Expr:
    return pl.lit(at.isoformat())
