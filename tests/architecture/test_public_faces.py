"""registry.public gives no personal data to other modules: a walk over the return types."""

import dataclasses
import inspect
import types
import typing
from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

import django
import pytest

django.setup()

PERSONAL_FIELDS = {
    "address",
    "born_on",
    "email",
    "father",
    "full_name",
    "mother",
    "name",
    "native_place",
    "number",
    "old_number",
    "permanent_residence",
    "personal_id",
    "phone",
    "religion",
    "spouse",
}
PLAIN = (str, int, float, bool, bytes, UUID, date, datetime, type(None))
THROUGH_THE_GATEWAY = {"provider_handler"}
"""What the gateway alone calls: its answers are masked and kept as evidence."""


def leaks(annotation, path, seen=frozenset()):
    """Names of personal fields that a value of this type may carry."""
    if annotation in seen:
        return []
    seen |= {annotation}
    inner = [leak for argument in typing.get_args(annotation) for leak in leaks(argument, path, seen)]
    plain = getattr(annotation, "__supertype__", annotation)  # a NewType such as PersonKey is its plain type
    if plain is typing.Any or plain is object:
        return [*inner, f"{path}: says nothing about its type"]
    if not isinstance(plain, type) or issubclass(plain, PLAIN) or typing.get_origin(annotation):
        return inner
    if plain.__module__.startswith("dean06.core."):  # core knows no domain: a benchmark's row has a name, no person
        return inner
    fields = typing.get_type_hints(plain) if dataclasses.is_dataclass(plain) else {}
    if not fields and plain.__module__.startswith("dean06") and hasattr(plain, "_meta"):
        return [*inner, f"{path}: returns the model {plain.__name__}"]
    found = [f"{path}.{name}" for name in fields if name in PERSONAL_FIELDS]
    return [*inner, *found, *(leak for name, kind in fields.items() for leak in leaks(kind, f"{path}.{name}", seen))]


def leaks_of(public):
    """Leaks of every function that a public face offers (constructors of value types are the caller's own data)."""
    found = []
    for name in public.__all__:
        offered = inspect.unwrap(getattr(public, name))
        if isinstance(offered, types.FunctionType) and name not in THROUGH_THE_GATEWAY:
            found += leaks(typing.get_type_hints(offered).get("return", type(None)), name)
    return found


def test_the_registry_gives_no_personal_fields_to_other_modules():
    from dean06.registry import public

    assert [leak for leak in leaks_of(public) if not leak.startswith("provider_openapi:")] == []


@dataclasses.dataclass
class Leaky:
    key: UUID
    full_name: str


@dataclasses.dataclass
class Nested:
    people: list[Leaky]


@pytest.mark.parametrize(
    ("annotation", "said"),
    [
        (Leaky, ["f.full_name"]),
        (tuple[Leaky, ...], ["f.full_name"]),
        (Leaky | None, ["f.full_name"]),
        (Nested, ["f.people.full_name"]),
        (Mapping[str, typing.Any], ["f: says nothing about its type"]),
        (dict[str, int], []),
    ],
    ids=["dataclass", "tuple", "optional", "nested", "anything", "counts"],
)
def test_the_walk_sees_a_leak(annotation, said):
    assert leaks(annotation, "f") == said


def test_the_walk_sees_a_model():
    from dean06.registry.models import Person

    assert leaks(Person, "f") == ["f: returns the model Person"]
