"""Writing logs out for a verifier that is not us: commitments, numbers and checkpoints, no readable part."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import connections, transaction

from dean06.core import clock
from dean06.core.databases import all_databases
from dean06.ledger.checkpoints import known_keys
from dean06.ledger.queries import describe
from dean06.ledger.sequencer import ENTRY_COLUMNS, entry_of
from dean06.ledger.stored import logs_in, snapshot
from dean06.ledger.submitting import witnesses

EXPORT_FORMAT: Final = "dean06-ledger-export/1"
PAGE: Final = 5000

LEAF_ROWS: Final = f"""
    SELECT l.seq, l.entry_id, l.leaf_hash, l.chain_hash, {ENTRY_COLUMNS}
    FROM ledger_ledgerleaf l LEFT JOIN ledger_ledgerentry e ON e.id = l.entry_id
"""  # noqa: S608 -- constants
LEAVES: Final = f"{LEAF_ROWS} WHERE l.log = (SELECT ledger_number(%s)) ORDER BY l.seq"
UNNUMBERED: Final = f"""
    SELECT p.entry_id IS NOT NULL, {ENTRY_COLUMNS} FROM ledger_ledgerentry e
    LEFT JOIN ledger_ledgerpending p ON p.entry_id = e.id AND p.log = e.log
    LEFT JOIN ledger_ledgerleaf l ON l.entry_id = e.id WHERE e.log = (SELECT ledger_number(%s)) AND l.entry_id IS NULL ORDER BY e.id
"""  # noqa: S608 -- constants
CHECKPOINTS: Final = "SELECT size, note FROM ledger_ledgercheckpoint WHERE log = %s ORDER BY size"
COSIGNATURES: Final = "SELECT size, witness, note FROM ledger_ledgercosignature WHERE log = %s ORDER BY size, witness"
SUBJECTS: Final = """
    SELECT s.entry_id, s.position, s.subject FROM ledger_ledgersubject s JOIN ledger_ledgerentry e ON e.id = s.entry_id
    WHERE e.log = (SELECT ledger_number(%s)) ORDER BY s.entry_id, s.position
"""


def export(directory: Path) -> dict[str, Any]:
    """Write all logs of all databases into a directory that does not exist yet; return the manifest.

    ``tools/verify_ledger.py`` reads it. ``keys.pem`` and ``witnesses.txt`` lie beside it for convenience: who wants certainty
    takes them from places that the log's keeper cannot change. Memory stays flat; each database is read in one snapshot.

    Raises:
        FileExistsError: the directory exists.
    """
    directory.mkdir(parents=True, mode=0o700)
    logs = [described for using in all_databases() for described in _export_database(using, directory)]
    (directory / "keys.pem").write_bytes(public_keys_pem())
    (directory / "witnesses.txt").write_text("".join(f"{witness.verifier_key}\n" for witness in witnesses()))
    manifest = {"format": EXPORT_FORMAT, "made_at": clock.now().isoformat(), "logs": logs}
    (directory / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n")
    return manifest


def public_keys_pem() -> bytes:
    """Return the log's public keys, current and retired."""
    return b"".join(key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in known_keys().values())


def _export_database(using: str, directory: Path) -> Iterator[dict[str, Any]]:
    with snapshot(using) as cursor:
        for log in logs_in(cursor):
            place = directory / using / log
            place.mkdir(parents=True)
            leaves = (leaf_document(row) for row in rows(using, LEAVES, log))
            unnumbered = (
                {"is_pending": waits, "entry": describe(entry_of(tuple(entry)))} for waits, *entry in rows(using, UNNUMBERED, log)
            )
            subjects = (
                {"entry_id": str(entry_id), "position": position, "subject": bytes(subject).hex()}
                for entry_id, position, subject in rows(using, SUBJECTS, log)
            )
            yield {
                "database": using,
                "log": log,
                "directory": f"{using}/{log}",
                "entries": _write(place / "leaves.jsonl", leaves),
                "unnumbered": _write(place / "unnumbered.jsonl", unnumbered),
                "checkpoints": _write(place / "checkpoints.jsonl", _checkpoints(using, log)),
                "cosignatures": _write(place / "cosignatures.jsonl", _cosignatures(using, log)),
                "subjects": _write(place / "subjects.jsonl", subjects),
            }


def _checkpoints(using: str, log: str) -> Iterator[dict[str, Any]]:
    return ({"size": size, "note": note} for size, note in rows(using, CHECKPOINTS, log))


def _cosignatures(using: str, log: str) -> Iterator[dict[str, Any]]:
    return ({"size": size, "witness": witness, "note": note} for size, witness, note in rows(using, COSIGNATURES, log))


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> int:
    with path.open("w", encoding="utf-8") as file:
        return sum(1 for row in rows if file.write(json.dumps(row, ensure_ascii=False) + "\n"))


def leaf_document(row: tuple[Any, ...]) -> dict[str, Any]:
    """Write one of ``LEAF_ROWS`` as JSON."""
    seq, entry_id, leaf, chain, *entry = row
    return {
        "seq": seq,
        "entry_id": str(entry_id),
        "leaf_hash": bytes(leaf).hex(),
        "chain_hash": bytes(chain).hex(),
        "entry": describe(entry_of(tuple(entry))) if entry[0] else None,
    }


def rows(using: str, query: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
    """Stream rows through a cursor of the server, inside the snapshot that is open."""
    with transaction.atomic(using=using), connections[using].chunked_cursor() as cursor:
        cursor.execute(query, values)
        while page := cursor.fetchmany(PAGE):
            yield from page
