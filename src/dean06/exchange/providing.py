"""Services that live in this process and stand behind the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dean06.exchange.domain.answering import Handler
from dean06.exchange.domain.identifiers import ServiceId


@dataclass(frozen=True, slots=True)
class Provider:
    """A handler and the description of what it offers.

    Attributes:
        handler: answers.
        openapi: describes.
        is_quick: answers from memory, waits for nothing and changes nothing, so it needs no thread of its own and a replay may ask it.
    """

    handler: Handler
    openapi: Mapping[str, Any]
    is_quick: bool = False


_providers: dict[str, Provider] = {}


def register_provider(service_id: str, *, handler: Handler, openapi: Mapping[str, Any], is_quick: bool = False) -> None:
    """Put a handler behind a service identifier (``VN/GOV/G01/POPULATION/population``); called by ``site`` at start-up.

    The last registration wins, so that a test may put its own handler there.

    Args:
        service_id: where it stands.
        handler: answers one request; called in a thread unless ``is_quick``.
        openapi: describes the service.
        is_quick: the handler answers from memory and changes nothing: no database, no file, no network. Every other call waits while
            it works, and a request's nonce is claimed together with its evidence: a replay asks the handler and gets no answer.
    """
    _providers[service_id] = Provider(handler, openapi, is_quick)


def is_quick(service: ServiceId) -> bool:
    """Say whether a service in this process may be asked without a thread."""
    provider = _providers.get(str(service))
    return provider is not None and provider.is_quick


def provider_of(service_id: str) -> Provider | None:
    """Return the in-process provider of a service, if it has one."""
    return _providers.get(service_id)
