"""Writing entries: a few inserts in the caller's transaction, nothing that waits for anybody."""

import re
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from dean06.core import clock
from dean06.core.actor import Actor
from dean06.core.databases import all_databases
from dean06.core.keys import PersonKey, new_key
from dean06.ledger.domain.leaves import HASH_BYTES, POSTGRESQL_EPOCH, Entry, canonical_payload, commitment, microseconds
from dean06.ledger.domain.merkle import hash_leaf, root_of
from dean06.ledger.domain.packing import NO_WORDS
from dean06.ledger.domain.shapes import Packer
from dean06.ledger.errors import MalformedEntry
from dean06.ledger.naming import numbers_of
from dean06.ledger.secrets import lock, new_data_key, pseudonym, pseudonyms, unwrap, wrap
from dean06.ledger.words import numbers_of_words

LOG_NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}")
KIND: Final = re.compile(r"[a-z0-9_]+\.[a-z0-9_.]+")
PAYLOAD_VERSION: Final = 1
FEW: Final = 3
"""Up to so many entries a statement each is quicker than the round trips of two COPYs."""
COPY_HEADER: Final = b"PGCOPY\n\xff\r\n\0" + bytes(8)  # PostgreSQL manual, COPY, Binary Format
COPY_TRAILER: Final = b"\xff\xff"
COPY_SLICE: Final = 20_000
POSITION_BYTES: Final = 8

FIND_KEYS: Final = {
    name: f"SELECT DISTINCT ON ({name}) {name}, id, wrapped FROM ledger_ledgerkey"  # noqa: S608 -- constants
    f" WHERE {name} = ANY(%s) AND wrapped IS NOT NULL ORDER BY {name}, id"
    for name in ("subject", "day")
}
INSERT_KEY: Final = "INSERT INTO ledger_ledgerkey (id, subject, day, wrapped, made_at) VALUES (%s, %s, %s, %s, %s)"
INSERT_ENTRY: Final = """
    WITH pending AS (
        INSERT INTO ledger_ledgerpending (entry_id, log) VALUES (%(id)s, ledger_numbered(%(log)s))
    )
    INSERT INTO ledger_ledgerentry
        (id, log, kind, recorded_at, subject, subject_count, subjects_root, commitment, key_id, ciphertext)
    VALUES (%(id)s, ledger_numbered(%(log)s), ledger_numbered(%(kind)s), %(recorded_at)s, %(subject)s,
        %(subject_count)s, %(subjects_root)s, %(commitment)s,
        %(key_id)s, %(ciphertext)s)
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


@dataclass(frozen=True, slots=True)
class Draft:
    """One entry to be recorded; the fields mean what the arguments of ``record`` mean.

    With several ``subjects`` it is one entry that concerns them all, as ``record_many`` makes it.
    """

    kind: str
    log: str
    actor: Actor
    who: str = ""
    subjects: tuple[PersonKey, ...] = ()
    purpose: str = ""
    legal_basis: str = ""
    dossier: str = ""
    on_behalf_of: str = ""
    fields: Sequence[str] = ()
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def reading(self) -> Reading:
        """Return the readable part."""
        return Reading(self.actor, self.who, self.on_behalf_of, self.purpose, self.legal_basis, self.dossier, self.fields, self.detail)


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
    made = _made(kind, log=log, reading=reading, subject=pseudonym(subject) if subject else b"")
    _write([made], using=using)
    return made.entry.id


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
    made = _made(kind, log=log, reading=reading, people=_listed(subjects))
    _write([made], using=using)
    return made.entry.id


def record_batch(drafts: Sequence[Draft], *, using: str) -> list[UUID]:
    """Write many entries of many people in one round; each is what ``record`` or ``record_many`` would have written.

    Data keys are read once for all, entries go by binary COPY. Nothing is remembered between calls: a key that was destroyed
    a moment ago is not used again.

    Returns:
        The entries' identifiers, in the order of ``drafts``.

    Raises:
        MalformedEntry: a log or kind is not of the form that logs are kept under; nothing is written.
        TransactionManagementError: there is no transaction to join.
    """
    made = [made_of(draft) for draft in drafts]
    _write(made, using=using)
    return [one.entry.id for one in made]


@dataclass(frozen=True, slots=True)
class Made:
    """An entry with its payload, not committed to yet; ``people`` are the pseudonyms of a bulk act."""

    entry: Entry
    payload: bytes
    people: Sequence[bytes]

    def locked(self, data_key: bytes, pack: Packer) -> tuple[Entry, bytes]:
        """Return the entry with its commitment, and the ciphertext of its payload."""
        salt, ciphertext = lock(self.payload, data_key=data_key, entry_id=self.entry.id, pack=pack)
        return replace(self.entry, commitment=commitment(salt, self.payload)), ciphertext


def made_of(draft: Draft) -> Made:
    """Return the entry that a draft becomes; written nowhere yet.

    Raises:
        MalformedEntry: log or kind is not of the form that logs are kept under.
    """
    people = draft.subjects
    if len(people) > 1:
        return _made(draft.kind, log=draft.log, reading=draft.reading(), people=_listed(people))
    return _made(draft.kind, log=draft.log, reading=draft.reading(), subject=pseudonym(people[0]) if people else b"")


def _listed(subjects: Iterable[PersonKey]) -> list[bytes]:
    return sorted(set(pseudonyms(subjects)))  # by pseudonym: the order tells nothing


def _made(kind: str, *, log: str, reading: Reading, subject: bytes = b"", people: Sequence[bytes] = ()) -> Made:
    if not LOG_NAME.fullmatch(log) or not KIND.fullmatch(kind):
        raise MalformedEntry(log=log, kind=kind)
    entry = Entry(
        id=new_key(),
        log=log,
        kind=kind,
        recorded_at=clock.now(),
        subject=subject,
        subject_count=1 if subject else len(people),
        subjects_root=root_of(map(hash_leaf, people)) if people else b"",
        commitment=b"",
    )
    return Made(entry, canonical_payload(reading.payload(kind)), people)


def _write(made: Sequence[Made], *, using: str) -> None:
    if not connections[using].in_atomic_block:
        raise transaction.TransactionManagementError("an entry is recorded inside the transaction that it reports")
    if not made:
        return
    with connections[using].cursor() as cursor:
        keys = _data_keys(cursor, made)
        pack = Packer(numbers_of_words(cursor) if len(made) > FEW else NO_WORDS)
        rows = [(keys[owner_of(one.entry)][0], *one.locked(keys[owner_of(one.entry)][1], pack)) for one in made]
        if len(rows) > FEW:
            _copy_rows(cursor, rows)
        else:
            for row in rows:
                _insert_row(cursor, *row)
        for one in made:
            if one.people:
                _copy_subjects(cursor, one.entry.id, one.people)


def _insert_row(cursor: Any, key_id: UUID, entry: Entry, ciphertext: bytes) -> None:
    cursor.execute(
        INSERT_ENTRY,
        {
            "id": entry.id,
            "log": entry.log,
            "kind": entry.kind,
            "recorded_at": entry.recorded_at,
            "subject": entry.subject,
            "subject_count": entry.subject_count,
            "subjects_root": entry.subjects_root,
            "commitment": entry.commitment,
            "key_id": key_id,
            "ciphertext": ciphertext,
        },
    )


# -- COPY: tuples packed by hand, each value behind its length


def _copy(cursor: Any, target: str, tuples: Iterable[bytes]) -> None:
    with cursor.copy(f"COPY {target} FROM STDIN (FORMAT BINARY)") as copy:
        copy.write(COPY_HEADER)
        for chunk in tuples:
            copy.write(chunk)
        copy.write(COPY_TRAILER)


def _tuple(*values: bytes) -> bytes:
    """Pack one row; there are no nulls in these tables."""
    parts = [struct.pack(">h", len(values))]
    for value in values:
        parts += struct.pack(">i", len(value)), value
    return b"".join(parts)


def _copy_rows(cursor: Any, rows: Sequence[tuple[UUID, Entry, bytes]]) -> None:
    names = numbers_of(cursor, {name for _, entry, _ in rows for name in (entry.log, entry.kind)})
    numbers = {name: struct.pack(">h", number) for name, number in names.items()}
    _copy(
        cursor,
        "ledger_ledgerentry (id, log, kind, recorded_at, subject, subject_count, subjects_root, commitment, key_id, ciphertext)",
        [
            b"".join(
                _tuple(
                    entry.id.bytes,
                    numbers[entry.log],
                    numbers[entry.kind],
                    struct.pack(">q", microseconds(entry.recorded_at) - POSTGRESQL_EPOCH),
                    entry.subject,
                    struct.pack(">i", entry.subject_count),
                    entry.subjects_root,
                    entry.commitment,
                    key_id.bytes,
                    ciphertext,
                )
                for key_id, entry, ciphertext in rows
            )
        ],
    )
    _copy(
        cursor,
        "ledger_ledgerpending (entry_id, log)",
        [b"".join(_tuple(entry.id.bytes, numbers[entry.log]) for _, entry, _ in rows)],
    )


def _copy_subjects(cursor: Any, entry_id: UUID, people: Sequence[bytes]) -> None:
    slices = (_subject_rows(entry_id, first, people[first : first + COPY_SLICE]) for first in range(0, len(people), COPY_SLICE))
    _copy(cursor, "ledger_ledgersubject (entry_id, position, subject)", slices)


def _subject_rows(entry_id: UUID, first: int, people: Sequence[bytes]) -> bytes:
    """Write index rows as COPY's binary tuples: the constant parts packed once, a million rows take a second."""
    before = struct.pack(">hi16si", 3, len(entry_id.bytes), entry_id.bytes, POSITION_BYTES)
    between = struct.pack(">i", HASH_BYTES)
    return b"".join(
        before + position.to_bytes(POSITION_BYTES, "big") + between + subject for position, subject in enumerate(people, start=first)
    )


# -- data keys

Owner = bytes | date


def owner_of(entry: Entry) -> Owner:
    """Return whose data key locks the text: the person's pseudonym, or the legal day where it concerns nobody or many."""
    return entry.subject or clock.legal(entry.recorded_at).date()


def _data_keys(cursor: Any, made: Sequence[Made]) -> dict[Owner, tuple[UUID, bytes]]:
    """Return the persons' and days' data keys, making those that are not there.

    Two transactions may each make one at the same time; both stay in use, and destroying takes them all. So nobody waits.
    """
    owners = {owner_of(one.entry): one.entry.recorded_at for one in made}
    found: dict[Owner, tuple[UUID, bytes]] = {}
    people = [owner for owner in owners if isinstance(owner, bytes)]
    days = [owner for owner in owners if not isinstance(owner, bytes)]
    for name, asked in (("subject", people), ("day", days)):
        if asked:
            cursor.execute(FIND_KEYS[name], [asked])
            for owner, key_id, wrapped in cursor.fetchall():
                if data_key := unwrap(bytes(wrapped), key_id=key_id):
                    found[bytes(owner) if name == "subject" else owner] = key_id, data_key
    if missing := [owner for owner in owners if owner not in found]:
        found |= {owner: (new_key(), new_data_key()) for owner in missing}
        cursor.executemany(INSERT_KEY, [wrapped_row(owner, *found[owner], made_at=owners[owner]) for owner in missing])
    return found


def wrapped_row(owner: Owner, key_id: UUID, data_key: bytes, *, made_at: datetime) -> tuple[Any, ...]:
    """Return the row of a new data key: id, subject, day, wrapped, made_at."""
    subject, day = (owner, None) if isinstance(owner, bytes) else (None, owner)
    return key_id, subject, day, wrap(data_key, key_id=key_id), made_at


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
