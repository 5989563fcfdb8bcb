"""Procedure packs: read from files, checked, refused with file, line and remedy."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
import yaml

from dean06.services.domain.pack import STEP_NAMES, Pack, build_pack
from dean06.services.errors import PackRefused, ProcedureNotFound

PACKS: Final = Path(__file__).parent / "packs"
LARGEST_FILE_BYTES: Final = 1_000_000
ROLES: Final = frozenset({"one_stop_officer", "appraiser", "head"})
"""Roles that a step may need; ``organisation`` gives them to posts."""
CODE_LISTS: Final = frozenset({"ethnic_groups", "religions", "countries", "relationships", "id_prefixes", "sexes", "marital_states"})
UNIT_KINDS: Final = frozenset({"commune_police", "commune_office", "province_office", "ministry"})
CONSENT_WORDS: Final = frozenset({"applicant", "address", "relation", "dossier"})


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a pack."""

    file: str
    line: int
    problem: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.problem} -> {self.remedy}"


class FaultyPack(PackRefused):
    """A procedure pack has faults; ``faults`` lists them."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("; ".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class PackFiles:
    """The text of a pack: what is hashed, and what a dossier keeps."""

    pack: str
    schema: str
    templates: Mapping[str, str]

    @property
    def digest(self) -> str:
        """SHA-256 over all files."""
        body = json.dumps([self.pack, self.schema, sorted(self.templates.items())], ensure_ascii=False)
        return hashlib.sha256(body.encode()).hexdigest()


Place = tuple[str | int, ...]


class Marked:
    """A YAML text as plain values, with the line of each."""

    def __init__(self, text: str, file: str) -> None:
        self.file = file
        self.lines: dict[Place, int] = {}
        self.faults: list[Fault] = []
        try:
            node = yaml.compose(text, Loader=yaml.SafeLoader)
        except yaml.MarkedYAMLError as exc:
            line = exc.problem_mark.line + 1 if exc.problem_mark else 1
            raise FaultyPack([Fault(file, line, f"not YAML: {exc.problem}", "check indentation, colons and quotes")]) from exc
        self.value: Any = self._read(node, ()) if node is not None else None

    def line(self, place: Sequence[str | int]) -> int:
        """Return the line of a value, or of the nearest thing around it."""
        at = tuple(place)
        while at and at not in self.lines:
            at = at[:-1]
        return self.lines.get(at, 1)

    def fault(self, place: Sequence[str | int], problem: str, remedy: str) -> Fault:
        """Make a fault of a place."""
        return Fault(self.file, self.line(place), problem, remedy)

    def _read(self, node: yaml.Node, place: Place) -> Any:
        self.lines[place] = node.start_mark.line + 1
        if isinstance(node, yaml.SequenceNode):
            return [self._read(item, (*place, at)) for at, item in enumerate(node.value)]
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, place)
        if node.tag == "tag:yaml.org,2002:timestamp":
            return node.value
        loader = yaml.SafeLoader("")
        return loader.construct_object(node)

    def _mapping(self, node: yaml.MappingNode, place: Place) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            if key in values:
                problem = Fault(self.file, key_node.start_mark.line + 1, f"'{key}' is written twice", "keep one of the two")
                self.faults.append(problem)
            values[key] = self._read(value_node, (*place, key))
            self.lines[(*place, key)] = key_node.start_mark.line + 1
        return values


def read_files(folder: Path) -> PackFiles:
    """Read a pack's folder.

    Raises:
        FaultyPack: a file is missing, too large or not UTF-8.
    """
    texts = {path.name: _text(path) for path in sorted(folder.iterdir()) if path.suffix in {".yaml", ".json", ".typ"}}
    if "pack.yaml" not in texts:
        raise FaultyPack([Fault(str(folder), 1, "there is no pack.yaml", "add it; copy another pack to begin with")])
    schemas = [text for name, text in texts.items() if name.endswith(".schema.json")]
    if len(schemas) != 1:
        raise FaultyPack([Fault(str(folder), 1, f"{len(schemas)} form schemas", "keep exactly one *.schema.json")])
    return PackFiles(texts["pack.yaml"], schemas[0], {name: text for name, text in texts.items() if name.endswith(".typ")})


def _text(path: Path) -> str:
    if path.stat().st_size > LARGEST_FILE_BYTES:
        raise FaultyPack([Fault(path.name, 1, "larger than 1 MB", "split the pack")])
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as exc:
        line = path.read_bytes()[: exc.start].count(b"\n") + 1
        raise FaultyPack([Fault(path.name, line, "not UTF-8", "save the file as UTF-8")]) from exc


def parse_pack(files: PackFiles, *, name: str = "pack.yaml") -> Pack:
    """Check a pack and build it.

    Raises:
        FaultyPack: with every fault that was found.
    """
    marked = Marked(files.pack, name)
    faults = marked.faults or list(_schema_faults(marked))
    if faults:
        raise FaultyPack(faults)
    schema = _form_schema(files, marked)
    faults = [
        *_lint_steps(marked),
        *_lint_references(marked),
        *_lint_evidence(marked),
        *_lint_form(marked, schema),
        *_lint_files(marked, files),
    ]
    if faults:
        raise FaultyPack(faults)
    return build_pack(marked.value, form_schema=schema, templates=files.templates, digest=files.digest)


@cache
def _pack_validator() -> Any:
    return jsonschema_rs.validator_for(json.loads((PACKS / "pack.schema.json").read_text()))


def _schema_faults(marked: Marked) -> Iterator[Fault]:
    for error in _pack_validator().iter_errors(marked.value):
        place = [part if isinstance(part, int) else str(part) for part in error.instance_path]
        where = ".".join(str(part) for part in place) or "the pack"
        unexpected = getattr(error.kind, "unexpected", None) or ()
        yield marked.fault([*place, *unexpected[:1]], f"{where}: {error.message}", "see packs/pack.schema.json for what is allowed here")
    if isinstance(marked.value, dict):
        for key in ("valid_from", "valid_to"):
            try:
                date.fromisoformat(str(marked.value.get(key) or "2025-01-01"))
            except ValueError:
                yield marked.fault([key], f"{key} is not a day", "write it as 2025-07-01")


def _form_schema(files: PackFiles, marked: Marked) -> Mapping[str, Any]:
    file = marked.value["form"]["file"]
    try:
        schema = json.loads(files.schema)
        jsonschema_rs.meta.validate(schema)
    except json.JSONDecodeError as exc:
        raise FaultyPack([Fault(file, exc.lineno, f"not JSON: {exc.msg}", "check commas, quotes and braces")]) from exc
    except (jsonschema_rs.ValidationError, ValueError) as exc:
        line = marked.line(["form", "file"])
        raise FaultyPack([Fault(file, 1, f"not a JSON Schema: {exc}", f"see JSON Schema 2020-12; used in line {line}")]) from exc
    if not isinstance(schema, dict):
        raise FaultyPack([Fault(file, 1, "not a JSON Schema", "begin with an object")])
    return schema


def _lint_steps(marked: Marked) -> Iterator[Fault]:
    value = marked.value
    for at, (row, name) in enumerate(zip(value["steps"], STEP_NAMES, strict=True)):
        if row["step"] != name:
            yield marked.fault(["steps", at], f"step {at + 1} is '{row['step']}'", f"keep the order; here belongs '{name}'")
        if row["role"] not in ROLES:
            yield marked.fault(["steps", at, "role"], f"no role '{row['role']}'", f"one of {', '.join(sorted(ROLES))}")
    total = sum(row["limit_days"] for row in value["steps"])
    limit = value["limit"]["working_days"]
    if total > limit:
        yield marked.fault(["steps"], f"the steps take {total} days, the law gives {limit}", "shorten a step")
    if len(value["four_eyes"]) == 1:
        yield marked.fault(["four_eyes"], "one step alone has no second pair of eyes", "name two steps or none")
    if value["agency"]["kind"] not in UNIT_KINDS:
        yield marked.fault(["agency", "kind"], f"no kind of unit '{value['agency']['kind']}'", f"one of {', '.join(sorted(UNIT_KINDS))}")
    if value.get("valid_to") and value["valid_to"] < value["valid_from"]:
        yield marked.fault(["valid_to"], "ends before it begins", "valid_to is the last day in force")


def _lint_references(marked: Marked) -> Iterator[Fault]:
    value = marked.value
    for place, name in _sources(value, ()):
        if name not in value["sources"]:
            yield marked.fault(place, f"no source '{name}'", "add it under sources, with title and certainty")
    ids = [case["id"] for case in value["cases"]]
    for at, case in enumerate(value["cases"]):
        if ids.count(case["id"]) > 1:
            yield marked.fault(["cases", at, "id"], f"two cases '{case['id']}'", "give each its own id")
        for kind in ("consents", "evidence"):
            for number, name in enumerate(case[kind]):
                if name not in value[kind]:
                    yield marked.fault(["cases", at, kind, number], f"no {kind} '{name}'", f"add it under {kind}, or remove it here")


def _lint_evidence(marked: Marked) -> Iterator[Fault]:
    value = marked.value
    for name, row in value["evidence"].items():
        if row["held_by"] and row["is_asked"] and not row["reason"].strip():
            problem = f"'{row['held_by']}' holds it, and it is asked all the same"
            yield marked.fault(["evidence", name, "is_asked"], problem, "do not ask, or give the reason")
        if not row["is_asked"] and not row["reason"].strip():
            yield marked.fault(["evidence", name, "reason"], "nothing says why it is not asked", "give the reason; people read it")
    for name, row in value["consents"].items():
        for word in _placeholders(row["text"]) - CONSENT_WORDS:
            yield marked.fault(["consents", name, "text"], f"no placeholder '{word}'", f"one of {', '.join(sorted(CONSENT_WORDS))}")


def _sources(value: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "source" and isinstance(inner, str):
                yield (*place, key), inner
            else:
                yield from _sources(inner, (*place, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _sources(inner, (*place, at))


def _placeholders(text: str) -> set[str]:
    return {part.partition("}")[0] for part in text.split("{")[1:]}


def _lint_form(marked: Marked, schema: Mapping[str, Any]) -> Iterator[Fault]:
    fields: Mapping[str, Any] = schema.get("properties", {})
    for at, row in enumerate(marked.value["prefill"]):
        if row["field"] not in fields:
            yield marked.fault(["prefill", at, "field"], f"the form has no field '{row['field']}'", "correct the name or add the field")
        elif fields[row["field"]].get("x-asked"):
            yield marked.fault(["prefill", at, "field"], f"'{row['field']}' is known and asked", "drop x-asked in the form")
    for name, field in fields.items():
        code_list = field.get("x-code-list")
        if code_list is not None and code_list not in CODE_LISTS:
            problem = f"field '{name}' uses a code list '{code_list}' that does not exist"
            yield marked.fault(["form", "file"], problem, f"one of {', '.join(sorted(CODE_LISTS))}")
        if not field.get("title"):
            yield marked.fault(["form", "file"], f"field '{name}' has no title", "people read it: add one")


def _lint_files(marked: Marked, files: PackFiles) -> Iterator[Fault]:
    for name, row in marked.value["papers"].items():
        if row["file"] not in files.templates:
            yield marked.fault(["papers", name, "file"], f"there is no file {row['file']}", "add the typst template or correct the name")


@cache
def shipped_packs() -> Mapping[str, tuple[Pack, PackFiles]]:
    """Return the packs that come with the program, newest version of each code.

    Raises:
        FaultyPack: one of them has faults.
    """
    packs: dict[str, tuple[Pack, PackFiles]] = {}
    for folder in sorted(path for path in PACKS.iterdir() if path.is_dir()):
        files = read_files(folder)
        pack = parse_pack(files, name=f"{folder.name}/pack.yaml")
        packs[pack.code] = (pack, files)
    return packs


def current_pack(code: str, *, on: date) -> tuple[Pack, PackFiles]:
    """Return the pack of a procedure that is in force on a day.

    Raises:
        ProcedureNotFound: none is.
    """
    found = shipped_packs().get(code)
    if found is None or not found[0].is_valid_on(on):
        raise ProcedureNotFound(code=code)
    return found
