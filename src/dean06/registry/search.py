"""Search by name without marks: whole name and beginnings by range, words in any order by full text, then near misses.

Ranges and full text use ordinary indexes; nothing scans people. A misspelt word is looked for among the few thousand words that
names consist of, never among the names of all people.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from uuid import UUID

from django.contrib.postgres.search import SearchQuery, SearchVector
from django.db.models import Q, QuerySet

from dean06.core.vietnamese import fold
from dean06.registry.domain.names import PersonName
from dean06.registry.domain.spelling import near_words
from dean06.registry.errors import SearchTooBroad
from dean06.registry.models import NameWord, Person

LARGEST_RESULT: Final = 50
SHORTEST_NAME: Final = 2
MOST_WORDS: Final = 8
AFTER_ALL: Final = "\U0010ffff"
"""Sorts after every name that begins with the text before it (C order)."""

WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Found:
    """People found, best first, and whether there are no more."""

    people: Sequence[Person] = field(repr=False)
    is_complete: bool


def search_people(name: str, *, birth_year: int | None = None, unit_code: str = "", limit: int = 20) -> Found:
    """Find people by name.

    Args:
        name: words of the name in any order, with or without marks; the last word may be unfinished.
        birth_year: year of birth, if known.
        unit_code: five-digit commune of permanent residence, if known.
        limit: how many at most, up to ``LARGEST_RESULT``.

    Returns:
        By rank: the whole name, names that begin so (family or given name first), the words in any order, and
        only if there is none of these, names with misspelt words; within a rank in Vietnamese order.

    Raises:
        SearchTooBroad: fewer than two letters or digits.
    """
    folded = fold(name)
    words = WORD.findall(folded)[:MOST_WORDS]
    if sum(map(len, words)) < SHORTEST_NAME:
        raise SearchTooBroad
    limit = max(1, min(limit, LARGEST_RESULT))
    people = _narrowed(birth_year, unit_code)
    found: dict[UUID, Person] = {}
    for condition in _ranks(folded, words):
        rows = people.filter(condition).exclude(key__in=list(found))[: limit + 1 - len(found)]
        found |= {person.key: person for person in sorted(rows, key=_order)}
        if len(found) > limit:
            break
    else:
        if not found and (near := _near(words)) is not None:
            rows = people.filter(near)[: limit + 1]
            found = {person.key: person for person in sorted(rows, key=_order)}
    return Found(list(found.values())[:limit], len(found) <= limit)


def _narrowed(birth_year: int | None, unit_code: str) -> "QuerySet[Person]":
    people = Person.objects.annotate(words=SearchVector("name_folded", config="simple"))
    if birth_year is not None:
        people = people.filter(born_on__gte=date(birth_year, 1, 1), born_on__lt=date(birth_year + 1, 1, 1))
    return people.filter(home_unit_code=unit_code) if unit_code else people


def _ranks(folded: str, words: Sequence[str]) -> Iterator[Q]:
    """Conditions from the best match to the loosest, each on an index of its own."""
    yield Q(name_folded=folded)
    yield Q(name_folded__gte=folded, name_folded__lt=folded + AFTER_ALL)
    yield Q(given_first_folded__gte=folded, given_first_folded__lt=folded + AFTER_ALL)
    *whole, last = words
    yield Q(words=SearchQuery(" & ".join([*whole, f"{last}:*"]), search_type="raw", config="simple"))


def _near(words: Sequence[str]) -> Q | None:
    """Condition for names whose words differ from those asked by one letter; nothing if a word is near to none."""
    known = dict(NameWord.objects.values_list("word", "people"))
    groups = [near_words(word, known) for word in words]
    if not all(groups):
        return None
    text = " & ".join(f"({' | '.join(group)})" for group in groups)
    return Q(words=SearchQuery(text, search_type="raw", config="simple"))


def _order(person: Person) -> tuple[object, ...]:
    return (*PersonName.parse(person.full_name).order, person.born_on, person.key)
