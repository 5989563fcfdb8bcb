"""Writing entries: a few inserts in the caller's transaction, nothing that waits for anybody."""

import re
import secrets
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from dean06.core import clock
from dean06.core.actor import Actor
from dean06.core.databases import all_databases
from dean06.core.keys import PersonKey, new_key
from dean06.ledger.domain.leaves import HASH_BYTES, SALT_BYTES, Entry, canonical_payload, commitment
from dean06.ledger.domain.merkle import hash_leaf, root_of
from dean06.ledger.errors import MalformedEntry
from dean06.ledger.secrets import lock, new_data_key, pseudonym, pseudonyms, unwrap, wrap

LOG_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
KIND: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_.]+")
PAYLOAD_VERSION: Final = 1
COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # PostgreSQL manual, COPY, Binary Format
COPY_TRAILER: Final = b"\xff\xff"
COPY_SLICE: Final = 20_000
POSITION_BYTES: Final = 8

FIND_KEY: Final = {
    True: "SELECT id, wrapped FROM ledger_ledgerkey WHERE subject = %s AND wrapped IS NOT NULL ORDER BY id LIMIT 1",
    False: "SELECT id, wrapped FROM ledger_ledgerkey WHERE day = %s AND wrapped IS NOT NULL ORDER BY id LIMIT 1",
}
INSERT_KEY: Final = "INSERT INTO ledger_ledgerkey (id, subject, day, wrapped, made_at) VALUES (%s, %s, %s, %s, %s)"
INSERT_ENTRY: Final = """
    WITH entry AS (
        INSERT INTO ledger_ledgerentry (id, log, kind, recorded_at, subject, subject_count, subjects_root, commitment)
        VALUES (%(id)s, %(log)s, %(kind)s, %(recorded_at)s, %(subject)s, %(subject_count)s, %(subjects_root)s, %(commitment)s)
    ), pending AS (
        INSERT INTO ledger_ledgerpending (entry_id, log) VALUES (%(id)s, %(log)s)
    )
    INSERT INTO ledger_ledgerreading (entry_id, key_id, nonce, ciphertext)
    VALUES (%(id)s, %(key_id)s, %(nonce)s, %(ciphertext)s)
"""


@dataclass(frozen=True, slots=True)
class Reading:
    """The readable part of an entry, before it is locked.

    Nothing here may name anyone but the entry's subject: she can read all of it, for good.
    """

    actor: Actor
    who: str
    on_behalf_of: str
    purpose: str
    legal_basis: str
    dossier: str
    fields: Sequence[str]
    detail: Mapping[str, Any]

    def payload(self, kind: str) -> dict[str, Any]:
        """Return what is committed to and locked."""
        acting_for = self.actor.acting_for
        return {
            "version": PAYLOAD_VERSION,
            "kind": kind,
            "who": self.who,
            "actor": {
                "account": self.actor.account,
                "unit": self.actor.unit_code,
                "posts": list(self.actor.posts),
                "assurance": self.actor.assurance,
                "acting_for": pseudonym(acting_for).hex() if acting_for else "",
            },
            "on_behalf_of": self.on_behalf_of,
            "purpose": self.purpose,
            "legal_basis": self.legal_basis,
            "dossier": self.dossier,
            "fields": list(self.fields),
            "detail": dict(self.detail),
        }


def record(
    kind: str,
    *,
    log: str,
    using: str,
    actor: Actor,
    who: str = "",
    subject: PersonKey | None = None,
    purpose: str = "",
    legal_basis: str = "",
    dossier: str = "",
    on_behalf_of: str = "",
    fields: Sequence[str] = (),
    detail: Mapping[str, Any] | None = None,
) -> UUID:
    """Write one entry in the caller's transaction; the sequencer numbers it within a second of the commit.

    Args:
        kind: what happened, ``module.past_event``.
        log: name of the log, one for each place that records (``registry``, ``exchange.provider``).
        using: database of the transaction.
        actor: who acts.
        who: readable name of who acted or asked, as the subject shall read it.
        subject: whom it concerns, if one person.
        purpose: why, in words.
        legal_basis: by which law.
        dossier: in which matter.
        on_behalf_of: for whom ``who`` asked.
        fields: names (never values) of what was seen or changed.
        detail: more, as JSON; may name nobody but the subject.

    Returns:
        The entry's identifier.

    Raises:
        MalformedEntry: log or kind is not of the form that logs are kept under.
        TransactionManagementError: there is no transaction to join.
    """
    reading = Reading(actor, who, on_behalf_of, purpose, legal_basis, dossier, fields, detail or {})
    who_it_is = pseudonym(subject) if subject else b""
    return _write(kind, log=log, using=using, reading=reading, subject=who_it_is, subject_count=1 if subject else 0, subjects_root=b"")


def record_many(
    kind: str,
    *,
    log: str,
    using: str,
    actor: Actor,
    subjects: Iterable[PersonKey],
    who: str = "",
    purpose: str = "",
    legal_basis: str = "",
    dossier: str = "",
    on_behalf_of: str = "",
    fields: Sequence[str] = (),
    detail: Mapping[str, Any] | None = None,
) -> UUID:
    """Write one entry for an act that concerns many people: a Merkle root over them and an index row for each one's page.

    Arguments as for ``record``; doubles among ``subjects`` count once. ``detail`` is shown to each of them, so it names none.
    Without subjects it is an entry that concerns nobody.

    Raises:
        MalformedEntry: log or kind is not of the form that logs are kept under.
        TransactionManagementError: there is no transaction to join.
    """
    reading = Reading(actor, who, on_behalf_of, purpose, legal_basis, dossier, fields, detail or {})
    people = sorted(set(pseudonyms(subjects)))  # by pseudonym: the order tells nothing
    root = root_of(map(hash_leaf, people)) if people else b""
    entry_id = _write(kind, log=log, using=using, reading=reading, subject=b"", subject_count=len(people), subjects_root=root)
    with (
        connections[using].cursor() as cursor,
        cursor.copy("COPY ledger_ledgersubject (entry_id, position, subject) FROM STDIN (FORMAT BINARY)") as copy,
    ):
        copy.write(COPY_HEADER)
        for first in range(0, len(people), COPY_SLICE):
            copy.write(_subject_rows(entry_id, first, people[first : first + COPY_SLICE]))
        copy.write(COPY_TRAILER)
    return entry_id


def _subject_rows(entry_id: UUID, first: int, people: Sequence[bytes]) -> bytes:
    """Write index rows as COPY's binary tuples, each value behind its length: packed by hand, a million rows take a second."""
    before = struct.pack(">hi16si", 3, len(entry_id.bytes), entry_id.bytes, POSITION_BYTES)
    between = struct.pack(">i", HASH_BYTES)
    return b"".join(
        before + position.to_bytes(POSITION_BYTES, "big") + between + subject for position, subject in enumerate(people, start=first)
    )


def _write(kind: str, *, log: str, using: str, reading: Reading, subject: bytes, subject_count: int, subjects_root: bytes) -> UUID:
    if not LOG_NAME.fullmatch(log) or not KIND.fullmatch(kind):
        raise MalformedEntry(log=log, kind=kind)
    if not connections[using].in_atomic_block:
        raise transaction.TransactionManagementError("an entry is recorded inside the transaction that it reports")
    salt, payload = secrets.token_bytes(SALT_BYTES), canonical_payload(reading.payload(kind))
    entry = Entry(
        id=new_key(),
        log=log,
        kind=kind,
        recorded_at=clock.now(),
        subject=subject,
        subject_count=subject_count,
        subjects_root=subjects_root,
        commitment=commitment(salt, payload),
    )
    with connections[using].cursor() as cursor:
        key_id, data_key = _data_key(cursor, subject=subject, entry=entry)
        nonce, ciphertext = lock(salt + payload, data_key=data_key, entry_id=entry.id)
        cursor.execute(
            INSERT_ENTRY,
            {
                "id": entry.id,
                "log": log,
                "kind": kind,
                "recorded_at": entry.recorded_at,
                "subject": subject or None,
                "subject_count": subject_count,
                "subjects_root": subjects_root or None,
                "commitment": entry.commitment,
                "key_id": key_id,
                "nonce": nonce,
                "ciphertext": ciphertext,
            },
        )
    return entry.id


def _data_key(cursor: Any, *, subject: bytes, entry: Entry) -> tuple[UUID, bytes]:
    """Return the person's (or the day's) data key, making one when there is none.

    Two transactions may each make one at the same time; both stay in use, and destroying takes them all. So nobody waits.
    """
    owner = subject or clock.legal(entry.recorded_at).date()
    cursor.execute(FIND_KEY[bool(subject)], [owner])
    found = cursor.fetchone()
    if found and (data_key := unwrap(bytes(found[1]), key_id=found[0])):
        return found[0], data_key
    key_id, data_key = new_key(), new_data_key()
    day = None if subject else owner
    cursor.execute(INSERT_KEY, [key_id, subject or None, day, wrap(data_key, key_id=key_id), entry.recorded_at])
    return key_id, data_key


def destroy_subject_key(subject: PersonKey) -> int:
    """Remove the readable part of every entry about one person, in all databases; every proof stays valid.

    Entries written after this get a new key. Entries that concern many people keep their text, which names none of them.

    Returns:
        How many keys were destroyed.
    """
    return sum(_destroy_in(using, pseudonym(subject)) for using in all_databases())


def _destroy_in(using: str, subject: bytes) -> int:
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_ledgerkey SET wrapped = NULL, destroyed_at = %s WHERE subject = %s AND wrapped IS NOT NULL",
            [clock.now(), subject],
        )
        return int(cursor.rowcount)
