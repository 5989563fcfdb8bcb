"""What a service offers, read from its OpenAPI description: endpoints and the fields of its answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from dean06.exchange import snapshot
from dean06.exchange.domain.identifiers import ServiceId
from dean06.exchange.openapi.walking import mapping, operations, resolved
from dean06.exchange.providing import provider_of

DEEPEST: Final = 3
MOST_FIELDS: Final = 300
SUCCESS: Final = "200"


@dataclass(frozen=True, slots=True)
class Offer:
    """What can be asked for.

    Attributes:
        endpoints: method, path and what it does, in the order of the description.
        fields: path with dots and its title, each once.
    """

    endpoints: tuple[tuple[str, str, str], ...]
    fields: tuple[tuple[str, str], ...]


def offer_of(service: str) -> Offer:
    """Return what a service offers; nothing if this installation holds no description of it."""
    entry = snapshot.current().services.get(ServiceId.parse(service))
    provider = provider_of(service)
    return read_offer((entry and entry.openapi) or (provider and provider.openapi) or {})


def read_offer(openapi: Mapping[str, Any]) -> Offer:
    """Read an OpenAPI 3.1 document."""
    endpoints = []
    fields: dict[str, str] = {}
    for found in operations(openapi):
        endpoints.append((found.method.upper(), found.path, str(found.operation.get("summary", ""))))
        answer = resolved(openapi, mapping(found.operation.get("responses")).get(SUCCESS))
        for content in mapping(answer.get("content")).values():
            for path, title in _fields(openapi, mapping(content).get("schema"), (), DEEPEST):
                if len(fields) < MOST_FIELDS:
                    fields.setdefault(path, title)
    return Offer(tuple(endpoints), tuple(fields.items()))


def _fields(openapi: Mapping[str, Any], value: object, above: tuple[str, ...], depth: int) -> Iterator[tuple[str, str]]:
    """Yield the paths of a schema's properties, an object before what is in it; lists have no sign of their own in a path."""
    schema = resolved(openapi, value)
    for kind in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(kind) or ():
            yield from _fields(openapi, part, above, depth)
    if "items" in schema:
        yield from _fields(openapi, schema["items"], above, depth)
    for name, inner in mapping(schema.get("properties")).items():
        below = resolved(openapi, inner)
        path = (*above, str(name))
        yield ".".join(path), str(below.get("title") or mapping(inner).get("description") or below.get("description") or "")
        if depth > 1:
            yield from _fields(openapi, below, path, depth - 1)
