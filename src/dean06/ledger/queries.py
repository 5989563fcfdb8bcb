"""Reading: who looked at a person's data and why, over all databases; and the proof of one entry."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final
from uuid import UUID

from django.db import connections

from dean06.core.databases import all_databases
from dean06.core.keys import PersonKey
from dean06.core.paging import DEFAULT_SIZE, LARGEST_SIZE, MalformedCursor, Page, decode_cursor, encode_cursor
from dean06.ledger.domain.leaves import SALT_BYTES, Entry, microseconds
from dean06.ledger.domain.merkle import Tree, hash_leaf, inclusion_path, inclusion_places
from dean06.ledger.domain.packing import unpacked
from dean06.ledger.errors import EntryNotFound, ProofPending
from dean06.ledger.models import SUBJECT_PREFIX
from dean06.ledger.naming import KIND_OF_ENTRY, LOG_OF_ENTRY
from dean06.ledger.secrets import pseudonym, unlock, unwrap
from dean06.ledger.sequencer import ENTRY_COLUMNS, entry_of, hashes_at
from dean06.ledger.words import words_of

PROOF_FORMAT: Final = "dean06-ledger-proof/1"
NOTHING_AFTER: Final = UUID(int=2**128 - 1)
KINDS: Final = "ARRAY(SELECT number FROM ledger_ledgername WHERE name = ANY(%(kinds)s))"

LOOKS: Final = f"""
    SELECT e.id, {LOG_OF_ENTRY}, {KIND_OF_ENTRY}, e.recorded_at, l.seq, e.ciphertext, k.id, k.wrapped
    FROM (
        (SELECT id FROM ledger_ledgerentry
         WHERE substring(subject, 1, {SUBJECT_PREFIX}) = substring(%(subject)s, 1, {SUBJECT_PREFIX}) AND subject = %(subject)s
             AND subject_count = 1 AND id < %(before)s AND (%(kinds)s::text[] IS NULL OR kind = ANY({KINDS}))
         ORDER BY id DESC LIMIT %(size)s)
        UNION ALL
        (SELECT s.entry_id FROM ledger_ledgersubject s JOIN ledger_ledgerentry b ON b.id = s.entry_id
         WHERE s.subject = %(subject)s AND s.entry_id < %(before)s AND (%(kinds)s::text[] IS NULL OR b.kind = ANY({KINDS}))
         ORDER BY s.entry_id DESC LIMIT %(size)s)
    ) found(id)
    JOIN ledger_ledgerentry e ON e.id = found.id
    LEFT JOIN ledger_ledgerleaf l ON l.entry_id = e.id
    LEFT JOIN ledger_ledgerkey k ON k.id = e.key_id
    ORDER BY e.id DESC LIMIT %(size)s
"""  # noqa: S608 -- constants


@dataclass(frozen=True, slots=True)
class Look:
    """One line of a person's page: something that was done with her data.

    ``seq`` is the entry's number in its log, none until it has one ("proof pending"). ``is_readable`` is false when the
    text was removed by law: then who, why and what are empty and the proof is all there is.
    """

    entry_id: UUID
    log: str
    at: datetime
    kind: str
    who: str
    on_behalf_of: str
    purpose: str
    legal_basis: str
    dossier: str
    fields: tuple[str, ...]
    detail: Mapping[str, Any]
    seq: int | None
    is_readable: bool = True


def looks_at(subject: PersonKey, *, kinds: Sequence[str] | None = None, cursor: str = "", size: int = DEFAULT_SIZE) -> Page[Look]:
    """Return what the logs of all databases hold about one person and nobody else, newest first.

    Args:
        subject: the person.
        kinds: only entries of these kinds; none for all.
        cursor: from the previous page.
        size: rows a page.

    Raises:
        MalformedCursor: the cursor was not made here.
    """
    size = max(1, min(size, LARGEST_SIZE))
    wanted = {
        "subject": pseudonym(subject),
        "before": _before(cursor),
        "kinds": None if kinds is None else list(kinds),
        "size": size + 1,
    }
    rows = [(using, row) for using in all_databases() for row in _looks_in(using, wanted)]
    rows.sort(key=lambda row: row[1][0], reverse=True)
    looks = [look_of(using, row) for using, row in rows[:size]]
    return Page(looks, encode_cursor([looks[-1].entry_id]) if len(rows) > size else "")


def _before(cursor: str) -> UUID:
    if not cursor:
        return NOTHING_AFTER
    try:
        return UUID(decode_cursor(cursor, width=1)[0])
    except (ValueError, AttributeError, TypeError) as exc:
        raise MalformedCursor from exc


def _looks_in(using: str, wanted: Mapping[str, Any]) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(LOOKS, wanted)
        return list(cursor.fetchall())


def look_of(using: str, row: tuple[Any, ...]) -> Look:
    """Make a line of a person's page from a row of ``LOOKS``."""
    entry_id, log, kind, at, seq, *locked = row[0], row[1], row[2], row[3], *row[4:]
    opened = open_reading(using, entry_id, *locked)
    text: dict[str, Any] = json.loads(opened[SALT_BYTES:]) if opened else {}
    return Look(
        entry_id=entry_id,
        log=log,
        at=at,
        kind=kind,
        who=text.get("who", ""),
        on_behalf_of=text.get("on_behalf_of", ""),
        purpose=text.get("purpose", ""),
        legal_basis=text.get("legal_basis", ""),
        dossier=text.get("dossier", ""),
        fields=tuple(text.get("fields", ())),
        detail=text.get("detail", {}),
        seq=seq,
        is_readable=opened is not None,
    )


def open_reading(using: str, entry_id: UUID, ciphertext: bytes | None, key_id: UUID | None, wrapped: bytes | None) -> bytes | None:
    """Return salt and payload of an entry; none when the text or its key is gone or was altered."""
    if ciphertext is None or key_id is None or wrapped is None:
        return None
    data_key = unwrap(bytes(wrapped), key_id=key_id)
    if data_key is None:
        return None
    return unlock(bytes(ciphertext), data_key=data_key, entry_id=entry_id, unpack=partial(unpacked, word_at=words_of(using)))


def proof_of(entry_id: UUID, *, subject: PersonKey) -> dict[str, Any]:
    """Return everything that lets a person prove one entry about her to anyone, offline.

    JSON: the entry, its leaf and inclusion path, the signed checkpoint, the opened reading with its salt (absent once the text
    was removed), and for a bulk act her own path to the root over its subjects.

    Raises:
        EntryNotFound: no such entry, or it does not concern her.
        ProofPending: not numbered yet.
    """
    return _proof(entry_id, subject=pseudonym(subject))


def closed_proof_of(entry_id: UUID) -> dict[str, Any]:
    """Return the same for an operator: without the readable part and without any one subject's path."""
    return _proof(entry_id, subject=None)


def _proof(entry_id: UUID, *, subject: bytes | None) -> dict[str, Any]:
    for using in all_databases():
        with connections[using].cursor() as cursor:
            entry = _find_entry(cursor, entry_id)
            if entry is None:
                continue
            bulk = _subject_path(cursor, entry, subject) if subject and entry.subjects_root else None
            if subject and entry.subject != subject and bulk is None:
                raise EntryNotFound(entry=entry_id)
            proof = {"format": PROOF_FORMAT, "entry": describe(entry), **_inclusion(cursor, entry)}
            if subject:
                proof |= {"bulk": bulk, "reading": _opened(using, cursor, entry_id)}
            return proof
    raise EntryNotFound(entry=entry_id)


def _find_entry(cursor: Any, entry_id: UUID) -> Entry | None:
    cursor.execute(f"SELECT {ENTRY_COLUMNS} FROM ledger_ledgerentry e WHERE e.id = %s", [entry_id])  # noqa: S608 -- a constant
    row = cursor.fetchone()
    return entry_of(row) if row else None


def describe(entry: Entry) -> dict[str, Any]:
    """Write an entry as JSON: hashes in hexadecimal, the instant in microseconds since 1970."""
    return {
        "id": str(entry.id),
        "log": entry.log,
        "kind": entry.kind,
        "recorded_at": entry.recorded_at.isoformat(),
        "recorded_at_us": microseconds(entry.recorded_at),
        "subject": entry.subject.hex(),
        "subject_count": entry.subject_count,
        "subjects_root": entry.subjects_root.hex(),
        "commitment": entry.commitment.hex(),
    }


def _inclusion(cursor: Any, entry: Entry) -> dict[str, Any]:
    cursor.execute(
        "SELECT seq, leaf_hash FROM ledger_ledgerleaf WHERE entry_id = %s AND log = (SELECT ledger_number(%s))", [entry.id, entry.log]
    )
    leaf = cursor.fetchone()
    cursor.execute("SELECT size, note FROM ledger_ledgercheckpoint WHERE log = %s ORDER BY size DESC LIMIT 1", [entry.log])
    checkpoint = cursor.fetchone()
    if leaf is None or checkpoint is None or checkpoint[0] < leaf[0]:
        raise ProofPending(entry=entry.id)
    index, size = leaf[0] - 1, checkpoint[0]
    hashes = hashes_at(cursor, entry.log, [place for places in inclusion_places(index, size) for place in places])
    path = inclusion_path(index, size, hashes.__getitem__)
    return {
        "leaf_hash": bytes(leaf[1]).hex(),
        "inclusion": {"leaf_index": index, "tree_size": size, "hashes": [value.hex() for value in path]},
        "checkpoint": checkpoint[1],
    }


def _subject_path(cursor: Any, entry: Entry, subject: bytes) -> dict[str, Any] | None:
    """Return the path from one subject to the root over all of a bulk act; none if it does not concern her."""
    cursor.execute("SELECT position FROM ledger_ledgersubject WHERE entry_id = %s AND subject = %s", [entry.id, subject])
    row = cursor.fetchone()
    if row is None:
        return None
    cursor.execute("SELECT subject FROM ledger_ledgersubject WHERE entry_id = %s ORDER BY position", [entry.id])
    tree = Tree(hash_leaf(bytes(value)) for (value,) in cursor.fetchall())
    path = [value.hex() for value in tree.path(row[0])]
    return {"subject": subject.hex(), "leaf_index": row[0], "tree_size": entry.subject_count, "hashes": path}


def _opened(using: str, cursor: Any, entry_id: UUID) -> dict[str, str] | None:
    cursor.execute(
        "SELECT e.ciphertext, k.id, k.wrapped FROM ledger_ledgerentry e JOIN ledger_ledgerkey k ON k.id = e.key_id WHERE e.id = %s",
        [entry_id],
    )
    row = cursor.fetchone()
    opened = open_reading(using, entry_id, *row) if row else None
    if opened is None:
        return None
    return {"salt": base64.b64encode(opened[:SALT_BYTES]).decode(), "payload": opened[SALT_BYTES:].decode()}
