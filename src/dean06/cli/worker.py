"""The worker process: delivers messages, runs recurring tasks, one thread each."""

import signal
import threading
from collections.abc import Callable
from functools import partial

import structlog
from django.db import close_old_connections

from dean06.core.config import config
from dean06.core.databases import all_databases
from dean06.core.logs import configure
from dean06.core.messages import deliver
from dean06.core.tasks import recurring_tasks

log = structlog.get_logger(__name__)

DELIVERY_PAUSE_SECONDS = 0.2
PAUSE_AFTER_ERROR_SECONDS = 2.0


def run_worker() -> None:
    """Work until SIGTERM or SIGINT; a failing task is logged and tried again, it never stops the others."""
    configure(level=config().log_level)  # JSON lines that mask personal numbers, no local variables in tracebacks
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loops = [
        *(_loop(f"deliver {alias}", partial(deliver, alias), DELIVERY_PAUSE_SECONDS, stop) for alias in all_databases()),
        *(_loop(task.name, task.run, task.every_seconds, stop) for task in recurring_tasks()),
    ]
    log.info("cli.worker_started", loops=len(loops))
    stop.wait()
    for thread in loops:
        thread.join(timeout=8)
    log.info("cli.worker_stopped")


def _loop(name: str, work: Callable[[], object], pause_seconds: float, stop: threading.Event) -> threading.Thread:
    def run() -> None:
        while not stop.is_set():
            try:
                done = work()
                pause = 0.0 if isinstance(done, int) and not isinstance(done, bool) and done > 0 else pause_seconds
            except Exception as exc:
                log.warning("cli.task_failed", task=name, error=type(exc).__name__, exc_info=True)
                pause = max(pause_seconds, PAUSE_AFTER_ERROR_SECONDS)
            finally:
                close_old_connections()
            stop.wait(pause or 0.01)

    thread = threading.Thread(target=run, name=name, daemon=True)
    thread.start()
    return thread
