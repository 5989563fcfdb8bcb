"""From the tables, or from a verified configuration, to a snapshot."""

import base64
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, Final

from django.conf import settings

from dean06.core.databases import database_of
from dean06.exchange.agreement_seals import STANDINGS, signed_cases
from dean06.exchange.domain.agreements import Agreement, Endpoint, LegalBasis, Version, effective
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.domain.masks import Mask
from dean06.exchange.entries import EnrolledKey, EvidenceKey, MemberEntry, ServiceEntry, Snapshot, SubsystemEntry
from dean06.exchange.models import GroupMember, Member, MemberKey, Service, ServiceDescription, Subsystem
from dean06.exchange.peers import GatewayCertificate, fingerprint
from dean06.signing.public import published_keys, read_certificate, read_spki

INSIDE: Final = "inside"


def read(version: int) -> Snapshot:
    """Compile the state that the database holds."""
    using = database_of("exchange")
    members = {str(row): _member(row) for row in Member.objects.using(using).prefetch_related("keys", "gateway_certificates")}
    subsystems = {
        entry.id: entry
        for row in Subsystem.objects.using(using).select_related("member")
        for entry in [SubsystemEntry(ClientId.parse(str(row)), row.name, row.authentication, row.token_hash)]
    }
    described = _descriptions(using)
    services = {
        entry.id: entry
        for row in Service.objects.using(using).select_related("subsystem__member")
        for entry in [_service(row, described.get(str(row), {}))]
    }
    return Snapshot(version, members, subsystems, services, _agreements(using))


def _member(row: Member) -> MemberEntry:
    rows = list(row.keys.all())
    revoked = frozenset(key.kid for key in rows if key.state == MemberKey.State.REVOKED)
    is_revoked = row.revoked_at is not None
    origin = gateway_origin(row.gateway)
    shown = list(row.gateway_certificates.all())
    return MemberEntry(
        str(row),
        row.name,
        origin,
        row.key_name,
        is_revoked,
        _enrolled(rows),
        revoked,
        certificates={one.sha256: one.entry for one in shown if one.is_named},
        is_hosted=origin == settings.DEAN06_PROVIDER_GATEWAY,
        revoked_certificates=frozenset(one.sha256 for one in shown if not one.is_named),
    )


def gateways_of(row: Member, *, own: Mapping[str, GatewayCertificate]) -> dict[str, GatewayCertificate]:
    """Return the certificates with which a member's gateways may meet others; ``own``: those of this installation's gateway."""
    return _member(row).gateways(own)


def _enrolled(rows: Sequence[MemberKey]) -> dict[str, EnrolledKey] | None:
    """Return the keys that a member enrolled itself; None if it never did."""
    if not any(row.certificate for row in rows):
        return None
    active = [row for row in rows if row.state == MemberKey.State.ACTIVE]
    return {row.kid: EnrolledKey(read_certificate(row.certificate).public_key, row.not_after) for row in active}


def keys_of(row: Member) -> dict[str, EnrolledKey]:
    """Return the keys of a member that count today, wherever they are held."""
    entry = _member(row)
    if entry.enrolled is not None:
        return dict(entry.enrolled)
    published = published_keys(entry.key_name)
    return {key.kid: EnrolledKey(key.public_key, key.not_after) for key in published if key.kid not in entry.revoked_kids}


def read_shared(content: Mapping[str, Any], *, version: int) -> Snapshot:
    """Compile a verified configuration; tokens of information systems and addresses behind the gateway come from the own database."""
    using = database_of("exchange")
    tokens = {str(row): row.token_hash for row in Subsystem.objects.using(using).select_related("member")}
    locations = {str(row): row.location for row in Service.objects.using(using).select_related("subsystem__member")}
    described = _descriptions(using)
    members: dict[str, MemberEntry] = {}
    subsystems: dict[ClientId, SubsystemEntry] = {}
    services: dict[ServiceId, ServiceEntry] = {}
    for one in content["members"]:
        members[one["id"]] = _shared_member(one)
        for inner in one["subsystems"]:
            client = ClientId.parse(f"{one['id']}/{inner['code']}")
            subsystems[client] = SubsystemEntry(client, inner["name"], inner["authentication"], tokens.get(str(client), ""))
            for each in inner["services"]:
                name = ServiceId(client, each["code"])
                services[name] = ServiceEntry(
                    name,
                    each["title"],
                    locations.get(str(name), INSIDE),
                    each["timeout_seconds"],
                    each["disabled_notice"],
                    tuple((method, path) for method, path in each["endpoints"]),
                    described.get(str(name), {}),
                )
    versions: dict[str, list[Version]] = defaultdict(list)
    for one in content["agreements"]:
        agreement = compiled(one["document"], version=one["version"])
        versions[agreement.code].append(Version(agreement, one["standing"]))
    groups = {code: [ClientId.parse(client) for client in clients] for code, clients in content["groups"].items()}
    return Snapshot(version, members, subsystems, services, _between(versions, groups))


def _shared_member(one: Mapping[str, Any]) -> MemberEntry:
    return MemberEntry(
        one["id"],
        one["name"],
        one["gateway"],
        one["key_name"],
        one["revoked"],
        {key["kid"]: EnrolledKey(read_spki(base64.b64decode(key["spki"])), _instant(key["not_after"])) for key in one["keys"]},
        evidence_keys=_evidence_keys(one),
        certificates=_certificates(one),
    )


def _evidence_keys(member: Mapping[str, Any]) -> dict[str, EvidenceKey]:
    return {
        key["kid"]: EvidenceKey(read_spki(base64.b64decode(key["spki"])), key["certificates"].encode("ascii"), _instant(key["ends_at"]))
        for key in member.get("evidence_keys", ())
    }


def _certificates(member: Mapping[str, Any]) -> dict[str, GatewayCertificate]:
    found = {}
    for one in member.get("gateway_certificates", ()):
        certificate = base64.b64decode(one["certificate"])
        ends = datetime.fromisoformat(one["not_after"])
        found[fingerprint(certificate)] = GatewayCertificate(certificate, datetime.fromisoformat(one["not_before"]), ends)
    return found


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def gateway_origin(text: str) -> str:
    """Return the origin of a member's gateway: ``local`` is this installation's."""
    return str(settings.DEAN06_PROVIDER_GATEWAY) if text == "local" else text


def _descriptions(using: str) -> dict[str, Mapping[str, Any]]:
    """Return the newest OpenAPI document of each service."""
    rows = ServiceDescription.objects.using(using).order_by("service", "-id").distinct("service")
    return dict(rows.values_list("service", "document"))


def _service(row: Service, openapi: Mapping[str, Any]) -> ServiceEntry:
    endpoints = tuple((method, path) for method, path in row.endpoints)
    return ServiceEntry(ServiceId.parse(str(row)), row.title, row.location, row.timeout_seconds, row.disabled_notice, endpoints, openapi)


def _agreements(using: str) -> dict[tuple[ClientId, ServiceId], tuple[Agreement, ...]]:
    return _between(_versions(using), _groups(using))


def _between(
    versions: Mapping[str, Sequence[Version]], groups: Mapping[str, Sequence[ClientId]]
) -> dict[tuple[ClientId, ServiceId], tuple[Agreement, ...]]:
    found: dict[tuple[ClientId, ServiceId], list[Agreement]] = defaultdict(list)
    for code in sorted(versions):
        for agreement in effective(versions[code]):
            clients = groups.get(agreement.group, ()) if agreement.group else (agreement.client,)
            for client in clients:
                found[client, agreement.service].append(replace(agreement, client=client))
    return {pair: tuple(agreements) for pair, agreements in found.items()}


def _groups(using: str) -> dict[str, list[ClientId]]:
    groups: dict[str, list[ClientId]] = defaultdict(list)
    for row in GroupMember.objects.using(using).select_related("subsystem__member"):
        groups[row.group_id].append(ClientId.parse(str(row.subsystem)))
    return groups


def _versions(using: str) -> dict[str, list[Version]]:
    """Return the versions of each agreement that were ever in force, as they were signed, by code."""
    return {
        code: [Version(compiled(case.agreement.document, version=case.agreement.version), STANDINGS[case.state]) for case in cases]
        for code, cases in signed_cases(using).items()
    }


def compiled(document: Mapping[str, Any], *, version: int) -> Agreement:
    """Turn a checked document of a pack or request into an agreement."""
    until = document.get("notify_until")
    service = ServiceId.parse(document["service"])
    return Agreement(
        code=document["code"],
        version=version,
        client=ClientId.parse(document["client"]) if "client" in document else service.provider,
        service=service,
        endpoints=tuple(Endpoint(endpoint["method"], endpoint["path"]) for endpoint in document["endpoints"]),
        mask=Mask.of(document["fields"]),
        purposes=frozenset(document["purposes"]),
        legal_bases=tuple(LegalBasis(basis["document"], basis.get("article", ""), basis["certainty"]) for basis in document["legal_bases"]),
        valid_from=date.fromisoformat(document["valid_from"]),
        valid_until=date.fromisoformat(document["valid_until"]),
        subject_required=document.get("subject_required", True),
        issue_required=document.get("issue_required", False),
        officer_roles=frozenset(document.get("officer_roles", ())),
        rate_per_second=document.get("rate_per_second", 0),
        daily_quota=document.get("daily_quota", 0),
        notify=document.get("notify", "immediate"),
        notify_until=date.fromisoformat(until) if until else None,
        notify_ground=document.get("notify_ground", ""),
        keep_bodies=document.get("keep_bodies", "none"),
        group=document.get("group", ""),
        events=tuple(document.get("events", ())),
        title=document["title"],
    )
