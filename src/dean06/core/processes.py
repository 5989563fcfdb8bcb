"""Work shared out over the machine's cores by forked processes, each with database connections of its own."""

import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from typing import Any, Final, TypeVar

from django.db import connections

AHEAD: Final = 2
"""Pieces handed out for each process beyond what it works on, so that none waits and memory stays flat."""
_inherited: Final[list[Any]] = []

Piece = TypeVar("Piece")
Result = TypeVar("Result")


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0))


def spread(work: Callable[[Piece], Result], pieces: Iterable[Piece], *, processes: int | None = None) -> Iterator[Result]:
    """Do the pieces in forked processes; yield the results in the order of the pieces.

    The processes see the memory of this one as it is now. ``pieces`` is read a few ahead of what is done. A piece that
    raises ends it all.
    """
    count = processes or cores()
    fork = multiprocessing.get_context("fork")  # spawned ones would have to start Django, for seconds
    with ProcessPoolExecutor(count, mp_context=fork, initializer=_leave_inherited_connections) as pool:
        source = iter(pieces)
        waiting: deque[Future[Result]] = deque(pool.submit(work, piece) for piece in islice(source, count * AHEAD))
        try:
            while waiting:
                result = waiting.popleft().result()
                waiting.extend(pool.submit(work, piece) for piece in islice(source, 1))
                yield result
        finally:
            pool.shutdown(cancel_futures=True)


def _leave_inherited_connections() -> None:
    """Forget the parent's connections without closing them: a goodbye on a shared socket would end the parent's."""
    for wrapper in connections.all(initialized_only=True):
        pools = getattr(wrapper, "_connection_pools", {})
        _inherited.extend((wrapper, dict(pools)))
        pools.clear()
        del connections[wrapper.alias]
