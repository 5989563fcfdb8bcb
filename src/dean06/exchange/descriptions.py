"""Descriptions of services (OpenAPI 3.1): linted when a service is registered, kept in every version, compared with the one before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import structlog
from django.db import transaction

from dean06.core.databases import database_of
from dean06.exchange.domain.identifiers import ServiceId
from dean06.exchange.models import ServiceDescription
from dean06.exchange.openapi.compare import Change, breaking_changes
from dean06.exchange.openapi.lint import lint
from dean06.exchange.packs import Pack, digest_of, read_document
from dean06.exchange.providing import provider_of

log = structlog.get_logger(__name__)

INSIDE: Final = "inside"
MOST_VERSIONS: Final = 50


@dataclass(frozen=True, slots=True)
class Described:
    """The descriptions that packs of members bring, and what is wrong with them.

    Attributes:
        documents: by service identifier.
        faults: each with file, line or place, and remedy.
    """

    documents: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def described_by(packs: Sequence[Pack], *, is_required: bool) -> Described:
    """Read and lint the descriptions that packs of members name, and those of handlers in this process (the latter warn alone).

    Args:
        packs: of ``kind: members``; ``openapi`` of a service names a file beside the pack.
        is_required: whether a service at an address may do without; a handler of this process always brings its own.
    """
    found = Described()
    for pack in packs:
        for place, service, document in _services(pack):
            if name := document.get("openapi"):
                _read(found, service, pack.path.parent / str(name))
            elif document["location"] != INSIDE:
                if is_required:
                    found.faults.append(
                        f"{pack.at(place)}: {service} has no description. Add openapi: and the name of an OpenAPI 3.1 file."
                    )
            elif (provider := provider_of(service)) and provider.openapi:
                found.documents[service] = provider.openapi
                if findings := lint(provider.openapi):  # code, not a file that the operator could mend: told, not refused
                    log.warning("exchange.description_of_handler_is_faulty", service=service, findings=[one.text for one in findings][:5])
    return found


def _services(pack: Pack) -> Iterable[tuple[tuple[str | int, ...], str, Mapping[str, Any]]]:
    """Yield place, identifier and entry of each service."""
    instance = pack.document["instance"]
    for index, member in enumerate(pack.document["members"]):
        for number, subsystem in enumerate(member["subsystems"]):
            for nth, service in enumerate(subsystem.get("services", [])):
                place = ("members", index, "subsystems", number, "services", nth)
                yield place, f"{instance}/{member['class']}/{member['code']}/{subsystem['code']}/{service['code']}", service


def _read(found: Described, service: str, path: Path) -> None:
    pack = read_document(path)
    found.documents[service] = pack.document
    found.faults.extend(file_findings(pack))


def file_findings(pack: Pack) -> list[str]:
    """Return what the lint finds in a file, each with file, line, place and remedy."""
    return [f"{pack.at(finding.place)}: {finding.text}" for finding in lint(pack.document)]


@transaction.atomic(using=database_of("exchange"), durable=True)
def keep(documents: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Keep the descriptions that differ from the newest ones, with what each breaks.

    Returns:
        Warnings, one a breaking change: the owner should offer the old paths until agreements have moved.
    """
    newest = newest_descriptions()
    warnings: list[str] = []
    fresh: list[ServiceDescription] = []
    for service, document in sorted(documents.items()):
        digest = digest_of(document)
        before = newest.get(service)
        if before is not None and before.digest == digest:
            continue
        changes = breaking_changes(before.document, document) if before is not None else []
        fresh.append(_row(service, document, digest, changes))
        warnings += [f"{service} {fresh[-1].version}: {change.text}" for change in changes]
    ServiceDescription.objects.using(database_of("exchange")).bulk_create(fresh)
    for warning in warnings:
        log.warning("exchange.service_breaks_callers", change=warning)
    return warnings


def _row(service: str, document: Mapping[str, Any], digest: str, changes: Sequence[Change]) -> ServiceDescription:
    return ServiceDescription(
        service=service,
        version=str(document.get("info", {}).get("version", ""))[:100],
        digest=digest,
        document=dict(document),
        changes=[{"kind": change.kind, "place": list(change.place), "what": change.what} for change in changes],
    )


def newest_descriptions() -> dict[str, ServiceDescription]:
    """Return the newest description of each service."""
    rows = ServiceDescription.objects.using(database_of("exchange")).order_by("service", "-id").distinct("service")
    return {row.service: row for row in rows}


def history_of(service: str) -> list[ServiceDescription]:
    """Return the versions of a service's description, the newest first."""
    return list(
        ServiceDescription.objects.using(database_of("exchange")).filter(service=str(ServiceId.parse(service))).order_by("-id")[:50]
    )


def warnings_since(instant: datetime) -> list[str]:
    """Return what descriptions recorded since an instant break, one line a change."""
    rows = ServiceDescription.objects.using(database_of("exchange")).filter(recorded_at__gte=instant).order_by("id")
    return [f"{row.service} {row.version}: {'.'.join(map(str, each['place']))}: {each['what']}" for row in rows for each in row.changes]


def findings_in(path: Path) -> list[str]:
    """Return what the lint finds in a file; nothing means that it may be registered.

    Raises:
        PackRefused: the file cannot be read.
    """
    return file_findings(read_document(path))


def breaks_between(old: Path, new: Path) -> list[dict[str, str]]:
    """Return what the description in a new file breaks for callers of the old one: kind and text of each change.

    Raises:
        PackRefused: a file cannot be read.
    """
    changes = breaking_changes(read_document(old).document, read_document(new).document)
    return [{"kind": change.kind, "text": change.text} for change in changes]
