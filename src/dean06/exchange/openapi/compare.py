"""What a new version of a service breaks for those who call the old one.

A caller is broken by what it may no longer send and by what it may no longer count on in an answer. A change of the other kind
(a new path, a new field in an answer, an optional field in a question) breaks nobody and is not named.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from operator import gt, lt
from typing import Any, Final

from dean06.exchange.openapi.walking import Document, Found, Place, answers_of, body_of, mapping, operations, resolved

DEEPEST: Final = 12
LOWER_BOUNDS: Final = ("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties")
UPPER_BOUNDS: Final = ("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties")
JSON_KINDS: Final = ((int, "integer"), (float, "number"), (str, "string"), (list, "array"))
ALL_TYPES: Final = frozenset({"null", "boolean", "object", "array", "number", "integer", "string"})


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that breaks callers.

    Attributes:
        kind: stable word: ``path_removed``, ``method_removed``, ``field_removed``, ``type_changed``, ``input_required`` ….
        place: where, in the old document unless the thing is new.
        what: in words.
    """

    kind: str
    place: Place
    what: str

    @property
    def text(self) -> str:
        """Return one line for people."""
        return f"{'.'.join(str(part) for part in self.place)}: {self.what}"


@dataclass(frozen=True, slots=True)
class _Side:
    """Both documents and whether the schema under comparison is what callers send (or what they get)."""

    old: Document
    new: Document
    is_question: bool


def breaking_changes(old: Document, new: Document) -> list[Change]:
    """Return what breaks callers of ``old``, in the order of the old document."""
    after = {(found.path, found.method): found for found in operations(new)}
    paths = {found.path for found in operations(new)}
    changes: list[Change] = []
    gone: set[str] = set()
    for found in operations(old):
        if found.path not in paths:
            if found.path not in gone:
                changes.append(Change("path_removed", ("paths", found.path), "the path is gone"))
            gone.add(found.path)
        elif (found.path, found.method) not in after:
            changes.append(Change("method_removed", found.place, f"{found.method.upper()} is gone"))
        else:
            changes += _operation(old, new, found, after[found.path, found.method])
    return changes


def _operation(old: Document, new: Document, before: Found, after: Found) -> Iterator[Change]:
    yield from _parameters(old, new, before, after)
    question, asked = body_of(old, before), body_of(new, after)
    place = (*before.place, "requestBody")
    if asked and not question and resolved(new, after.operation.get("requestBody")).get("required"):
        yield Change("input_required", place, "a body is required now")
    if question and not asked:
        yield Change("field_removed", place, "no JSON body is taken any more")
    if question and asked:
        yield from _schema(_Side(old, new, is_question=True), question.get("schema"), asked.get("schema"), place)
    later = answers_of(new, after)
    for status, answer in answers_of(old, before).items():
        if not status.startswith("2"):
            continue
        where = (*before.place, "responses", status)
        if status not in later:
            yield Change("answer_removed", where, "this success is answered no more")
            continue
        media = mapping(later[status].get("content"))
        for kind, described in mapping(answer.get("content")).items():
            if kind not in media:
                yield Change("type_changed", where, f"is no longer answered as {kind}")
            else:
                side = _Side(old, new, is_question=False)
                yield from _schema(side, mapping(described).get("schema"), mapping(media[kind]).get("schema"), where)


def _parameters(old: Document, new: Document, before: Found, after: Found) -> Iterator[Change]:
    known = {_name(old, one): resolved(old, one) for one in before.parameters}
    for given in after.parameters:
        parameter = resolved(new, given)
        name = _name(new, given)
        place = (*before.place, "parameters", name[1])
        if name not in known:
            if parameter.get("required"):
                yield Change("input_required", place, f"a new parameter in the {name[0]} is required")
            continue
        if parameter.get("required") and not known[name].get("required"):
            yield Change("input_required", place, "the parameter is required now")
        yield from _schema(_Side(old, new, is_question=True), known[name].get("schema"), parameter.get("schema"), place)
    kept = {_name(new, one) for one in after.parameters}
    for name in known:
        if name not in kept:
            yield Change("field_removed", (*before.place, "parameters", name[1]), f"the parameter in the {name[0]} is gone")


def _name(document: Document, parameter: object) -> tuple[str, str]:
    found = resolved(document, parameter)
    return str(found.get("in", "")), str(found.get("name", ""))


def _schema(side: _Side, before: object, after: object, place: Place, depth: int = 0) -> Iterator[Change]:
    old, new = resolved(side.old, before), resolved(side.new, after)
    if depth > DEEPEST or (old == new and "$ref" not in str(old)):
        return
    was, will = types_of(side.old, old), types_of(side.new, new)
    if side.is_question and not was <= will:
        yield Change("type_narrowed", place, f"takes {_said(will)}, no longer {_said(was - will)}")
    if not side.is_question and not will <= was:
        yield Change("type_changed", place, f"may be {_said(will - was)} now")
    yield from _values(side, old, new, place)
    old, new = _object_in(side.old, old), _object_in(side.new, new)
    yield from _properties(side, old, new, place, depth)
    if "items" in old and "items" in new:
        yield from _schema(side, old["items"], new["items"], (*place, "items"), depth + 1)


def _properties(side: _Side, old: Document, new: Document, place: Place, depth: int) -> Iterator[Change]:
    were, are = mapping(old.get("properties")), mapping(new.get("properties"))
    must, must_now = set(old.get("required", [])), set(new.get("required", []))
    for name, schema in were.items():
        where = (*place, name)
        if name not in are:
            if not side.is_question:
                yield Change("field_removed", where, "the field is gone from the answer")
            elif new.get("additionalProperties") is False:
                yield Change("field_removed", where, "the field is taken no more")
            continue
        if side.is_question and name in must_now - must:
            yield Change("input_required", where, "the field is required now")
        if not side.is_question and name in must - must_now:
            yield Change("field_optional", where, "the field may be missing from the answer now")
        yield from _schema(side, schema, are[name], where, depth + 1)
    if side.is_question:
        for name in sorted(must_now - set(were)):
            yield Change("input_required", (*place, name), "a new field is required")


def _values(side: _Side, old: Document, new: Document, place: Place) -> Iterator[Change]:
    was, will = _allowed(old), _allowed(new)
    if side.is_question:
        if will is not None and (was is None or not was <= will):
            gone = sorted(was - will) if was is not None else ["any other value"]
            yield Change("type_narrowed", place, f"no longer takes {', '.join(gone)}")
        if new.get("pattern") is not None and new.get("pattern") != old.get("pattern"):
            yield Change("type_narrowed", place, f"must match {new['pattern']} now")
        yield from _bounds(old, new, place)
    elif was is not None and (will is None or not will <= was):
        more = sorted(will - was) if will is not None else ["any value"]
        yield Change("type_changed", place, f"may be {', '.join(more)} now")


def _bounds(old: Document, new: Document, place: Place) -> Iterator[Change]:
    for names, is_tighter in ((LOWER_BOUNDS, gt), (UPPER_BOUNDS, lt)):
        for name in names:
            was, will = old.get(name), new.get(name)
            if isinstance(will, int | float) and (not isinstance(was, int | float) or is_tighter(will, was)):
                yield Change("type_narrowed", place, f"{name} is {will} now" + (f", it was {was}" if was is not None else ""))


def types_of(document: Document, schema: Document) -> frozenset[str]:
    """Return which JSON types a schema lets through; an integer is a number too."""
    given = schema.get("type")
    if given is not None:
        found = {given} if isinstance(given, str) else set(given)
    elif alternatives := [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        found = set().union(*(types_of(document, resolved(document, one)) for one in alternatives))
    elif values := _listed(schema):
        found = {_type_of(value) for value in values}
    else:
        found = {"object"} if "properties" in schema else set(ALL_TYPES)
    return frozenset(found | ({"integer"} if "number" in found else set()))


def _listed(schema: Document) -> list[Any]:
    return [schema["const"]] if "const" in schema else list(schema.get("enum", []))


def _allowed(schema: Document) -> set[str] | None:
    """Return the listed values of a schema as text, or nothing if it lists none."""
    values = _listed(schema)
    return {str(value) for value in values} if values else None


def _type_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    kinds: tuple[tuple[type | tuple[type, ...], str], ...] = (
        (int, "integer"),
        (float, "number"),
        (str, "string"),
        ((list, tuple), "array"),
    )
    return next((name for kind, name in kinds if isinstance(value, kind)), "object")


def _object_in(document: Document, schema: Document) -> Document:
    """Return the alternative that has properties or items: what may be null as well is looked into."""
    if "properties" in schema or "items" in schema:
        return schema
    for one in [*schema.get("anyOf", []), *schema.get("oneOf", [])]:
        found = resolved(document, one)
        if "properties" in found or "items" in found:
            return found
    return schema


def _said(types: frozenset[str]) -> str:
    return " or ".join(sorted(types))
