"""COPY into the registry's tables, with their indexes set aside while an empty table is filled by its owner."""

import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import polars as pl
from psycopg import sql

SLICE_ROWS: Final = 100_000
NULL: Final = "\\N"

CONSTRAINTS: Final = """
    SELECT conrelid::regclass::text, conname, contype = 'f' AS is_foreign, pg_get_constraintdef(oid)
    FROM pg_constraint WHERE conrelid = ANY(%s::regclass[]) AND contype IN ('f', 'p', 'u', 'x')
    ORDER BY conrelid::regclass::text, conname
"""
INDEXES: Final = """
    SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
    WHERE indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
    ORDER BY indexrelid::regclass::text
"""
IS_OWNER: Final = "SELECT bool_and(pg_has_role(current_user, relowner, 'USAGE')) FROM pg_class WHERE oid = ANY(%s::regclass[])"


def is_owner(cursor: Any, tables: Sequence[str]) -> bool:
    """Say whether this login may change the tables; the processes' role may not, and loads with indexes in place."""
    cursor.execute(IS_OWNER, [list(tables)])
    return bool(cursor.fetchone()[0])


@contextmanager
def indexes_aside(cursor: Any, tables: Sequence[str]) -> Iterator[None]:
    """Drop keys, indexes and exclusion and foreign-key constraints of empty tables, and build them again after the block.

    All in the caller's transaction: if anything fails, they were never gone. Building at once checks every row as
    inserting one by one would (an exclusion constraint costs ten times less so).
    """
    cursor.execute(CONSTRAINTS, [list(tables)])
    constraints = sorted(cursor.fetchall(), key=lambda row: not row[2])  # foreign keys first: they rest on the others
    cursor.execute(INDEXES, [list(tables)])
    indexes = cursor.fetchall()
    for table, name, _, _ in constraints:
        cursor.execute(sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.Identifier(table), sql.Identifier(name)))
    for name, _ in indexes:
        cursor.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))

    yield

    cursor.execute("SET LOCAL maintenance_work_mem = '256MB'")
    for table in tables:
        cursor.execute(sql.SQL("ANALYZE {}").format(sql.Identifier(table)))
    for _, definition in indexes:
        cursor.execute(definition)
    for table, name, _, definition in reversed(constraints):
        add = sql.SQL("ALTER TABLE {} ADD CONSTRAINT {} {}")
        cursor.execute(add.format(sql.Identifier(table), sql.Identifier(name), sql.SQL(definition)))


def copy_rows(cursor: Any, table: str, rows: pl.DataFrame) -> None:
    """Send rows by COPY as tab-separated text, slice by slice."""
    copy = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv, DELIMITER E'\\t', NULL {})").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, rows.columns)), sql.Literal(NULL)
    )
    with cursor.copy(copy) as stream:
        for part in rows.iter_slices(SLICE_ROWS):
            buffer = io.BytesIO()
            part.write_csv(buffer, separator="\t", null_value=NULL, include_header=False)
            stream.write(buffer.getvalue())
