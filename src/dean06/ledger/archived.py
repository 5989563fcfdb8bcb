"""Reading an archive back: up to which number its files hold what the database signed.

Each file is read to its end: its parts against ``linkinginfo``; entries, readable parts and subjects line by line against the
database's rows; leaves and links computed anew from the file's entries, and root and end of the chain compared with the database's
own checkpoint. What does not fit ends what counts as archived.
"""

import hashlib
import json
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import connections

from dean06.ledger.archiving import FORMAT, LINKING, NAMED_DIGITS, ArchivedDay, Link, files_of, parts_of
from dean06.ledger.domain.leaves import CHAIN_START, EPOCH, Entry, chain_hash
from dean06.ledger.domain.merkle import Frontier
from dean06.ledger.errors import ArchiveBroken

BLOCK_BYTES: Final = 1 << 20
UNREADABLE: Final = (OSError, zipfile.BadZipFile, zlib.error, KeyError, ValueError, TypeError, IndexError, AttributeError)

ROWS: Final = ("leaves.jsonl", "readings.jsonl", "subjects.jsonl")
"""Parts that hold rows which nothing else in the database could give back; later cosignatures and stamps are in no file."""
SIGNED: Final = "SELECT root, chain_head FROM ledger_ledgercheckpoint WHERE log = %s AND size = %s"


@dataclass(frozen=True, slots=True)
class Archived:
    """What the files of one log prove.

    Attributes:
        ends: numbers at which files end that were read and fit, ascending; empty if there is none.
        fault: the first file that does not fit, and why; empty if all do.
    """

    ends: tuple[int, ...] = ()
    fault: str = ""

    @property
    def last(self) -> int:
        """Return up to which number entries are archived."""
        return max(self.ends, default=0)


def read_back(directory: Path, log: str, *, using: str) -> Archived:
    """Read all files of a log and say how far they hold what its database has and signed; nothing is raised for a bad archive.

    Call it outside of a transaction: it may take long, and nothing that it compares ever changes.
    """
    try:
        links = files_of(directory, log)
    except ArchiveBroken as exc:
        return Archived(fault=", ".join(f"{name}: {value}" for name, value in exc.context.items()))
    reading, ends = _Reading(using, log), list[int]()
    before = Link()
    for link in links:
        try:
            fault = reading.fault_in(directory / link.name, before, link)
        except UNREADABLE as exc:
            fault = type(exc).__name__
        if fault:
            return Archived(tuple(ends), f"{link.name}: {fault}")
        ends.append(link.last)
        before = link
    return Archived(tuple(ends))


class _Reading:
    """The tree and the chain of a log, as they grow file by file."""

    def __init__(self, using: str, log: str) -> None:
        self._using = using
        self._log = log
        self._tree = Frontier()
        self._chain = CHAIN_START

    def fault_in(self, path: Path, before: Link, link: Link) -> str:
        """Read one file; say what does not fit, in a few words, or nothing."""
        with zipfile.ZipFile(path) as file:
            manifest = json.loads(file.read("manifest.json"))
            if manifest["format"] != FORMAT or manifest["first"] != before.last + 1:
                return "does not begin where the file before it ends"
            if not _is_linked(file, before, path.stem):
                return "a part is not the one that was linked"
            self._grow(file)
            if self._tree.size != link.last or self._signed() != (self._tree.root(), self._chain):
                return "is not what the checkpoint in the database signs"
            day = ArchivedDay(self._using, self._log, date.fromisoformat(manifest["day"]), before.last + 1, link.last)
            return next((f"{name} is not what the database holds" for name in ROWS if not _is_equal(file, name, day)), "")

    def _signed(self) -> tuple[bytes, bytes] | None:
        with connections[self._using].cursor() as cursor:
            cursor.execute(SIGNED, [self._log, self._tree.size])
            found = cursor.fetchone()
        return (bytes(found[0]), bytes(found[1])) if found else None

    def _grow(self, file: zipfile.ZipFile) -> None:
        for line in _lines(file, "leaves.jsonl"):
            leaf = _entry(line["entry"]).leaf_hash()
            self._chain = chain_hash(self._chain, leaf)
            self._tree.append(leaf)


def _is_equal(file: zipfile.ZipFile, name: str, day: ArchivedDay) -> bool:
    with closing(parts_of(day)[name]) as stored:
        return all(here == there for here, there in zip_longest(_lines(file, name), stored))


def _is_linked(file: zipfile.ZipFile, before: Link, name: str) -> bool:
    """Compute the digests of ``linkinginfo`` from the parts, the file's name and the file before it."""
    first, *lines = file.read(LINKING).decode().splitlines()
    stated = [line.split(" ") for line in lines]
    digest = before.digest
    if first.split(" ")[:2] != [before.digest, before.name] or sorted([LINKING, *(part for _, part in stated)]) != sorted(file.namelist()):
        return False
    for said, part in stated:
        digest = hashlib.sha256((digest + _digest(file, part)).encode()).hexdigest()
        if said != digest:
            return False
    return name.endswith(digest[:NAMED_DIGITS])


def _digest(file: zipfile.ZipFile, part: str) -> str:
    content = hashlib.sha256()
    with file.open(part) as stream:
        while block := stream.read(BLOCK_BYTES):
            content.update(block)
    return content.hexdigest()


def _lines(file: zipfile.ZipFile, part: str) -> Iterator[dict[str, Any]]:
    with file.open(part) as stream:
        for line in stream:
            yield json.loads(line)


def _entry(written: dict[str, Any]) -> Entry:
    """Read an entry as ``queries.describe`` writes it."""
    return Entry(
        id=UUID(written["id"]),
        log=written["log"],
        kind=written["kind"],
        recorded_at=EPOCH + timedelta(microseconds=written["recorded_at_us"]),
        subject=bytes.fromhex(written["subject"]),
        subject_count=written["subject_count"],
        subjects_root=bytes.fromhex(written["subjects_root"]),
        commitment=bytes.fromhex(written["commitment"]),
    )
