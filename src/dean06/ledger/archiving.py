"""Closed days of a log as files that prove themselves: each continues the one before it, all are verified offline.

A file ends at a checkpoint, so chain, tree and signature meet at its end. It holds the readable parts as they are stored:
encrypted, under keys that stay in the installation, so that destroying a key destroys the text in the archive too.

Source: the file ``linkinginfo`` of X-Road's message log archive; ADR 15.
"""

import base64
import fcntl
import hashlib
import json
import os
import zipfile
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Final

from dean06.core import clock
from dean06.core.databases import all_databases
from dean06.ledger.errors import ArchiveBroken, ArchiveBusy
from dean06.ledger.export import LEAF_ROWS, leaf_document, public_keys_pem, rows
from dean06.ledger.stored import logs_in, snapshot
from dean06.ledger.submitting import witnesses

FORMAT: Final = "dean06-ledger-archive/1"
ALGORITHM: Final = "SHA-256"
LINKING: Final = "linkinginfo"
NOTHING: Final = "-"
NAMED_DIGITS: Final = 16
MOMENT: Final = "%Y%m%d%H%M%S"

FIRST_OPEN: Final = "SELECT seq FROM ledger_ledgerleaf WHERE log = (SELECT ledger_number(%s)) AND seq > %s ORDER BY seq LIMIT 1"
RECORDED_AT: Final = """
    SELECT e.recorded_at FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id
    WHERE l.log = (SELECT ledger_number(%s)) AND l.seq = %s
"""
FIRST_AFTER: Final = """
    SELECT l.seq FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id
    WHERE l.log = (SELECT ledger_number(%s)) AND l.seq > %s AND e.recorded_at >= %s ORDER BY l.seq LIMIT 1
"""
LAST_CHECKPOINT: Final = "SELECT max(size) FROM ledger_ledgercheckpoint WHERE log = %s AND size > %s AND (%s::bigint IS NULL OR size < %s)"
BETWEEN: Final = "l.log = (SELECT ledger_number(%s)) AND l.seq > %s AND l.seq <= %s"
PART: Final = f"{LEAF_ROWS} WHERE {BETWEEN} ORDER BY l.seq"
READINGS: Final = f"""
    SELECT e.id, e.key_id, e.ciphertext FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id
    WHERE {BETWEEN} ORDER BY l.seq
"""  # noqa: S608 -- constants
SUBJECTS: Final = f"""
    SELECT s.entry_id, s.position, s.subject FROM ledger_ledgerleaf l JOIN ledger_ledgersubject s ON s.entry_id = l.entry_id
    WHERE {BETWEEN} ORDER BY l.seq, s.position
"""  # noqa: S608 -- constants
CHECKPOINTS: Final = "SELECT size, note FROM ledger_ledgercheckpoint WHERE log = %s AND size > %s AND size <= %s ORDER BY size"
COSIGNATURES: Final = (
    "SELECT size, witness, note FROM ledger_ledgercosignature WHERE log = %s AND size > %s AND size <= %s ORDER BY size, witness"
)
STAMPS: Final = "SELECT size, token FROM ledger_ledgerstamp WHERE log = %s AND size > %s AND size <= %s ORDER BY size"


@dataclass(frozen=True, slots=True)
class ArchivedDay:
    """A closed day of a log, as far as it is signed.

    Attributes:
        using: its database.
        log: its log.
        day: the legal day of its last entry.
        first: number of its first entry.
        last: number of its last entry, the size of a checkpoint.
        file: where it was written; empty when it only would be.
    """

    using: str
    log: str
    day: date
    first: int
    last: int
    file: str = ""


@dataclass(frozen=True, slots=True)
class Link:
    """Where a file of a log ends: its last number, its last digest and its name."""

    last: int = 0
    digest: str = NOTHING
    name: str = NOTHING


def archive(directory: Path, *, until: date | None = None, log: str = "", is_dry: bool = False) -> list[ArchivedDay]:
    """Write each closed day that is not yet in the directory, one file a log and day; return what was written.

    Nothing is removed from the database. A run that is killed leaves no half file: what lacks is written by the next one.

    Args:
        directory: where the archive lies or begins.
        until: the last day that is written; yesterday if left out. A day that is not over is never written.
        log: only this log.
        is_dry: say what would be written and write nothing.

    Raises:
        ArchiveBroken: the files that lie there do not continue one another.
        ArchiveBusy: another run writes into the directory.
    """
    yesterday = clock.today() - timedelta(days=1)
    last_day = min(until or yesterday, yesterday)
    with nullcontext() if is_dry else _alone(directory):
        made = [one for using in all_databases() for one in _archive_database(using, directory, last_day, log, is_dry=is_dry)]
        if made and not is_dry:
            (directory / "keys.pem").write_bytes(public_keys_pem())
            (directory / "witnesses.txt").write_text("".join(f"{witness.verifier_key}\n" for witness in witnesses()))
    return made


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Hold the directory against a second run, until this one ends in whatever way."""
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle = os.open(directory, os.O_RDONLY)
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise ArchiveBusy(directory=str(directory)) from exc
        yield
    finally:
        os.close(handle)


def _archive_database(using: str, directory: Path, last_day: date, only: str, *, is_dry: bool) -> Iterator[ArchivedDay]:
    with snapshot(using) as cursor:
        for name in logs_in(cursor):
            if only in ("", name):
                link = _end_of(directory, name)
                while (day := _next_day(cursor, using, name, link.last, last_day)) is not None:
                    link = Link(day.last, link.digest, link.name) if is_dry else _write(cursor, directory, day, link)
                    yield ArchivedDay(using, name, day.day, day.first, day.last, "" if is_dry else link.name)


def _next_day(cursor: Any, using: str, log: str, after: int, last_day: date) -> ArchivedDay | None:
    """Find the next day behind a number that is over and signed to its end; days without a checkpoint join the next."""
    cursor.execute(FIRST_OPEN, [log, after])
    if (row := cursor.fetchone()) is None:
        return None
    first = row[0]
    cursor.execute(RECORDED_AT, [log, first])
    day = clock.legal(cursor.fetchone()[0]).date()
    while day <= last_day:
        end = datetime.combine(day + timedelta(days=1), time(), tzinfo=clock.LEGAL_TIME_ZONE)
        cursor.execute(FIRST_AFTER, [log, after, end])
        following = cursor.fetchone()
        beyond = following[0] if following else None
        cursor.execute(LAST_CHECKPOINT, [log, after, beyond, beyond])
        if last := cursor.fetchone()[0]:
            return ArchivedDay(using, log, day, first, last)
        day += timedelta(days=1)
    return None


# -- files


def _end_of(directory: Path, log: str) -> Link:
    return [Link(), *files_of(directory, log)][-1]


def files_of(directory: Path, log: str) -> list[Link]:
    """Follow the files of a log from the first to the last, by what each says of itself; its parts are not read.

    Raises:
        ArchiveBroken: one is missing, doubled or no file of an archive.
    """
    followers: dict[str, tuple[Path, int, str]] = {}
    for path in sorted(directory.glob(f"{log}-*.zip")):
        manifest, before, digest = _read_end(path)
        if manifest["log"] == log:
            if before in followers:
                raise ArchiveBroken(file=path.name)
            followers[before] = path, int(manifest["last"]), digest
    links, count = [Link()], len(followers)
    while (found := followers.pop(links[-1].name, None)) is not None:
        links.append(Link(found[1], found[2], found[0].name))
    if followers:
        raise ArchiveBroken(files=count, unlinked=len(followers))
    return links[1:]


def _read_end(path: Path) -> tuple[dict[str, Any], str, str]:
    """Return a file's manifest, the name of the file before it and its last digest."""
    try:
        with zipfile.ZipFile(path) as file:
            first, *lines = file.read(LINKING).decode().splitlines()
            return json.loads(file.read("manifest.json")), first.split(" ")[1], lines[-1].split(" ")[0]
    except (OSError, zipfile.BadZipFile, KeyError, ValueError, IndexError) as exc:
        raise ArchiveBroken(file=path.name) from exc


def _write(cursor: Any, directory: Path, day: ArchivedDay, link: Link) -> Link:
    half = directory / f".{day.log}.half"
    times = [_moment(cursor, day.log, seq) for seq in (day.first, day.last)]
    with zipfile.ZipFile(half, "w", zipfile.ZIP_DEFLATED) as file:
        linked = _Linked(file, link)
        manifest = {"format": FORMAT, "log": day.log, "day": day.day.isoformat(), "first": day.first, "last": day.last}
        linked.add("manifest.json", [json.dumps(manifest)])
        for name, lines in parts_of(day).items():
            linked.add(name, (json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
        file.writestr(LINKING, linked.text)
    final = directory / f"{day.log}-{times[0]}-{times[1]}-{linked.digest[:NAMED_DIGITS]}.zip"
    _settle(half)
    half.rename(final)
    _settle(directory)
    return Link(day.last, linked.digest, final.name)


def _settle(path: Path) -> None:
    """Wait until the disk holds a file, or the names in a directory: a power cut leaves a whole file under its name, or none."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _moment(cursor: Any, log: str, seq: int) -> str:
    cursor.execute(RECORDED_AT, [log, seq])
    return f"{cursor.fetchone()[0]:{MOMENT}}"


def parts_of(day: ArchivedDay) -> dict[str, Generator[dict[str, Any], None, None]]:
    """Return what a file of these entries holds, part by part, as the database has it now."""

    def read(query: str) -> Iterator[tuple[Any, ...]]:
        return rows(day.using, query, day.log, day.first - 1, day.last)

    return {
        "leaves.jsonl": (leaf_document(row) for row in read(PART)),
        "readings.jsonl": (
            {"entry_id": str(entry), "key_id": str(key), "ciphertext": _base64(text)} for entry, key, text in read(READINGS)
        ),
        "subjects.jsonl": (
            {"entry_id": str(entry), "position": position, "subject": bytes(subject).hex()} for entry, position, subject in read(SUBJECTS)
        ),
        "checkpoints.jsonl": ({"size": size, "note": note} for size, note in read(CHECKPOINTS)),
        "cosignatures.jsonl": ({"size": size, "witness": witness, "note": note} for size, witness, note in read(COSIGNATURES)),
        "stamps.jsonl": ({"size": size, "token": _base64(token)} for size, token in read(STAMPS)),
    }


def _base64(value: bytes) -> str:
    return base64.b64encode(bytes(value)).decode()


class _Linked:
    """Adds files to an archive and links their digests, each to the one before it."""

    def __init__(self, file: zipfile.ZipFile, link: Link) -> None:
        self._file = file
        self.digest = link.digest
        self.text = f"{link.digest} {link.name} {ALGORITHM}\n"

    def add(self, name: str, chunks: Iterable[str]) -> None:
        """Write a file piece by piece and link it."""
        content = hashlib.sha256()
        with self._file.open(name, "w", force_zip64=True) as out:
            for chunk in chunks:
                content.update(chunk.encode())
                out.write(chunk.encode())
        self.digest = hashlib.sha256((self.digest + content.hexdigest()).encode()).hexdigest()
        self.text += f"{self.digest} {name}\n"
