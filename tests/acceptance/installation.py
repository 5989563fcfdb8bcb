"""A real installation for a test: ``dean06 up`` as a newcomer runs it, in a directory and on ports of its own."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from dean06.cli.up import database, hop_context
from dean06.core.config import Config
from dean06.demo.public import read_accounts
from dean06.demo.walk.flow import Walk
from free_ports import free_ports

ROOT = Path(__file__).parents[2]
PORTS = ("WEB", "PROTOCOL", "CONSUMER_GATEWAY", "PROVIDER_GATEWAY")
START_SECONDS = 600  # on a machine that does other work too
STOP_SECONDS = 120


@dataclass
class Installation:
    """Runs ``dean06 up`` and lets a test look at, kill and stop it."""

    data_dir: Path
    people: int = 3000
    extra_environment: dict = field(default_factory=dict)
    ports: dict = field(default_factory=lambda: dict(zip(PORTS, free_ports(4), strict=True)))
    process: subprocess.Popen | None = None

    @property
    def environment(self) -> dict:
        ports = {f"DEAN06_{name}_PORT": str(port) for name, port in self.ports.items()}
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DEAN06_") and name != "DJANGO_SETTINGS_MODULE"}
        source = {"PYTHONPATH": str(ROOT / "src")}
        return {**kept, **source, **ports, "DEAN06_DATA_DIR": str(self.data_dir), **self.extra_environment}

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.ports['WEB']}"

    @property
    def output(self) -> str:
        return (self.data_dir / "up.log").read_text()

    def start(self) -> float:
        """Start and wait until the portal answers; return the seconds it took. What it printed is ``output``."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        (self.data_dir / "up.log").unlink(missing_ok=True)
        started = time.monotonic()
        with (self.data_dir / "up.log").open("a") as out:
            command = [sys.executable, "-m", "dean06", "up", "--people", str(self.people)]
            self.process = subprocess.Popen(command, env=self.environment, stdout=out, stderr=out, stdin=subprocess.DEVNULL)
        while time.monotonic() - started < START_SECONDS:
            if self.process.poll() is not None:
                raise AssertionError(f"dean06 up ended with {self.process.returncode}:\n{self.output}")
            if self.answers() and "portal" in self.output:
                return time.monotonic() - started
            time.sleep(0.2)
        raise AssertionError(f"dean06 up did not come up:\n{self.output}")

    def stop(self) -> int:
        """Stop as Ctrl-C does; return the exit code."""
        if self.process is None or self.process.poll() is not None:
            return 0
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(STOP_SECONDS)

    def run(self, *arguments: str, check: bool = True, role: str = "app", timeout: int = 600) -> subprocess.CompletedProcess:
        """Run a dean06 command against this installation."""
        environment = {**self.environment, "DEAN06_DATABASE_ROLE": role}
        return self._executed("-m", "dean06", *arguments, environment=environment, check=check, timeout=timeout)

    def program(self, file: Path, *arguments: str, timeout: int = 600) -> Any:
        """Run a program of the tests as a process of this installation, with Django's settings; return the JSON of its last line."""
        paths = os.pathsep.join((str(ROOT / "src"), str(ROOT / "tests")))
        environment = {**self.environment, "PYTHONPATH": paths, "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}
        return json.loads(
            self._executed(str(file), *arguments, environment=environment, check=True, timeout=timeout).stdout.splitlines()[-1]
        )

    def database(self) -> contextlib.AbstractContextManager:
        """Have the database cluster running inside the block, and none of the other processes."""
        places = json.loads(self.extra_environment.get("DEAN06_MODULE_DATABASES", "{}"))
        return database(Config(data_dir=self.data_dir, module_databases=places))

    def answers(self, path: str = "/health") -> bool:
        try:
            with urllib.request.urlopen(self.origin + path, timeout=3):
                return True
        except (urllib.error.URLError, OSError):
            return False

    def wait_until_up(self, seconds: float = 180) -> None:
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if all(self._port_answers(name) for name in self.ports):
                return
            time.sleep(0.1)
        raise AssertionError("not all processes came back")

    def kill(self, name: str, seconds: float = 120) -> None:
        """Kill -9 one process: a program's leader, or ``postgres`` (the postmaster); one that is just starting again, once it did."""
        deadline = time.monotonic() + seconds
        while True:
            try:
                os.kill(self._number_of(name), signal.SIGKILL)
            except (OSError, ValueError, KeyError) as exc:
                if time.monotonic() > deadline:
                    raise AssertionError(f"{name} does not run") from exc
                time.sleep(0.1)
            else:
                return

    def _number_of(self, name: str) -> int:
        if name == "postgres":
            return int((self.data_dir / "postgres" / "postmaster.pid").read_text().split()[0])
        return int(json.loads((self.data_dir / "run" / "processes.json").read_text())[name])

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Hold all programs but the database still inside the block, with what they have started: nobody writes anything."""
        groups = json.loads((self.data_dir / "run" / "processes.json").read_text()).values()
        for group in groups:
            os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            for group in groups:
                os.killpg(group, signal.SIGCONT)

    def demo_people(self) -> dict:
        return json.loads((self.data_dir / "demo-people.json").read_text())

    def new_walk(self) -> Walk:
        """The first citizen's walk, to be taken step by step; its steps find what is done."""
        return Walk(self.origin, read_accounts(self.data_dir))

    @contextlib.contextmanager
    def superuser(self, database: str = "dean06") -> Iterator[psycopg.Connection]:
        """A connection to the embedded cluster with all rights, committed at the end."""
        with psycopg.connect(self.dsn(database)) as connection:
            yield connection

    def dsn(self, database: str = "dean06") -> str:
        return f"host={Config(data_dir=self.data_dir).socket_dir} user=postgres dbname={database}"

    def rows(self, query: str, *values: object, database: str = "dean06") -> list[tuple]:
        with self.superuser(database) as connection:
            return connection.execute(query, values).fetchall()

    def value(self, query: str, *values: object, database: str = "dean06") -> object:
        return self.rows(query, *values, database=database)[0][0]

    def living(self) -> list[str]:
        """Command lines of the processes that carry this data directory's mark or live in its cluster."""
        mark, found = f"DEAN06_DATA_DIR={self.data_dir}\0".encode(), []
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                ours = mark in (process / "environ").read_bytes() or (process / "cwd").readlink() == self.data_dir / "postgres"
                if ours and int(process.name) != os.getpid() and (words := (process / "cmdline").read_bytes()):
                    found.append(f"{process.name} {words.replace(bytes(1), b' ').decode(errors='replace')}")
        return found

    def wait_until_none_lives(self, seconds: float = 120) -> None:
        """Wait until no process of this installation is left: those that were killed need a moment to go."""
        deadline = time.monotonic() + seconds
        while left := self.living():
            assert time.monotonic() < deadline, left
            time.sleep(0.1)

    def _executed(self, *arguments: str, environment: dict, check: bool, timeout: int) -> subprocess.CompletedProcess:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=timeout)
        if check and done.returncode != 0:
            raise AssertionError(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}")
        return done

    def _port_answers(self, name: str) -> bool:
        scheme, context = "http", None
        try:
            if name == "PROVIDER_GATEWAY":  # hears other gateways alone
                scheme, context = "https", hop_context(Config(data_dir=self.data_dir).hop_files)
            with urllib.request.urlopen(f"{scheme}://127.0.0.1:{self.ports[name]}/health", timeout=2, context=context):
                return True
        except urllib.error.HTTPError:
            return True
        except OSError:
            return False
