"""X.509 certificates and revocation lists of the demo authority (RFC 5280).

A state has real authorities (Ban Cơ yếu, public certification authorities); an installation starts with one of its own so
that every signature is real from the first minute. Subjects are written in Vietnamese as UTF-8.
"""

import ipaddress
import warnings
from dataclasses import dataclass
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from dean06.core import clock
from dean06.signing.backend import Usage
from dean06.signing.errors import SubjectInvalid

DOCUMENT_SIGNING: Final = ObjectIdentifier("1.3.6.1.5.5.7.3.36")  # RFC 9336
LONGEST_NAME: Final = 64  # characters; ub-common-name and ub-organization-name of RFC 5280, appendix A.1
LOOPBACK: Final = ("localhost", "127.0.0.1")
BACKDATED: Final = timedelta(minutes=5)  # so that a verifier whose clock runs slow accepts a certificate made just now
CRL_VALIDITY: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Profile:
    """What certificates of one usage say.

    Attributes:
        years: validity.
        is_authority: may sign certificates and revocation lists.
        path_length: how many authorities may stand below; for authorities only.
        purposes: extended key usages; empty: no such extension.
        purposes_critical: RFC 3161, sec. 2.3, wants it of a time-stamp authority.
        non_repudiation: signatures bind the signer (contentCommitment).
        is_host: the common name is a host name or address, which TLS looks for in subjectAltName (RFC 9525, sec. 2).
    """

    years: int
    is_authority: bool = False
    path_length: int | None = None
    purposes: tuple[ObjectIdentifier, ...] = ()
    purposes_critical: bool = False
    non_repudiation: bool = True
    is_host: bool = False


# Viewers on NSS (pdfsig, Firefox, LibreOffice) ask for emailProtection where a list of purposes is present.
_PERSON_SIGNS: Final = (DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION)

PROFILES: Final = MappingProxyType[Usage, Profile](
    {
        "root": Profile(years=20, is_authority=True, path_length=1),
        "issuing": Profile(years=10, is_authority=True, path_length=0),
        "tsa": Profile(years=5, purposes=(ExtendedKeyUsageOID.TIME_STAMPING,), purposes_critical=True),
        "member": Profile(years=3, purposes=(ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH)),
        "gateway": Profile(
            years=1, purposes=(ExtendedKeyUsageOID.CLIENT_AUTH, ExtendedKeyUsageOID.SERVER_AUTH), non_repudiation=False, is_host=True
        ),
        "officer": Profile(years=3, purposes=_PERSON_SIGNS),
        "seal": Profile(years=3, purposes=_PERSON_SIGNS),
    }
)
"""Usages that carry a certificate; the others (``ledger``, ``oidc``) publish bare keys."""


@dataclass(frozen=True, slots=True)
class Authority:
    """Who signs a certificate: its own certificate and key."""

    certificate: x509.Certificate
    private_key: EllipticCurvePrivateKey


def subject_name(common_name: str, organisation: str) -> x509.Name:
    """Build ``C=VN, O=…, CN=…`` in UTF-8.

    Raises:
        SubjectInvalid: a part is longer than 64 characters or the common name is empty.
    """
    if not 1 <= len(common_name.strip()) <= LONGEST_NAME or len(organisation) > LONGEST_NAME:
        raise SubjectInvalid
    parts = [x509.NameAttribute(NameOID.COUNTRY_NAME, "VN")]
    if organisation:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation))
    with warnings.catch_warnings():  # the library counts 64 bytes where the standard counts characters
        warnings.simplefilter("ignore", UserWarning)
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, common_name.strip(), _validate=False))
    return x509.Name(parts)


def issue(
    usage: Usage,
    *,
    public_key: EllipticCurvePublicKey,
    common_name: str,
    organisation: str,
    authority: Authority | None,
    own_key: EllipticCurvePrivateKey | None = None,
    latest_end: datetime | None = None,
) -> x509.Certificate:
    """Make a certificate of a usage's profile, signed by ``authority``, or by ``own_key`` for a root.

    A certificate never outlives the authority that signed it, nor ``latest_end``.
    """
    profile = PROFILES[usage]
    signing_key = authority.private_key if authority else own_key
    if signing_key is None:
        raise ValueError("a root needs its own key")
    subject = subject_name(common_name, organisation)
    starts_at = clock.now() - BACKDATED
    ends_at = starts_at + timedelta(days=365 * profile.years)
    bounds = (authority.certificate.not_valid_after_utc if authority else None, latest_end)
    ends_at = min([ends_at, *(bound for bound in bounds if bound is not None)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(authority.certificate.subject if authority else subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(starts_at)
        .not_valid_after(ends_at)
        .add_extension(x509.BasicConstraints(ca=profile.is_authority, path_length=profile.path_length), critical=True)
        .add_extension(_key_usage(profile), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if profile.purposes:
        builder = builder.add_extension(x509.ExtendedKeyUsage(profile.purposes), critical=profile.purposes_critical)
    if profile.is_host:
        builder = builder.add_extension(x509.SubjectAlternativeName(_names_of_host(common_name)), critical=False)
    return builder.sign(signing_key, SHA256())


def _names_of_host(host: str) -> list[x509.GeneralName]:
    """Name a host as TLS clients look it up; a loopback name stands for the loopback address and the other way round."""
    return [_name_of_host(name) for name in (LOOPBACK if host in LOOPBACK else (host,))]


def _name_of_host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _key_usage(profile: Profile) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not profile.is_authority,
        content_commitment=profile.non_repudiation and not profile.is_authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=profile.is_authority,
        crl_sign=profile.is_authority,
        encipher_only=False,
        decipher_only=False,
    )


def revocation_list(authority: Authority, *, number: int, made_at: datetime) -> x509.CertificateRevocationList:
    """Make the signed list of an authority's revoked certificates: empty, as nothing has been revoked (RFC 5280, sec. 5)."""
    return (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(made_at)
        .next_update(made_at + CRL_VALIDITY)
        .add_extension(x509.CRLNumber(number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.private_key.public_key()), critical=False)
        .sign(authority.private_key, SHA256())
    )
