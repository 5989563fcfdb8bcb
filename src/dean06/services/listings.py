"""Procedures of the national catalogue, read from a file and shown for information."""

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
from django.db import transaction

from dean06.core.clock import now
from dean06.core.vietnamese import fold, sort_key
from dean06.services.errors import ListingRefused
from dean06.services.models import ProcedureListing
from dean06.services.trail import SERVICES

LONGEST_LINE_BYTES: Final = 1_000_000
MOST_LINES: Final = 50_000
BATCH: Final = 500
LONGEST_SORT_KEY: Final = 200

_TEXT: Final = {"type": "string"}
SCHEMA: Final[dict[str, Any]] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "required": ["code", "name", "field", "ministry", "levels", "steps", "methods", "document_groups", "legal_bases", "results", "source"],
    "properties": {
        "code": {"type": "string", "pattern": r"^[0-9]\.[0-9]{6}$"},
        "name": {"type": "string", "minLength": 3, "maxLength": 1200},
        "field": {"type": "string", "maxLength": 300},
        "ministry": {"type": "string", "maxLength": 200},
        "levels": {"type": "array", "items": _TEXT},
        "steps": _TEXT,
        "conditions": _TEXT,
        "agency": _TEXT,
        "decision_no": _TEXT,
        "methods": {"type": "array", "items": {"type": "object", "required": ["mode"]}},
        "document_groups": {"type": "array", "items": {"type": "object", "required": ["documents"]}},
        "legal_bases": {"type": "array", "items": _TEXT},
        "results": {"type": "array", "items": {"type": "object", "required": ["name"]}},
        "source": {"type": "string", "maxLength": 200},
    },
}
KEPT: Final = (
    "agency",
    "decision_no",
    "subjects",
    "steps",
    "methods",
    "document_groups",
    "legal_bases",
    "results",
    "conditions",
    "portal_url",
)


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did."""

    added: int
    updated: int


def import_procedures(path: Path) -> ImportReport:
    """Read a file of procedures, one JSON object a line (``.jsonl`` or ``.jsonl.gz``), and keep them all or none.

    Raises:
        ListingRefused: the first line that is not right, with what to do.
    """
    rows = [_listing(record) for record in _records(path)]
    codes = [row.code for row in rows]
    if doubled := next((code for code in codes if codes.count(code) > 1), "") if len(set(codes)) < len(codes) else "":
        raise ListingRefused(f"{path.name}: code {doubled} stands in it twice -> keep one of the lines")
    with transaction.atomic(using=SERVICES, durable=True):
        known = set(ProcedureListing.objects.filter(code__in=codes).values_list("code", flat=True))
        ProcedureListing.objects.bulk_create(
            rows,
            batch_size=BATCH,
            update_conflicts=True,
            unique_fields=["code"],
            update_fields=["name", "sort_key", "folded", "field", "ministry", "levels", "details", "source", "imported_at"],
        )
    return ImportReport(added=len(rows) - len(known), updated=len(known))


def _records(path: Path) -> Iterator[dict[str, Any]]:
    validator = jsonschema_rs.validator_for(SCHEMA)
    for number, text in enumerate(_lines(path), start=1):
        try:
            record = json.loads(text)
        except ValueError as exc:
            raise ListingRefused(f"{path.name}:{number}: not JSON -> one object a line, UTF-8") from exc
        error = next(iter(validator.iter_errors(record)), None)
        if error is not None:
            where = "/".join(str(part) for part in error.instance_path) or "the object"
            raise ListingRefused(f"{path.name}:{number}: {where}: {error.message[:200]} -> correct the line or leave it out")
        yield record


def _lines(path: Path) -> Iterator[str]:
    try:
        with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as file:
            for number in range(1, MOST_LINES + 2):
                line = file.readline(LONGEST_LINE_BYTES + 1)
                if not line:
                    return
                if len(line) > LONGEST_LINE_BYTES or number > MOST_LINES:
                    raise ListingRefused(f"{path.name}:{number}: longer than this program reads -> split the file")
                yield line.decode("utf-8")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as exc:
        raise ListingRefused(f"{path.name}: cannot be read ({type(exc).__name__}) -> give a .jsonl or .jsonl.gz file in UTF-8") from exc


def _listing(record: dict[str, Any]) -> ProcedureListing:
    return ProcedureListing(
        code=record["code"],
        name=record["name"],
        sort_key=sort_key(record["name"])[:LONGEST_SORT_KEY],
        folded=fold(f"{record['code']} {record['name']} {record['field']} {record['ministry']}"),
        field=record["field"],
        ministry=record["ministry"],
        levels=record["levels"],
        details={name: record[name] for name in KEPT if name in record},
        source=record["source"],
        imported_at=now(),
    )
