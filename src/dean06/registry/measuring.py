"""The measurements behind ``bench_population``, run as a program of its own against an empty registry."""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final, TypeVar

from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.core.bench import Row
from dean06.core.clock import now
from dean06.exchange.public import ProviderRequest
from dean06.registry.actions import REGISTRY
from dean06.registry.loading.copying import copy_rows
from dean06.registry.loading.files import read_population
from dean06.registry.loading.load import load_population
from dean06.registry.loading.rows import tables_of
from dean06.registry.models import Household, Kinship, Membership, Person, PersonNumber, Residence
from dean06.registry.provider import provider_handler
from dean06.registry.search import search_people

LOOK_UPS: Final = 2_000
SEARCHES: Final = 400
BARE_SELECT: Final = """
    SELECT p.* FROM registry_personnumber n JOIN registry_person p ON p.key = n.person_id
    WHERE n.number = %s AND n.kind = 'personal' AND n.superseded_at IS NULL
"""
BARE_SEARCH: Final = "SELECT p.* FROM registry_person p WHERE p.name_folded = %s ORDER BY p.born_on LIMIT 20"

T = TypeVar("T")


def main() -> None:
    """Print the rows as one line of JSON; the directory of the population is the first argument."""
    sys.stdout.write(json.dumps([asdict(row) for row in measure(Path(sys.argv[1]))]) + "\n")


def measure(directory: Path) -> list[Row]:
    """Load the population into this process's empty registry, then look people up and search."""
    return [*_measure_load(directory), *_measure_look_up(), *_measure_search()]


def _measure_load(directory: Path) -> Iterator[Row]:
    floor = _bare_copy(directory)
    report = load_population(directory, actor=SYSTEM)
    rows = _count_rows()
    seconds = report.took_seconds
    yield Row("registry.bulk_load", rows / seconds, "rows/s", floor=floor, peer="COPY of the persons into a bare table", n=rows)
    yield Row("registry.bulk_load_people", report.people / seconds, "people/s", n=report.people)


def _bare_copy(directory: Path) -> float:
    """Rows per second of the persons' rows sent into a table without keys, indexes or checks."""
    _, persons = next(tables_of(read_population(directory), known_at=now()))
    with transaction.atomic(using=REGISTRY), connections[REGISTRY].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE bare (LIKE registry_person) ON COMMIT DROP")
        started = time.perf_counter()
        copy_rows(cursor, "bare", persons)
        return len(persons) / (time.perf_counter() - started)


def _count_rows() -> int:
    return sum(model._default_manager.count() for model in (Person, Household, PersonNumber, Kinship, Membership, Residence))  # noqa: SLF001


def _measure_look_up() -> Iterator[Row]:
    known = PersonNumber.objects.filter(kind="personal").values_list("number", flat=True)
    numbers = random.Random(6).sample(list(known), k=min(LOOK_UPS, known.count()))  # noqa: S311 -- a sample that repeats

    def look_up(number: str) -> None:
        body = json.dumps({"personal_id": number}).encode()
        path = "/v1/persons/look-up"
        request = ProviderRequest(
            method="POST", path=path, body=body, purpose="", legal_basis="", issue="", user="", client="", fields=("*",)
        )
        if provider_handler(request).status != 200:  # noqa: PLR2004 -- HTTP
            raise LookupError

    def bare(number: str) -> None:
        with connections[REGISTRY].cursor() as cursor:
            cursor.execute(BARE_SELECT, [number])
            cursor.fetchone()

    times, floors = _timed(look_up, numbers), _timed(bare, numbers)
    yield from _rows("registry.look_up", times, floors, peer="bare SELECT by number")


def _measure_search() -> Iterator[Row]:
    keys = random.Random(7).sample(list(Person.objects.values_list("key", flat=True)), k=min(SEARCHES, Person.objects.count()))  # noqa: S311
    people = list(Person.objects.filter(key__in=keys))
    shuffler = random.Random(8)  # noqa: S311

    def turned(person: Person) -> str:
        words = person.name_folded.split()
        shuffler.shuffle(words)
        return " ".join(words)

    questions: dict[str, Callable[[Person], Any]] = {
        "registry.search": lambda person: search_people(person.full_name, birth_year=person.born_on.year, unit_code=person.home_unit_code),
        "registry.search_by_name": lambda person: search_people(person.full_name),
        "registry.search_any_order": lambda person: search_people(turned(person), birth_year=person.born_on.year),
        "registry.search_misspelt": lambda person: search_people(person.name_folded + "q", birth_year=person.born_on.year),
    }

    def bare(person: Person) -> None:
        with connections[REGISTRY].cursor() as cursor:
            cursor.execute(BARE_SEARCH, [person.name_folded])
            cursor.fetchall()

    floors = _timed(bare, people)
    for name, ask in questions.items():
        yield from _rows(name, _timed(ask, people), floors, peer="bare SELECT by whole name")


def _rows(name: str, times: Sequence[float], floors: Sequence[float], *, peer: str) -> Iterator[Row]:
    """Two rows, median and 99th percentile, each beside that of the floor."""
    for end, share in (("", 50), ("_p99", 99)):
        yield Row(name + end, _percentile(times, share), f"ms p{share}", floor=_percentile(floors, share), peer=peer, n=len(times))


def _timed(ask: Callable[[T], Any], questions: Sequence[T]) -> list[float]:
    """Milliseconds of each question, after some to warm up."""
    for question in questions[:20]:
        ask(question)
    times = []
    for question in questions:
        started = time.perf_counter()
        ask(question)
        times.append((time.perf_counter() - started) * 1000)
    return sorted(times)


def _percentile(times: Sequence[float], share: int) -> float:
    return times[min(len(times) - 1, len(times) * share // 100)]
