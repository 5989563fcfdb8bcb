"""Joins that no module may make itself: who provides which service, who tells whom."""

from typing import Final

from dean06.demo.public import SANDBOX_CLIENT, SANDBOX_PURPOSE, invented_services, sandbox_people
from dean06.exchange.public import (
    events_openapi,
    events_provider,
    register_provider,
    register_sandbox,
    register_subject_resolver,
    usage_openapi,
    usage_provider,
)
from dean06.registry.public import person_key_by_number, provider_handler, provider_openapi

POPULATION: Final = "VN/GOV/G01/POPULATION/population"
POPULATION_SYSTEM: Final = "VN/GOV/G01/POPULATION"


def connect() -> None:
    """Connect the modules; called once at start-up of each process."""
    register_provider(POPULATION, handler=provider_handler, openapi=provider_openapi())
    for one in invented_services():
        register_provider(one.service, handler=one.handler, openapi=one.openapi)
    register_sandbox(client=SANDBOX_CLIENT, purpose=SANDBOX_PURPOSE, people=sandbox_people)
    register_provider(f"{POPULATION_SYSTEM}/events", handler=events_provider(POPULATION_SYSTEM), openapi=events_openapi())
    register_subject_resolver(POPULATION_SYSTEM, person_key_by_number)
    for system in (POPULATION_SYSTEM, *(one.service.rpartition("/")[0] for one in invented_services())):
        usages = usage_provider(system, person_key_of=person_key_by_number)
        register_provider(f"{system}/findUsage", handler=usages, openapi=usage_openapi())
