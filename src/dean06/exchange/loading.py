"""Storing packs: references checked, members brought up to date, agreements as new versions."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from django.db import transaction

from dean06.core.actor import SYSTEM, Actor
from dean06.core.databases import database_of
from dean06.exchange import snapshot
from dean06.exchange.agreement_seals import LOADED_AS, loaded_statement
from dean06.exchange.changes import note_change
from dean06.exchange.descriptions import described_by, keep
from dean06.exchange.domain.identifiers import ClientId, MalformedIdentifier, ServiceId
from dean06.exchange.domain.r1 import RESERVED
from dean06.exchange.errors import MalformedClient
from dean06.exchange.models import (
    AgreementCase,
    AgreementEvent,
    AgreementVersion,
    ClientGroup,
    GroupMember,
    Member,
    PackVersion,
    Service,
    Subsystem,
)
from dean06.exchange.packs import Pack, Place, digest_of, read_packs, refuse
from dean06.exchange.sealing import sealed
from dean06.ledger.public import record
from dean06.signing.public import ensure_key, ensure_trust

LOG = "exchange.configuration"


def load_members(path: Path, *, actor: Actor = SYSTEM, are_descriptions_required: bool = False) -> int:
    """Load members, subsystems and services; make the signing keys that are not there yet.

    Args:
        path: a YAML file, or a directory whose packs of ``kind: members`` are read together.
        actor: who loads, for the ledger.
        are_descriptions_required: whether a service at an address needs an OpenAPI 3.1 document; one that is there is always linted.

    Returns:
        How many members the packs hold.

    Raises:
        PackRefused: faults, each with file, line and remedy; nothing is changed.
    """
    packs = read_packs(Path(path), kind="members")
    refuse([fault for pack in packs for fault in (*_member_faults(pack), *_group_faults(pack, packs))])
    described = described_by(packs, is_required=are_descriptions_required)
    refuse(described.faults)
    members = [(pack.document["instance"], member) for pack in packs for member in pack.document["members"]]
    ensure_trust()
    for instance, member in members:
        ensure_key(key_name(instance, member), common_name=member["name"], organisation=member["name"], usage="member")
    keep(described.documents)
    _store_members(packs, members, actor=actor)
    snapshot.forget()
    return len(members)


def key_name(instance: str, member: Mapping[str, Any]) -> str:
    """Return the name of a member's signing key: ``member.VN.GOV.G01`` unless the pack names another."""
    return str(member.get("key") or f"member.{instance}.{member['class']}.{member['code']}")


def _member_faults(pack: Pack) -> Iterable[str]:
    seen: set[tuple[str, ...]] = set()
    for index, member in enumerate(pack.document["members"]):
        place: Place = ("members", index)
        identity: tuple[str, ...] = (member["class"], member["code"])
        if identity in seen:
            yield f"{pack.at(place)}: member {'/'.join(identity)} stands twice. Join the two."
        seen.add(identity)
        for number, subsystem in enumerate(member["subsystems"]):
            below: Place = (*place, "subsystems", number)
            identity = (member["class"], member["code"], subsystem["code"])
            if identity in seen:
                yield f"{pack.at(below)}: subsystem {subsystem['code']} stands twice. Join the two."
            seen.add(identity)
            for nth, service in enumerate(subsystem.get("services", [])):
                if service["code"] in RESERVED:
                    yield f"{pack.at((*below, 'services', nth))}: {service['code']} is reserved by the protocol. Choose another code."


def _group_faults(pack: Pack, packs: Sequence[Pack]) -> Iterable[str]:
    """Groups name clients of these packs or of those loaded before."""
    clients = {str(subsystem) for subsystem in Subsystem.objects.using(database_of("exchange")).select_related("member")}
    clients |= {
        f"{each.document['instance']}/{member['class']}/{member['code']}/{subsystem['code']}"
        for each in packs
        for member in each.document["members"]
        for subsystem in member["subsystems"]
    }
    for index, group in enumerate(pack.document.get("groups", [])):
        for number, client in enumerate(group["clients"]):
            if client not in clients:
                where = pack.at(("groups", index, "clients", number))
                yield f"{where}: no subsystem {client}. Load its member first, or correct the identifier."


@transaction.atomic(using=database_of("exchange"), durable=True)
def _store_members(packs: Sequence[Pack], members: Sequence[tuple[str, Mapping[str, Any]]], *, actor: Actor) -> None:
    using = database_of("exchange")
    for instance, document in members:
        member, _ = Member.objects.using(using).update_or_create(
            instance=instance,
            member_class=document["class"],
            member_code=document["code"],
            defaults={
                "name": document["name"],
                "gateway": document.get("gateway", "local"),
                "key_name": key_name(instance, document),
            },
        )
        for inner in document["subsystems"]:
            _store_subsystem(member, inner, using=using)
    for pack in packs:
        for group in pack.document.get("groups", []):
            _store_group(group, using=using)
    remember(packs, kind="members", actor=actor, using=using)
    note_change(using=using)


def _store_group(document: Mapping[str, Any], *, using: str) -> None:
    """Bring a group to what the pack says: who is not named leaves it."""
    group, _ = ClientGroup.objects.using(using).update_or_create(code=document["code"], defaults={"name": document["name"]})
    clients = {str(subsystem): subsystem for subsystem in Subsystem.objects.using(using).select_related("member")}
    named = [clients[client] for client in document["clients"]]
    GroupMember.objects.using(using).filter(group=group).exclude(subsystem__in=named).delete()
    for subsystem in named:
        GroupMember.objects.using(using).get_or_create(group=group, subsystem=subsystem)


def _store_subsystem(member: Member, document: Mapping[str, Any], *, using: str) -> None:
    subsystem, _ = Subsystem.objects.using(using).update_or_create(
        member=member,
        code=document["code"],
        defaults={
            "name": document["name"],
            "authentication": document.get("authentication", "none"),
            "token_hash": document.get("token_sha256", ""),
        },
    )
    for service in document.get("services", []):
        Service.objects.using(using).update_or_create(
            subsystem=subsystem,
            code=service["code"],
            defaults={
                "title": service["title"],
                "location": service["location"],
                "timeout_seconds": service.get("timeout_seconds", 30),
                "disabled_notice": service.get("disabled_notice", ""),
                "endpoints": [[endpoint["method"], endpoint["path"]] for endpoint in service.get("endpoints", [])],
            },
        )


def remember(packs: Sequence[Pack], *, kind: str, actor: Actor, using: str) -> PackVersion:
    """Keep packs as they were loaded, in the caller's transaction."""
    documents = [dict(pack.document) for pack in packs]
    pack = PackVersion.objects.using(using).create(
        kind=kind, digest=digest_of(documents), document={"packs": documents}, loaded_by=actor.account
    )
    record(f"exchange.{kind}_loaded", log=LOG, using=using, actor=actor, who=actor.account, detail={"pack": pack.id, "sha256": pack.digest})
    return pack


def load_agreements(path: Path, *, actor: Actor = SYSTEM) -> int:
    """Load agreements; each one that differs from its newest version becomes a new version.

    Args:
        path: a YAML file, or a directory whose packs of ``kind: agreements`` are read together.
        actor: who loads, for the ledger.

    Returns:
        How many new versions there are; 0 when everything was known.

    Raises:
        PackRefused: faults, each with file, line and remedy; nothing is changed.
    """
    packs = read_packs(Path(path), kind="agreements")
    refuse(list(_agreement_faults(packs)))
    made = _store_agreements(packs, actor=actor)
    snapshot.forget()
    return made


def _agreement_faults(packs: Sequence[Pack]) -> Iterable[str]:
    known = known_names()
    seen: dict[str, str] = {}
    for pack in packs:
        for index, agreement in enumerate(pack.document["agreements"]):
            place: Place = ("agreements", index)
            where = pack.at(place)
            if agreement["code"] in seen:
                yield f"{where}: agreement {agreement['code']} stands twice (also {seen[agreement['code']]}). Give one another code."
            seen[agreement["code"]] = where
            for name, fault in document_faults(agreement, known=known):
                yield f"{pack.at((*place, name))}: {fault}"


@dataclass(frozen=True, slots=True)
class KnownNames:
    """What an agreement may refer to."""

    clients: frozenset[str]
    services: frozenset[str]
    groups: frozenset[str]


def known_names() -> KnownNames:
    """Return the identifiers of all clients, services and groups."""
    using = database_of("exchange")
    return KnownNames(
        clients=frozenset(str(subsystem) for subsystem in Subsystem.objects.using(using).select_related("member")),
        services=frozenset(str(service) for service in Service.objects.using(using).select_related("subsystem__member")),
        groups=frozenset(ClientGroup.objects.using(using).values_list("code", flat=True)),
    )


def document_faults(agreement: Mapping[str, Any], *, known: KnownNames) -> Iterable[tuple[str, str]]:
    """Name what is wrong with an agreement that the schema accepts: the field and a sentence with the remedy."""
    if "group" in agreement and agreement["group"] not in known.groups:
        yield "group", f"no group {agreement['group']}. Load it first, or correct the code."
    if "client" in agreement and not _is_known(ClientId, agreement["client"], known.clients):
        yield "client", f"no subsystem {agreement['client']}. Load its member first, or correct the identifier."
    if not _is_known(ServiceId, agreement["service"], known.services):
        yield "service", f"no service {agreement['service']}. Load its member first, or correct the identifier."
    if date.fromisoformat(agreement["valid_until"]) < date.fromisoformat(agreement["valid_from"]):
        yield "valid_until", "ends before it begins. Correct one of the two days."
    if "*" in agreement["fields"] and len(agreement["fields"]) > 1:
        yield "fields", "'*' releases everything. Name fields, or '*' alone."
    bases = [(basis["document"], basis.get("article", "")) for basis in agreement["legal_bases"]]
    if len(set(bases)) < len(bases):
        yield "legal_bases", "a legal basis stands twice. Remove one."


def _is_known(kind: type[ClientId | ServiceId], text: str, known: frozenset[str]) -> bool:
    try:
        return str(kind.parse(text)) in known
    except (MalformedClient, MalformedIdentifier):
        return False


@transaction.atomic(using=database_of("exchange"), durable=True)
def _store_agreements(packs: Sequence[Pack], *, actor: Actor) -> int:
    using = database_of("exchange")
    documents = [document for pack in packs for document in pack.document["agreements"]]
    newest = _newest_versions(using)
    fresh = [document for document in documents if newest.get(document["code"], (0, ""))[1] != digest_of(document)]
    if not fresh:
        return 0
    pack = remember(packs, kind="agreements", actor=actor, using=using)
    versions = AgreementVersion.objects.using(using).bulk_create(
        version_of(document, version=newest.get(document["code"], (0, ""))[0] + 1, pack=pack) for document in fresh
    )
    state = {False: AgreementCase.State.IN_FORCE, True: AgreementCase.State.ENDED}
    AgreementCase.objects.using(using).bulk_create(
        AgreementCase(
            agreement=version,
            origin=AgreementCase.Origin.PACK,
            state=state[version.withdrawn],
            consumer=member_of(version.client),
            provider=member_of(version.service),
            signature=sealed(loaded_statement(version), kind=LOADED_AS),
        )
        for version in versions
    )
    AgreementEvent.objects.using(using).bulk_create(
        AgreementEvent(
            case_id=version.pk,
            event="withdrawn_by_pack" if version.withdrawn else "loaded",
            by=actor.account,
            who="",
            reason=f"sha256 {pack.digest}",
        )
        for version in versions
    )
    note_change(using=using)
    return len(fresh)


def version_of(document: Mapping[str, Any], *, version: int, pack: PackVersion | None) -> AgreementVersion:
    """Return the row of a checked document, not saved."""
    return AgreementVersion(
        code=document["code"],
        version=version,
        client=document.get("client", ""),
        group=document.get("group", ""),
        service=document["service"],
        valid_from=document["valid_from"],
        valid_until=document["valid_until"],
        withdrawn=document.get("withdrawn", False),
        document=document,
        digest=digest_of(document),
        pack=pack,
    )


def member_of(identifier: str) -> str:
    """Return the member of a client or service: ``VN/GOV/G01``; nothing for nothing."""
    return "/".join(identifier.split("/")[:3])


def _newest_versions(using: str) -> dict[str, tuple[int, str]]:
    """Return of each agreement the number of its newest version, and the digest of the newest that came from a pack.

    A version that was requested and approved since then is not undone by loading the same pack again.
    """
    numbers: dict[str, int] = {}
    digests: dict[str, str] = {}
    for code, version, digest, pack in (
        AgreementVersion.objects.using(using).order_by("code", "version").values_list("code", "version", "digest", "pack")
    ):
        numbers[code] = version
        if pack is not None:
            digests[code] = digest
    return {code: (number, digests.get(code, "")) for code, number in numbers.items()}
