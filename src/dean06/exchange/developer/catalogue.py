"""What a developer may know: services by member, their operations and fields, agreements, what versions broke."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from dean06.core.clock import today
from dean06.core.vietnamese import fold, sort_key
from dean06.exchange import snapshot
from dean06.exchange.descriptions import history_of
from dean06.exchange.domain.agreements import Agreement
from dean06.exchange.domain.identifiers import MalformedIdentifier, ServiceId
from dean06.exchange.errors import UnknownMember, UnknownService
from dean06.exchange.metadata import description_of
from dean06.exchange.openapi.walking import Document, Found, answers_of, body_of, example_of, mapping, operations, resolved
from dean06.exchange.snapshot import ServiceEntry, Snapshot

DEEPEST: Final = 5


@dataclass(frozen=True, slots=True)
class Offered:
    """A service as a row of the catalogue."""

    id: str
    title: str
    owner: str
    system: str
    summaries: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a question or an answer: dotted name, type in words, whether it always is there."""

    name: str
    kind: str
    is_required: bool
    note: str


@dataclass(frozen=True, slots=True)
class Operation:
    """One operation of a service.

    Attributes:
        name: operationId.
        example: JSON text of the question; empty if none is taken.
        statuses: status and description of each answer.
    """

    name: str
    method: str
    path: str
    summary: str
    question: tuple[Field, ...]
    answer: tuple[Field, ...]
    example: str
    answer_example: str
    statuses: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Covered:
    """An agreement on a service."""

    code: str
    title: str
    client: str
    client_name: str
    purposes: tuple[str, ...]
    legal_bases: tuple[str, ...]
    fields: tuple[str, ...]
    endpoints: tuple[str, ...]
    valid_until: date
    is_in_force: bool


@dataclass(frozen=True, slots=True)
class Version:
    """A version of the description and what it broke."""

    version: str
    recorded_at: datetime
    changes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Described:
    """Everything about one service."""

    offered: Offered
    version: str
    description: str
    operations: tuple[Operation, ...]
    agreements: tuple[Covered, ...]
    history: tuple[Version, ...]


def offered_services(text: str = "") -> list[tuple[str, list[Offered]]]:
    """Return the services by owner in Vietnamese order, those that hold every word of ``text`` with or without marks."""
    state = snapshot.current()
    words = fold(text).split()
    found: dict[str, list[Offered]] = {}
    for entry in state.services.values():
        one = _offered(entry, state)
        hay = fold(" ".join((one.id, one.title, one.owner, one.system, *one.summaries)))
        if all(word in hay for word in words):
            found.setdefault(one.owner, []).append(one)
    return [(owner, sorted(found[owner], key=lambda one: sort_key(one.title))) for owner in sorted(found, key=sort_key)]


def described_service(service: str) -> Described:
    """Return everything about a service.

    Raises:
        UnknownService: no such service.
    """
    state = snapshot.current()
    try:
        entry = state.service(ServiceId.parse(service))
    except (MalformedIdentifier, UnknownMember) as exc:
        raise UnknownService(service=service) from exc
    document = description_of(entry)
    info = mapping(document.get("info"))
    return Described(
        offered=_offered(entry, state),
        version=str(info.get("version", "")),
        description=str(info.get("description", "")),
        operations=tuple(_operation(document, found) for found in operations(document)),
        agreements=tuple(_covered(one, state) for one in _agreements(state, entry)),
        history=tuple(
            Version(row.version, row.recorded_at, tuple(f"{'.'.join(map(str, one['place']))}: {one['what']}" for one in row.changes))
            for row in history_of(service)
        ),
    )


def _agreements(state: Snapshot, entry: ServiceEntry) -> list[Agreement]:
    found = [one for (_, service), several in state.agreements.items() if service == entry.id for one in several]
    return sorted(found, key=lambda one: (not one.is_in_force(today()), one.code))


def _offered(entry: ServiceEntry, state: Snapshot) -> Offered:
    provider = entry.id.provider
    return Offered(
        id=str(entry.id),
        title=entry.title,
        owner=state.member(provider).name,
        system=state.client(provider).name,
        summaries=tuple(str(found.operation.get("summary", "")) for found in operations(description_of(entry))),
    )


def _covered(one: Agreement, state: Snapshot) -> Covered:
    return Covered(
        code=one.code,
        title=one.title,
        client=str(one.client),
        client_name=state.member(one.client).name,
        purposes=tuple(sorted(one.purposes)),
        legal_bases=tuple(basis.text for basis in one.legal_bases),
        fields=tuple(one.mask.fields),
        endpoints=tuple(f"{endpoint.method} {endpoint.path}" for endpoint in one.endpoints),
        valid_until=one.valid_until,
        is_in_force=one.is_in_force(today()),
    )


def _operation(document: Document, found: Found) -> Operation:
    question, answers = body_of(document, found), answers_of(document, found)
    success = next((answer for status, answer in answers.items() if status.startswith("2")), {})
    media = next((mapping(one) for kind, one in mapping(mapping(success).get("content")).items() if "json" in str(kind)), {})
    return Operation(
        name=str(found.operation.get("operationId", f"{found.method} {found.path}")),
        method=found.method.upper(),
        path=found.path,
        summary=str(found.operation.get("summary", "")),
        question=(*_parameters(document, found), *fields_of(document, question.get("schema"))),
        answer=tuple(fields_of(document, media.get("schema"))),
        example=_example(question),
        answer_example=_example(media),
        statuses=tuple((status, str(mapping(answer).get("description", ""))) for status, answer in answers.items()),
    )


def _example(media: Document) -> str:
    has_example, example = example_of(media)
    return json.dumps(example, ensure_ascii=False, indent=2) if has_example else ""


def _parameters(document: Document, found: Found) -> Iterator[Field]:
    for given in found.parameters:
        one = resolved(document, given)
        name = f"{one.get('in', '')}: {one.get('name', '')}"
        yield Field(
            name, kind_of(document, resolved(document, one.get("schema"))), bool(one.get("required")), str(one.get("description", ""))
        )


def fields_of(document: Document, schema: object, prefix: str = "", depth: int = 0) -> Iterator[Field]:
    """Yield the fields of a schema in order, those inside objects and lists with dotted names."""
    here = _inner(document, resolved(document, schema))
    if depth > DEEPEST:
        return
    required = here.get("required", [])
    for name, given in mapping(here.get("properties")).items():
        one = resolved(document, given)
        yield Field(
            f"{prefix}{name}", kind_of(document, one), name in required, str(mapping(given).get("description", one.get("description", "")))
        )
        inner = _inner(document, one)
        below = resolved(document, inner["items"]) if "items" in inner else inner
        if mapping(_inner(document, below).get("properties")):
            yield from fields_of(document, below, f"{prefix}{name}.", depth + 1)


def _inner(document: Document, schema: Document) -> Document:
    """Return the alternative that has an inside."""
    if "properties" in schema or "items" in schema:
        return schema
    choices = [resolved(document, one) for one in [*schema.get("anyOf", []), *schema.get("oneOf", [])]]
    return next((one for one in choices if "properties" in one or "items" in one), schema)


def kind_of(document: Document, schema: Mapping[str, Any]) -> str:
    """Say a type in one line: ``string (date)``, ``string ^[0-9]{12}$``, ``list of object``, ``object | null``."""
    choices = [*schema.get("anyOf", []), *schema.get("oneOf", [])]
    if choices:
        return " | ".join(dict.fromkeys(kind_of(document, resolved(document, one)) for one in choices))
    if "enum" in schema:
        return " | ".join(str(value) for value in schema["enum"])
    given = schema.get("type", "any")
    name = " | ".join(given) if isinstance(given, list) else str(given)
    if name == "array":
        return f"list of {kind_of(document, resolved(document, schema.get('items')))}"
    extra = schema.get("pattern") or (f"({schema['format']})" if "format" in schema else "")
    return f"{name} {extra}".strip()
