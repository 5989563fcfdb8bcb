"""Members, services and agreements in memory, compiled, at most two seconds behind the database."""

import time
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Lock
from typing import Any, Final

from django.conf import settings

from dean06.core.databases import database_of
from dean06.exchange.changes import newest_version
from dean06.exchange.domain.agreements import Agreement, Endpoint, LegalBasis, Version, effective
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.domain.masks import Mask
from dean06.exchange.errors import UnknownMember, UnknownService
from dean06.exchange.models import AgreementCase, AgreementVersion, GroupMember, Member, Service, ServiceDescription, Subsystem
from dean06.signing.public import PublicKey, Signer, published_keys, signer, verify_raw

FRESH_SECONDS: Final = 1.0
INSIDE: Final = "inside"


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """An organisation as the gateways see it."""

    id: str
    name: str
    gateway: str
    key_name: str


@dataclass(frozen=True, slots=True)
class SubsystemEntry:
    """An information system as its own gateway sees it."""

    id: ClientId
    name: str
    authentication: str
    token_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class ServiceEntry:
    """A service as the provider's gateway sees it."""

    id: ServiceId
    title: str
    location: str
    timeout_seconds: int
    disabled_notice: str
    endpoints: tuple[tuple[str, str], ...]
    openapi: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)


@dataclass(frozen=True)
class Snapshot:
    """One consistent state of all packs."""

    version: int
    members: Mapping[str, MemberEntry]
    subsystems: Mapping[ClientId, SubsystemEntry]
    services: Mapping[ServiceId, ServiceEntry]
    agreements: Mapping[tuple[ClientId, ServiceId], tuple[Agreement, ...]]
    _signers: dict[str, Signer] = field(default_factory=dict, repr=False)
    _keys: dict[tuple[str, str], PublicKey] = field(default_factory=dict, repr=False)

    def member(self, identifier: ClientId) -> MemberEntry:
        """Return the member that a subsystem belongs to.

        Raises:
            UnknownMember: the member is not registered.
        """
        if (entry := self.members.get(identifier.member)) is None:
            raise UnknownMember(member=identifier.member)
        return entry

    def client(self, identifier: ClientId) -> SubsystemEntry:
        """Return a registered subsystem.

        Raises:
            UnknownMember: the subsystem is not registered.
        """
        if (entry := self.subsystems.get(identifier)) is None:
            raise UnknownMember(client=str(identifier))
        return entry

    def service(self, identifier: ServiceId) -> ServiceEntry:
        """Return a registered service.

        Raises:
            UnknownMember: the provider's subsystem is not registered.
            UnknownService: the subsystem has no such service.
        """
        self.client(identifier.provider)
        if (entry := self.services.get(identifier)) is None:
            raise UnknownService(service=str(identifier))
        return entry

    def between(self, client: ClientId, service: ServiceId) -> tuple[Agreement, ...]:
        """Return the newest versions of the agreements between a client and a service, by code."""
        return self.agreements.get((client, service), ())

    def signer(self, identifier: ClientId) -> Signer:
        """Return the signing key of the member."""
        name = self.member(identifier).key_name
        if (known := self._signers.get(name)) is None:
            known = self._signers[name] = signer(name)
        return known

    def verifier(self, identifier: ClientId) -> "Verifier":
        """Return the check of the member's signatures."""
        return Verifier(self.member(identifier).key_name, self._keys)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks signatures with the published keys of one member."""

    key_name: str
    _keys: dict[tuple[str, str], PublicKey] = field(repr=False)

    def __call__(self, key_id: str, data: bytes, signature: bytes) -> bool:
        """Say whether a published key with this id made the signature; an unknown id is no."""
        place = (self.key_name, key_id)
        if place not in self._keys:
            for published in published_keys(self.key_name):
                self._keys[self.key_name, published.kid] = published.public_key
        key = self._keys.get(place)
        return key is not None and verify_raw(key, data, signature)


_lock: Final = Lock()
_current: Snapshot | None = None
_checked_at = 0.0


def current() -> Snapshot:
    """Return the state in force; asks the database for its version at most once a second."""
    global _current, _checked_at  # noqa: PLW0603 -- one snapshot a process
    known = _current
    if known is not None and time.monotonic() - _checked_at < FRESH_SECONDS:
        return known
    with _lock:
        version = newest_version(database_of("exchange"))
        # A new snapshot also forgets the keys it remembered, so that a rotation shows within a second.
        _current = read(version) if known is None or known.version != version else _with_fresh_keys(known)
        _checked_at = time.monotonic()
        return _current


def forget() -> None:
    """Read anew at the next call: packs were loaded in this process."""
    global _current  # noqa: PLW0603 -- one snapshot a process
    _current = None


def _with_fresh_keys(known: Snapshot) -> Snapshot:
    return Snapshot(known.version, known.members, known.subsystems, known.services, known.agreements)


def read(version: int) -> Snapshot:
    """Compile the state that the database holds."""
    using = database_of("exchange")
    members = {str(row): MemberEntry(str(row), row.name, _gateway(row.gateway), row.key_name) for row in Member.objects.using(using).all()}
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


def _gateway(text: str) -> str:
    return str(settings.DEAN06_PROVIDER_GATEWAY) if text == "local" else text


def _descriptions(using: str) -> dict[str, Mapping[str, Any]]:
    """Return the newest OpenAPI document of each service."""
    rows = ServiceDescription.objects.using(using).order_by("service", "-id").distinct("service")
    return dict(rows.values_list("service", "document"))


def _service(row: Service, openapi: Mapping[str, Any]) -> ServiceEntry:
    endpoints = tuple((method, path) for method, path in row.endpoints)
    return ServiceEntry(ServiceId.parse(str(row)), row.title, row.location, row.timeout_seconds, row.disabled_notice, endpoints, openapi)


def _agreements(using: str) -> dict[tuple[ClientId, ServiceId], tuple[Agreement, ...]]:
    groups = _groups(using)
    found: dict[tuple[ClientId, ServiceId], list[Agreement]] = defaultdict(list)
    for versions in _versions(using).values():
        for agreement in effective(versions):
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
    """Return the versions of each agreement that were ever in force, by code."""
    stopped = {AgreementCase.State.SUSPENDED, AgreementCase.State.ENDED}
    rows = AgreementVersion.objects.using(using).filter(case__state__in=[AgreementCase.State.IN_FORCE, *stopped])
    found: dict[str, list[Version]] = defaultdict(list)
    for row in rows.select_related("case").order_by("code", "version"):
        agreement = compiled(row.document, version=row.version)
        found[row.code].append(Version(agreement, "stopped" if row.case.state in stopped else "in_force"))
    return found


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
        group=document.get("group", ""),
        events=tuple(document.get("events", ())),
        title=document["title"],
    )
