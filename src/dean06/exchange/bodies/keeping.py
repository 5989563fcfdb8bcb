"""Keeping bodies: what an entry says of them, and their rows in the transaction that writes the entry.

The steps are a generator of statements, so that the gateways' own connections and Django's take the same ones.
"""

import base64
from collections.abc import Generator, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Final, LiteralString
from uuid import UUID

from django.conf import settings
from psycopg import AsyncConnection

from dean06.core.clock import now, today
from dean06.core.keys import PersonKey, new_key
from dean06.exchange.bodies.sealing import Bodies, new_day_key, new_salt, seal, unwrap, wrap

PARTS: Final = ("request", "answer")
KEPT: Final = "kept"
TOO_LARGE: Final = "too_large"
AT_ONCE_BYTES: Final = 8 * 1024 * 1024
"""So much goes to the database in one statement, or one body if it is larger."""
FIND_KEY: Final[LiteralString] = (
    "SELECT id, wrapped FROM exchange_bodies_bodykey WHERE day = %s AND side = %s AND wrapped IS NOT NULL FOR SHARE"
)
"""``FOR SHARE``: who shreds this day waits for us, and then takes our rows, too."""
MAKE_KEY: Final[LiteralString] = (
    "INSERT INTO exchange_bodies_bodykey (id, day, side, wrapped, made_at) VALUES (%s, %s, %s, %s, %s)"
    " ON CONFLICT (day, side) WHERE wrapped IS NOT NULL DO NOTHING RETURNING id, wrapped"
)
KEEP: Final[LiteralString] = (
    "INSERT INTO exchange_bodies_keptbody (entry_id, key_id, sealed) SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::bytea[])"
    " RETURNING entry_id, key_id"
)

Statement = tuple[LiteralString, Sequence[Any]]
Rows = Sequence[tuple[Any, ...]]
Kept = Sequence[tuple[UUID, Bodies]]


def bodies_of(*, side: str, request: bytes, answer: bytes, subjects: tuple[PersonKey, ...] = ()) -> tuple[Bodies | None, Mapping[str, str]]:
    """Return what is kept of a call, and what its entry says of that: a part that is too large is named, not kept.

    Returns:
        Nothing to keep and nothing to say where neither request nor answer had a body.
    """
    present = {name: body for name, body in zip(PARTS, (request, answer), strict=True) if body}
    if not present:
        return None, {}
    largest = settings.DEAN06_BODIES.largest_bytes
    kept = {name: body for name, body in present.items() if len(body) <= largest}
    bodies = Bodies(today(), side, new_salt(), kept, subjects)
    said = {name: KEPT if name in kept else TOO_LARGE for name in present}
    return bodies, {"day": bodies.day.isoformat(), "salt": base64.b64encode(bodies.salt).decode("ascii"), **said}


def keep(cursor: Any, kept: Kept) -> None:
    """Write bodies in the caller's transaction through a cursor of Django."""
    steps = _steps(kept)
    statement = next(steps, None)
    while statement is not None:
        cursor.execute(*statement)
        statement = _after(steps, cursor.fetchall())


async def keep_now(connection: AsyncConnection[Any], kept: Kept) -> None:
    """Write bodies in the transaction that is open on a gateway's own connection."""
    steps = _steps(kept)
    statement = next(steps, None)
    while statement is not None:
        text, values = statement
        rows = await connection.execute(text, values)
        statement = _after(steps, await rows.fetchall())


def _after(steps: Generator[Statement, Rows, None], rows: Rows) -> Statement | None:
    try:
        return steps.send(rows)
    except StopIteration:
        return None


def _steps(kept: Kept) -> Generator[Statement, Rows, None]:
    keys: dict[tuple[date, str], tuple[UUID, bytes]] = {}
    for _, bodies in kept:
        place = bodies.day, bodies.side
        if place not in keys:
            keys[place] = yield from _key(*place)
    sealed = (
        (entry_id, keys[bodies.day, bodies.side][0], seal(bodies, day_key=keys[bodies.day, bodies.side][1], entry_id=entry_id))
        for entry_id, bodies in kept
    )
    for rows in _in_pieces(sealed):
        yield KEEP, [list(column) for column in zip(*rows, strict=True)]


def _key(day: date, side: str) -> Generator[Statement, Rows, tuple[UUID, bytes]]:
    """Find the key of a day and side or make it; another process may make it at the same time."""
    while True:
        rows = yield FIND_KEY, (day, side)
        if not rows:
            key_id = new_key()
            rows = yield MAKE_KEY, (key_id, day, side, wrap(new_day_key(), key_id=key_id), now())
        for key_id, wrapped in rows:
            if (day_key := unwrap(bytes(wrapped), key_id=key_id)) is None:
                raise ConnectionError("the key of kept bodies belongs to another installation")
            return key_id, day_key


def _in_pieces(rows: Iterator[tuple[UUID, UUID, bytes]]) -> Iterator[list[tuple[UUID, UUID, bytes]]]:
    piece: list[tuple[UUID, UUID, bytes]] = []
    size = 0
    for row in rows:
        if piece and size + len(row[2]) > AT_ONCE_BYTES:
            yield piece
            piece, size = [], 0
        piece.append(row)
        size += len(row[2])
    if piece:
        yield piece
