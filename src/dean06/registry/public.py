"""What other modules may use of registry: keys and reports, no personal fields."""

from collections.abc import Callable, Sequence
from pathlib import Path

from django.db.models import Count

from dean06.core.actor import Actor
from dean06.core.bench import Row
from dean06.core.keys import PersonKey
from dean06.registry import queries
from dean06.registry.domain.personal_id import OldNumber, PersonalId, parse_number
from dean06.registry.loading.report import LoadReport
from dean06.registry.models import Household, Person
from dean06.registry.openapi import provider_openapi
from dean06.registry.provider import provider_handler

__all__ = [
    "LoadReport",
    "OldNumber",
    "PersonalId",
    "bench_population",
    "count_people",
    "load_population",
    "person_exists",
    "person_is_alive",
    "person_key_by_number",
    "provider_handler",
    "provider_openapi",
]


def load_population(directory: Path, *, actor: Actor, tell: Callable[[str], None] = lambda _step: None) -> LoadReport:
    """Load a population from the Parquet files of a directory into an empty registry (see ``registry.loading``).

    Raises:
        PopulationRefused: with file, row and remedy of each fault; nothing was loaded.
        AlreadyPopulated: the registry holds other people.
    """
    from dean06.registry.loading.load import load_population as load  # noqa: PLC0415 -- Polars is for loaders, not for each process

    return load(directory, actor=actor, tell=tell)


def bench_population(directory: Path) -> Sequence[Row]:
    """Measure load, look-up and search of a population in a database of its own."""
    from dean06.registry.bench import bench_population as measure  # noqa: PLC0415 -- only ``dean06 bench`` needs it

    return measure(directory)


def person_key_by_number(number: PersonalId | OldNumber | str) -> PersonKey:
    """Return the key of the person who has a twelve-digit number or had a nine-digit one.

    Raises:
        MalformedPersonalId: neither twelve nor nine digits.
        PersonNotFound: nobody's number.
        NumberAmbiguous: several people held this nine-digit number.
    """
    parsed = parse_number(number) if isinstance(number, str) else number
    return PersonKey(queries.person_by_number(parsed).key)


def person_exists(key: PersonKey) -> bool:
    """Say whether the registry knows this person, living or dead."""
    return Person.objects.filter(key=key).exists()


def person_is_alive(key: PersonKey) -> bool:
    """Say whether the registry knows this person and no death registration closed the record."""
    return Person.objects.filter(key=key, died_on__isnull=True).exclude(status=Person.Status.DEAD).exists()


def count_people() -> dict[str, int]:
    """Return how many people the registry knows, by life status, and how many households."""
    by_status = dict(Person.objects.values_list("status").annotate(Count("key")))
    return {**{status: by_status.get(status, 0) for status in Person.Status.values}, "households": Household.objects.count()}
