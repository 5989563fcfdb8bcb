"""Keys that others hold: a request (PKCS#10), a certificate for it, and a chain read back to the root."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_der_public_key

from dean06.core import clock
from dean06.signing.certificates import DOCUMENT_SIGNING, issue, subject_name
from dean06.signing.errors import ChainNotTrusted, RequestNotUsable
from dean06.signing.keys import authority_for, signer, thumbprint

LARGEST_REQUEST_BYTES: Final = 16 * 1024
CLOCK_SKEW: Final = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Certified:
    """A public key with its certificate.

    Attributes:
        kid: RFC 7638 thumbprint of the key.
        certificate_pem: the certificate alone.
        not_after: its end.
    """

    kid: str
    public_key: EllipticCurvePublicKey
    certificate_pem: str
    not_after: datetime


def certificate_request(name: str) -> bytes:
    """Return a request (PEM) for a key of this installation, to be carried to the authority that will certify it.

    Raises:
        KeyNotFound: no such key.
        KeyCannotSignThis: the key is no P-256 key.
    """
    key = signer(name)
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject_name(name, ""))
    return builder.sign(key.private_key_for_jose(), SHA256()).public_bytes(Encoding.PEM)


def requested_key(request_pem: bytes) -> tuple[str, EllipticCurvePublicKey]:
    """Return the key of a request and its thumbprint; the names in it are not believed.

    Raises:
        RequestNotUsable: not a request, not P-256, or not signed by the key that it names.
    """
    try:
        request = x509.load_pem_x509_csr(request_pem[: LARGEST_REQUEST_BYTES + 1])
        is_own = len(request_pem) <= LARGEST_REQUEST_BYTES and request.is_signature_valid
        key = request.public_key()
    except (ValueError, TypeError) as exc:
        raise RequestNotUsable from exc
    if not is_own or not isinstance(key, EllipticCurvePublicKey) or not isinstance(key.curve, SECP256R1):
        raise RequestNotUsable
    return thumbprint(key), key


def certify_member(request_pem: bytes, *, common_name: str, organisation: str) -> Certified:
    """Issue a member's certificate for the key of a request; the subject is what the registry says.

    Raises:
        RequestNotUsable: as ``requested_key``.
        SubjectInvalid: a name is empty or too long.
    """
    _kid, key = requested_key(request_pem)
    certificate = issue("member", public_key=key, common_name=common_name, organisation=organisation, authority=authority_for("member"))
    return read_certificate(certificate.public_bytes(Encoding.PEM).decode())


def read_certificate(pem: str) -> Certified:
    """Return the key of a certificate.

    Raises:
        RequestNotUsable: not a certificate of a P-256 key.
    """
    try:
        certificate = x509.load_pem_x509_certificate(pem.encode())
        key = certificate.public_key()
    except (ValueError, TypeError) as exc:
        raise RequestNotUsable from exc
    if not isinstance(key, EllipticCurvePublicKey):
        raise RequestNotUsable
    return Certified(thumbprint(key), key, pem, certificate.not_valid_after_utc)


def read_spki(der: bytes) -> EllipticCurvePublicKey:
    """Return the P-256 key of a SubjectPublicKeyInfo.

    Raises:
        RequestNotUsable: not one.
    """
    try:
        key = load_der_public_key(der)
    except (ValueError, TypeError) as exc:
        raise RequestNotUsable from exc
    if not isinstance(key, EllipticCurvePublicKey):
        raise RequestNotUsable
    return key


def sealing_key(chain: Sequence[bytes], *, anchors_pem: bytes, common_name: str, at: datetime | None = None) -> EllipticCurvePublicKey:
    """Return the key of a seal's certificate that leads to a trusted root.

    Args:
        chain: DER certificates, the seal's first, without the root.
        anchors_pem: root certificates that are trusted.
        common_name: whose seal it must be; the root certifies others too.
        at: instant at which all must be valid; now if left out.

    Raises:
        ChainNotTrusted: a link is missing, not valid at that instant, no authority, or the seal is another's.
    """
    try:
        certificates = [x509.load_der_x509_certificate(der) for der in chain]
        roots = x509.load_pem_x509_certificates(anchors_pem)
        root = next(root for root in roots if certificates and root.subject == certificates[-1].issuer and _issued(root, certificates[-1]))
        links = [*certificates, root]
        for below, above in pairwise(links):
            below.verify_directly_issued_by(above)
        usable = all(_is_authority(certificate) for certificate in links[1:]) and _is_seal(links[0], common_name)
        key = links[0].public_key()
    except (ValueError, TypeError, StopIteration, InvalidSignature, x509.ExtensionNotFound) as exc:
        raise ChainNotTrusted from exc
    instant = at or clock.now()
    is_valid = all(link.not_valid_before_utc <= instant + CLOCK_SKEW and instant <= link.not_valid_after_utc for link in links)
    if not usable or not is_valid or not isinstance(key, EllipticCurvePublicKey):
        raise ChainNotTrusted
    return key


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        below.verify_directly_issued_by(above)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _is_authority(certificate: x509.Certificate) -> bool:
    return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca


def _is_seal(certificate: x509.Certificate, common_name: str) -> bool:
    names = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    purposes = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    return [name.value for name in names] == [common_name] and DOCUMENT_SIGNING in purposes
