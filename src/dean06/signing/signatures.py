"""What is said of signatures in documents: where one goes, what one proves."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class FieldBox:
    """Where an empty signature field stands.

    Attributes:
        name: ASCII letters, digits and underscores.
        page: index of the page, 0 the first, -1 the last.
        x1: left edge in points (1/72 inch) from the left of the page.
        y1: lower edge in points from the bottom of the page.
        x2: right edge.
        y2: upper edge.
    """

    name: str
    page: int
    x1: float
    y1: float
    x2: float
    y2: float


class Finding(StrEnum):
    """What is wrong with a signature; stable words for programs, pages translate them."""

    UNREADABLE = "unreadable"
    DIGEST_MISMATCH = "digest_mismatch"
    SIGNATURE_MISMATCH = "signature_mismatch"
    CHANGED_AFTERWARDS = "changed_afterwards"
    COVERS_PART = "covers_part"
    NOT_TRUSTED = "not_trusted"
    NO_TIMESTAMP = "no_timestamp"
    TIMESTAMP_INVALID = "timestamp_invalid"


@dataclass(frozen=True, slots=True)
class PdfSignature:
    """What one signature of a document proves.

    Attributes:
        field: name of the signature field.
        signer_cn: common name in the signer's certificate; empty if it cannot be read.
        signer_organisation: the office in the certificate.
        signed_at: what the signer's own clock said; proves nothing.
        timestamped_at: proven by a time-stamp that we trust; None otherwise.
        is_intact: signature and digest are right, the whole of its revision is covered, and what came later are only further
            signatures in the fields that were there.
        is_trusted: the signer's certificate hangs on our root, was valid at the time of signing, may sign documents, and
            the time-stamp, if there is one, is trusted too.
        covers_whole_revision: nothing in the file up to this signature lies outside of it.
        covers_whole_file: nothing came after it.
        reason: why, as the signer wrote it.
        location: where, as the signer wrote it.
        bound_hash: SHA-256 that was signed together with the document.
        findings: what is wrong; empty if nothing.
    """

    field: str
    signer_cn: str = ""
    signer_organisation: str = ""
    signed_at: datetime | None = None
    timestamped_at: datetime | None = None
    is_intact: bool = False
    is_trusted: bool = False
    covers_whole_revision: bool = False
    covers_whole_file: bool = False
    reason: str = ""
    location: str = ""
    bound_hash: bytes | None = None
    findings: tuple[Finding, ...] = ()

    @property
    def is_valid(self) -> bool:
        """Say whether the signature is intact and trusted."""
        return self.is_intact and self.is_trusted
