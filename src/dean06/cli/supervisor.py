"""Keeps the processes of one installation running: starts, watches, starts again, stops."""

import contextlib
import ctypes
import os
import signal
import ssl
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Final

import structlog

from dean06.cli.instance import ProcessBook
from dean06.core.errors import Unavailable

log = structlog.get_logger(__name__)

PR_SET_PDEATHSIG: Final = 1  # prctl(2)
READY_SECONDS: Final = 180
STOP_SECONDS: Final = 10
FIRST_PAUSE_SECONDS: Final = 0.5
LONGEST_PAUSE_SECONDS: Final = 30.0
STEADY_SECONDS: Final = 30.0
"""A process that lived this long starts again without a pause."""


class ProcessDidNotStart(Unavailable):
    """A process did not come up; the end of its log says why."""

    code = "cli.process_did_not_start"
    message_vi = "Một tiến trình không khởi động được. Xem phần cuối nhật ký của nó."


@dataclass(frozen=True, slots=True)
class Program:
    """A process to keep running.

    Attributes:
        name: short name; also the name of its log file.
        command: what to run.
        ready_url: answers with any status below 500 once the process serves; empty: ready at once.
        tls: what ``ready_url`` needs where it asks for a certificate.
        renewed_by: a file whose change means that the process must start again, such as its certificate.
    """

    name: str
    command: tuple[str, ...]
    ready_url: str = ""
    tls: ssl.SSLContext | None = None
    renewed_by: Path | None = None

    @property
    def stamp(self) -> int:
        """Return when the file that the process was started with was changed."""
        try:
            return self.renewed_by.stat().st_mtime_ns if self.renewed_by else 0
        except FileNotFoundError:
            return 0


@dataclass
class _Child:
    program: Program
    process: "subprocess.Popen[bytes]"
    started_at: float
    pause_seconds: float = FIRST_PAUSE_SECONDS
    due_at: float = 0.0
    restarts: int = 0
    stamp: int = 0

    def __post_init__(self) -> None:
        self.stamp = self.program.stamp


@dataclass
class Supervisor:
    """Starts programs as children in process groups of their own and replaces those that die.

    Attributes:
        environment: what the children see.
        log_dir: one file a program.
        book: where process groups are written down.
        keep_alive: called at each round before the children are looked at (the embedded database).
    """

    environment: Mapping[str, str]
    log_dir: Path
    book: ProcessBook
    keep_alive: Callable[[], None] = lambda: None
    _children: dict[str, _Child] = field(default_factory=dict)
    _stopping: bool = False

    def start(self, programs: Sequence[Program]) -> None:
        """Start all programs and wait until each serves.

        Raises:
            ProcessDidNotStart: one ended or stayed silent; the others are stopped.
        """
        self.log_dir.mkdir(parents=True, exist_ok=True)
        for program in programs:
            self._children[program.name] = _Child(program, self._spawn(program), time.monotonic())
        self._note()
        for child in self._children.values():
            if not self._becomes_ready(child):
                self.stop()
                raise ProcessDidNotStart(
                    process=child.program.name, log=str(self._log_path(child.program)), last_lines=self._tail(child.program)
                )

    def watch(self) -> None:
        """Replace children that end, until ``request_stop`` is called."""
        while not self._stopping:
            self.keep_alive()
            for child in self._children.values():
                self._look_at(child)
            time.sleep(0.2)

    def request_stop(self) -> None:
        """Let ``watch`` return."""
        self._stopping = True

    def stop(self) -> None:
        """Ask all children to finish, then insist."""
        for child in self._children.values():
            _signal(child.process.pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        for child in self._children.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.process.wait(max(0.1, deadline - time.monotonic()))
            _signal(child.process.pid, signal.SIGKILL)
            child.process.wait()
        self.book.note({})

    def _look_at(self, child: _Child) -> None:
        now = time.monotonic()
        if child.process.poll() is None:
            if child.program.stamp != child.stamp:
                child.stamp = child.program.stamp
                log.info("cli.process_renewed", process=child.program.name)
                _signal(child.process.pid, signal.SIGTERM)
            return
        if not child.due_at:
            _signal(child.process.pid, signal.SIGKILL)  # what the leader left behind in its group
            if now - child.started_at > STEADY_SECONDS:
                child.pause_seconds = FIRST_PAUSE_SECONDS
            child.due_at = now + child.pause_seconds
            child.pause_seconds = min(child.pause_seconds * 2, LONGEST_PAUSE_SECONDS)
            log.warning("cli.process_ended", process=child.program.name, exit_code=child.process.returncode)
        elif now >= child.due_at:
            child.stamp = child.program.stamp
            child.process, child.started_at, child.due_at = self._spawn(child.program), now, 0.0
            child.restarts += 1
            self._note()
            log.info("cli.process_started_again", process=child.program.name, restarts=child.restarts)

    def _spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        with self._log_path(program).open("ab") as out:
            return _popen(program.command, out, self.environment)

    def _becomes_ready(self, child: _Child) -> bool:
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            if child.process.poll() is not None:
                return False
            if not child.program.ready_url or _answers(child.program.ready_url, child.program.tls):
                return True
            time.sleep(0.1)
        return False

    def _note(self) -> None:
        self.book.note({name: child.process.pid for name, child in self._children.items()})

    def _log_path(self, program: Program) -> Path:
        return self.log_dir / f"{program.name}.log"

    def _tail(self, program: Program) -> str:
        lines = self._log_path(program).read_text(errors="replace").strip().splitlines()
        return "\n    ".join(["", *lines[-12:]])


def _popen(command: Sequence[str], out: IO[bytes], environment: Mapping[str, str]) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        list(command),
        stdin=subprocess.DEVNULL,
        stdout=out,
        stderr=out,
        env=dict(environment),
        start_new_session=True,
        preexec_fn=_end_with_parent,  # noqa: PLW1509 -- the supervisor is single-threaded
    )


def _end_with_parent() -> None:
    """Ask the kernel to send SIGTERM when the supervisor dies, however it dies."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _answers(url: str, tls: ssl.SSLContext | None = None) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2, context=tls):  # noqa: S310 -- our own loopback address
            return True
    except urllib.error.HTTPError as exc:
        return exc.code < 500  # noqa: PLR2004 -- a refusal is an answer
    except OSError:
        return False


def _signal(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
