"""What a gateway knows of the world at one moment: members, subsystems, services and agreements, compiled."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

from dean06.core.clock import now
from dean06.exchange.domain.agreements import Agreement
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.errors import MemberRevoked, PeerNotNamed, UnknownMember, UnknownService
from dean06.exchange.peers import GatewayCertificate, hosted
from dean06.signing.public import PublicKey, Signer, published_keys, signer, verify_raw


@dataclass(frozen=True, slots=True)
class EnrolledKey:
    """A public key of a member, and until when its signatures count."""

    public_key: PublicKey
    not_after: datetime | None


@dataclass(frozen=True, slots=True)
class EvidenceKey:
    """A key that is or was a member's, by which what it signed stays proven.

    Attributes:
        public_key: of the signatures.
        certificates: PEM of its certificate and the authorities above it, without the root; may be empty.
        ends_at: what it signed later does not count: end of certificate or overlap, revocation, the first enrolled key for those of
            the key store, the member was shut out. None: nothing of that.
    """

    public_key: PublicKey
    certificates: bytes = field(repr=False)
    ends_at: datetime | None


@dataclass(frozen=True, slots=True)
class MemberEntry:
    """An organisation as the gateways see it.

    Attributes:
        id: ``VN/GOV/G01``.
        name: as citizens read it.
        gateway: origin of its provider gateway.
        key_name: its signing key where this installation holds it.
        is_revoked: shut out by the operator.
        enrolled: the keys that count, by identifier; None: those that this installation's key store publishes.
        revoked_kids: identifiers that no longer count.
        evidence_keys: each key that it ever had, in a gateway that follows a signed configuration; others read their tables.
        certificates: with which its gateways meet others, by fingerprint.
        is_hosted: this installation's own gateway serves it, too: what the key store shows counts beside those.
        revoked_certificates: fingerprints that no longer count.
    """

    id: str
    name: str
    gateway: str
    key_name: str
    is_revoked: bool = False
    enrolled: Mapping[str, EnrolledKey] | None = None
    revoked_kids: frozenset[str] = frozenset()
    evidence_keys: Mapping[str, EvidenceKey] = field(default_factory=dict, repr=False)
    certificates: Mapping[str, GatewayCertificate] = field(default_factory=dict, repr=False)
    is_hosted: bool = False
    revoked_certificates: frozenset[str] = frozenset()

    def gateways(self, own: Mapping[str, GatewayCertificate]) -> dict[str, GatewayCertificate]:
        """Return all certificates that its gateways may show, those of this installation's own gateway among them if it is hosted."""
        together = {**(own if self.is_hosted else {}), **self.certificates}
        return {name: one for name, one in together.items() if name not in self.revoked_certificates}


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
    _gateways: dict[str, Mapping[str, GatewayCertificate]] = field(default_factory=dict, repr=False)

    def member(self, identifier: ClientId) -> MemberEntry:
        """Return the member that a subsystem belongs to.

        Raises:
            UnknownMember: the member is not registered.
            MemberRevoked: the member was shut out.
        """
        if (entry := self.members.get(identifier.member)) is None:
            raise UnknownMember(member=identifier.member)
        if entry.is_revoked:
            raise MemberRevoked(member=identifier.member)
        return entry

    def client(self, identifier: ClientId) -> SubsystemEntry:
        """Return a registered subsystem.

        Raises:
            UnknownMember: the subsystem is not registered.
            MemberRevoked: its member was shut out.
        """
        if (entry := self.subsystems.get(identifier)) is None:
            raise UnknownMember(client=str(identifier))
        self.member(identifier)
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

    @cached_property
    def kept_by_consumers(self) -> frozenset[str]:
        """Return the labels of the agreements under which the consumer's gateway keeps bodies: one look-up a call, mostly into nothing."""
        return frozenset(one.label for agreed in self.agreements.values() for one in agreed if one.keep_bodies == "both")

    def is_gateway_of(self, member: MemberEntry, shown: str) -> bool:
        """Say whether a certificate, by its fingerprint, is one that the configuration names for a member's gateways today."""
        if (named := self._gateways.get(member.id)) is None:
            named = self._gateways[member.id] = member.gateways(self._own_gateway)
        certificate = named.get(shown)
        return certificate is not None and certificate.counts(now())

    def check_gateway(self, member: MemberEntry, shown: str) -> None:
        """Refuse a gateway that speaks for a member and is not one of the member's.

        Raises:
            PeerNotNamed: the configuration names another certificate, or none.
        """
        if not self.is_gateway_of(member, shown):
            raise PeerNotNamed(f"The configuration does not name the gateway's certificate {shown} for {member.id}.", member=member.id)

    @cached_property
    def _own_gateway(self) -> Mapping[str, GatewayCertificate]:
        return hosted()

    @cached_property
    def certificates(self) -> frozenset[bytes]:
        """Return all certificates (DER) that are named for anybody and not of this installation's own gateway, which all know."""
        return frozenset(one.certificate for member in self.members.values() for one in member.gateways({}).values())

    def signer(self, identifier: ClientId) -> Signer:
        """Return the signing key of the member."""
        name = self.member(identifier).key_name
        if (known := self._signers.get(name)) is None:
            known = self._signers[name] = signer(name)
        return known

    def verifier(self, identifier: ClientId) -> "Verifier":
        """Return the check of the member's signatures."""
        entry = self.member(identifier)
        return Verifier(entry.key_name, self._keys, entry.enrolled, entry.revoked_kids)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Checks signatures with the published keys of one member."""

    key_name: str
    _keys: dict[tuple[str, str], PublicKey] = field(repr=False)
    enrolled: Mapping[str, EnrolledKey] | None = None
    revoked_kids: frozenset[str] = frozenset()

    def __call__(self, key_id: str, data: bytes, signature: bytes) -> bool:
        """Say whether a published key with this id made the signature; an unknown id is no."""
        if key_id in self.revoked_kids:
            return False
        if self.enrolled is not None:
            enrolled = self.enrolled.get(key_id)
            is_good = enrolled is not None and (enrolled.not_after is None or now() < enrolled.not_after)
            return is_good and enrolled is not None and verify_raw(enrolled.public_key, data, signature)
        place = (self.key_name, key_id)
        if place not in self._keys:
            for published in published_keys(self.key_name):
                self._keys[self.key_name, published.kid] = published.public_key
        key = self._keys.get(place)
        return key is not None and verify_raw(key, data, signature)
