"""Joins that no module may make itself: who provides which service, who tells whom."""

from typing import Final

from dean06.demo.public import invented_services
from dean06.exchange.public import register_provider
from dean06.registry.public import provider_handler, provider_openapi

POPULATION: Final = "VN/GOV/G01/POPULATION/population"


def connect() -> None:
    """Connect the modules; called once at start-up of each process."""
    register_provider(POPULATION, handler=provider_handler, openapi=provider_openapi())
    for one in invented_services():
        register_provider(one.service, handler=one.handler, openapi=one.openapi)
