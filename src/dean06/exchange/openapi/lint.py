"""What the description of a service must hold before it is registered: findings that name place and remedy.

OpenAPI 3.1; each operation with an id, a Vietnamese summary, examples that fit their schemas, and errors as problem documents
(RFC 9457); no personal number in a path, query, header or cookie, where gateways and proxies write it into their logs.
"""

import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

import jsonschema_rs

from dean06.exchange.openapi.walking import (
    PROBLEM,
    Document,
    Place,
    answers_of,
    at,
    body_of,
    example_of,
    mapping,
    operations,
    references,
    resolved,
)

VERSION: Final = re.compile(r"3\.1\.[0-9]+")
OPERATION_ID: Final = re.compile(r"[A-Za-z][A-Za-z0-9]{2,79}")
STATUS: Final = re.compile(r"[1-5][0-9]{2}|[1-5]XX|default")
PERSONAL_NAMES: Final = re.compile(
    r"(^|[_-])(personal[_-]?id|personal[_-]?number|national[_-]?id|citizen[_-]?id|identity[_-]?number|id[_-]?number|old[_-]?number"
    r"|so[_-]?dinh[_-]?danh|dinh[_-]?danh|cccd|cmnd|cmt|so[_-]?cccd|so[_-]?cmnd|ssn)([_-]|$)",
    re.IGNORECASE,
)
PERSONAL_PATTERNS: Final = frozenset({"^[0-9]{12}$", r"^\d{12}$", "^[0-9]{9}$", r"^\d{9}$", "[0-9]{12}", r"\d{12}"})
LONG_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
INVENTED_PREFIX: Final = "000"
"""No province has it, so a number that begins so is nobody's (domain.md A.1)."""
LARGEST_DOCUMENT: Final = 2_000_000
FIRST_REFUSAL: Final = "4"

Rule = Callable[[Document], Iterator["Finding"]]


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that the document must not leave so.

    Attributes:
        place: names from the top of the document.
        fault: what is wrong.
        remedy: what to do.
    """

    place: Place
    fault: str
    remedy: str

    @property
    def text(self) -> str:
        """Return one line for people."""
        return f"{pointer(self.place)}: {self.fault}. {self.remedy}"


def pointer(place: Place) -> str:
    """Write a place: ``paths./v1/persons.post``."""
    return ".".join(str(part) for part in place) or "document"


def lint(document: Document) -> list[Finding]:
    """Return the findings; nothing found means that the document may be registered."""
    if len(json.dumps(document, default=str)) > LARGEST_DOCUMENT:
        return [Finding((), f"larger than {LARGEST_DOCUMENT} bytes", "Describe one service, not a whole system.")]
    return [finding for rule in RULES for finding in rule(document)]


def head(document: Document) -> Iterator[Finding]:
    """Version of the format, title and version of the service, at least one operation."""
    if not VERSION.fullmatch(str(document.get("openapi", ""))):
        yield Finding(
            ("openapi",), f"is {document.get('openapi', 'missing')!r}", "The exchange needs OpenAPI 3.1: write 3.1.0 or later of 3.1."
        )
    info = mapping(document.get("info"))
    for name in ("title", "version"):
        if not str(info.get(name, "")).strip():
            yield Finding(("info",), f"{name} is missing", f"Write info.{name}.")
    if not any(operations(document)):
        yield Finding(("paths",), "no operation is described", "Describe each method of each path.")
    for path in mapping(document.get("paths")):
        if not str(path).startswith("/"):
            yield Finding(("paths", path), "does not begin with /", f"Write /{path}.")


def links(document: Document) -> Iterator[Finding]:
    """References lead somewhere inside the document."""
    for place, reference in references(document):
        if at(document, reference) is None:
            yield Finding(place, f"{reference} leads nowhere", "Name a part of this document: #/components/schemas/….")


def names(document: Document) -> Iterator[Finding]:
    """Each operation has an id of its own and a Vietnamese summary."""
    seen: dict[str, Place] = {}
    for found in operations(document):
        name = found.operation.get("operationId")
        if not isinstance(name, str) or not OPERATION_ID.fullmatch(name):
            yield Finding(found.place, "operationId is missing or not of letters and digits", "Write one in camelCase: lookUpPerson.")
        elif name in seen:
            yield Finding(
                (*found.place, "operationId"), f"{name} stands also at {pointer(seen[name])}", "Give each operation an id of its own."
            )
        else:
            seen[name] = found.place
        summary = found.operation.get("summary")
        if not isinstance(summary, str) or not summary.strip():
            yield Finding(found.place, "summary is missing", "Say in Vietnamese, in one line, what it answers.")
        elif not is_vietnamese(summary):
            yield Finding((*found.place, "summary"), "is not Vietnamese", "People read Vietnamese first: write it with its marks.")


def is_vietnamese(text: str) -> bool:
    """Say whether a text carries at least one Vietnamese mark: a line without any is hardly Vietnamese."""
    return "đ" in text.lower() or any(unicodedata.combining(sign) for sign in unicodedata.normalize("NFD", text))


def answers(document: Document) -> Iterator[Finding]:
    """There is an answer and a refusal; refusals are problem documents."""
    for found in operations(document):
        place = (*found.place, "responses")
        statuses = answers_of(document, found)
        for status in statuses:
            if not STATUS.fullmatch(status):
                yield Finding((*place, status), "is no status", "Write 200, 4XX or default.")
        if not any(status.startswith("2") for status in statuses):
            yield Finding(place, "no success is described", "Describe 200 with schema and example.")
        refusals = {status: answer for status, answer in statuses.items() if status.startswith(("4", "5")) or status == "default"}
        if not any(status.startswith(FIRST_REFUSAL) for status in statuses) and "default" not in statuses:
            yield Finding(place, "no refusal is described", f"Describe 404 and 422 as {PROBLEM}.")
        for status, answer in refusals.items():
            kinds = list(mapping(answer.get("content")))
            if kinds != [PROBLEM]:
                said = ", ".join(kinds) or "no content"
                yield Finding((*place, status), f"answers with {said}", f"Errors are {PROBLEM} (RFC 9457): describe that alone.")


def numbers(document: Document) -> Iterator[Finding]:
    """No personal number outside a body."""
    for path in mapping(document.get("paths")):
        for name in re.findall(r"{([^{}]*)}", str(path)):
            if PERSONAL_NAMES.search(name):
                yield Finding(("paths", path), f"a personal number ({name}) stands in the path", BODY_REMEDY)
    for found in operations(document):
        for index, given in enumerate(found.parameters):
            parameter = resolved(document, given)
            name, kind = str(parameter.get("name", "")), str(parameter.get("in", ""))
            schema = resolved(document, parameter.get("schema"))
            if PERSONAL_NAMES.search(name) or schema.get("pattern") in PERSONAL_PATTERNS:
                yield Finding((*found.place, "parameters", index), f"a personal number ({name}) stands in the {kind}", BODY_REMEDY)


BODY_REMEDY: Final = "Addresses and headers end in logs: ask by POST and put it into the body."


def examples(document: Document) -> Iterator[Finding]:
    """Question and answer have an example that fits the schema, with invented people only."""
    for found in operations(document):
        body = body_of(document, found)
        if body:
            yield from _example(document, body, (*found.place, "requestBody"))
        for status, answer in answers_of(document, found).items():
            for media in [mapping(one) for kind, one in mapping(answer.get("content")).items() if "json" in str(kind)]:
                place = (*found.place, "responses", status)
                is_needed = status.startswith("2")
                yield from _example(document, media, place, is_needed=is_needed)


def _example(document: Document, media: Document, place: Place, *, is_needed: bool = True) -> Iterator[Finding]:
    if not mapping(media.get("schema")):
        yield Finding(place, "schema is missing", "Describe the JSON that goes over the wire.")
        return
    has_example, example = example_of(media)
    if not has_example:
        if is_needed:
            yield Finding(place, "example is missing", "Show one, with invented people (numbers that begin with 000).")
        return
    for number in sorted(set(LONG_NUMBER.findall(json.dumps(example, default=str)))):
        if not number.startswith(INVENTED_PREFIX):
            yield Finding(
                (*place, "example"), f"{number[:3]}… could be somebody's number", "Begin twelve digits with 000, which no province has."
            )
    yield from _misfits(document, media, example, place)


INVENT: Final = "Begin twelve digits with 000, which no province has."


def _misfits(document: Document, media: Document, example: object, place: Place) -> Iterator[Finding]:
    schema = {**_plain(media["schema"]), "components": _plain(document.get("components", {}))}
    try:
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    except (jsonschema_rs.ValidationError, ValueError, RecursionError) as exc:
        yield Finding((*place, "schema"), f"is no JSON Schema 2020-12 ({str(exc).splitlines()[0][:120]})", "Correct the schema.")
        return
    for error in list(validator.iter_errors(_plain(example)))[:3]:
        inner = ".".join(str(part) for part in error.instance_path) or "the example"
        yield Finding((*place, "example"), f"{inner} does not fit the schema: {error.message[:160]}", "Correct the example or the schema.")


def _plain(value: Any) -> Any:
    """Turn mappings of any kind into what the validator reads."""
    if isinstance(value, Mapping):
        return {str(name): _plain(inner) for name, inner in value.items()}
    return [_plain(inner) for inner in value] if isinstance(value, list | tuple) else value


def schemas(document: Document) -> Iterator[Finding]:
    """Every named schema is JSON Schema 2020-12."""
    for name, schema in mapping(mapping(document.get("components")).get("schemas")).items():
        if not jsonschema_rs.meta.is_valid({"$schema": "https://json-schema.org/draft/2020-12/schema", **_plain(mapping(schema))}):
            yield Finding(
                ("components", "schemas", name),
                "is no JSON Schema 2020-12",
                "Correct the schema; nullable and exclusiveMinimum: true are of OpenAPI 3.0.",
            )


OLD_WORDS: Final = "Correct the schema; nullable and exclusiveMinimum: true are words of OpenAPI 3.0."
RULES: Final[tuple[Rule, ...]] = (head, links, names, answers, numbers, schemas, examples)
