"""Recurring work of the worker process, registered by modules: ``@recurring(every_seconds=1)``."""

from collections.abc import Callable
from dataclasses import dataclass

Job = Callable[[], object]


@dataclass(frozen=True, slots=True)
class RecurringTask:
    """A function that the worker calls again and again; it must be safe to run twice at once."""

    name: str
    every_seconds: float
    run: Job


_tasks: dict[str, RecurringTask] = {}


def recurring(*, every_seconds: float) -> Callable[[Job], Job]:
    """Register a function for the worker; the pause counts from the end of one run to the start of the next."""

    def register(run: Job) -> Job:
        name = f"{run.__module__}.{run.__qualname__}"
        _tasks[name] = RecurringTask(name, every_seconds, run)
        return run

    return register


def recurring_tasks() -> tuple[RecurringTask, ...]:
    """Return all registered tasks by name."""
    return tuple(_tasks[name] for name in sorted(_tasks))
