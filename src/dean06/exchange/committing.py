"""Group commit: what waits together is written together, and nobody is answered before the commit.

One task in the gateway's event loop takes everything that waits and writes it by one statement on a connection of its own. While the
database commits, the loop serves others and the next group gathers, so an idle gateway adds no delay and a busy one pays
for one commit where it had many.
"""

import asyncio
import contextvars
import os
import socket
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import Final, Generic, TypeVar

import psycopg
import structlog

from dean06.core.databases import database_of, open_connection
from dean06.core.statements import LoopConnection
from dean06.exchange.errors import EvidenceNotKept

log = structlog.get_logger(__name__)

MOST_IN_GROUP: Final = 200
LONGEST_QUEUE: Final = 5_000
PACE_SECONDS: Final = 0.008
"""So long after one group of several the next one may gather; a call that comes alone never waits."""
WRITE_SECONDS: Final = 10.0
"""So long a group may take; a database that went away without a word would keep it for ever."""
AWAY: Final = (psycopg.OperationalError, psycopg.InterfaceError, OSError)

Item = TypeVar("Item")
Result = TypeVar("Result")
Write = Callable[[LoopConnection, Sequence[Item]], Awaitable[Sequence[Result]]]


class GroupCommit(Generic[Item, Result]):
    """Hands groups of items to one function, with a connection to the exchange's database.

    Args:
        name: of what is written, for the log.
        write: writes a whole group in one transaction and returns one result for each item, in order. When an item is bad,
            it is called again for each item alone, so that the bad one fails alone; when the database is away, all fail.
        most: items in a group.
    """

    def __init__(self, name: str, write: Write[Item, Result], *, most: int = MOST_IN_GROUP) -> None:
        self._name = name
        self._most = most
        self._write = write
        self._waiting: deque[tuple[Item, asyncio.Future[Result]]] = deque()
        self._connection: LoopConnection | None = None
        self._task: asyncio.Task[None] | None = None

    async def submit(self, item: Item) -> Result:
        """Wait until the item is committed.

        Raises:
            EvidenceNotKept: too much waits already, or the commit failed.
        """
        if len(self._waiting) >= LONGEST_QUEUE:
            raise EvidenceNotKept(waiting=len(self._waiting))
        future: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run(), context=contextvars.Context())  # not the first caller's
        return await future

    @property
    def waiting(self) -> int:
        """Return how many items wait to be committed."""
        return len(self._waiting)

    async def close(self) -> None:
        """Write what waits and give back the connection."""
        if self._task is not None:
            await self._task
        await self._disconnect()

    async def _run(self) -> None:
        while self._waiting:
            began = time.monotonic()
            group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
            outcomes = await self._outcomes([item for item, _ in group])
            for (_, future), outcome in zip(group, outcomes, strict=True):
                if future.cancelled():
                    continue
                if isinstance(outcome, Exception):
                    future.set_exception(outcome)
                else:
                    future.set_result(outcome)
            if 1 < len(group) < self._most:
                await asyncio.sleep(began + PACE_SECONDS - time.monotonic())

    async def _outcomes(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            connection = await self._connected()
            late = asyncio.get_running_loop().call_later(WRITE_SECONDS, _cut, connection)
            try:
                return await self._write(connection, items)
            finally:
                late.cancel()
        except Exception as exc:
            log.warning("exchange.group_commit_failed", group=self._name, size=len(items), error=type(exc).__name__, exc_info=True)
            await self._disconnect()
            if len(items) == 1 or isinstance(exc, AWAY):
                return [EvidenceNotKept(cause=type(exc).__name__)] * len(items)
        return [outcome for item in items for outcome in await self._outcomes([item])]

    async def _connected(self) -> LoopConnection:
        if self._connection is None:
            self._connection = await open_connection(database_of("exchange"))
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection is not None:
            await self._connection.close()
            self._connection = None


def _cut(connection: LoopConnection) -> None:
    """End what waits for the server's word: it finds its socket closed, so the database counts as away; what is cancelled might wait on."""
    with suppress(psycopg.Error, OSError), socket.socket(fileno=os.dup(connection.fileno())) as place:
        place.shutdown(socket.SHUT_RDWR)
