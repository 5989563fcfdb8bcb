"""The time-stamp authority: answers RFC 3161 queries with tokens signed by the key ``tsa``.

A small responder, queries parsed by ``asn1crypto``, so that a signature carries a proven time from the first day; a deployment
puts a trusted authority in its place. Accuracy is that of the machine's clock, stated as one second.
"""

import hashlib
import secrets
from typing import Any, Final

from asn1crypto import cms, core, tsp

from dean06.core import clock
from dean06.core.errors import Dean06Error
from dean06.signing.cms import CONTEXT_0, CONTEXT_4, SEQUENCE, TST_INFO, VERSION_1, certified, der, der_integer, der_oid, signed_message
from dean06.signing.errors import TimestampRefused
from dean06.signing.keys import signer

TSA: Final = "tsa"
POLICY: Final = "2.25.149613385906870926178366425498061310976"  # an arc of our own, from a UUID (ITU-T X.667)
ACCURACY_SECONDS: Final = 1
LARGEST_QUERY_BYTES: Final = 4096  # a query of every option has some 200
DIGEST_BYTES: Final = {"sha256": 32, "sha384": 48, "sha512": 64, "sha3_256": 32, "sha3_384": 48, "sha3_512": 64}
GENERALIZED_TIME: Final = 0x18  # ITU-T X.690, sec. 11.7
SERIAL_RANDOM_BITS: Final = 64  # behind the nanoseconds, so that two processes never give one number twice


_POLICY: Final = der_oid(POLICY)
_ACCURACY: Final = der(SEQUENCE, der_integer(ACCURACY_SECONDS))
_GRANTED: Final = der(SEQUENCE, der_integer(0))  # PKIStatus granted


class Response(core.Sequence):  # type: ignore[misc]  # asn1crypto is untyped
    """``TimeStampResp``: unlike the library's, a refusal needs no token (RFC 3161, sec. 2.4.2)."""

    _fields = [("status", tsp.PKIStatusInfo), ("time_stamp_token", cms.ContentInfo, {"optional": True})]


class _Refusal(Exception):
    """A query that gets no token; ``failure`` is a name of PKIFailureInfo (RFC 3161, sec. 2.4.2)."""

    def __init__(self, failure: str, sentence: str) -> None:
        self.failure = failure
        self.sentence = sentence
        super().__init__(sentence)


def answer_timestamp_query(query: bytes) -> bytes:
    """Answer a DER ``TimeStampReq`` with a DER ``TimeStampResp``; refusals are answers too, never exceptions."""
    try:
        request = _read(query)
        token = _token(request)
    except _Refusal as refusal:
        return _refused(refusal)
    except Dean06Error:
        return _refused(_Refusal("system_failure", "The time-stamp authority's key is out of reach."))
    return der(SEQUENCE, _GRANTED, token)


def timestamp(digest: bytes) -> bytes:
    """Return a DER time-stamp token over a SHA-256 digest of 32 bytes, with certificates.

    Raises:
        TimestampRefused: the digest has another length.
        KeyNotFound, KeystoreLocked, KeyDamaged: the authority's key is out of reach.
    """
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest}
    request = tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True})
    try:
        return _token(_read(request.dump()))
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


def _token(request: tsp.TimeStampReq) -> bytes:
    """Sign a ``TSTInfo`` over the imprint of the query (RFC 3161, sec. 2.4.2)."""
    authority = certified(signer(TSA))
    now = clock.now()
    serial = (int(now.timestamp() * 1e9) << SERIAL_RANDOM_BITS) | secrets.randbits(SERIAL_RANDOM_BITS)
    info = der(
        SEQUENCE,
        VERSION_1,
        _POLICY,
        bytes(request["message_imprint"].dump()),
        der_integer(serial),
        der(GENERALIZED_TIME, f"{now:%Y%m%d%H%M%SZ}".encode()),
        _ACCURACY,
        bytes(request["nonce"].dump()),
        der(CONTEXT_0, der(CONTEXT_4, authority.subject)),
    )
    return signed_message(
        authority,
        content_type=TST_INFO,
        digest=hashlib.sha256(info).digest(),
        content=info,
        has_certificates=request["cert_req"].native,
    )


def _refused(refusal: _Refusal) -> bytes:
    status = {"status": "rejection", "status_string": [refusal.sentence], "fail_info": {refusal.failure}}
    return bytes(Response({"status": tsp.PKIStatusInfo(status)}).dump())
