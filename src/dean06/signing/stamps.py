"""Believing a time-stamp token: what it stamps, who signed it, and whether that one may stamp.

Source: RFC 3161, sec. 2.3 (the one extended key usage) and 2.4.2 (the token); RFC 5652, sec. 5.4 (what is signed);
RFC 5816 (the certificate is named by its SHA-256).
"""

import hashlib
import hmac
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509.oid import ExtendedKeyUsageOID

from dean06.signing.errors import TimestampWrong
from dean06.signing.trust import trust_anchors

LONGEST_CHAIN: Final = 5


def stamped_at(token: bytes, digest: bytes, *, anchors: Sequence[x509.Certificate] | None = None) -> datetime:
    """Return when a trusted authority stamped a SHA-256 digest.

    Args:
        token: DER, with the authority's certificates.
        digest: what must be stamped.
        anchors: roots to trust; this installation's, also the retired ones, if left out.

    Raises:
        TimestampWrong: another digest, a signature that is not the authority's, or an authority that is not trusted.
    """
    try:
        content = cms.ContentInfo.load(token, strict=True)["content"]
        info: Any = content["encap_content_info"]["content"]
        stated: tsp.TSTInfo = info.parsed
        certificates = [x509.load_der_x509_certificate(one.chosen.dump()) for one in content["certificates"]]
        (signer,) = content["signer_infos"]
        at: datetime = stated["gen_time"].native
        if not _is_of(stated["message_imprint"], digest):
            raise TimestampWrong(reason="digest")
        own = _signing_certificate(signer, certificates)
        _check_signature(signer, own, info.contents)
    except (ValueError, TypeError, KeyError, IndexError, InvalidSignature) as exc:
        raise TimestampWrong(reason=type(exc).__name__) from exc
    if not _may_stamp(own, at) or not _is_trusted(own, certificates, trust_anchors() if anchors is None else anchors, at):
        raise TimestampWrong(reason="authority")
    return at


def _is_of(imprint: tsp.MessageImprint, digest: bytes) -> bool:
    named = imprint["hash_algorithm"]["algorithm"].native == "sha256"
    return named and hmac.compare_digest(imprint["hashed_message"].native, digest)


def _signing_certificate(signer: cms.SignerInfo, certificates: Iterable[x509.Certificate]) -> x509.Certificate:
    """Return the one certificate whose SHA-256 the signed attributes name."""
    (named,) = _attribute(signer, "signing_certificate_v2")["certs"]
    return next(one for one in certificates if one.fingerprint(SHA256()) == named["cert_hash"].native)


def _attribute(signer: cms.SignerInfo, kind: str) -> Any:
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == kind:
            return attribute["values"][0]
    raise KeyError(kind)


def _check_signature(signer: cms.SignerInfo, own: x509.Certificate, content: bytes) -> None:
    if signer["digest_algorithm"]["algorithm"].native != "sha256" or _attribute(signer, "content_type").native != "tst_info":
        raise TimestampWrong(reason="form")
    if not hmac.compare_digest(_attribute(signer, "message_digest").native, hashlib.sha256(content).digest()):
        raise TimestampWrong(reason="content")
    signed, signature, key = signer["signed_attrs"].untag().dump(), signer["signature"].native, own.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, signed, ec.ECDSA(SHA256()))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, signed, padding.PKCS1v15(), SHA256())
    else:
        raise TimestampWrong(reason="key")


def _may_stamp(own: x509.Certificate, at: datetime) -> bool:
    try:
        usage = own.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound:
        return False
    is_only = usage.critical and list(usage.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    return is_only and own.not_valid_before_utc.replace(microsecond=0) <= at <= own.not_valid_after_utc


def _is_trusted(own: x509.Certificate, certificates: Sequence[x509.Certificate], anchors: Sequence[x509.Certificate], at: datetime) -> bool:
    """Climb from the authority's certificate to a trusted root."""
    link = own
    for _ in range(LONGEST_CHAIN):
        if any(_is_issuer(root, link, at) for root in anchors):
            return True
        above = next((one for one in certificates if one != link and _is_issuer(one, link, at)), None)
        if above is None:
            return False
        link = above
    return False


def _is_issuer(above: x509.Certificate, below: x509.Certificate, at: datetime) -> bool:
    try:
        below.verify_directly_issued_by(above)
        is_authority = above.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return is_authority and above.not_valid_before_utc.replace(microsecond=0) <= at <= above.not_valid_after_utc
