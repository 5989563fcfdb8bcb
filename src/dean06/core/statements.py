"""Statements that an event loop sends again and again: prepared once a connection, values packed as PostgreSQL's binary columns.

A statement through a cursor costs a process about 0.3 ms beside its work: values are looked at one by one to find their types, tasks and
events are made to wait. A process that answers a thousand requests a second by two or three statements knows its types and has
one thread; it sends the bytes and waits for the socket. The format is PostgreSQL's own for binary arrays (``array_recv``).
"""

import asyncio
import hashlib
import struct
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final, LiteralString

from psycopg import AsyncConnection, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus, Format
from psycopg.pq.abc import PGresult

EPOCH: Final = datetime(2000, 1, 1, tzinfo=UTC)
FIRST_DAY: Final = date(2000, 1, 1).toordinal()
MICROSECOND: Final = timedelta(microseconds=1)
NULL: Final = struct.pack(">i", -1)
SIZE: Final = struct.Struct(">i")
HEAD: Final = struct.Struct(">iiIii")
LONG: Final = struct.Struct(">iq")
DAY: Final = struct.Struct(">ii")
UUID_SIZE: Final = SIZE.pack(16)
PLACE: Final = "%b"

Row = tuple[bytes | None, ...]


class Column:
    """The type of a column of values.

    Args:
        oid: of PostgreSQL's type of one value (``pg_type.dat``).
        pack: returns a value behind its size.
    """

    def __init__(self, oid: int, pack: Callable[[Any], bytes]) -> None:
        self._oid = oid
        self._pack = pack

    def packed(self, values: Sequence[Any]) -> bytes:
        """Return values as one array; None is NULL."""
        if not values:
            return HEAD.pack(0, 0, self._oid, 0, 1)[:12]
        pack = self._pack
        items = [NULL if value is None else pack(value) for value in values]
        return HEAD.pack(1, NULL in items, self._oid, len(values), 1) + b"".join(items)


def day_of(data: bytes) -> date:
    """Return the day that PostgreSQL's binary value stands for."""
    return date.fromordinal(int.from_bytes(data, "big", signed=True) + FIRST_DAY)


def _sized(data: bytes) -> bytes:
    return SIZE.pack(len(data)) + data


UUIDS: Final = Column(2950, lambda value: UUID_SIZE + value.bytes)
TEXTS: Final = Column(25, lambda value: _sized(value.encode()))
BYTES: Final = Column(17, _sized)
NUMBERS: Final = Column(20, lambda value: LONG.pack(8, value))
INSTANTS: Final = Column(1184, lambda value: LONG.pack(8, (value - EPOCH) // MICROSECOND))
DAYS: Final = Column(1082, lambda value: DAY.pack(4, value.toordinal() - FIRST_DAY))


class Statement:
    """A statement whose every value is a column.

    Args:
        sql: with ``%b`` for each column and the array's type behind it (``%b::uuid[]``).
        columns: the types, in the order of the places.
    """

    def __init__(self, sql: LiteralString, *columns: Column) -> None:
        parts = sql.split(PLACE)
        if len(parts) != len(columns) + 1:
            raise ValueError(f"{len(columns)} columns for {len(parts) - 1} places")
        numbered = [f"{part}${number}" for number, part in enumerate(parts[:-1], start=1)]
        self.sql = "".join((*numbered, parts[-1])).encode()
        self.name = hashlib.sha256(self.sql).hexdigest()[:16].encode()
        self._columns = columns
        self.formats = [Format.BINARY] * len(columns)

    def packed(self, values: Sequence[Sequence[Any]]) -> list[bytes]:
        """Return what is sent for columns of values."""
        return [column.packed(given) for column, given in zip(self._columns, values, strict=True)]


class LoopConnection(AsyncConnection[Any]):
    """A connection that one task of an event loop uses at a time; each statement commits by itself."""

    def __init__(self, *args: Any, **given: Any) -> None:
        super().__init__(*args, **given)
        self._known: set[bytes] = set()

    async def run(self, statement: Statement, values: Sequence[Sequence[Any]]) -> list[Row]:
        """Run a statement and return its rows as PostgreSQL's binary values; when this returns it is committed.

        Whoever gives up while it runs must close the connection.

        Raises:
            psycopg.Error: the statement failed, or the connection is gone.
        """
        if statement.name not in self._known:
            self.pgconn.send_prepare(statement.name, statement.sql)
            await self._result()
            self._known.add(statement.name)
        self.pgconn.send_query_prepared(statement.name, statement.packed(values), statement.formats, Format.BINARY)
        result = await self._result()
        return [tuple(result.get_value(row, column) for column in range(result.nfields)) for row in range(result.ntuples)]

    async def _result(self) -> PGresult:
        """Send what is not yet sent and return the only result."""
        pgconn = self.pgconn
        while pgconn.flush():  # more than the socket took
            await self._ready(is_sending=True)
            pgconn.consume_input()
        results = []
        while True:
            while pgconn.is_busy():
                await self._ready()
                pgconn.consume_input()
            if (result := pgconn.get_result()) is None:
                break
            results.append(result)
        for result in results:
            if result.status not in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK):
                raise self._error(result)
        return results[-1]

    async def _ready(self, *, is_sending: bool = False) -> None:
        """Wait until the socket can be read, or written where something is left to send."""
        loop, place = asyncio.get_running_loop(), self.pgconn.socket
        ready: asyncio.Future[None] = loop.create_future()

        def tell() -> None:
            if not ready.done():
                ready.set_result(None)

        loop.add_reader(place, tell)
        if is_sending:
            loop.add_writer(place, tell)
        try:
            await ready
        finally:
            loop.remove_reader(place)
            if is_sending:
                loop.remove_writer(place)

    def _error(self, result: PGresult) -> Exception:
        error = error_from_result(result)
        is_gone = self.pgconn.status == ConnStatus.BAD and not isinstance(error, OperationalError)
        return OperationalError(str(error)) if is_gone else error
