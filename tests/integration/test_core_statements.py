"""Statements of an event loop: every column arrives as it was given, errors are PostgreSQL's, and the connection stays usable."""

import asyncio
from datetime import UTC, date, datetime
from uuid import UUID

import psycopg
import pytest

from dean06.core.databases import open_connection
from dean06.core.statements import BYTES, DAYS, INSTANTS, NUMBERS, TEXTS, UUIDS, Statement

pytestmark = pytest.mark.django_db(transaction=True)
AS_TEXT = Statement(
    "SELECT row.id::text, row.word, encode(row.data, 'hex'), row.number::text, extract(epoch FROM row.at)::numeric(20, 6)::text, row.day::text"
    " FROM unnest(%b::uuid[], %b::text[], %b::bytea[], %b::bigint[], %b::timestamptz[], %b::date[])"
    " AS row (id, word, data, number, at, day)",
    UUIDS,
    TEXTS,
    BYTES,
    NUMBERS,
    INSTANTS,
    DAYS,
)
LENGTHS = Statement("SELECT length(data)::text FROM unnest(%b::bytea[]) AS row (data)", BYTES)
DIVIDED = Statement("SELECT (1 / number)::text FROM unnest(%b::bigint[]) AS row (number)", NUMBERS)
ENDED = Statement("SELECT pg_terminate_backend(pg_backend_pid()) FROM unnest(%b::bigint[]) AS row (number)", NUMBERS)


def run(*asked):
    """Run statements one after the other on one connection; return what each returned or raised."""

    async def work():
        connection = await open_connection("default")
        found = []
        try:
            for statement, values in asked:
                try:
                    found.append(
                        [
                            tuple(None if value is None else value.decode() for value in row)
                            for row in await connection.run(statement, values)
                        ]
                    )
                except psycopg.Error as exc:
                    found.append(exc)
        finally:
            await connection.close()
        return found

    return asyncio.run(work())


def test_values_arrive_as_they_were_given():
    ids = [UUID(int=1), UUID(int=2**128 - 1)]
    columns = (
        ids,
        ["Nguyễn Thị Mẫu", ""],
        [b"\x00\xff", None],
        [-1, 2**62],
        [datetime(2026, 11, 23, 1, 2, 3, 4, tzinfo=UTC), datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)],
        [date(1999, 12, 31), None],
    )
    [rows] = run((AS_TEXT, columns))

    assert rows == [
        (str(ids[0]), "Nguyễn Thị Mẫu", "00ff", "-1", "1795395723.000004", "1999-12-31"),
        (str(ids[1]), "", None, str(2**62), "-0.000001", None),
    ]


def test_no_values_are_no_rows():
    assert run((AS_TEXT, ([], [], [], [], [], []))) == [[]]


def test_more_than_a_socket_takes_at_once_arrives_whole():
    assert run((LENGTHS, ([b"x" * 3_000_000] * 5,))) == [[("3000000",)] * 5]


def test_an_error_is_the_databases_own_and_the_next_statement_runs():
    failed, after = run((DIVIDED, ([0],)), (DIVIDED, ([1],)))

    assert isinstance(failed, psycopg.errors.DivisionByZero)
    assert after == [("1",)]


def test_a_connection_that_goes_is_said_to_be_away():
    ended, after = run((ENDED, ([1],)), (DIVIDED, ([1],)))

    assert isinstance(ended, psycopg.OperationalError)
    assert isinstance(after, psycopg.OperationalError)


def test_a_place_without_a_column_is_noticed_where_the_statement_is_made():
    with pytest.raises(ValueError, match="1 columns for 2 places"):
        Statement("SELECT %b::bigint[], %b::bigint[]", NUMBERS)
