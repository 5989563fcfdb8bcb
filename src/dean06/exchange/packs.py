"""Packs of members and agreements: YAML that a person reads and edits, checked as a whole before anything is stored.

A fault names file, line and remedy; all faults of a pack are reported at once.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import yaml

from dean06.exchange.errors import PackRefused

SCHEMAS: Final = Path(__file__).parent / "schemas"
LARGEST_PACK_BYTES: Final = 2 * 1024 * 1024
MOST_FAULTS: Final = 20

Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Pack:
    """One parsed file.

    Attributes:
        path: where it was read.
        document: its content, dates as ISO text.
        lines: line (from 1) of each value by its place in the document.
    """

    path: Path
    document: Mapping[str, Any]
    lines: Mapping[Place, int]

    def at(self, place: Place) -> str:
        """Return ``file:line`` of the value at a place, or of what holds it."""
        while place and place not in self.lines:
            place = place[:-1]
        return f"{self.path.name}:{self.lines.get(place, 1)}"

    @property
    def digest(self) -> str:
        """Return SHA-256 of the content, independent of layout and comments."""
        return digest_of(self.document)


def digest_of(document: object) -> str:
    """Return SHA-256 of a JSON value."""
    return hashlib.sha256(json.dumps(document, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def refuse(faults: list[str]) -> None:
    """Raise if there are faults.

    Raises:
        PackRefused: with the first twenty of them.
    """
    if faults:
        more = f"\n… and {len(faults) - MOST_FAULTS} more" if len(faults) > MOST_FAULTS else ""
        raise PackRefused("\n".join(faults[:MOST_FAULTS]) + more, faults=len(faults))


def read_packs(place: Path, *, kind: str) -> list[Pack]:
    """Read the packs of one kind in a directory, or one file, and check them against the schema.

    Raises:
        PackRefused: none is there, or one has faults.
    """
    found = sorted(place.glob("*.yaml")) if place.is_dir() else [place]
    packs = [pack for path in found if (pack := _read(path)).document.get("kind") == kind]
    if not packs:
        refuse([f"{place}: no pack with 'kind: {kind}'. Add one, or name the right directory."])
    refuse([fault for pack in packs for fault in _schema_faults(pack, kind)])
    return packs


def holds_kind(directory: Path, kind: str) -> bool:
    """Say whether a directory seems to hold a pack of a kind; which it is shows when it is read."""
    return any(f"kind: {kind}" in found.read_text(errors="replace") for found in directory.glob("*.yaml"))


@cache
def _validator(kind: str) -> Any:
    return jsonschema_rs.Draft202012Validator(json.loads((SCHEMAS / f"{kind}.json").read_text()), validate_formats=True)


def _schema_faults(pack: Pack, kind: str) -> Iterator[str]:
    for error in _validator(kind).iter_errors(pack.document):
        place = tuple(error.instance_path)
        name = ".".join(str(part) for part in place) or "document"
        yield f"{pack.at(place)}: {name}: {error.message}. Correct the value; docs/reference/exchange-packs.md shows the format."


def agreement_faults(document: Mapping[str, Any]) -> list[str]:
    """Name what the schema has against one agreement that does not come from a file."""
    found = _validator("agreements").iter_errors({"kind": "agreements", "agreements": [document]})
    return [f"{'.'.join(str(part) for part in tuple(error.instance_path)[2:]) or 'agreement'}: {error.message}" for error in found]


def read_document(path: Path) -> Pack:
    """Read a YAML or JSON file with the line of each value; its content is not checked.

    Raises:
        PackRefused: unreadable, too large or not of the format.
    """
    return _read(path)


def _read(path: Path) -> Pack:
    try:
        raw = path.read_bytes()
    except OSError as exc:
        raise PackRefused(f"{path}: cannot be read ({exc.strerror}). Name a file or directory that exists.") from exc
    if len(raw) > LARGEST_PACK_BYTES:
        raise PackRefused(f"{path.name}: larger than {LARGEST_PACK_BYTES} bytes. Split the pack.")
    try:
        node = yaml.compose(raw.decode("utf-8"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as exc:
        raise PackRefused(f"{path.name}: not UTF-8. Save the file as UTF-8.") from exc
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise PackRefused(f"{path.name}:{line}: {exc.problem}. Check indentation and quotes.") from exc
    lines: dict[Place, int] = {}
    document = _value(node, (), lines, path, frozenset()) if node is not None else {}
    if not isinstance(document, dict):
        raise PackRefused(f"{path.name}:1: a pack is a mapping with 'kind'. See the demo packs.")
    return Pack(path, document, lines)


def _value(node: yaml.Node, place: Place, lines: dict[Place, int], path: Path, above: frozenset[int]) -> Any:
    """Turn a YAML node into JSON values and remember its line; anchors that contain themselves are refused."""
    line = node.start_mark.line + 1
    lines[place] = line
    if id(node) in above:
        raise PackRefused(f"{path.name}:{line}: an alias contains itself. Write the value out.")
    inside = above | {id(node)}
    if isinstance(node, yaml.MappingNode):
        mapping: dict[str, Any] = {}
        for key, value in node.value:
            if key.value in mapping:
                raise PackRefused(f"{path.name}:{key.start_mark.line + 1}: '{key.value}' stands twice. Remove one.")
            mapping[str(key.value)] = _value(value, (*place, key.value), lines, path, inside)
        return mapping
    if isinstance(node, yaml.SequenceNode):
        return [_value(item, (*place, index), lines, path, inside) for index, item in enumerate(node.value)]
    scalar = yaml.SafeLoader("").construct_object(node)
    return scalar.isoformat() if isinstance(scalar, date) else scalar
