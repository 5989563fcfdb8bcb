"""Signed messages (CMS SignedData, RFC 5652) with one signer, ECDSA P-256 and SHA-256.

Time-stamp tokens and PAdES signatures are both of this shape. The few changing parts are laid between encoded constants, as
building the whole tree of objects for each message costs a hundred times the signature itself.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dean06.signing.keys import Signer
from dean06.signing.trust import chain, chain_for_one_signature

INTEGER, OCTET_STRING, SEQUENCE, SET = 0x02, 0x04, 0x30, 0x31  # ITU-T X.690, sec. 8
CONTEXT_0, CONTEXT_1, CONTEXT_4 = 0xA0, 0xA1, 0xA4
SHORT_LENGTH: Final = 0x80


def der(tag: int, *parts: bytes) -> bytes:
    """Encode tag, length and content (X.690, sec. 10: shortest definite length)."""
    content = b"".join(parts)
    size = len(content)
    if size < SHORT_LENGTH:
        return bytes((tag, size)) + content
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, SHORT_LENGTH | len(length))) + length + content


def der_set(tag: int, members: Sequence[bytes]) -> bytes:
    """Encode a SET OF: its members in the order of their bytes (X.690, sec. 11.6)."""
    return der(tag, *sorted(members))


def der_oid(dotted: str) -> bytes:
    """Encode an object identifier."""
    return bytes(core.ObjectIdentifier(dotted).dump())


def der_integer(value: int) -> bytes:
    """Encode an integer that is not negative."""
    return der(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


DATA: Final = der_oid("1.2.840.113549.1.7.1")
SIGNED_DATA: Final = der_oid("1.2.840.113549.1.7.2")
TST_INFO: Final = der_oid("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE: Final = der_oid("1.2.840.113549.1.9.3")
MESSAGE_DIGEST: Final = der_oid("1.2.840.113549.1.9.4")
SIGNING_CERTIFICATE_V2: Final = der_oid("1.2.840.113549.1.9.16.2.47")  # RFC 5035
SIGNATURE_TIME_STAMP: Final = der_oid("1.2.840.113549.1.9.16.2.14")  # RFC 3161, appendix A
SHA256: Final = der(SEQUENCE, der_oid("2.16.840.1.101.3.4.2.1"))  # RFC 5754: parameters are left out
ECDSA_SHA256: Final = der(SEQUENCE, der_oid("1.2.840.10045.4.3.2"))
VERSION_1, VERSION_3 = der_integer(1), der_integer(3)


@dataclass(frozen=True, slots=True)
class CertifiedKey:
    """A key with the encoded parts of its certificate that stay the same in every message."""

    signer: Signer
    certificates: tuple[bytes, ...]
    subject: bytes
    identifier: bytes
    signing_certificate: bytes


_certified: dict[str, CertifiedKey] = {}


def certified(key: Signer) -> CertifiedKey:
    """Return a key with its encoded certificates.

    Raises:
        KeyCannotSignThis: the key carries no certificate.
    """
    known = _certified.get(key.kid)
    if known is not None and known.signer is key:
        return known
    made = _with_certificates(key, chain(key.name))
    _certified[key.kid] = made
    return made


def certified_once(key: Signer) -> CertifiedKey:
    """Return a key with a certificate made for one signature.

    Raises:
        KeyCannotSignThis: the key carries no certificate.
    """
    return _with_certificates(key, chain_for_one_signature(key))


def _with_certificates(key: Signer, links: Sequence[x509.Certificate]) -> CertifiedKey:
    encoded = tuple(link.public_bytes(Encoding.DER) for link in links)
    own = asn1_x509.Certificate.load(encoded[0])
    essential = der(SEQUENCE, der(OCTET_STRING, hashlib.sha256(encoded[0]).digest()))  # ESSCertIDv2, SHA-256 by default
    return CertifiedKey(
        signer=key,
        certificates=encoded,
        subject=own.subject.dump(),
        identifier=der(SEQUENCE, own.issuer.dump(), der_integer(own.serial_number)),
        signing_certificate=attribute(SIGNING_CERTIFICATE_V2, der(SEQUENCE, der(SEQUENCE, essential))),
    )


def attribute(kind: bytes, value: bytes) -> bytes:
    """Encode an attribute of one value."""
    return der(SEQUENCE, kind, der(SET, value))


def signed_message(
    key: CertifiedKey,
    *,
    content_type: bytes,
    digest: bytes,
    content: bytes | None = None,
    attributes: Sequence[bytes] = (),
    unsigned: Callable[[bytes], Sequence[bytes]] = lambda _signature: (),
    has_certificates: bool = True,
) -> bytes:
    """Sign a content or its digest as a DER ``ContentInfo``.

    Args:
        key: who signs.
        content_type: encoded identifier of what is signed.
        digest: SHA-256 of the content.
        content: what is signed, carried along; None leaves it outside (detached).
        attributes: encoded attributes to sign besides type, digest and certificate.
        unsigned: makes the attributes that follow from the signature's value, such as its time-stamp.
        has_certificates: carry the signer's certificate and its issuers along.
    """
    signed = [
        attribute(CONTENT_TYPE, content_type),
        attribute(MESSAGE_DIGEST, der(OCTET_STRING, digest)),
        key.signing_certificate,
        *attributes,
    ]
    signature = key.signer.sign(der_set(SET, signed))  # signed as a SET, carried under the tag [0] (RFC 5652, sec. 5.4)
    later = unsigned(signature)
    signer_info = der(
        SEQUENCE,
        VERSION_1,
        key.identifier,
        SHA256,
        der_set(CONTEXT_0, signed),
        ECDSA_SHA256,
        der(OCTET_STRING, signature),
        der_set(CONTEXT_1, later) if later else b"",
    )
    body = der(
        SEQUENCE,
        VERSION_1 if content_type == DATA else VERSION_3,
        der(SET, SHA256),
        der(SEQUENCE, content_type, b"" if content is None else der(CONTEXT_0, der(OCTET_STRING, content))),
        der_set(CONTEXT_0, key.certificates) if has_certificates else b"",
        der(SET, signer_info),
    )
    return der(SEQUENCE, SIGNED_DATA, der(CONTEXT_0, body))
