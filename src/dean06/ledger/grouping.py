"""Writing a group of entries through an asynchronous connection: one statement, which is a transaction of its own.

For processes that do nothing but write entries of many callers, such as a gateway. What ``record_batch`` takes several round trips for
is one here, and data keys that were opened a moment ago are not opened again. A key that was destroyed meanwhile is
noticed by the statement itself, which then writes nothing.
"""

import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final, LiteralString
from uuid import UUID

from dean06.core.keys import new_key
from dean06.core.statements import BYTES, DAYS, INSTANTS, NUMBERS, UUIDS, Column, LoopConnection, Statement, day_of
from dean06.ledger.actions import Draft, Owner, made_of, owner_of, wrapped_row
from dean06.ledger.domain.leaves import Entry
from dean06.ledger.domain.shapes import Packer
from dean06.ledger.naming import NUMBERED
from dean06.ledger.secrets import new_data_key, unwrap
from dean06.ledger.words import WORDS

KEY_SECONDS: Final = 60.0
MOST_KEYS: Final = 10_000
TRIES: Final = 3
WRITE: Final[LiteralString] = """
    WITH destroyed AS (
        SELECT id FROM ledger_ledgerkey WHERE id = ANY(%b::uuid[]) AND wrapped IS NULL
    ), given AS (
        SELECT * FROM unnest(%b::uuid[], %b::bigint[], %b::bigint[], %b::timestamptz[], %b::bytea[], %b::bigint[], %b::bytea[],
            %b::bytea[], %b::uuid[], %b::bytea[])
            AS row (id, log, kind, recorded_at, subject, subject_count, subjects_root, commitment, key_id, ciphertext)
        WHERE NOT EXISTS (SELECT 1 FROM destroyed)
    ), entry AS (
        INSERT INTO ledger_ledgerentry
            (id, log, kind, recorded_at, subject, subject_count, subjects_root, commitment, key_id, ciphertext)
        SELECT id, log, kind, recorded_at, subject, subject_count, subjects_root, commitment, key_id, ciphertext FROM given
    ), pending AS (
        INSERT INTO ledger_ledgerpending (entry_id, log) SELECT id, log FROM given
    ), person AS (
        INSERT INTO ledger_ledgersubject (entry_id, position, subject)
        SELECT row.entry_id, row.position, row.subject
        FROM unnest(%b::uuid[], %b::bigint[], %b::bytea[]) AS row (entry_id, position, subject)
        JOIN given ON given.id = row.entry_id
    ), made AS (
        INSERT INTO ledger_ledgerkey (id, subject, day, wrapped, made_at)
        SELECT row.id, row.subject, row.day, row.wrapped, row.made_at
        FROM unnest(%b::uuid[], %b::bytea[], %b::date[], %b::bytea[], %b::timestamptz[]) AS row (id, subject, day, wrapped, made_at)
        WHERE NOT EXISTS (SELECT 1 FROM destroyed)
    )"""
RESULT: Final[LiteralString] = " SELECT id FROM destroyed"
ROW: Final = (UUIDS, NUMBERS, NUMBERS, INSTANTS, BYTES, NUMBERS, BYTES, BYTES, UUIDS, BYTES)
OF_PEOPLE: Final = Statement(
    "SELECT DISTINCT ON (subject) subject, id, wrapped FROM ledger_ledgerkey"
    " WHERE subject = ANY (%b::bytea[]) AND wrapped IS NOT NULL ORDER BY subject, id",
    BYTES,
)
OF_DAYS: Final = Statement(
    "SELECT DISTINCT ON (day) day, id, wrapped FROM ledger_ledgerkey WHERE day = ANY (%b::date[]) AND wrapped IS NOT NULL ORDER BY day, id",
    DAYS,
)
PERSON: Final = (UUIDS, NUMBERS, BYTES)
KEY: Final = (UUIDS, BYTES, DAYS, BYTES, INSTANTS)

Opened = tuple[UUID, bytes]


class EntryWriter:
    """Writes groups of entries.

    Remembers of one connection, for a minute, the data keys that it opened and the words that have numbers; for good the numbers of
    names. On another connection it begins anew, as a database that was away may have come back as it was before. Whoever undoes the
    transaction in which it wrote makes another one: keys and numbers that it made are gone.

    Args:
        beside: more parts of the statement, ``, name AS (…)``, done in the same transaction; what they do must hang on
            ``NOT EXISTS (SELECT 1 FROM destroyed)``, for the statement runs again when it finds one.
        columns: of what ``beside`` is given.
    """

    def __init__(self, beside: LiteralString = "", *columns: Column) -> None:
        self._statement = Statement(WRITE + beside + RESULT, UUIDS, *ROW, *PERSON, *KEY, *columns)
        self._forget(None)

    def _forget(self, connection: LoopConnection | None) -> None:
        """Begin anew on a connection."""
        self._of: LoopConnection | None = connection
        self._opened: dict[Owner, tuple[float, Opened]] = {}
        self._packer: tuple[float, Packer] = 0.0, Packer()
        self._numbers: dict[str, int] = {}

    async def write(self, connection: LoopConnection, drafts: Sequence[Draft], *beside: Sequence[Any]) -> list[UUID]:
        """Write entries and commit them; each is what ``record`` or ``record_many`` would have written.

        Args:
            connection: in autocommit mode.
            drafts: what to write.
            beside: values for the columns of what is done beside.

        Returns:
            The entries' identifiers, in the order of ``drafts``.

        Raises:
            MalformedEntry: a log or kind is not of the form that logs are kept under; nothing is written.
            psycopg.Error: the statement failed.
        """
        if connection is not self._of:
            self._forget(connection)
        made = [made_of(draft) for draft in drafts]
        people = [(one.entry.id, place, person) for one in made for place, person in enumerate(one.people)]
        pack = await self._known_packer(connection)
        numbers = await self._known_numbers(connection, [name for one in made for name in (one.entry.log, one.entry.kind)])
        for _ in range(TRIES):
            keys, fresh = await self._keys(connection, [one.entry for one in made])
            rows = []
            for one in made:
                key_id, data_key = keys[owner_of(one.entry)]
                entry, ciphertext = one.locked(data_key, pack)
                rows.append((*_columns(entry, numbers), key_id, ciphertext))
            used = [key_id for owner, (key_id, _) in keys.items() if owner not in fresh]
            new = [wrapped_row(owner, *keys[owner], made_at=at) for owner, at in fresh.items()]
            values = (used, *_turned(rows, len(ROW)), *_turned(people, len(PERSON)), *_turned(new, len(KEY)), *beside)
            if not await connection.run(self._statement, values):
                self._remember(keys)
                return [one.entry.id for one in made]
            self._opened.clear()
        raise ConnectionError("data keys are being destroyed faster than entries are written")

    async def _known_packer(self, connection: LoopConnection) -> Packer:
        """Return what packs with the words that have numbers, asked for once a minute; those that are new meanwhile are written out."""
        until, pack = self._packer
        if until < time.monotonic():
            rows = await connection.execute(WORDS, binary=True)
            words = {bytes(word): number for number, word in await rows.fetchall()}
            pack = pack if pack.words == words else Packer(words)
            self._packer = time.monotonic() + KEY_SECONDS, pack
        return pack

    async def _known_numbers(self, connection: LoopConnection, names: Collection[str]) -> dict[str, int]:
        """Return the numbers of names; those that have none get one, which is committed before what is written under it."""
        if unknown := sorted(set(names) - self._numbers.keys()):
            rows = await connection.execute(NUMBERED, [unknown], binary=True)
            self._numbers |= dict(await rows.fetchall())
        return self._numbers

    async def _keys(self, connection: LoopConnection, entries: Sequence[Entry]) -> tuple[dict[Owner, Opened], dict[Owner, Any]]:
        """Return a data key for each owner, and for whom it is new with the time of the entry that it is made for."""
        at = {owner_of(entry): entry.recorded_at for entry in entries}
        moment = time.monotonic()
        found = {owner: known[1] for owner in at if (known := self._opened.get(owner)) is not None and known[0] > moment}
        unknown = [owner for owner in at if owner not in found]
        for statement, owners in (
            (OF_PEOPLE, [owner for owner in unknown if isinstance(owner, bytes)]),
            (OF_DAYS, [owner for owner in unknown if not isinstance(owner, bytes)]),
        ):
            for owner, row_id, wrapped in await connection.run(statement, [owners]) if owners else ():
                if owner and row_id and wrapped and (data_key := unwrap(wrapped, key_id=(key_id := UUID(bytes=row_id)))):
                    found[owner if statement is OF_PEOPLE else day_of(owner)] = key_id, data_key
        missing: Mapping[Owner, Any] = {owner: at[owner] for owner in unknown if owner not in found}
        return found | {owner: (new_key(), new_data_key()) for owner in missing}, dict(missing)

    def _remember(self, keys: Mapping[Owner, Opened]) -> None:
        if len(self._opened) > MOST_KEYS:
            self._opened.clear()
        moment = time.monotonic()
        for owner, opened in keys.items():
            if self._opened.get(owner, (0.0,))[0] <= moment:
                self._opened[owner] = moment + KEY_SECONDS, opened


def _columns(entry: Entry, numbers: Mapping[str, int]) -> tuple[Any, ...]:
    return (
        entry.id,
        numbers[entry.log],
        numbers[entry.kind],
        entry.recorded_at,
        entry.subject,
        entry.subject_count,
        entry.subjects_root,
        entry.commitment,
    )


def _turned(rows: Sequence[tuple[Any, ...]], width: int) -> list[list[Any]]:
    """Return rows as columns; ``width`` empty ones where there are no rows."""
    return [list(column) for column in zip(*rows, strict=True)] if rows else [[] for _ in range(width)]
