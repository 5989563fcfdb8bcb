"""The central registry's side: the state of the database as one canonical document, signed, numbered, kept."""

import base64
import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from django.db import IntegrityError, transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange.agreement_seals import STANDINGS, signed_cases
from dean06.exchange.entries import EvidenceKey
from dean06.exchange.keyring import keys_ever_of
from dean06.exchange.models import AgreementCase, GroupMember, Member, PublishedConfiguration, Service, ServiceDescription
from dean06.exchange.peers import GatewayCertificate, hosted
from dean06.exchange.sealing import REGISTRY_KEY, canonical, registry_signer, sealed
from dean06.exchange.snapshot import EnrolledKey, gateway_origin, gateways_of, keys_of
from dean06.exchange.verifying import FORMAT, KIND
from dean06.signing.public import PublicKey, chain_pem

EXCHANGE: Final = database_of("exchange")
VALID_FOR: Final = timedelta(hours=24)
GRACE: Final = timedelta(hours=6)
REISSUED_AFTER: Final = timedelta(minutes=15)
"""Each copy is at most this old when the registry goes down, so gateways ride through 24 h on validity and grace."""
KEPT_FOR: Final = timedelta(days=30)


def publish() -> PublishedConfiguration:
    """Sign the present state, unless what was signed last says the same and is fresh; return the newest.

    Safe to run in several processes: a number is given once, and who comes second takes what the first one signed.
    """
    content = shared_content()
    digest = hashlib.sha256(canonical(content)).hexdigest()
    last = newest()
    if last is not None and last.digest == digest and last.issued_at > now() - REISSUED_AFTER:
        return last
    try:
        return _published(content, digest, number=last.version + 1 if last else 1)
    except IntegrityError:
        return newest() or publish()


def newest() -> PublishedConfiguration | None:
    """Return what was published last."""
    return PublishedConfiguration.objects.using(EXCHANGE).order_by("-version").first()


@transaction.atomic(using=EXCHANGE)
def _published(content: dict[str, Any], digest: str, *, number: int) -> PublishedConfiguration:
    issued_at = now().replace(microsecond=0)
    document = {
        "format": FORMAT,
        "version": number,
        "issued_at": issued_at.isoformat(),
        "valid_until": (issued_at + VALID_FOR).isoformat(),
        "grace_seconds": int(GRACE.total_seconds()),
        "content": content,
    }
    registry_signer()  # made at first use, before its chain is read
    token = sealed(document, kind=KIND, header={"x5c": _chain()})
    PublishedConfiguration.objects.using(EXCHANGE).filter(issued_at__lt=issued_at - KEPT_FOR).delete()
    return PublishedConfiguration.objects.using(EXCHANGE).create(version=number, digest=digest, token=token, issued_at=issued_at)


def _chain() -> list[str]:
    certificates = x509.load_pem_x509_certificates(chain_pem(REGISTRY_KEY))
    return [base64.b64encode(certificate.public_bytes(Encoding.DER)).decode() for certificate in certificates]


def shared_content() -> dict[str, Any]:
    """Return what every gateway may know: no token of an information system, no address behind a gateway."""
    services: dict[int, list[dict[str, Any]]] = {}
    digests = dict(
        ServiceDescription.objects.using(EXCHANGE).order_by("service", "-id").distinct("service").values_list("service", "digest")
    )
    for row in Service.objects.using(EXCHANGE).select_related("subsystem__member").order_by("id"):
        services.setdefault(row.subsystem_id, []).append(_service(row, digests.get(str(row), "")))
    own = hosted()
    rows = Member.objects.using(EXCHANGE).prefetch_related("subsystems", "keys", "gateway_certificates").order_by("id")
    members = [_member(row, services=services, own=own) for row in rows]
    groups: dict[str, list[str]] = {}
    for inside in GroupMember.objects.using(EXCHANGE).select_related("subsystem__member").order_by("id"):
        groups.setdefault(inside.group_id, []).append(str(inside.subsystem))
    return {"members": members, "groups": groups, "agreements": _agreements()}


def _member(row: Member, *, services: Mapping[int, list[dict[str, Any]]], own: Mapping[str, GatewayCertificate]) -> dict[str, Any]:
    """Describe a member.

    Args:
        row: the member.
        services: described, by the subsystem that offers them.
        own: certificates of this installation's gateway.
    """
    return {
        "id": str(row),
        "name": row.name,
        "gateway": gateway_origin(row.gateway),
        "key_name": row.key_name,
        "revoked": row.revoked_at is not None,
        "keys": [_key(kid, key) for kid, key in sorted(keys_of(row).items())],
        "evidence_keys": [_evidence_key(kid, key) for kid, key in sorted(keys_ever_of(row).items())],
        "gateway_certificates": [_certificate(name, one) for name, one in sorted(gateways_of(row, own=own).items())],
        "subsystems": [
            {"code": one.code, "name": one.name, "authentication": one.authentication, "services": services.get(one.id, [])}
            for one in sorted(row.subsystems.all(), key=lambda one: one.code)
        ],
    }


def _service(row: Service, digest: str) -> dict[str, Any]:
    return {
        "code": row.code,
        "title": row.title,
        "timeout_seconds": row.timeout_seconds,
        "disabled_notice": row.disabled_notice,
        "endpoints": row.endpoints,
        "openapi_sha256": digest,
    }


def _agreements() -> list[dict[str, Any]]:
    return [
        {
            "version": case.agreement.version,
            "standing": STANDINGS[case.state],
            "approved_by": "deployment" if case.origin == AgreementCase.Origin.PACK else "two_persons",
            "document": case.agreement.document,
        }
        for cases in signed_cases(EXCHANGE).values()
        for case in cases
    ]


def _key(kid: str, key: EnrolledKey) -> dict[str, Any]:
    return {"kid": kid, "spki": _spki(key.public_key), "not_after": _iso(key.not_after)}


def _evidence_key(kid: str, key: EvidenceKey) -> dict[str, Any]:
    return {"kid": kid, "spki": _spki(key.public_key), "certificates": key.certificates.decode("ascii"), "ends_at": _iso(key.ends_at)}


def _certificate(name: str, one: GatewayCertificate) -> dict[str, Any]:
    return {
        "sha256": name,
        "certificate": base64.b64encode(one.certificate).decode(),
        "not_before": one.not_before.isoformat(),
        "not_after": one.not_after.isoformat(),
    }


def _spki(key: PublicKey) -> str:
    return base64.b64encode(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


def _iso(value: datetime | None) -> str | None:
    return value.isoformat() if value else None
