"""Words that many readable parts repeat, each with a number that stands for it: names of members, services and keys, never of people.

A word is learned when it has been seen in an entry that is there; it is used from then on, and stays for good.
"""

from collections.abc import Iterable
from typing import Any, Final, LiteralString

from django.db import connections

from dean06.ledger.domain.packing import WordAt, Words

LONGEST: Final = 500
MOST: Final = 10_000
"""Enough for the names of a country's members; all of them are read once a minute by who writes."""
WORDS: Final[LiteralString] = "SELECT number, word FROM ledger_ledgerword"
LEARN: Final = "INSERT INTO ledger_ledgerword (word) SELECT unnest(%s::bytea[]) ON CONFLICT (word) DO NOTHING"
_known: Final[dict[str, dict[int, bytes]]] = {}


def words_by_number(cursor: Any) -> dict[int, bytes]:
    """Read all words of a database."""
    cursor.execute(WORDS)
    return {number: bytes(word) for number, word in cursor.fetchall()}


def numbers_of_words(cursor: Any) -> Words:
    """Read the same for who packs."""
    return {word: number for number, word in words_by_number(cursor).items()}


def words_of(using: str) -> WordAt:
    """Return how to find a word of a database; what was found once is not asked for again, as no word ever changes."""

    def word_at(number: int) -> bytes:
        known = _known.setdefault(using, {})
        if number not in known:
            with connections[using].cursor() as cursor:
                known.update(words_by_number(cursor))
        return known[number]

    return word_at


def learn_words(words: Iterable[str], *, using: str) -> int:
    """Give numbers to words that have none yet, in the caller's transaction; return how many.

    Names of organisations, services and keys only: they stand in the clear and for good.
    """
    wanted = {word.encode() for word in words}
    with connections[using].cursor() as cursor:
        known = numbers_of_words(cursor)
        new = sorted(word for word in wanted - known.keys() if 1 < len(word) <= LONGEST and word.isascii() and word.decode().isprintable())
        if new and len(known) + len(new) <= MOST:
            cursor.execute(LEARN, [new])
            return int(cursor.rowcount)
    return 0
