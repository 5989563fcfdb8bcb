"""The chain of trust: its roots and authorities, what is published of it, and renewal in its order."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from dean06.core import clock
from dean06.signing.backend import PublicKey
from dean06.signing.certificates import Authority, issue, revocation_list
from dean06.signing.errors import KeyCannotSignThis
from dean06.signing.keys import (
    GATEWAYS,
    ISSUING,
    ROOT,
    TRUST,
    TRUST_ORGANISATION,
    Signer,
    add_version,
    authority_of,
    backend,
    ensure_key,
    ensured_authority,
    public_key_of,
    signer,
    signer_of,
)
from dean06.signing.keystore import write_atomically


def rotate(name: str, *, common_name: str = "", organisation: str = "") -> Signer:
    """Replace a key by a new one; the old public key and certificate stay published for the overlap of its usage.

    The old private key is destroyed, except of an authority, which must go on signing the revocation list of what it issued.
    A new subject may be given, as when an officer changes office.
    """
    store = backend()
    with store.exclusive():
        record = store.record(name)
        record = replace(record, common_name=common_name or record.common_name, organisation=organisation or record.organisation)
        made = signer_of(add_version(store, record), store)
        if made.usage in {"root", "issuing"}:
            publish_trust()
    return made


def rotation_order(names: tuple[str, ...]) -> tuple[str, ...]:
    """Sort key names so that each is renewed after the authority that will sign its certificate."""
    return tuple(sorted(names, key=lambda name: (name != ROOT, name not in (ISSUING, GATEWAYS), name)))


def ensure_trust() -> None:
    """Make root, issuing authority, time-stamp authority, ledger and OpenID keys where they are missing; publish the chain."""
    for name, usage, common_name in TRUST:
        ensure_key(name, common_name=common_name, organisation=TRUST_ORGANISATION, usage=usage)
    publish_trust()


def trust_anchors() -> tuple[x509.Certificate, ...]:
    """Return the root certificates, the current one first; retired ones stay, as old signatures hang on them."""
    return tuple(certificates_named(ROOT))


def issuing_certificates() -> tuple[x509.Certificate, ...]:
    """Return the certificates of the issuing authority, the current one first."""
    return tuple(certificates_named(ISSUING))


def certificates_named(name: str) -> Iterator[x509.Certificate]:
    """Yield the certificates of all versions of a key, the current one first."""
    for version in backend().record(name).versions:
        if version.certificate_der is not None:
            yield x509.load_der_x509_certificate(version.certificate_der)


def trust_anchor_pem() -> bytes:
    """Return the root certificates as PEM, the current one first."""
    return _pem(trust_anchors())


def chain(name: str) -> tuple[x509.Certificate, ...]:
    """Return a key's certificate and the authorities above it, without the root.

    Raises:
        KeyCannotSignThis: keys of this usage are published bare.
    """
    certificate = signer(name).certificate
    if certificate is None:
        raise KeyCannotSignThis(f"The key {name} has no certificate.", name=name)
    return _linked(certificate)


def chain_for_one_signature(key: Signer) -> tuple[x509.Certificate, ...]:
    """Issue a certificate for a single signature of a key and return it with the authorities above it, without the root.

    Same key, same subject, same end as the key's own certificate, but a serial number of its own, as remote signing services
    do: each signature can be named, and struck off, alone. It also spares viewers a fault of poppler 22.12, which keeps
    pointing at freed memory when one certificate occurs in two signatures of a file and then finds it "corrupted".

    Raises:
        KeyCannotSignThis: keys of this usage are published bare.
    """
    record = backend().record(key.name)
    own = key.certificate
    if own is None or not isinstance(key.public_key, EllipticCurvePublicKey):
        raise KeyCannotSignThis(f"The key {key.name} has no certificate.", name=key.name)
    certificate = issue(
        key.usage,
        public_key=key.public_key,
        common_name=record.common_name,
        organisation=record.organisation,
        authority=authority_of(ensured_authority(ISSUING)),
        latest_end=own.not_valid_after_utc,
    )
    return _linked(certificate)


def _linked(certificate: x509.Certificate) -> tuple[x509.Certificate, ...]:
    above: Mapping[bytes, x509.Certificate] = {_key_identifier(issuer): issuer for issuer in issuing_certificates()}
    parent = above.get(_issuer_identifier(certificate))
    return (certificate,) if parent is None or parent == certificate else (certificate, parent)


def chain_pem(name: str) -> bytes:
    """Return a key's certificate and the authorities above it as PEM, without the root."""
    return _pem(chain(name))


@dataclass(frozen=True, slots=True)
class KeptKey:
    """The public half of one version of a key, with its certificate and the authorities above it as PEM, without the root.

    There are no certificates where it was published bare.
    """

    kid: str
    public_key: PublicKey
    certificates_pem: bytes


def kept_keys(name: str) -> tuple[KeptKey, ...]:
    """Return all versions of a key, current, retired and out of publication, the current one first.

    Raises:
        KeyNotFound: no such key.
    """
    versions = backend().record(name).versions
    return tuple(KeptKey(version.kid, public_key_of(version), _certificates_pem(version.certificate_der)) for version in versions)


def _certificates_pem(der: bytes | None) -> bytes:
    return _pem(_linked(x509.load_der_x509_certificate(der))) if der is not None else b""


def _pem(certificates: Iterable[x509.Certificate]) -> bytes:
    return b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates)


def certificates_above(certificate_pem: str) -> bytes:
    """Return a certificate that this installation issued and the authorities above it as PEM, without the root."""
    return _pem(_linked(x509.load_pem_x509_certificate(certificate_pem.encode())))


def _key_identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest


def _issuer_identifier(certificate: x509.Certificate) -> bytes:
    return certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value.key_identifier or b""


def revocation_lists() -> tuple[x509.CertificateRevocationList, ...]:
    """Sign a fresh revocation list for every version of both authorities."""
    store, now = backend(), clock.now()
    number = int(now.timestamp())
    return tuple(
        revocation_list(Authority(x509.load_der_x509_certificate(version.certificate_der), key), number=number, made_at=now)
        for name in (ROOT, ISSUING)
        for version in store.record(name).versions
        if version.certificate_der is not None and isinstance(key := store.private_key(name, version.kid), EllipticCurvePrivateKey)
    )


def published_dir() -> Path:
    """Return the directory of the files that anyone may read: root, issuing certificates, revocation lists."""
    return Path(settings.DEAN06_KEY_DIR) / "published"


def publish_trust() -> None:
    """Write root, issuing certificates and revocation lists as files for other programs."""
    directory = published_dir()
    issuing = b"".join(certificate.public_bytes(Encoding.PEM) for certificate in issuing_certificates())
    lists = b"".join(crl.public_bytes(Encoding.PEM) for crl in revocation_lists())
    for name, data in (("root.pem", trust_anchor_pem()), ("issuing.pem", issuing), ("crl.pem", lists)):
        write_atomically(directory / name, data, mode=0o644)
