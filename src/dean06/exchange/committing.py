"""Group commit: what waits together is written together, and nobody is answered before the commit.

One thread takes everything that waits, does it in one transaction and wakes the waiting calls. While it commits, the next
group gathers by itself, so an idle gateway adds no delay and a busy one pays for one commit where it had many.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, Generic, TypeVar

import structlog
from django.db import connections

from dean06.core.databases import DATABASE_AWAY
from dean06.exchange.errors import EvidenceNotKept

log = structlog.get_logger(__name__)

MOST_IN_GROUP: Final = 200
LONGEST_QUEUE: Final = 5_000

Item = TypeVar("Item")
Result = TypeVar("Result")


class GroupCommit(Generic[Item, Result]):
    """Hands groups of items to one function in one thread of its own.

    Args:
        name: of the thread.
        commit: does a whole group in one transaction and returns one result for each item, in order. When an item is bad,
            it is called again for each item alone, so that the bad one fails alone; when the database is away, all fail.
        most: items in a group.
    """

    def __init__(self, name: str, commit: Callable[[Sequence[Item]], Sequence[Result]], *, most: int = MOST_IN_GROUP) -> None:
        self._name = name
        self._most = most
        self._commit = commit
        self._waiting: deque[tuple[Item, asyncio.AbstractEventLoop, asyncio.Future[Result]]] = deque()
        self._something = threading.Event()
        self._thread: threading.Thread | None = None

    async def submit(self, item: Item) -> Result:
        """Wait until the item is committed.

        Raises:
            EvidenceNotKept: too much waits already, or the commit failed.
        """
        if len(self._waiting) >= LONGEST_QUEUE:
            raise EvidenceNotKept(waiting=len(self._waiting))
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Result] = loop.create_future()
        self._waiting.append((item, loop, future))
        self._something.set()
        return await future

    @property
    def waiting(self) -> int:
        """Return how many items wait to be committed."""
        return len(self._waiting)

    def _run(self) -> None:
        while True:
            self._something.wait()
            self._something.clear()
            while self._waiting:
                group = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._most))]
                self._finish(group, self._outcomes([item for item, _, _ in group]))

    def _outcomes(self, items: Sequence[Item]) -> Sequence[Result | Exception]:
        try:
            return self._commit(items)
        except Exception as exc:
            log.warning("exchange.group_commit_failed", thread=self._name, size=len(items), error=type(exc).__name__, exc_info=True)
            connections.close_all()
            if len(items) == 1 or isinstance(exc, DATABASE_AWAY):
                return [EvidenceNotKept(cause=type(exc).__name__)] * len(items)
        return [outcome for item in items for outcome in self._outcomes([item])]

    def _finish(
        self,
        group: Sequence[tuple[Item, asyncio.AbstractEventLoop, asyncio.Future[Result]]],
        outcomes: Sequence[Result | Exception],
    ) -> None:
        pairs = [(future, outcome) for (_, _, future), outcome in zip(group, outcomes, strict=True)]
        try:
            group[0][1].call_soon_threadsafe(_wake, pairs)
        except RuntimeError:  # the loop is closed: nobody waits any more, what was committed stays
            log.info("exchange.nobody_waits", thread=self._name, size=len(group))


def _wake(pairs: Sequence[tuple["asyncio.Future[Result]", "Result | Exception"]]) -> None:
    for future, outcome in pairs:
        if future.cancelled():
            continue
        if isinstance(outcome, Exception):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
