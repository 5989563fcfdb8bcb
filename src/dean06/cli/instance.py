"""The data directory of one installation: who runs on it, is there room, are the ports free."""

import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from dean06.core.config import Config
from dean06.core.errors import Conflict, Unavailable

FIRST_START_BYTES: Final = 1_500_000_000  # measured: cluster, population of 20,000, logs and room for WAL
LATER_START_BYTES: Final = 200_000_000
STOP_SECONDS: Final = 10


class AlreadyRunning(Conflict):
    """Another dean06 runs on this data directory: stop it first, or give this one a directory of its own (DEAN06_DATA_DIR)."""

    code = "cli.already_running"
    message_vi = "dean06 đang chạy trên thư mục dữ liệu này. Hãy dừng tiến trình đó trước, hoặc đặt DEAN06_DATA_DIR khác."


class PortTaken(Unavailable):
    """A port is used by another program: stop that program, or choose other ports (DEAN06_WEB_PORT, DEAN06_PROTOCOL_PORT ...)."""

    code = "cli.port_taken"
    message_vi = "Cổng mạng đang được chương trình khác dùng. Hãy dừng chương trình đó hoặc chọn cổng khác."


class DiskFull(Unavailable):
    """There is not enough free space for the data directory: free some, or choose another directory (DEAN06_DATA_DIR)."""

    code = "cli.disk_full"
    message_vi = "Ổ đĩa không còn đủ chỗ cho thư mục dữ liệu. Hãy giải phóng dung lượng hoặc đặt DEAN06_DATA_DIR khác."


class DataDirectoryUnusable(Unavailable):
    """The data directory cannot be written: check its owner and mode, or choose another one (DEAN06_DATA_DIR)."""

    code = "cli.data_directory_unusable"
    message_vi = "Không ghi được vào thư mục dữ liệu. Hãy kiểm tra quyền hoặc đặt DEAN06_DATA_DIR khác."


@contextmanager
def sole_use(config: Config) -> Iterator[None]:
    """Hold the data directory for this process alone; the lock goes with the process, however it ends.

    Raises:
        AlreadyRunning: another process holds it.
        DataDirectoryUnusable: the directory cannot be made or written.
    """
    path = config.data_dir / "run" / "lock"
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = path.open("a+")
    except OSError as exc:
        raise DataDirectoryUnusable(directory=str(config.data_dir), reason=exc.strerror) from exc
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            file.seek(0)
            raise AlreadyRunning(process=file.read().strip() or "unknown", directory=str(config.data_dir)) from exc
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def require_room(config: Config) -> None:
    """Refuse to start on a disk that would fill up at once.

    Raises:
        DiskFull: too little free space.
    """
    needed = LATER_START_BYTES if (config.data_dir / "postgres" / "dean06.made").exists() else FIRST_START_BYTES
    free = shutil.disk_usage(config.data_dir).free
    if free < needed:
        raise DiskFull(directory=str(config.data_dir), free_megabytes=free // 1_000_000, needed_megabytes=needed // 1_000_000)


def require_free_ports(ports: dict[str, int]) -> None:
    """Refuse to start where another program listens.

    Args:
        ports: name of the process to its port on loopback.

    Raises:
        PortTaken: names the port, the process that wants it and, where the system tells, the program that holds it.
    """
    for name, port in ports.items():
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as exc:
                raise PortTaken(port=port, wanted_by=name, held_by=holder_of(port)) from exc


def holder_of(port: int) -> str:
    """Name the process that listens on a loopback port, as far as this user may see; empty if unknown."""
    inodes = _listening_inodes(port)
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            for link in (process / "fd").iterdir():
                target = str(link.readlink())
                if target.startswith("socket:[") and target[8:-1] in inodes:
                    return f"{(process / 'comm').read_text().strip()} (pid {process.name})"
    return ""


def _listening_inodes(port: int) -> set[str]:
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with contextlib.suppress(OSError):
            for line in Path(table).read_text().splitlines()[1:]:
                columns = line.split()
                if columns[3] == "0A" and int(columns[1].rpartition(":")[2], 16) == port:
                    found.add(columns[9])
    return found


class ProcessBook:
    """Which process groups this installation started, so that leftovers of a killed run can be ended, and only those."""

    def __init__(self, config: Config) -> None:
        self._path = config.data_dir / "run" / "processes.json"
        self._mark = str(config.data_dir)

    def note(self, groups: dict[str, int]) -> None:
        """Write down name and process group of each running child."""
        temporary = self._path.with_suffix(".new")
        temporary.write_text(json.dumps(groups))
        temporary.replace(self._path)

    def end_leftovers(self) -> list[str]:
        """End processes of an earlier run that still live; return their names."""
        groups = self._read()
        alive = {name: group for name, group in groups.items() if self._is_ours(group)}
        for number in (signal.SIGTERM, signal.SIGKILL):
            for group in filter(self._is_ours, alive.values()):
                _signal_group(group, number)
            self._wait_for_end(alive.values())
        self.note({})
        return sorted(alive)

    def _wait_for_end(self, groups: Collection[int]) -> None:
        """Wait until they are gone, with their ports: a killed process too needs a moment; give up after a while."""
        deadline = time.monotonic() + STOP_SECONDS
        while time.monotonic() < deadline and any(self._is_ours(group) for group in groups):
            time.sleep(0.1)

    def _read(self) -> dict[str, int]:
        try:
            found: Any = json.loads(self._path.read_text())
        except (OSError, ValueError):
            return {}
        return {str(name): int(group) for name, group in found.items()} if isinstance(found, dict) else {}

    def _is_ours(self, group: int) -> bool:
        """Say whether a living member of the group carries our data directory in its environment (numbers are re-used)."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError, ValueError, IndexError):
                fields = (process / "stat").read_text().rpartition(")")[2].split()
                if (
                    int(fields[2]) == group
                    and fields[0] != "Z"
                    and f"DEAN06_DATA_DIR={self._mark}\0".encode() in (process / "environ").read_bytes()
                ):
                    return True
        return False


def _signal_group(group: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)
