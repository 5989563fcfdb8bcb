"""Services that live in this process and stand behind the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dean06.exchange.domain.answering import Handler


@dataclass(frozen=True, slots=True)
class Provider:
    """A handler and the description of what it offers."""

    handler: Handler
    openapi: Mapping[str, Any]


_providers: dict[str, Provider] = {}


def register_provider(service_id: str, *, handler: Handler, openapi: Mapping[str, Any]) -> None:
    """Put a handler behind a service identifier (``VN/GOV/G01/POPULATION/population``); called by ``site`` at start-up.

    The last registration wins, so that a test may put its own handler there.
    """
    _providers[service_id] = Provider(handler, openapi)


def provider_of(service_id: str) -> Provider | None:
    """Return the in-process provider of a service, if it has one."""
    return _providers.get(service_id)
