"""Ways through an OpenAPI document: operations, references, places."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

METHODS: Final = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"
LONGEST_CHAIN: Final = 20

Place = tuple[str | int, ...]
Document = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """An operation and where it stands.

    Attributes:
        path: of the service, ``/v1/persons/look-up``.
        method: lower case.
        operation: its object.
        shared: parameters of the path, which hold for every method.
    """

    path: str
    method: str
    operation: Document
    shared: tuple[Any, ...] = ()

    @property
    def place(self) -> Place:
        """Return where it stands in the document."""
        return ("paths", self.path, self.method)

    @property
    def parameters(self) -> list[Any]:
        """Return the parameters of path and operation."""
        own = self.operation.get("parameters")
        return [*self.shared, *(own if isinstance(own, list) else [])]


def operations(document: Document) -> Iterator[Found]:
    """Yield the operations in the order of the document; what is not of the form is passed over."""
    for path, item in mapping(document.get("paths")).items():
        shared = mapping(item).get("parameters")
        for method in METHODS:
            if isinstance(operation := mapping(item).get(method), Mapping):
                yield Found(path, method, operation, tuple(shared) if isinstance(shared, list) else ())


def mapping(value: object) -> Document:
    """Return a mapping, or an empty one in place of anything else."""
    return value if isinstance(value, Mapping) else {}


def resolved(document: Document, value: object) -> Document:
    """Follow ``$ref`` inside the document; a reference that leads nowhere or in a circle gives an empty mapping."""
    for _ in range(LONGEST_CHAIN):
        schema = mapping(value)
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            return schema
        value = at(document, reference)
    return {}


def at(document: Document, reference: str) -> object:
    """Return what a reference ``#/…`` names; nothing if it leads nowhere or out of the document."""
    if not reference.startswith("#/"):
        return None
    value: object = document
    for part in reference[2:].split("/"):
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(value, Mapping) or name not in value:
            return None
        value = value[name]
    return value


def references(value: object, place: Place = ()) -> Iterator[tuple[Place, str]]:
    """Yield each ``$ref`` with its place; examples are data and passed over."""
    if isinstance(value, Mapping):
        if isinstance(reference := value.get("$ref"), str):
            yield (*place, "$ref"), reference
        for name, inner in value.items():
            if name not in {"example", "examples"}:
                yield from references(inner, (*place, name))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from references(inner, (*place, index))


def body_of(document: Document, found: Found) -> Document:
    """Return the JSON media type of the request body; empty if there is none."""
    return mapping(mapping(resolved(document, found.operation.get("requestBody")).get("content")).get(JSON))


def answers_of(document: Document, found: Found) -> dict[str, Document]:
    """Return the responses by status."""
    return {str(status): resolved(document, answer) for status, answer in mapping(found.operation.get("responses")).items()}


def example_of(media: Document) -> tuple[bool, object]:
    """Return whether a media type has an example, and the first."""
    if "example" in media:
        return True, media["example"]
    for named in mapping(media.get("examples")).values():
        if "value" in mapping(named):
            return True, mapping(named)["value"]
    return False, None
