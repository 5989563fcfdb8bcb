"""Backup and restore: database dumps, keys and secrets in one tar file with a manifest of digests."""

import hashlib
import io
import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from dean06 import __version__
from dean06.cli.postgres import EmbeddedPostgres, find_bin_dir
from dean06.core.clock import legal, now
from dean06.core.config import Config
from dean06.core.databases import OWNER_ROLE, embedded_databases, place_of
from dean06.core.errors import Conflict, Invalid, Unavailable

MANIFEST: Final = "manifest.json"
KEPT_FOLDERS: Final = ("keys", "secrets", "demo")
KEPT_FILES: Final = ("demo-people.json",)
BLOCK_BYTES: Final = 1 << 20
SEAL: Final = b"sha256:%s\n"
SEAL_BYTES: Final = len(SEAL) - len(b"%s") + 64
"""The last line of the file, behind the end of the archive where tar reads no more: the digest of all that stands before."""


class BackupFailed(Unavailable):
    """PostgreSQL's dump or restore program refused; its last lines stand below."""

    code = "cli.backup_failed"
    message_vi = "Chương trình sao lưu của PostgreSQL báo lỗi; các dòng cuối nêu bên dưới."


class BackupDamaged(Invalid):
    """The backup file is not complete or was changed: take another one."""

    code = "cli.backup_damaged"
    message_vi = "Tệp sao lưu bị hỏng hoặc đã bị sửa. Hãy dùng tệp khác."


class StateExists(Conflict):
    """There is state in the data directory: add --replace to put it aside, or choose an empty directory (DEAN06_DATA_DIR)."""

    code = "cli.state_exists"
    message_vi = "Thư mục dữ liệu đã có trạng thái. Thêm --replace để cất sang bên, hoặc chọn thư mục trống."


def make_backup(config: Config, target: Path) -> dict[str, Any]:
    """Write a backup and return its manifest; the file appears whole or not at all.

    Raises:
        BackupFailed: pg_dump refused.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as folder:
        dumps = [_dump(config, module, Path(folder)) for module in ("default", *sorted(config.module_databases))]
        kept = [path for path in _kept(config) if path.is_file()]
        names = {path: f"state/{path.relative_to(config.data_dir)}" for path in kept} | {path: f"databases/{path.name}" for path in dumps}
        manifest = {
            "made_at": legal(now()).isoformat(timespec="seconds"),
            "version": __version__,
            "databases": [path.stem for path in dumps],
            "files": {name: _digest(path) for path, name in names.items()},
        }
        partial = Path(folder) / "backup.tar"
        with tarfile.open(partial, "w") as archive:
            text = json.dumps(manifest, indent=1, sort_keys=True).encode()
            entry = tarfile.TarInfo(MANIFEST)
            entry.size, entry.mode = len(text), 0o600
            archive.addfile(entry, io.BytesIO(text))
            for path, name in names.items():
                archive.add(path, name, recursive=False)
        _seal(partial)
        partial.chmod(0o600)
        partial.replace(target)
    return manifest


def restore_backup(config: Config, source: Path, *, replace: bool) -> None:
    """Bring a backup back: state files, then each database from its dump.

    The embedded cluster is made anew; on an external server the databases must exist and be empty.

    Raises:
        BackupDamaged: a digest differs or a file is missing.
        StateExists: the directory holds state and ``replace`` was not asked.
        BackupFailed: pg_restore refused; what was put aside is still there.
    """
    with tempfile.TemporaryDirectory(dir=source.resolve().parent, prefix=".restore-") as folder:
        manifest = _unpack(source, Path(folder))
        _put_aside(config, replace=replace)
        shutil.rmtree(config.hop_files.certificate.parent, ignore_errors=True)  # written anew from the keys that come back
        for name in manifest["files"]:
            if name.startswith("state/"):
                place = config.data_dir / name.removeprefix("state/")
                place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                shutil.copy2(Path(folder) / name, place)
        postgres = _new_cluster(config) if embedded_databases(config) else None
        try:
            for module in manifest["databases"]:
                _load(config, module, Path(folder) / "databases" / f"{module}.dump", postgres)
        finally:
            if postgres:
                postgres.stop()


def _kept(config: Config) -> Iterator[Path]:
    for folder in KEPT_FOLDERS:
        yield from sorted((config.data_dir / folder).rglob("*"))
    for name in KEPT_FILES:
        yield config.data_dir / name


def _dump(config: Config, module: str, folder: Path) -> Path:
    target = folder / f"{module}.dump"
    _run(
        "pg_dump",
        "--format=custom",
        "--compress=3",
        "--no-owner",
        "--no-privileges",
        f"--file={target}",
        f"--dbname={_address(config, module)}",
    )
    return target


def _load(config: Config, module: str, dump: Path, postgres: EmbeddedPostgres | None) -> None:
    url, name = place_of(config, module)
    if postgres and not url:
        postgres.create_database(name)
    role = [] if url else [f"--role={OWNER_ROLE}"]
    # Extensions are there already; the owner may not comment on them, so only they are left out.
    listing = _run("pg_restore", "--list", str(dump)).splitlines()
    keep = dump.with_suffix(".list")
    keep.write_text("\n".join(line for line in listing if " EXTENSION " not in line and "COMMENT - EXTENSION" not in line))
    arguments = ("--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", f"--use-list={keep}")
    _run("pg_restore", *arguments, *role, f"--dbname={_address(config, module)}", str(dump))


def _address(config: Config, module: str) -> str:
    url, name = place_of(config, module)
    return url or f"host={config.socket_dir} user=postgres dbname={name}"


def _new_cluster(config: Config) -> EmbeddedPostgres:
    postgres = EmbeddedPostgres(config.data_dir / "postgres", config.socket_dir, find_bin_dir(), config.data_dir / "log" / "postgres.log")
    postgres.make()
    postgres.start()
    return postgres


def _put_aside(config: Config, *, replace: bool) -> None:
    places = [config.data_dir / name for name in ("postgres", *KEPT_FOLDERS, *KEPT_FILES)]
    existing = [place for place in places if place.exists()]
    if not existing:
        return
    if not replace:
        raise StateExists(directory=str(config.data_dir))
    aside = config.data_dir / f"before-restore-{legal(now()):%Y%m%d-%H%M%S}"
    aside.mkdir(parents=True)
    for place in existing:
        place.rename(aside / place.name)


def _unpack(source: Path, folder: Path) -> dict[str, Any]:
    try:
        _check_seal(source)
        with tarfile.open(source, "r:") as archive:
            archive.extractall(folder, filter="data")
        manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text())
        damaged = [name for name, digest in manifest["files"].items() if _digest(folder / name) != digest]
    except (tarfile.TarError, OSError, ValueError, KeyError) as exc:
        raise BackupDamaged(file=str(source), reason=type(exc).__name__) from exc
    if damaged:
        raise BackupDamaged(file=str(source), changed=", ".join(damaged[:5]))
    return manifest


def _seal(archive: Path) -> None:
    digest = _digest(archive)
    with archive.open("ab") as file:
        file.write(SEAL % digest.encode())
        file.flush()
        os.fsync(file.fileno())


def _check_seal(source: Path) -> None:
    """Compare the whole file with its last line.

    Raises:
        BackupDamaged: something was changed or cut off.
    """
    left, digest = source.stat().st_size - SEAL_BYTES, hashlib.sha256()
    with source.open("rb") as file:
        while left > 0 and (block := file.read(min(left, BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
        if file.read() != SEAL % digest.hexdigest().encode():
            raise BackupDamaged(file=str(source), reason="seal")


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _run(program: str, *arguments: str) -> str:
    done = subprocess.run([str(_tool(program)), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BackupFailed(program=program, output=" / ".join(done.stderr.strip().splitlines()[-5:]))
    return done.stdout


def _tool(program: str) -> Path:
    return find_bin_dir() / program
