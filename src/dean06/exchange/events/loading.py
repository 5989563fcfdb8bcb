"""Registering types of events from packs: YAML of ``kind: event_types`` beside those of members and agreements."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import jsonschema_rs
from django.db import transaction

from dean06.core.actor import SYSTEM, Actor
from dean06.core.databases import database_of
from dean06.exchange import snapshot
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import MalformedClient
from dean06.exchange.events.models import EventType
from dean06.exchange.packs import Pack, digest_of, holds_kind, read_packs, refuse
from dean06.ledger.public import record

KIND: Final = "event_types"
LOG: Final = "exchange.configuration"
RETENTION_DAYS: Final = 30
PERSONAL: Final = frozenset({"personal_id", "old_number", "full_name", "born_on", "address", "phone", "email"})
"""Names that data of an event may not carry: events are thin, details are fetched under an agreement of their own."""


def load_event_types(path: Path, *, actor: Actor = SYSTEM) -> int:
    """Register the types of events in a file, or in the packs of ``kind: event_types`` of a directory.

    Returns:
        How many are new or changed; 0 also for a directory without such a pack.

    Raises:
        PackRefused: faults, each with file, line and remedy; nothing is changed.
    """
    place = Path(path)
    if place.is_dir() and not holds_kind(place, KIND):
        return 0
    packs = read_packs(place, kind=KIND)
    refuse([fault for pack in packs for fault in _faults(pack)])
    return _store([document for pack in packs for document in pack.document[KIND]], actor=actor)


def _faults(pack: Pack) -> Iterable[str]:
    known = snapshot.current().subsystems
    seen: set[str] = set()
    for index, document in enumerate(pack.document[KIND]):
        where = pack.at((KIND, index))
        if document["name"] in seen:
            yield f"{where}: {document['name']} stands twice. Remove one."
        seen.add(document["name"])
        try:
            is_known = ClientId.parse(document["provider"]) in known
        except MalformedClient:
            is_known = False
        if not is_known:
            yield f"{where}: no subsystem {document['provider']}. Load its member first, or correct the identifier."
        try:
            jsonschema_rs.Draft202012Validator(document["schema"], validate_formats=True)
        except (jsonschema_rs.ValidationError, ValueError) as exc:
            yield f"{where}: schema is no JSON Schema ({type(exc).__name__}). Correct it."
        if document["schema"].get("type") != "object" or document["schema"].get("additionalProperties") is not False:
            yield f"{where}: schema must be of type object with additionalProperties: false, so that events stay thin."
        if named := sorted(PERSONAL & set(_names(document["schema"]))):
            yield f"{where}: schema names {', '.join(named)}. Events carry no personal data; the consumer fetches it under its agreement."


def _names(schema: Any) -> Iterable[str]:
    if isinstance(schema, Mapping):
        properties = schema.get("properties")
        if isinstance(properties, Mapping):
            yield from properties
        for inner in schema.values():
            yield from _names(inner)
    elif isinstance(schema, list):
        for inner in schema:
            yield from _names(inner)


@transaction.atomic(using=database_of("exchange"), durable=True)
def _store(documents: Sequence[Mapping[str, Any]], *, actor: Actor) -> int:
    using = database_of("exchange")
    changed = 0
    for document in documents:
        wanted = {
            "provider": document["provider"],
            "title": document["title"],
            "schema": document["schema"],
            "about_subject": document.get("about_subject", True),
            "retention_days": document.get("retention_days", RETENTION_DAYS),
        }
        kind = EventType.objects.using(using).select_for_update().filter(name=document["name"]).first()
        if kind is None:
            EventType.objects.using(using).create(name=document["name"], **wanted)
        elif all(getattr(kind, name) == value for name, value in wanted.items()):
            continue
        else:
            version = kind.schema_version + (kind.schema != wanted["schema"])
            EventType.objects.using(using).filter(id=kind.id).update(**wanted, schema_version=version)
        changed += 1
    if changed:
        detail = {"types": [document["name"] for document in documents], "sha256": digest_of(list(documents))}
        record("exchange.event_types_loaded", log=LOG, using=using, actor=actor, who=actor.account, detail=detail)
    return changed
