"""The bulk load as one decision: all or nothing, once for each set of files, one ledger entry over all people."""

import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Final
from uuid import UUID

import structlog
from django.db import connections, transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.keys import PersonKey
from dean06.ledger import public as ledger
from dean06.registry.actions import LOG, REGISTRY
from dean06.registry.errors import AlreadyPopulated
from dean06.registry.loading.checks import check
from dean06.registry.loading.copying import copy_rows, indexes_aside, is_owner
from dean06.registry.loading.files import Population, digest_of, read_population
from dean06.registry.loading.report import LoadReport
from dean06.registry.loading.rows import tables_of
from dean06.registry.models import Household, Kinship, Membership, NameWord, Person, PersonNumber, PopulationLoad, Residence

log = structlog.get_logger(__name__)

TABLES: Final = tuple(model._meta.db_table for model in (Person, Household, PersonNumber, Kinship, Membership, Residence, NameWord))
ONE_LOADER: Final = 0x0D_EA_06_01  # key of the advisory lock
WHO: Final = "Cơ sở dữ liệu quốc gia về dân cư"
PURPOSE: Final = "Khởi tạo dữ liệu dân cư"

Tell = Callable[[str], None]


def load_population(directory: Path, *, actor: Actor, tell: Tell = lambda _step: None) -> LoadReport:
    """Load a population from the Parquet files of a directory into an empty registry.

    Files that were loaded before are recognised by their digest and nothing is done. As the tables' owner the indexes
    are built after the rows, several times faster; as the processes' role they stay in place. The result is the same.

    Args:
        directory: holds persons.parquet, households.parquet and residences.parquet.
        actor: who loads.
        tell: hears each step, for a progress display.

    Raises:
        PopulationRefused: with file, row and remedy of each fault; nothing was loaded.
        AlreadyPopulated: the registry holds other people.
    """
    started = time.monotonic()
    if before := PopulationLoad.objects.filter(digest=digest_of(directory)).first():
        return _report(before, was_loaded_before=True, took_seconds=time.monotonic() - started)
    tell("read")
    population = read_population(directory)
    tell("check")
    check(population)
    load, was_loaded_before = _load(population, actor=actor, tell=tell)
    report = _report(load, was_loaded_before=was_loaded_before, took_seconds=time.monotonic() - started)
    log.info("registry.population_loaded", people=report.people, took_ms=round(report.took_seconds * 1000))
    return report


@transaction.atomic(using=REGISTRY, durable=True)
def _load(population: Population, *, actor: Actor, tell: Tell) -> tuple[PopulationLoad, bool]:
    with connections[REGISTRY].cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [ONE_LOADER])
        if before := PopulationLoad.objects.filter(digest=population.digest).first():
            return before, True
        if Person.objects.exists():
            raise AlreadyPopulated
        with indexes_aside(cursor, TABLES) if is_owner(cursor, TABLES) else nullcontext():
            for table, rows in tables_of(population, known_at=now()):
                tell(table)
                copy_rows(cursor, table, rows)
            tell("indexes")
        tell("ledger")
    counts = {"people": len(population.persons), "households": len(population.households), "residences": len(population.residences)}
    evidence = ledger.record_many(
        "registry.population_loaded",
        log=LOG,
        using=REGISTRY,
        actor=actor,
        subjects=_keys(population),
        who=WHO,
        purpose=PURPOSE,
        detail={"digest": population.digest, **counts},
    )
    return PopulationLoad.objects.create(digest=population.digest, evidence_id=evidence, **counts), False


def _keys(population: Population) -> Iterator[PersonKey]:
    return (PersonKey(UUID(key)) for key in population.persons["person_key"])


def _report(load: PopulationLoad, *, was_loaded_before: bool, took_seconds: float) -> LoadReport:
    return LoadReport(
        digest=load.digest,
        people=load.people,
        households=load.households,
        residences=load.residences,
        evidence_id=str(load.evidence_id),
        was_loaded_before=was_loaded_before,
        took_seconds=took_seconds,
    )
