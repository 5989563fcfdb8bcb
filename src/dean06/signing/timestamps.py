"""The time-stamp authority: answers RFC 3161 queries with tokens signed by the key ``tsa``.

A responder of a few lines on ``asn1crypto``, so that a signature carries a proven time from the first day; a deployment
puts a trusted authority in its place. Accuracy is that of the machine's clock, stated as one second.
"""

import hashlib
import secrets
import threading
from dataclasses import dataclass
from typing import Any, Final

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives.serialization import Encoding

from dean06.core import clock
from dean06.core.errors import Dean06Error
from dean06.signing.errors import TimestampRefused
from dean06.signing.keys import Signer, chain, signer

TSA: Final = "tsa"
POLICY: Final = "2.25.149613385906870926178366425498061310976"  # an arc of our own, from a UUID (ITU-T X.667)
ACCURACY_SECONDS: Final = 1
LARGEST_QUERY_BYTES: Final = 4096  # a query of every option has some 200
DIGEST_BYTES: Final = {"sha256": 32, "sha384": 48, "sha512": 64, "sha3_256": 32, "sha3_384": 48, "sha3_512": 64}
SERIAL_RANDOM_BITS: Final = 64  # behind the nanoseconds, so that two processes never give one number twice


class Response(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    """``TimeStampResp``: unlike the library's, a refusal needs no token (RFC 3161, sec. 2.4.2)."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


class _Refusal(Exception):
    """A query that gets no token; ``failure`` is a name of PKIFailureInfo (RFC 3161, sec. 2.4.2)."""

    def __init__(self, failure: str, sentence: str) -> None:
        self.failure = failure
        self.sentence = sentence
        super().__init__(sentence)


@dataclass(frozen=True, slots=True)
class _Authority:
    """The encoded parts of a token that stay the same while the key does."""

    signer: Signer
    certificates: tuple[x509.Certificate, ...]
    signer_id: cms.SignerIdentifier
    name: x509.GeneralName
    signing_certificate: tsp.SigningCertificateV2


class _Authorities(threading.local):
    """One a thread: ``asn1crypto`` parses lazily and so must not be shared."""

    current: _Authority | None = None


_authorities = _Authorities()


def _authority() -> _Authority:
    current = signer(TSA)
    known = _authorities.current
    if known is not None and known.signer is current:
        return known
    certificates = tuple(x509.Certificate.load(link.public_bytes(Encoding.DER)) for link in chain(TSA))
    own = certificates[0]
    essential = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(own.dump()).digest()})  # RFC 5035: SHA-256 is the default
    serial = cms.IssuerAndSerialNumber({"issuer": own.issuer, "serial_number": own.serial_number})
    made = _Authority(
        signer=current,
        certificates=certificates,
        signer_id=cms.SignerIdentifier({"issuer_and_serial_number": serial}),
        name=x509.GeneralName(name="directory_name", value=own.subject),
        signing_certificate=tsp.SigningCertificateV2({"certs": [essential]}),
    )
    _authorities.current = made
    return made


def answer_timestamp_query(query: bytes) -> bytes:
    """Answer a DER ``TimeStampReq`` with a DER ``TimeStampResp``; refusals are answers too, never exceptions."""
    try:
        request = _read(query)
        token = _token(request)
    except _Refusal as refusal:
        return _refused(refusal)
    except Dean06Error:
        return _refused(_Refusal("system_failure", "The time-stamp authority's key is out of reach."))
    granted = tsp.PKIStatusInfo({"status": "granted"})
    return bytes(Response({"status": granted, "time_stamp_token": token}).dump())


def timestamp(digest: bytes) -> bytes:
    """Return a DER time-stamp token over a SHA-256 digest of 32 bytes, with certificates.

    Raises:
        TimestampRefused: the digest has another length.
        KeyNotFound, KeystoreLocked, KeyDamaged: the authority's key is out of reach.
    """
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True})
    try:
        return bytes(_token(_read(request.dump())).dump())
    except _Refusal as refusal:
        raise TimestampRefused(refusal.sentence) from refusal


def _read(query: bytes) -> tsp.TimeStampReq:
    """Parse and check a query before anything is signed."""
    if len(query) > LARGEST_QUERY_BYTES:
        raise _Refusal("bad_data_format", f"A query has at most {LARGEST_QUERY_BYTES} bytes.")
    try:
        request = tsp.TimeStampReq.load(query, strict=True)
        fields: dict[str, Any] = request.native  # parses every part
    except (ValueError, TypeError, KeyError) as error:
        raise _Refusal("bad_data_format", "The query is no DER TimeStampReq (RFC 3161, sec. 2.4.1).") from error
    if fields["version"] != "v1":
        raise _Refusal("bad_request", "Only version 1 is understood.")
    algorithm = fields["message_imprint"]["hash_algorithm"]["algorithm"]
    expected = DIGEST_BYTES.get(algorithm)
    if expected is None:
        raise _Refusal("bad_alg", f"The imprint must use one of {', '.join(DIGEST_BYTES)}.")
    if len(fields["message_imprint"]["hashed_message"]) != expected:
        raise _Refusal("bad_data_format", f"An imprint of {algorithm} has {expected} bytes.")
    if fields["req_policy"] not in (None, POLICY):
        raise _Refusal("unaccepted_policy", f"The only policy is {POLICY}.")
    if fields["extensions"]:
        raise _Refusal("unaccepted_extensions", "No extensions are understood.")
    return request


def _token(request: tsp.TimeStampReq) -> cms.ContentInfo:
    authority = _authority()
    now = clock.now().replace(microsecond=0)
    info = tsp.TSTInfo(
        {
            "version": "v1",
            "policy": POLICY,
            "message_imprint": request["message_imprint"],
            "serial_number": (int(clock.now().timestamp() * 1e9) << SERIAL_RANDOM_BITS) | secrets.randbits(SERIAL_RANDOM_BITS),
            "gen_time": now,
            "accuracy": {"seconds": ACCURACY_SECONDS},
            "tsa": authority.name,
            **({"nonce": request["nonce"]} if request["nonce"].native is not None else {}),
        }
    ).dump()
    attributes = cms.CMSAttributes(
        [
            cms.CMSAttribute({"type": "content_type", "values": ["tst_info"]}),
            cms.CMSAttribute({"type": "signing_time", "values": [cms.Time({"utc_time": core.UTCTime(now)})]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.sha256(info).digest()]}),
            cms.CMSAttribute({"type": "signing_certificate_v2", "values": [authority.signing_certificate]}),
        ]
    )
    signer_info = {
        "version": "v1",
        "sid": authority.signer_id,
        "digest_algorithm": algos.DigestAlgorithm({"algorithm": "sha256"}),
        "signed_attrs": attributes,
        "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}),
        "signature": authority.signer.sign(attributes.dump()),
    }
    signed: dict[str, Any] = {
        "version": "v3",
        "digest_algorithms": [algos.DigestAlgorithm({"algorithm": "sha256"})],
        "encap_content_info": {"content_type": "tst_info", "content": cms.ParsableOctetString(info)},
        "signer_infos": [signer_info],
    }
    if request["cert_req"].native:
        signed["certificates"] = list(authority.certificates)
    return cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)})


def _refused(refusal: _Refusal) -> bytes:
    status = {"status": "rejection", "status_string": [refusal.sentence], "fail_info": {refusal.failure}}
    return bytes(Response({"status": tsp.PKIStatusInfo(status)}).dump())
