"""Entries as evidence for others than their subject: read in the order of the log, and proved with everything that vouches.

An opened entry shows its readable part, so this is for modules whose entries name nobody in it (the exchange's: members,
purposes, digests and signatures). Whoever calls decides who may see it, and records that he did.
"""

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import msgspec
from django.db import connections

from dean06.core.databases import all_databases
from dean06.core.keys import PersonKey
from dean06.ledger.domain.leaves import SALT_BYTES
from dean06.ledger.domain.merkle import inclusion_path, inclusion_places
from dean06.ledger.domain.shapes import Unpacker
from dean06.ledger.errors import EntryNotFound
from dean06.ledger.models import LedgerCheckpoint, LedgerCosignature, LedgerLeaf, LedgerStamp
from dean06.ledger.naming import KIND_OF_ENTRY, LOG_OF_ENTRY
from dean06.ledger.queries import Look, closed_proof_of, look_of, open_reading
from dean06.ledger.secrets import pseudonym, unlock, unwrap
from dean06.ledger.sequencer import hashes_at
from dean06.ledger.stored import fetched, log_size
from dean06.ledger.words import words_of

OPENED: Final = f"""
    SELECT l.seq, e.id, {KIND_OF_ENTRY}, e.recorded_at, e.ciphertext, k.id, k.wrapped
    FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id LEFT JOIN ledger_ledgerkey k ON k.id = e.key_id
"""  # noqa: S608 -- constants
AFTER: Final = f"{OPENED} WHERE l.log = (SELECT ledger_number(%s)) AND l.seq > %s ORDER BY l.seq LIMIT %s"
LOOK: Final = f"""
    SELECT e.id, {LOG_OF_ENTRY}, {KIND_OF_ENTRY}, e.recorded_at, l.seq, e.ciphertext, k.id, k.wrapped FROM ledger_ledgerentry e
    LEFT JOIN ledger_ledgerleaf l ON l.entry_id = e.id LEFT JOIN ledger_ledgerkey k ON k.id = e.key_id
    WHERE e.id = %(entry)s AND (
        e.subject = %(subject)s OR EXISTS (SELECT 1 FROM ledger_ledgersubject s WHERE s.entry_id = e.id AND s.subject = %(subject)s)
    )
"""  # noqa: S608 -- constants
ONE: Final = f"{OPENED} WHERE e.id = %s"


@dataclass(frozen=True, slots=True)
class Opened:
    """An entry with its number and its readable part; none if the text was removed by law."""

    seq: int
    entry_id: UUID
    kind: str
    at: datetime
    payload: Mapping[str, Any] | None
    salt: bytes


def opened_after(using: str, log: str, seq: int, *, limit: int) -> list[Opened]:
    """Return the entries of a log behind a number, in its order."""
    keys: dict[UUID, bytes | None] = {}
    unpack = Unpacker(words_of(using))
    with connections[using].cursor() as cursor:
        return [_opened(row, keys, unpack) for row in fetched(cursor, AFTER, [log, seq, limit])]


def _opened(row: tuple[Any, ...], keys: dict[UUID, bytes | None], unpack: Unpacker) -> Opened:
    """Open a row of ``AFTER``; ``keys`` are the data keys that its neighbours needed, unwrapped once."""
    seq, entry_id, kind, at, ciphertext, key_id, wrapped = row
    if key_id not in keys:
        keys[key_id] = unwrap(wrapped, key_id=key_id) if wrapped else None
    data_key = keys[key_id]
    text = unlock(ciphertext, data_key=data_key, entry_id=entry_id, unpack=unpack) if data_key and ciphertext else None
    payload = msgspec.json.decode(text[SALT_BYTES:]) if text else None
    return Opened(seq, entry_id, kind, at, payload, text[:SALT_BYTES] if text else b"")


def size_of(using: str, log: str) -> int:
    """Return how many entries of a log have their number."""
    with connections[using].cursor() as cursor:
        return log_size(cursor, log)


def look_at(entry_id: UUID, *, subject: PersonKey) -> Look:
    """Return one line of a person's page.

    Raises:
        EntryNotFound: no such entry, or it does not concern her.
    """
    for using in all_databases():
        with connections[using].cursor() as cursor:
            cursor.execute(LOOK, {"entry": entry_id, "subject": pseudonym(subject)})
            row = cursor.fetchone()
        if row is not None:
            return look_of(using, row)
    raise EntryNotFound(entry=entry_id)


def evidence_of(entry_id: UUID) -> dict[str, Any]:
    """Return an entry's proof with its readable part and its anchors: checkpoints that a witness cosigned or that were stamped.

    Raises:
        EntryNotFound: no such entry.
        ProofPending: not numbered yet.
    """
    proof = closed_proof_of(entry_id)
    for using in all_databases():
        with connections[using].cursor() as cursor:
            cursor.execute(ONE, [entry_id])
            row = cursor.fetchone()
        if row is None:
            continue
        opened = open_reading(using, entry_id, *row[4:])
        reading = opened and {"salt": base64.b64encode(opened[:SALT_BYTES]).decode(), "payload": opened[SALT_BYTES:].decode()}
        return {**proof, "reading": reading, "anchors": list(_anchors(using, proof["entry"]["log"], entry_id))}
    raise EntryNotFound(entry=entry_id)


def _anchors(using: str, log: str, entry_id: UUID) -> Iterator[dict[str, Any]]:
    """Find the first stamp and each witness's first cosignature that cover an entry, with its path to that checkpoint."""
    seq = LedgerLeaf.objects.using(using).get(log=log, entry_id=entry_id).seq
    stamp = LedgerStamp.objects.using(using).filter(log=log, size__gte=seq).order_by("size").first()
    if stamp is not None:
        note = LedgerCheckpoint.objects.using(using).get(log=log, size=stamp.size).note
        token = base64.b64encode(bytes(stamp.token)).decode()
        yield {"kind": "stamp", "checkpoint": note, "token": token, "inclusion": _inclusion(using, log, seq, stamp.size)}
    seen = set[str]()
    for cosigned in LedgerCosignature.objects.using(using).filter(log=log, size__gte=seq).order_by("size")[:50]:
        if cosigned.witness not in seen:
            seen.add(cosigned.witness)
            inclusion = _inclusion(using, log, seq, cosigned.size)
            yield {"kind": "cosignature", "checkpoint": cosigned.note, "witness": cosigned.witness, "inclusion": inclusion}


def _inclusion(using: str, log: str, seq: int, size: int) -> dict[str, Any]:
    with connections[using].cursor() as cursor:
        hashes = hashes_at(cursor, log, [place for places in inclusion_places(seq - 1, size) for place in places])
    path = inclusion_path(seq - 1, size, hashes.__getitem__)
    return {"leaf_index": seq - 1, "tree_size": size, "hashes": [value.hex() for value in path]}
