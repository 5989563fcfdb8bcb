"""Bounds for documents from outside, checked before and while they are parsed."""

from io import BytesIO
from typing import Final

from pyhanko.pdf_utils.decode_limits import DecodeLimits, DocumentDecodeBudget, StreamDecodeLimits
from pyhanko.pdf_utils.reader import PdfFileReader

from dean06.signing.errors import PdfTooLarge, PdfUnreadable

LARGEST_PDF_BYTES: Final = 20 * 1024 * 1024
MOST_OBJECTS: Final = 50_000
MOST_REVISIONS: Final = 100
MOST_PAGES: Final = 500
MOST_SIGNATURES: Final = 40

_MIB: Final = 1024 * 1024
LIMITS: Final = DecodeLimits(
    per_stream=StreamDecodeLimits(max_output_size=32 * _MIB),
    document_budget=DocumentDecodeBudget(base_allowance=64 * _MIB, max_ratio=5),
)


def opened(pdf: bytes) -> PdfFileReader:
    """Open a document within the bounds.

    Raises:
        PdfTooLarge: more bytes, objects, revisions, pages or signatures than a dossier's document has.
        PdfUnreadable: no PDF, damaged, or encrypted.
    """
    if len(pdf) > LARGEST_PDF_BYTES:
        raise PdfTooLarge(size_bytes=len(pdf))
    if not pdf.startswith(b"%PDF-"):
        raise PdfUnreadable
    try:
        reader = PdfFileReader(BytesIO(pdf), strict=True, decode_limits=LIMITS)
        is_too_large = (
            int(reader.trailer["/Size"]) > MOST_OBJECTS
            or reader.xrefs.total_revisions > MOST_REVISIONS
            or int(reader.root["/Pages"]["/Count"]) > MOST_PAGES
        )
        is_encrypted = reader.encrypted
    except Exception as error:  # a hostile file may break a parser anywhere; whatever it was, the file cannot be read
        raise PdfUnreadable(reason=type(error).__name__) from error
    if is_too_large:
        raise PdfTooLarge
    if is_encrypted:
        raise PdfUnreadable(reason="encrypted")
    return reader
