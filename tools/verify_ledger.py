"""Verify a dean06 ledger without dean06: an export, a live database, or one downloaded proof.

This program shares no code with the server: the format is written down here a second time, so that one mistake cannot hide
in both. It needs Python 3.11 and ``cryptography``; for a live database also ``psycopg``. It can check everything but the
encrypted readable parts, whose keys never leave the server; a proof carries its own part in the clear. Time stamps
in a bundle are checked with ``openssl ts``; where that program is not there, this is said.

    python tools/verify_ledger.py export DIRECTORY --key keys.pem
    python tools/verify_ledger.py archive DIRECTORY --key keys.pem
    python tools/verify_ledger.py database "host=... dbname=dean06" --key keys.pem --known older.note
    python tools/verify_ledger.py proof proof.json --key keys.pem
    python tools/verify_ledger.py bundle bundle.zip --key keys.pem --trust root.pem --witness witnesses.txt

Witnesses cosign checkpoints; what one of them saw shows a cut tail or a second history even where the log's keeper signed
anew. ``--witness`` names a file of their verifier keys, ``--known`` a note that was asked from a witness itself.

Exit code: 0 nothing found, 1 something does not fit (each finding names the entry), 2 could not run.

Sources: RFC 9162 sec. 2.1 (tree, inclusion proof), C2SP signed-note and tlog-checkpoint (checkpoints, Ed25519),
C2SP tlog-cosignature (witnesses).
"""

import argparse
import base64
import hashlib
import json
import re
import shutil
import struct
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from uuid import UUID

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_public_key
from cryptography.x509 import Certificate, load_pem_x509_certificates

ORIGIN = "dean06.ledger/"
KEY_NAME = "dean06.ledger"
PROOF_FORMAT = "dean06-ledger-proof/1"
BUNDLE_FORMAT = "dean06-evidence/1"
LARGEST_BUNDLE_BYTES = 100_000_000
LONGEST_ON_ITS_WAY = timedelta(minutes=10)  # of a message, from its signature to the record
ARCHIVE_FORMAT = "dean06-ledger-archive/1"
EXPORT_FORMAT = "dean06-ledger-export/1"
LENGTH = struct.Struct(">I")
PEM_END = b"-----END PUBLIC KEY-----"
EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)  # noqa: UP017 -- runs on any Python 3


class CannotRun(Exception):
    """The input is not there or is not what it says it is."""


# -- the format, once more


def sha256(*parts: bytes) -> bytes:
    """Hash the parts one after the other."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return digest.digest()


def leaf_hash(entry: dict[str, Any]) -> bytes:
    """Hash an entry as a leaf: version and eight fields, each behind its length in four bytes."""
    values = (
        b"dean06 ledger entry v1",
        entry["log"].encode(),
        UUID(entry["id"]).bytes,
        entry["kind"].encode(),
        struct.pack(">q", entry["recorded_at_us"]),
        bytes.fromhex(entry["subject"]),
        struct.pack(">Q", entry["subject_count"]),
        bytes.fromhex(entry["subjects_root"]),
        bytes.fromhex(entry["commitment"]),
    )
    return hashlib.sha256(b"\x00" + b"".join([part for value in values for part in (LENGTH.pack(len(value)), value)])).digest()


@dataclass
class Stack:
    """A tree that only grows, as a stack of (height, hash) of its complete parts."""

    parts: list[tuple[int, bytes]] = field(default_factory=list)
    count: int = 0

    def add(self, leaf: bytes) -> None:
        """Add a leaf hash and merge equal heights."""
        height, value = 0, leaf
        while self.parts and self.parts[-1][0] == height:
            value = sha256(b"\x01", self.parts.pop()[1], value)
            height += 1
        self.parts.append((height, value))
        self.count += 1

    def root(self) -> bytes:
        """Return the root; of nothing, the hash of nothing."""
        if not self.parts:
            return sha256()
        value = self.parts[-1][1]
        for _, left in self.parts[-2::-1]:
            value = sha256(b"\x01", left, value)
        return value


def root_by_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """Follow an inclusion proof from the leaf down the recursion of RFC 9162, sec. 2.1.3.1; none if it does not fit the size."""
    if not 0 <= index < size:
        return None
    if size == 1:
        return None if path else leaf
    if not path:
        return None
    half = 1 << (size - 1).bit_length() - 1
    *below, sibling = path
    if index < half:
        left = root_by_path(leaf, index, half, below)
        return left and sha256(b"\x01", left, sibling)
    right = root_by_path(leaf, index - half, size - half, below)
    return right and sha256(b"\x01", sibling, right)


@dataclass(frozen=True)
class Checkpoint:
    """A signed statement: so many entries, this root, this end of the chain.

    ``by`` says who else vouches for it: a witness, or a file that was kept; empty for the log's own word alone.
    """

    log: str
    size: int
    root: bytes
    chain: bytes
    by: str = ""


class Keys:
    """The public keys that checkpoints may be signed with."""

    def __init__(self, keys: Iterable[Ed25519PublicKey]) -> None:
        self._by_id = {sha256(KEY_NAME.encode(), b"\n\x01", key.public_bytes_raw())[:4]: key for key in keys}

    @classmethod
    def read(cls, pem: bytes) -> "Keys":
        """Read one or more Ed25519 public keys in PEM."""
        parts = [part + PEM_END for part in pem.split(PEM_END)[:-1]]
        try:
            keys = [load_pem_public_key(part.strip()) for part in parts]
        except ValueError as exc:
            raise CannotRun("the key file is no PEM of public keys") from exc
        if not keys or not all(isinstance(key, Ed25519PublicKey) for key in keys):
            raise CannotRun("the key file holds no Ed25519 public key")
        return cls(key for key in keys if isinstance(key, Ed25519PublicKey))

    def open(self, note: str) -> Checkpoint | None:
        """Return what a note says if one of the keys signed it, otherwise nothing."""
        text, blank, signatures = note.rpartition("\n\n")
        text += "\n"
        if not blank or not signatures.endswith("\n") or not any(self._signed(text, line) for line in signatures[:-1].split("\n")):
            return None
        try:
            origin, size, root, chain, end = text.split("\n")
            if not origin.startswith(ORIGIN) or not chain.startswith("chain ") or end:
                return None
            return Checkpoint(origin[len(ORIGIN) :], int(size), base64.b64decode(root), base64.b64decode(chain[6:]))
        except ValueError:
            return None

    def _signed(self, text: str, line: str) -> bool:
        try:
            dash, name, value = line.split(" ")
            decoded = base64.b64decode(value, validate=True)
            if base64.b64encode(decoded).decode() != value:  # one form only, so that no bit of a note is loose
                return False
            if (dash, name) != ("\N{EM DASH}", KEY_NAME) or decoded[:4] not in self._by_id:
                return False
            self._by_id[decoded[:4]].verify(decoded[4:], text.encode())
        except (ValueError, InvalidSignature):
            return False
        return True


class Witnesses:
    """The verifier keys of witnesses: ``name+id+key``, one a line (C2SP signed-note, type 4)."""

    def __init__(self, text: str = "") -> None:
        self._keys: dict[bytes, tuple[str, Ed25519PublicKey]] = {}
        for line in text.split():
            name, _, rest = line.partition("+")
            raw = base64.b64decode(rest.partition("+")[2])
            if raw[:1] != b"\x04" or len(raw) != 1 + 32:
                raise CannotRun(f"{line} is no verifier key of a witness")
            self._keys[sha256(name.encode(), b"\n", raw)[:4]] = (name, Ed25519PublicKey.from_public_bytes(raw[1:]))

    def __bool__(self) -> bool:
        return bool(self._keys)

    def under(self, note: str) -> list[str]:
        """Return the names of the witnesses that cosigned a note (C2SP tlog-cosignature)."""
        text, _, signatures = note.rpartition("\n\n")
        names = []
        for line in signatures[:-1].split("\n") if signatures.endswith("\n") else ():
            try:
                dash, stated, value = line.split(" ")
                decoded = base64.b64decode(value, validate=True)
                name, key = self._keys[decoded[:4]]
                if (dash, stated, value) != ("\N{EM DASH}", name, base64.b64encode(decoded).decode()):
                    continue
                at = struct.unpack(">Q", decoded[4:12])[0]
                key.verify(decoded[12:], f"cosignature/v1\ntime {at}\n{text}\n".encode())
            except (ValueError, IndexError, KeyError, struct.error, InvalidSignature):
                continue
            names.append(name)
        return names


# -- findings


@dataclass(frozen=True)
class Finding:
    """Something that does not fit; names the entry or, where it is gone, its number."""

    log: str
    problem: str
    detail: str
    seq: int | None = None
    entry: str | None = None

    def __str__(self) -> str:
        number = f" {self.seq}" if self.seq is not None else ""
        entry = f" entry {self.entry}" if self.entry else ""
        return f"{self.log}{number}{entry}: {self.problem}: {self.detail}"


# -- where a log is read from


@dataclass
class Source:
    """One log, however it is stored.

    ``leaves`` yields (seq, entry id, leaf hash, chain hash, entry or None) by number; ``unnumbered`` (entry id, waits?);
    ``checkpoints`` notes by size; ``subjects`` (entry id, position, pseudonym) by entry and position; ``cosigned`` (size,
    witness, note).
    """

    log: str
    leaves: Iterator[tuple[int, str, bytes, bytes, dict[str, Any] | None]]
    unnumbered: Iterator[tuple[str, bool]]
    checkpoints: Iterator[tuple[int, str]]
    subjects: Iterator[tuple[str, int, bytes]]
    cosigned: Iterator[tuple[int, str, str]] = field(default_factory=lambda: iter(()))


def lines(path: Path) -> Iterator[Any]:
    """Read a file of JSON lines; a file that is not there is empty."""
    if not path.exists():
        return
    with path.open(encoding="utf-8") as file:
        for line in file:
            yield json.loads(line)


def exported(directory: Path) -> Iterator[Source]:
    """Open each log of an export."""
    try:
        manifest = json.loads((directory / "manifest.json").read_text())
        if manifest["format"] != EXPORT_FORMAT:
            raise CannotRun(f"this program reads {EXPORT_FORMAT}")
        named = [(log["log"], directory / log["directory"]) for log in manifest["logs"]]
    except (OSError, ValueError, KeyError, TypeError) as exc:
        raise CannotRun(f"{directory} is no export of a ledger") from exc
    for name, place in named:
        yield Source(
            log=name,
            leaves=(
                (row["seq"], row["entry_id"], bytes.fromhex(row["leaf_hash"]), bytes.fromhex(row["chain_hash"]), row["entry"])
                for row in lines(place / "leaves.jsonl")
            ),
            unnumbered=((row["entry"]["id"], row["is_pending"]) for row in lines(place / "unnumbered.jsonl")),
            checkpoints=((row["size"], row["note"]) for row in lines(place / "checkpoints.jsonl")),
            subjects=((row["entry_id"], row["position"], bytes.fromhex(row["subject"])) for row in lines(place / "subjects.jsonl")),
            cosigned=((row["size"], row["witness"], row["note"]) for row in lines(place / "cosignatures.jsonl")),
        )


def archived(directory: Path) -> Iterator[Source]:
    """Open each log of an archive: its files one after the other, as one log; a file that does not fit ends its log."""
    paths = [path for path in sorted(directory.glob("*.zip")) if path.is_file()]
    if not paths:
        raise CannotRun(f"{directory} holds no archive of a ledger")
    logs: dict[str, list[tuple[dict[str, Any], Path]]] = {}
    for path in paths:
        try:
            with zipfile.ZipFile(path) as file:
                manifest = json.loads(file.read("manifest.json"))
            if manifest["format"] != ARCHIVE_FORMAT or not isinstance(manifest["first"], int):
                raise CannotRun(f"this program reads {ARCHIVE_FORMAT}")
            logs.setdefault(manifest["log"], []).append((manifest, path))
        except (OSError, zipfile.BadZipFile, KeyError, ValueError, TypeError, zlib.error) as exc:
            raise CannotRun(f"{path.name} is no file of an archive") from exc
    for name, files in sorted(logs.items()):
        files.sort(key=lambda one: one[0]["first"])
        yield Source(
            log=name,
            leaves=(
                (row["seq"], row["entry_id"], bytes.fromhex(row["leaf_hash"]), bytes.fromhex(row["chain_hash"]), row["entry"])
                for row in packed_lines(files, "leaves.jsonl")
            ),
            unnumbered=iter(()),
            checkpoints=((row["size"], row["note"]) for row in packed_lines(files, "checkpoints.jsonl")),
            subjects=((row["entry_id"], row["position"], bytes.fromhex(row["subject"])) for row in packed_lines(files, "subjects.jsonl")),
            cosigned=((row["size"], row["witness"], row["note"]) for row in packed_lines(files, "cosignatures.jsonl")),
        )


def packed_lines(files: list[tuple[dict[str, Any], Path]], name: str) -> Iterator[Any]:
    """Read the lines of one part out of each file of an archive in turn."""
    for _, path in files:
        with zipfile.ZipFile(path) as archive, archive.open(name) as part:
            for line in part:
                yield json.loads(line)


def link_faults(directory: Path) -> Iterator[Finding]:
    """Check that every file is whole and continues the one before it (``linkinginfo``, as X-Road's archives have it)."""
    before: dict[str, tuple[str, str]] = {}
    named: dict[str, list[tuple[int, Path]]] = {}
    for path in sorted(directory.glob("*.zip")):
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
        named.setdefault(manifest["log"], []).append((manifest["first"], path))
    for log, files in named.items():
        for first, path in sorted(files):
            with zipfile.ZipFile(path) as archive:
                stated, *lines = archive.read("linkinginfo").decode().splitlines()
                digest, name, _ = stated.split(" ")
                if (digest, name) != before.get(log, ("-", "-")):
                    yield Finding(log, "file_missing", f"{path.name} does not continue the file before it", first)
                for line in lines:
                    said, part = line.split(" ")
                    digest = sha256((digest + file_digest(archive, part)).encode()).hex()
                    if digest != said:
                        yield Finding(log, "file_altered", f"{part} of {path.name} is not the one that was linked", first)
                        digest = said
                if {line.split(" ")[1] for line in lines} | {"linkinginfo"} != set(archive.namelist()) or not path.stem.endswith(
                    digest[:16]
                ):
                    yield Finding(log, "file_altered", f"{path.name} holds other parts, or bears another name, than was linked", first)
            before[log] = digest, path.name


def file_digest(archive: zipfile.ZipFile, name: str) -> str:
    """Hash one part of an archive; a part that cannot be read has no digest."""
    digest = hashlib.sha256()
    try:
        with archive.open(name) as part:
            while chunk := part.read(1 << 20):
                digest.update(chunk)
    except (KeyError, zipfile.BadZipFile, zlib.error):
        return ""
    return digest.hexdigest()


@contextmanager
def database(dsn: str) -> Iterator[Iterator[Source]]:
    """Open each log of a live database, all in one snapshot."""
    try:
        import psycopg  # noqa: PLC0415 -- only this way of reading needs it
    except ImportError as exc:
        raise CannotRun("a live database is read with psycopg, which is not installed") from exc
    try:
        with psycopg.connect(dsn) as connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield stored(connection)
    except psycopg.Error as exc:
        raise CannotRun(f"the database says: {exc}".strip()) from exc


def stored(connection: Any) -> Iterator[Source]:
    """Read the tables as they stand."""
    tables = ("ledgerentry", "ledgerleaf", "ledgerpending")
    numbered = (f"SELECT n.name FROM ledger_{table} t JOIN ledger_ledgername n ON n.number = t.log" for table in tables)  # noqa: S608 -- constants
    names = connection.execute(f"{' UNION '.join(numbered)} UNION SELECT log FROM ledger_ledgercheckpoint ORDER BY 1")  # noqa: S608 -- constants
    for (name,) in names.fetchall():
        yield Source(
            log=name,
            leaves=(
                (seq, str(entry_id), leaf, chain, _row_as_entry(entry) if entry[0] else None)
                for seq, entry_id, leaf, chain, *entry in rows(connection, STORED_LEAVES, name)
            ),
            unnumbered=((str(entry_id), waits) for entry_id, waits in rows(connection, STORED_UNNUMBERED, name)),
            checkpoints=rows(connection, "SELECT size, note FROM ledger_ledgercheckpoint WHERE log = %s ORDER BY size", name),
            subjects=((str(entry_id), position, subject) for entry_id, position, subject in rows(connection, STORED_SUBJECTS, name)),
            cosigned=rows(connection, "SELECT size, witness, note FROM ledger_ledgercosignature WHERE log = %s ORDER BY size", name),
        )


STORED_LEAVES = """
    SELECT l.seq, l.entry_id, l.leaf_hash, l.chain_hash,
           e.id, coalesce(n.name, ''), coalesce(k.name, ''), e.recorded_at, e.subject, e.subject_count, e.subjects_root, e.commitment
    FROM ledger_ledgerleaf l LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
    LEFT JOIN ledger_ledgername n ON n.number = e.log LEFT JOIN ledger_ledgername k ON k.number = e.kind
    WHERE l.log = (SELECT number FROM ledger_ledgername WHERE name = %s) ORDER BY l.seq
"""
STORED_UNNUMBERED = """
    SELECT e.id, p.entry_id IS NOT NULL FROM ledger_ledgerentry e
    LEFT JOIN ledger_ledgerpending p ON p.entry_id = e.id AND p.log = e.log
    LEFT JOIN ledger_ledgerleaf l ON l.entry_id = e.id
    WHERE e.log = (SELECT number FROM ledger_ledgername WHERE name = %s) AND l.entry_id IS NULL
"""
STORED_SUBJECTS = """
    SELECT s.entry_id, s.position, s.subject FROM ledger_ledgersubject s JOIN ledger_ledgerentry e ON e.id = s.entry_id
    WHERE e.log = (SELECT number FROM ledger_ledgername WHERE name = %s) ORDER BY s.entry_id, s.position
"""


def rows(connection: Any, query: str, log: str) -> Iterator[Any]:
    """Stream the rows of a query about one log."""
    with connection.cursor(f"c{abs(hash((query, log)))}") as cursor:
        cursor.itersize = 5000
        cursor.execute(query, [log])
        yield from cursor


def _row_as_entry(row: list[Any]) -> dict[str, Any]:
    entry_id, log, kind, recorded_at, subject, count, root, commitment = row
    return {
        "id": str(entry_id),
        "log": log,
        "kind": kind,
        "recorded_at_us": (recorded_at - EPOCH) // timedelta(microseconds=1),
        "subject": (subject or b"").hex(),
        "subject_count": count,
        "subjects_root": (root or b"").hex(),
        "commitment": commitment.hex(),
    }


# -- verifying a log


class LogVerifier:
    """One pass over one log."""

    def __init__(self, source: Source, keys: Keys, known: Iterable[Checkpoint] = (), witnesses: Witnesses | None = None) -> None:
        self.source, self.log, self.findings = source, source.log, list[Finding]()
        self.cosigned_up_to: dict[str, int] = {}
        self._witnesses = witnesses or Witnesses()
        self.entries = 0
        self._tree: Stack | None = Stack()
        self._chain: bytes | None = bytes(32)
        self._last, self._last_good, self._diverged = 0, 0, False
        self._last_seen, self._forked = 0, False
        self._due = sorted(self._checkpoints(keys, known), key=lambda checkpoint: -checkpoint.size)

    def run(self) -> list[Finding]:
        """Return everything that does not fit."""
        self._signed_up_to = self._due[0].size if self._due else 0
        people = self._subject_roots()
        for seq, entry_id, leaf, chain, entry in self.source.leaves:
            if seq != self._last + 1:
                self._gap(seq)
            true_leaf = self._entry(seq, entry_id, leaf, chain, entry)
            if self._chain is not None and sha256(b"\x02", self._chain, true_leaf) != chain:
                self._found("chain_broken", "does not follow from the entry before it", seq=seq, entry=entry_id)
            if entry is not None:
                self._people(seq, entry, people)
            self._advance(seq, true_leaf, chain)
        self._end()
        for entry_id, is_waiting in self.source.unnumbered:
            if not is_waiting:
                self._found("entry_unnumbered", "the entry has no number and does not wait for one", entry=entry_id)
        return self.findings

    def _found(self, problem: str, detail: str, *, seq: int | None = None, entry: str | None = None) -> None:
        self.findings.append(Finding(self.log, problem, detail, seq, entry))

    def _checkpoints(self, keys: Keys, known: Iterable[Checkpoint]) -> Iterator[Checkpoint]:
        for size, note in self.source.checkpoints:
            checkpoint = keys.open(note)
            if checkpoint is None or (checkpoint.log, checkpoint.size) != (self.log, size):
                self._found("checkpoint_altered", f"the checkpoint over {size} entries does not bear a known signature", seq=size)
            else:
                yield checkpoint
        yield from (checkpoint for checkpoint in known if checkpoint.log == self.log)
        for size, witness, note in self.source.cosigned:
            checkpoint = keys.open(note)
            names = self._witnesses.under(note)
            if checkpoint is None or (checkpoint.log, checkpoint.size) != (self.log, size) or (self._witnesses and witness not in names):
                self._found("cosignature_altered", f"what {witness} is said to have cosigned is not its own", seq=size)
                continue
            if names:
                self.cosigned_up_to[witness] = max(size, self.cosigned_up_to.get(witness, 0))
            yield replace(checkpoint, by=witness)

    def _subject_roots(self) -> dict[str, tuple[bool, Stack]]:
        roots: dict[str, tuple[bool, Stack]] = {}
        for entry_id, position, subject in self.source.subjects:
            is_whole, tree = roots.get(entry_id, (True, Stack()))
            roots[entry_id] = (is_whole and position == tree.count, tree)
            tree.add(sha256(b"\x00", subject))
        return roots

    def _gap(self, seq: int) -> None:
        self._found("leaf_missing", f"numbers {self._last + 1} to {seq - 1} are missing", seq=self._last + 1)
        self._tree = self._chain = None

    def _entry(self, seq: int, entry_id: str, leaf: bytes, chain: bytes, entry: dict[str, Any] | None) -> bytes:
        """Compare entry and leaf; return the leaf hash that the chain bears out."""
        if entry is None:
            self._found("entry_missing", "the entry was removed", seq=seq, entry=entry_id)
            return leaf
        computed = leaf_hash(entry)
        if entry["id"] != entry_id:
            self._found("leaf_altered", "the number is given to another entry than the one that stands there", seq=seq, entry=entry_id)
        if computed == leaf and entry["log"] == self.log:
            return computed
        if self._chain is not None and sha256(b"\x02", self._chain, computed) == chain:
            self._found("leaf_altered", "the stored leaf hash is not the entry's", seq=seq, entry=entry_id)
            return computed
        self._found("entry_altered", "the entry is not the one that was numbered", seq=seq, entry=entry_id)
        return leaf

    def _advance(self, seq: int, leaf: bytes, chain: bytes) -> None:
        self.entries += 1
        self._chain, self._last = chain, seq
        if self._tree is not None:
            self._tree.add(leaf)
        while self._due and self._due[-1].size <= seq:
            self._check(self._due.pop())

    def _people(self, seq: int, entry: dict[str, Any], people: dict[str, tuple[bool, Stack]]) -> None:
        if entry["subjects_root"]:
            is_whole, tree = people.get(entry["id"], (True, Stack()))
            if not is_whole or tree.count != entry["subject_count"] or tree.root().hex() != entry["subjects_root"]:
                self._found("subjects_altered", "the people listed are not those committed to", seq=seq, entry=entry["id"])

    def _check(self, stated: Checkpoint) -> None:
        if self._tree is None or stated.size != self._tree.count:
            return
        if stated.by:
            self._check_against(stated, self._tree.root())
        elif self._tree.root() == stated.root and self._chain == stated.chain:
            self._last_good = stated.size
        elif not self._diverged:
            self._diverged = True
            first = self._last_good + 1
            self._found("log_rewritten", f"entries {first} to {stated.size} are not those that were signed", seq=first)

    def _check_against(self, stated: Checkpoint, root: bytes) -> None:
        """Compare with what somebody else saw."""
        if root == stated.root:
            self._last_seen = stated.size
        elif not self._forked:
            self._forked = True
            first = self._last_seen + 1
            self._found("log_forked", f"entries {first} to {stated.size} are not those that {stated.by} saw", seq=first)

    def _end(self) -> None:
        for checkpoint in reversed(self._due):
            first = self._last + 1
            who = f"were seen by {checkpoint.by}" if checkpoint.by else "were signed"
            self._found("tail_cut", f"numbers {first} to {checkpoint.size} {who} and are gone", seq=first)
        if self._last > self._signed_up_to:
            first = self._signed_up_to + 1
            self._found("tail_unsigned", f"no checkpoint covers numbers {first} to {self._last}", seq=first)


# -- verifying one proof


def verify_proof(proof: Any, keys: Keys) -> list[Finding]:
    """Check a downloaded proof: leaf, path, signature, text, and for a bulk act the person's own path."""
    try:
        if proof["format"] != PROOF_FORMAT:
            raise CannotRun(f"this program reads {PROOF_FORMAT}")
        return [Finding(proof["entry"]["log"], problem, detail, None, proof["entry"]["id"]) for problem, detail in _faults(proof, keys)]
    except (KeyError, TypeError, ValueError, AttributeError, struct.error) as exc:
        raise CannotRun("this file is no proof of a ledger entry") from exc


def _faults(proof: Any, keys: Keys) -> Iterator[tuple[str, str]]:
    yield from _place_faults(proof, proof, keys)
    entry = proof["entry"]
    if reading := proof.get("reading"):
        payload = reading["payload"].encode()
        is_committed = sha256(base64.b64decode(reading["salt"]), payload).hex() == entry["commitment"]
        if not is_committed or json.loads(payload)["kind"] != entry["kind"]:
            yield "reading_altered", "the text is not the one that was committed to"
    if bulk := proof.get("bulk"):
        person, hashes = bytes.fromhex(bulk["subject"]), [bytes.fromhex(value) for value in bulk["hashes"]]
        root = root_by_path(sha256(b"\x00", person), bulk["leaf_index"], entry["subject_count"], hashes)
        if root is None or root.hex() != entry["subjects_root"]:
            yield "subjects_altered", "the person is not among those committed to"


def _place_faults(proof: Any, anchor: Any, keys: Keys) -> Iterator[tuple[str, str]]:
    """Check that the entry is in the tree of a checkpoint: the proof's own, or another that vouches for it."""
    entry, path = proof["entry"], anchor["inclusion"]
    if datetime.fromisoformat(entry["recorded_at"]) != EPOCH + timedelta(microseconds=entry["recorded_at_us"]):
        yield "entry_altered", "the two forms of its time differ"
    leaf = leaf_hash(entry)
    if leaf.hex() != proof["leaf_hash"]:
        yield "entry_altered", "the leaf hash is not the entry's"
    stated = keys.open(anchor["checkpoint"])
    if stated is None:
        yield "checkpoint_altered", "the checkpoint does not bear a known signature"
    elif (stated.log, stated.size) != (entry["log"], path["tree_size"]):
        yield "checkpoint_altered", "the checkpoint is of another log or size"
    elif root_by_path(leaf, path["leaf_index"], stated.size, [bytes.fromhex(value) for value in path["hashes"]]) != stated.root:
        yield "not_included", "the path does not lead to the signed root"


# -- verifying the evidence of one transaction


def verify_bundle(place: Path, keys: Keys, witnesses: Witnesses, trust: bytes | None) -> list[Finding]:
    """Check a bundle: every record in its log, its text, both signatures with their certificates, witnesses and stamps."""
    try:
        with zipfile.ZipFile(place) as archive:
            if sum(item.file_size for item in archive.infolist()) > LARGEST_BUNDLE_BYTES:
                raise CannotRun("the bundle is larger than any bundle is")
            files = {item.filename: archive.read(item) for item in archive.infolist()}
        manifest = json.loads(files["manifest.json"])
        if manifest["format"] != BUNDLE_FORMAT:
            raise CannotRun(f"this program reads {BUNDLE_FORMAT}")
        return list(Bundle(files, manifest, keys, witnesses, trust).findings())
    except (zipfile.BadZipFile, KeyError, TypeError, ValueError, AttributeError, struct.error) as exc:
        raise CannotRun("this file is no bundle of evidence") from exc


class Bundle:
    """The files of a bundle and those whom the one who asks trusts."""

    def __init__(self, files: dict[str, bytes], manifest: Any, keys: Keys, witnesses: Witnesses, trust: bytes | None) -> None:
        self.files, self.manifest, self.keys, self.witnesses = files, manifest, keys, witnesses
        self.roots = load_pem_x509_certificates(trust) if trust else []
        self.log = self.entry = ""
        self.recorded_at = EPOCH

    def findings(self) -> Iterator[Finding]:
        """Return everything that does not fit."""
        listed = self.manifest["files"]
        for name in sorted({*listed, *self.files} - {"manifest.json"}):
            if name not in self.files or sha256(self.files[name]).hex() != listed.get(name):
                yield Finding("", "file_altered", f"{name} is not the file that the manifest names")
        details = []
        for name in self.manifest["records"]:
            record = json.loads(self.files[name])
            self.log, self.entry = record["entry"]["log"], record["entry"]["id"]
            self.recorded_at = datetime.fromisoformat(record["entry"]["recorded_at"])
            yield from verify_proof(record, self.keys)
            yield from self._named(self._anchor_faults(record))
            if record.get("reading"):
                payload = json.loads(record["reading"]["payload"])
                details.append(payload["detail"])
                yield from self._named(self._signature_faults(payload))
        first: dict[str, Any] = {}
        signed = [detail for detail in details if detail.get("request")]
        if not all(agree(first.setdefault(detail["transaction_id"], detail), detail) for detail in signed):
            yield Finding("", "records_differ", "the two sides keep different signatures of one transaction")

    def _named(self, faults: Iterator[tuple[str, str]]) -> Iterator[Finding]:
        return (Finding(self.log, problem, detail, None, self.entry) for problem, detail in faults)

    def _anchor_faults(self, record: Any) -> Iterator[tuple[str, str]]:
        for anchor in record.get("anchors", ()):
            yield from _place_faults(record, anchor, self.keys)
            if anchor["kind"] == "stamp":
                yield from self._stamp_faults(anchor)
            elif self.witnesses and anchor["witness"] not in self.witnesses.under(anchor["checkpoint"]):
                yield "cosignature_altered", f"what {anchor['witness']} is said to have cosigned is not its own"
            elif self.witnesses:
                say(f"{self.log}: {anchor['inclusion']['tree_size']} entries cosigned by {anchor['witness']}")

    def _stamp_faults(self, anchor: Any) -> Iterator[tuple[str, str]]:
        if not self.roots or shutil.which("openssl") is None:
            say(f"{self.log}: the time stamp was not checked: it takes --trust and the program openssl")
            return
        with tempfile.TemporaryDirectory() as folder:
            token, root = Path(folder, "token"), Path(folder, "root.pem")
            token.write_bytes(base64.b64decode(anchor["token"]))
            root.write_bytes(b"".join(certificate.public_bytes(Encoding.PEM) for certificate in self.roots))
            digest = sha256(anchor["checkpoint"].encode()).hex()
            command = ("openssl", "ts", "-verify", "-digest", digest, "-in", str(token), "-token_in", "-CAfile", str(root))
            shown = ("openssl", "ts", "-reply", "-in", str(token), "-token_in", "-token_out", "-text")
            if subprocess.run(command, capture_output=True, check=False).returncode != 0:
                yield "stamp_altered", "the time stamp is not one of the trusted authority over this checkpoint"
                return
            said = subprocess.run(shown, capture_output=True, check=False, text=True).stdout
        at = next((line.partition(": ")[2] for line in said.splitlines() if line.startswith("Time stamp:")), "")
        say(f"{self.log}: the entry existed at {at}")

    def _signature_faults(self, payload: Any) -> Iterator[tuple[str, str]]:
        detail = payload["detail"]
        if not detail.get("request"):
            return  # a refusal: nothing was signed that would be kept
        request, answer = detail["request"], detail["answer"]
        asked, answered = parts_of(request["base"]), parts_of(answer["base"])
        client, service = unquote(asked['"x-road-client"']), unquote(answered['"x-road-service"'])
        if {asked['"x-road-request-id"'], answered['"x-road-request-id"']} != {detail["transaction_id"]} or (client, service) != (
            detail["client"],
            detail["service"],
        ):
            yield "record_altered", "what was signed is another transaction, client or service than the record says"
        if answered['"@status"'] != str(detail["status"]) or answered['"x-road-request-hash"'] != detail["request_hash"]:
            yield "record_altered", "what was signed is another answer than the record says"
        for base, name in ((asked, "request_digest"), (answered, "answer_digest")):
            if name in detail and base['"content-digest"'] != detail[name]:
                yield "record_altered", f"the {name} is not the one that was signed"
        if answered['"signature";req;key="x1"'] != request["signature"].removeprefix("x1="):
            yield "record_altered", "the answer was signed for another request"
        for who, signed, parts in (("request", request, asked), ("answer", answer, answered)):
            yield from self._signer_faults(who, signed, parts, name=payload["who"] if who == "request" else "")

    def _signer_faults(self, who: str, signed: Any, parts: dict[str, str], *, name: str) -> Iterator[tuple[str, str]]:
        file = f"members/{signed['key_id']}.pem"
        if file not in self.files:
            yield "certificate_missing", f"there is no certificate of the key of the {who}"
            return
        chain = load_pem_x509_certificates(self.files[file])
        key = chain[0].public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey) or thumbprint(key) != signed["key_id"]:
            yield "certificate_altered", f"the certificate of the {who} is of another key"
            return
        value = base64.b64decode(signed["signature"].removeprefix("x1=:").removesuffix(":"))
        r, s = (int.from_bytes(half, "big") for half in (value[:32], value[32:]))
        try:
            key.verify(encode_dss_signature(r, s), signed["base"].encode(), ec.ECDSA(hashes.SHA256()))
        except InvalidSignature:
            yield "signature_wrong", f"the {who} does not bear the signature of its key"
        given = dict(re.findall(r';(created|keyid)="?([^;"]+)', parts['"@signature-params"']))
        if given["keyid"] != signed["key_id"]:
            yield "record_altered", f"the {who} was signed for another key than the record says"
        created = datetime.fromtimestamp(int(given["created"]), tz=EPOCH.tzinfo)
        ended = self.manifest.get("keys_end", {}).get(signed["key_id"])
        if ended and (created > (end := datetime.fromisoformat(ended)) or self.recorded_at > end + LONGEST_ON_ITS_WAY):
            yield "key_ended", f"the key of the {who} no longer counted from {ended} on, as the keeper of the evidence says"
        yield from self._chain_faults(who, chain, created)
        names = {str(part.value) for part in chain[0].subject}
        if name and name not in names:
            yield "certificate_altered", f"the certificate of the {who} is not that of {name}"

    def _chain_faults(self, who: str, chain: list[Certificate], at: datetime) -> Iterator[tuple[str, str]]:
        if not self.roots:
            say(f"{self.log}: the certificates of the {who} were not traced: it takes --trust")
            return
        for certificate in chain:
            if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
                yield "certificate_expired", f"a certificate of the {who} was not valid when it was signed"
        for certificate, above in zip(chain, [*chain[1:], None], strict=True):
            if not any(is_issued_by(certificate, issuer) for issuer in ([above] if above else self.roots)):
                yield "certificate_untrusted", f"the certificate of the {who} does not lead to a trusted root"
                return
        say(f"{self.log}: the {who} was signed by {chain[0].subject.rfc4514_string()} at {at:%Y-%m-%d %H:%M:%S} UTC")


def parts_of(base: str) -> dict[str, str]:
    """Take a signature base apart into components and values (RFC 9421, sec. 2.5)."""
    return dict(line.split(": ", 1) for line in base.split("\n"))


def agree(one: Any, other: Any) -> bool:
    """Say whether two records keep the same signatures of the same transaction."""
    return all(one.get(name) == other.get(name) for name in ("transaction_id", "client", "service", "status", "request", "answer"))


def is_issued_by(certificate: Certificate, issuer: Certificate) -> bool:
    """Say whether a certificate bears the signature of the issuer's key."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def thumbprint(key: ec.EllipticCurvePublicKey) -> str:
    """Return the key id of a P-256 key (RFC 7638)."""
    numbers = key.public_numbers()
    x, y = (base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode() for value in (numbers.x, numbers.y))
    members = f'{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}'
    return base64.urlsafe_b64encode(sha256(members.encode())).rstrip(b"=").decode()


def say(text: str) -> None:
    """Tell what was seen, beside the findings."""
    print(text, file=sys.stderr)


# -- the command


def read_known(path: Path, keys: Keys) -> Checkpoint:
    """Read a checkpoint that was kept elsewhere: a note, or a proof that carries one."""
    text = path.read_text(encoding="utf-8")
    checkpoint = keys.open(json.loads(text)["checkpoint"] if text.startswith("{") else text)
    if checkpoint is None:
        raise CannotRun(f"{path} is no checkpoint signed by a known key")
    return replace(checkpoint, by=path.name)


def run(arguments: argparse.Namespace) -> list[Finding]:
    """Do what the command line asks."""
    keys = Keys.read(arguments.key.read_bytes())
    if arguments.what == "proof":
        return verify_proof(json.loads(Path(arguments.place).read_text(encoding="utf-8")), keys)
    known = [read_known(path, keys) for path in arguments.known]
    witnesses = Witnesses("\n".join(path.read_text(encoding="utf-8") for path in arguments.witness))
    if arguments.what == "bundle":
        return verify_bundle(Path(arguments.place), keys, witnesses, arguments.trust.read_bytes() if arguments.trust else None)
    if arguments.what == "archive":
        place = Path(arguments.place)
        try:
            return [*verify_all(archived(place), keys, known, witnesses), *link_faults(place)]
        except (zipfile.BadZipFile, zlib.error, KeyError):
            return list(link_faults(place)) or [Finding("", "file_altered", "a file of the archive cannot be read")]
    if arguments.what == "export":
        return verify_all(exported(Path(arguments.place)), keys, known, witnesses)
    with database(arguments.place) as sources:
        return verify_all(sources, keys, known, witnesses)


def verify_all(sources: Iterable[Source], keys: Keys, known: list[Checkpoint], witnesses: Witnesses) -> list[Finding]:
    """Verify each log and say how much was seen; a log that is known and is not there any more is a finding too."""
    findings, seen = [], set()
    for source in sources:
        verifier = LogVerifier(source, keys, known, witnesses)
        findings += verifier.run()
        seen.add(source.log)
        cosigned = "".join(f", cosigned by {name} up to {size}" for name, size in sorted(verifier.cosigned_up_to.items()))
        print(f"{source.log}: {verifier.entries} entries recomputed{cosigned}", file=sys.stderr)
    gone = [
        Finding(stated.log, "log_missing", f"{stated.size} entries were signed and are gone", 1)
        for stated in known
        if stated.log not in seen
    ]
    return findings + gone


def main(arguments: list[str] | None = None) -> int:
    """Run; return the exit code."""
    parser = argparse.ArgumentParser(description="Verify a dean06 ledger without dean06.")
    parser.add_argument("what", choices=["export", "archive", "database", "proof", "bundle"])
    parser.add_argument("place", help="directory of the export or archive, connection string, proof file or bundle")
    parser.add_argument("--key", type=Path, required=True, help="PEM of the log's public keys, from a place you trust")
    parser.add_argument("--known", type=Path, action="append", default=[], help="a checkpoint or proof kept from before (repeatable)")
    parser.add_argument("--witness", type=Path, action="append", default=[], help="file of witnesses' verifier keys (repeatable)")
    parser.add_argument("--trust", type=Path, help="PEM of the root that members' certificates and time stamps lead to (bundle)")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    given = parser.parse_args(arguments)
    try:
        findings = run(given)
    except (CannotRun, OSError, ValueError) as exc:
        print(f"could not run: {exc}", file=sys.stderr)
        return 2
    print(
        json.dumps([vars(finding) for finding in findings])
        if given.json
        else "\n".join(map(str, findings)) or "nothing found: all as it was signed"
    )
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
