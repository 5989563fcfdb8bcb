"""What a signed PDF proves: every signature examined against our root, with findings instead of exceptions.

A document may come from anyone, so it is bounded first (``bounds``); whatever is wrong with one signature becomes a finding
of that signature. Certificates are judged at the proven time of the signature's time-stamp.
"""

import asyncio
from datetime import datetime
from typing import Any, Final

from asn1crypto import core, x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature, async_validate_pdf_signature
from pyhanko.sign.validation.settings import KeyUsageConstraints
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

from dean06.core import clock
from dean06.signing.bounds import MOST_SIGNATURES, opened
from dean06.signing.errors import PdfTooLarge
from dean06.signing.pades import BOUND_HASH_OID
from dean06.signing.signatures import Finding, PdfSignature
from dean06.signing.trust import issuing_certificates, trust_anchors

SIGNERS_USAGE: Final = KeyUsageConstraints(key_usage={"non_repudiation"})
LONGEST_TEXT: Final = 500  # characters of a text that a stranger wrote


def inspect_pdf(pdf: bytes) -> tuple[PdfSignature, ...]:
    """Examine every signature of a document; see ``documents``."""
    reader = opened(pdf)
    try:
        filled = [(str(name), reference) for name, value, reference in enumerate_sig_fields(reader) if value is not None]
    except Exception:  # noqa: BLE001 -- a hostile form may break the parser anywhere
        return (PdfSignature(field="", findings=(Finding.UNREADABLE,)),)
    if len(filled) > MOST_SIGNATURES:
        raise PdfTooLarge(signatures=len(filled))
    trust = _Trust()
    examined = [_examine(reader, name, reference, trust) for name, reference in filled]
    return tuple(signature for _revision, signature in sorted(examined, key=lambda pair: pair[0]))


class _Trust:
    """Our root and what helps to reach it, read once for one document."""

    def __init__(self) -> None:
        self._roots = [_converted(certificate) for certificate in trust_anchors()]
        self._others = [_converted(certificate) for certificate in issuing_certificates()]

    def at(self, moment: datetime) -> ValidationContext:
        return ValidationContext(
            trust_roots=self._roots,
            other_certs=self._others,
            moment=moment,
            allow_fetching=False,
            revocation_mode="soft-fail",
        )


def _converted(certificate: Any) -> x509.Certificate:
    return x509.Certificate.load(certificate.public_bytes(Encoding.DER))


def _examine(reader: PdfFileReader, name: str, reference: Any, trust: _Trust) -> tuple[int, PdfSignature]:
    """Return the revision that a signature belongs to and what it proves."""
    try:
        embedded = EmbeddedPdfSignature(reader, reference.get_object(), name)
        moment = _claimed_time(embedded) or clock.now()
        status = asyncio.run(
            async_validate_pdf_signature(
                embedded,
                signer_validation_context=trust.at(moment),
                ts_validation_context=trust.at(moment),
                key_usage_settings=SIGNERS_USAGE,
            )
        )
        return embedded.signed_revision, _described(embedded, name, status)
    except Exception:  # noqa: BLE001 -- a hostile signature may break the parser anywhere; the answer is a finding
        return 0, PdfSignature(field=name[:LONGEST_TEXT], findings=(Finding.UNREADABLE,))


def _claimed_time(embedded: EmbeddedPdfSignature) -> datetime | None:
    """Return the time in the signature's time-stamp token, not yet proven."""
    for attribute in embedded.signer_info["unsigned_attrs"] or ():
        if attribute["type"].native == "signature_time_stamp_token":
            token = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
            claimed: datetime = token["gen_time"].native
            return claimed
    return None


def _described(embedded: EmbeddedPdfSignature, name: str, status: PdfSignatureStatus) -> PdfSignature:
    subject = embedded.signer_cert.subject.native
    proven = status.timestamp_validity
    is_time_proven = proven is not None and proven.valid and proven.trusted
    covers_revision = status.coverage >= SignatureCoverageLevel.ENTIRE_REVISION
    is_unchanged = bool(status.docmdp_ok) and status.modification_level in {
        None,
        ModificationLevel.NONE,
        ModificationLevel.LTA_UPDATES,
        ModificationLevel.FORM_FILLING,
    }
    faults = {
        Finding.DIGEST_MISMATCH: not status.intact,
        Finding.SIGNATURE_MISMATCH: not status.valid,
        Finding.CHANGED_AFTERWARDS: covers_revision and not is_unchanged,
        Finding.COVERS_PART: not covers_revision,
        Finding.NOT_TRUSTED: status.intact and status.valid and not status.trusted,  # not judged on a broken signature
        Finding.NO_TIMESTAMP: proven is None,
        Finding.TIMESTAMP_INVALID: proven is not None and not is_time_proven,
    }
    return PdfSignature(
        field=name,
        signer_cn=_text(subject.get("common_name")),
        signer_organisation=_text(subject.get("organization_name")),
        signed_at=status.signer_reported_dt,
        timestamped_at=proven.timestamp if is_time_proven and proven is not None else None,
        is_intact=status.intact and status.valid and covers_revision and is_unchanged,
        is_trusted=status.trusted and (proven is None or is_time_proven),
        covers_whole_revision=covers_revision,
        covers_whole_file=status.coverage == SignatureCoverageLevel.ENTIRE_FILE,
        reason=_text(embedded.sig_object.get("/Reason")),
        location=_text(embedded.sig_object.get("/Location")),
        bound_hash=_bound_hash(embedded),
        findings=tuple(finding for finding, is_there in faults.items() if is_there),
    )


def _bound_hash(embedded: EmbeddedPdfSignature) -> bytes | None:
    for attribute in embedded.signer_info["signed_attrs"]:
        if attribute["type"].dotted == BOUND_HASH_OID:
            value: bytes = attribute["values"][0].parse(core.OctetString).native
            return value
    return None


def _text(value: object) -> str:
    return str(value)[:LONGEST_TEXT] if value is not None else ""
