"""Certificates of members' gateways in the configuration: named by the operator, renewed with an overlap, revoked."""

import ssl
from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange.configuration.enrolling import OVERLAP, locked_member, note_step, require_operator, spread
from dean06.exchange.configuration.models import GatewayCertificate
from dean06.exchange.errors import GatewayCertificateNotFound, GatewayCertificateUnusable
from dean06.exchange.peers import fingerprint, hosted
from dean06.exchange.snapshot import gateways_of

EXCHANGE: Final = database_of("exchange")
LARGEST_BYTES: Final = 16 * 1024


@transaction.atomic(using=EXCHANGE, durable=True)
def name_certificate(
    *, member: str, certificate_pem: bytes, actor: Actor, overlap: timedelta = OVERLAP, is_further: bool = False
) -> GatewayCertificate:
    """Name a certificate with which a member's gateway meets others; one that counts to its own end is left as it is.

    One that another was to replace counts to its end again, and the other ends as any former one.

    Before, the operator compares the fingerprint with the member by another way, as with a key. One operator is enough: the certificate
    opens the door and decides nothing, as each message is signed with the member's key (ADR 12).

    Args:
        member: ``VN/GOV/H49``.
        certificate_pem: of the gateway; who issued it does not matter.
        actor: the operator.
        overlap: how long the certificates that were named before still count.
        is_further: it is for one more gateway of the member; the others stay as they are.

    Raises:
        NotInAgreementOffice: the actor is no operator.
        UnknownMember: no such member.
        GatewayCertificateUnusable: not one certificate, or one that has ended or that may issue others.
        GatewayCertificateNotFound: it was revoked before; a revocation is not taken back.
    """
    require_operator(actor)
    row = locked_member(member)
    certificate = _usable(certificate_pem)
    sha256 = fingerprint(certificate.public_bytes(Encoding.DER))
    rows = GatewayCertificate.objects.using(EXCHANGE).filter(member=row)
    if (known := rows.filter(sha256=sha256).first()) is not None:
        if not known.is_named:
            raise GatewayCertificateNotFound("This certificate was revoked. Make a new one.", sha256=sha256)
        if known.not_after == certificate.not_valid_after_utc:
            return known
    if not is_further:
        ends_at = now() + overlap
        rows.filter(revoked_at__isnull=True, not_after__gt=ends_at).update(not_after=ends_at)
    said = {
        "certificate": certificate.public_bytes(Encoding.PEM).decode(),
        "not_after": certificate.not_valid_after_utc,
        "named_by": actor.account,
    }
    made, _is_new = GatewayCertificate.objects.using(EXCHANGE).update_or_create(member=row, sha256=sha256, defaults=said)
    note_step("exchange.gateway_certificate_named", actor=actor, member=row, sha256=sha256)
    spread()
    return made


@transaction.atomic(using=EXCHANGE, durable=True)
def revoke_certificate(*, member: str, sha256: str, reason: str, actor: Actor) -> GatewayCertificate:
    """Revoke a certificate of a member's gateway, named or of this installation's key store: who shows it is refused.

    Gateways of this installation follow within two seconds, others with their next fetch.

    Raises:
        NotInAgreementOffice: the actor is no operator.
        GatewayCertificateNotFound: the member's gateways have no such certificate, or it was revoked before.
    """
    require_operator(actor)
    row = locked_member(member)
    sha256 = sha256.replace(":", "").lower()
    rows = GatewayCertificate.objects.using(EXCHANGE)
    made = rows.filter(member=row, sha256=sha256).first()
    if made is None and sha256 in gateways_of(row, own=hosted()):
        made = GatewayCertificate(member=row, sha256=sha256)
    if made is None or not made.is_named:
        raise GatewayCertificateNotFound(sha256=sha256)
    made.revoked_at, made.revoked_by, made.reason = now(), actor.account, reason
    made.save(using=EXCHANGE)
    note_step("exchange.gateway_certificate_revoked", actor=actor, member=row, sha256=sha256, reason=reason)
    spread()
    return made


def gateway_certificates() -> Sequence[GatewayCertificate]:
    """Return named and revoked certificates, the newest first."""
    return list(GatewayCertificate.objects.using(EXCHANGE).select_related("member").order_by("-id"))


def fingerprint_of(certificate_pem: bytes) -> str:
    """Return the fingerprint by which a usable certificate would be named.

    Raises:
        GatewayCertificateUnusable: see `name_certificate`.
    """
    return fingerprint(_usable(certificate_pem).public_bytes(Encoding.DER))


def _usable(certificate_pem: bytes) -> x509.Certificate:
    if len(certificate_pem) > LARGEST_BYTES:
        raise GatewayCertificateUnusable(reason="size")
    try:
        (certificate,) = x509.load_pem_x509_certificates(certificate_pem)
        may_issue = _may_issue(certificate)
    except (ValueError, ssl.SSLError, x509.DuplicateExtension, x509.InvalidVersion) as exc:
        raise GatewayCertificateUnusable(reason=type(exc).__name__) from exc
    if certificate.not_valid_after_utc <= now():
        raise GatewayCertificateUnusable("The certificate has ended.")
    if may_issue:
        raise GatewayCertificateUnusable("This is the certificate of an authority; name that of the gateway itself.")
    return certificate


def _may_issue(certificate: x509.Certificate) -> bool:
    """Say whether TLS, which is to trust the certificate singly, would believe it about others: it says so, or OpenSSL thinks so.

    OpenSSL does of version 1 and of a key usage without basic constraints (``X509_check_ca``).

    Raises:
        ssl.SSLError: gateways could not read it.
    """
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    trusting.load_verify_locations(cadata=certificate.public_bytes(Encoding.DER))
    try:
        says_so = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        says_so = False
    return says_so or trusting.cert_store_stats()["x509_ca"] > 0
