"""Data minimisation: only the fields that an agreement names leave the provider.

A path is written with dots (``household.head.full_name``), goes through lists without a sign of its own, and releases
everything below its last name. ``*`` alone releases the document as it is.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

EVERYTHING: Final = ("*",)


@dataclass(frozen=True, slots=True)
class Mask:
    """The compiled paths of one agreement."""

    fields: tuple[str, ...]
    _tree: Mapping[str, Any] = field(repr=False, compare=False)

    @classmethod
    def of(cls, fields: Iterable[str]) -> "Mask":
        """Compile paths; a path makes longer ones below it superfluous."""
        fields = tuple(fields)
        tree: dict[str, Any] = {}
        for path in sorted(fields, key=lambda text: text.count(".")):
            node: dict[str, Any] = tree
            *parents, last = path.split(".")
            for name in parents:
                if name in node and not node[name]:
                    break
                node = node.setdefault(name, {})
            else:
                node.setdefault(last, {})
        return cls(fields, tree)

    @property
    def is_everything(self) -> bool:
        """Say whether the document passes as it is."""
        return self.fields == EVERYTHING

    def apply(self, document: Mapping[str, Any]) -> dict[str, Any]:
        """Return a copy with the released fields only."""
        if self.is_everything:
            return dict(document)
        return _masked(document, self._tree)

    def released(self, document: Mapping[str, Any]) -> tuple[str, ...]:
        """Return which of the paths a (masked) document really holds; ``*`` names its top fields."""
        if self.is_everything:
            return tuple(document)
        return tuple(path for path in self.fields if (path in document if "." not in path else _has(document, path.split("."))))


def _masked(document: Mapping[str, Any], tree: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _below(document[name], branch) for name, branch in tree.items() if name in document}


def _below(value: Any, branch: Mapping[str, Any]) -> Any:
    if not branch:
        return value
    if isinstance(value, Mapping):
        return _masked(value, branch)
    if isinstance(value, list | tuple):
        return [_below(item, branch) for item in value if isinstance(item, Mapping | list | tuple)]
    return None  # the agreement names fields inside, and there is nothing inside: the value itself is not released


def _has(value: Any, names: list[str]) -> bool:
    if not names:
        return True
    if isinstance(value, Mapping):
        return names[0] in value and _has(value[names[0]], names[1:])
    return isinstance(value, list | tuple) and any(_has(item, names) for item in value)


def tells_of_nobody(document: Mapping[str, Any] | None) -> bool:
    """Say whether a released document holds nothing that could be about anybody: no text, no number but 0, however deep."""
    return document is not None and _is_hollow(document)


def _is_hollow(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_hollow, value.values()))
    if isinstance(value, list | tuple):
        return all(map(_is_hollow, value))
    return not value or value is True
