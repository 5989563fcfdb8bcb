"""A record of each call, written behind the calls: a gateway appends to a queue, and a thread writes what waits once a second.

No answer waits for it. A queue that is full drops what comes and counts it; a crash loses at most what was not yet written, the
evidence of the same calls is elsewhere and durable. Only a process that called ``start`` records.
"""

import atexit
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

import structlog
from django.db import connections

from dean06.core.databases import DATABASE_AWAY
from dean06.exchange.domain.metering import Seen
from dean06.exchange.operations.writing import Ended, write

log = structlog.get_logger(__name__)

LONGEST_QUEUE: Final = 20_000
MOST_AT_ONCE: Final = 2_000
EVERY_SECONDS: Final = 1.0


class Recorder:
    """Keeps what ended until its thread has written it.

    Args:
        write: writes a group in one transaction.
        most: calls that may wait.
        at_once: calls that are written together.
        what: is recorded, for the log.
        away: errors by which the place where they are written says that it cannot be reached now.
    """

    def __init__(
        self,
        write: Callable[[Sequence[Ended]], None],
        *,
        most: int = LONGEST_QUEUE,
        at_once: int = MOST_AT_ONCE,
        what: str = "records",
        away: tuple[type[Exception], ...] = DATABASE_AWAY,
    ) -> None:
        self._write = write
        self._most = most
        self._at_once = at_once
        self._what = what
        self._away = away
        self._waiting: deque[Ended] = deque()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self.dropped = 0

    def note(self, side: str, seen: Seen, *, ended: float, at: float) -> None:
        """Take a call that ended; whoever calls this waits for nothing."""
        if self._thread is None:
            return
        if len(self._waiting) >= self._most:
            self.dropped += 1
            return
        self._waiting.append(Ended(side, seen, ended, at))

    def start(self) -> None:
        """Begin to record in this process."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name=f"exchange-{self._what}", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Write what waits and end."""
        if (thread := self._thread) is not None:
            self._stopping.set()
            thread.join()
            self._thread = None

    def _run(self) -> None:
        told = 0
        is_last = False
        while not is_last:
            is_last = self._stopping.wait(EVERY_SECONDS)
            self.drain()
            connections.close_all()
            if self.dropped > told:
                log.warning("exchange.records_dropped", what=self._what, since_start=self.dropped)
                told = self.dropped

    def drain(self) -> None:
        """Write what waits; what the database or the collector cannot take now waits on, what it never takes is dropped and counted."""
        while group := [self._waiting[place] for place in range(min(len(self._waiting), self._at_once))]:
            try:
                self._write(group)
            except self._away as exc:
                log.info("exchange.records_wait", what=self._what, waiting=len(self._waiting), error=type(exc).__name__)
                return
            except Exception:
                log.exception("exchange.records_not_written", what=self._what, size=len(group))
                self.dropped += len(group)
            for _ in group:
                self._waiting.popleft()


records: Final = Recorder(write)
"""The recorder of this process."""


def record_calls() -> None:
    """Record the calls of this process until it ends."""
    records.start()
    atexit.register(records.stop)
