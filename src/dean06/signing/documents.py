"""Signatures in documents, for other modules: what is behind is loaded at the first call.

pyHanko costs a second and 45 MB; a gateway that only signs messages never pays for it.
"""

from collections.abc import Sequence

from dean06.signing.signatures import FieldBox, PdfSignature


def add_signature_fields(pdf: bytes, boxes: Sequence[FieldBox]) -> bytes:
    """Place empty signature fields; do it before the first signature, as a later one would be a change to the signed form.

    Raises:
        PdfUnreadable, PdfTooLarge: the document cannot be taken.
        FieldPlacementInvalid: a name is doubled or not ASCII, a box is empty, a page does not exist.
    """
    from dean06.signing import pades  # noqa: PLC0415 -- loaded when first needed

    return pades.add_signature_fields(pdf, boxes)


def sign_pdf(
    pdf: bytes,
    *,
    field: str,
    signer_name: str,
    reason: str,
    location: str = "",
    stamp_lines: Sequence[str] = (),
    bound_hash: bytes | None = None,
) -> bytes:
    """Fill an empty field with a PAdES B-T signature and its stamp.

    Args:
        pdf: the document with its fields placed.
        field: name of the field to fill.
        signer_name: key that signs, of usage ``officer`` or ``seal``.
        reason: why, in words of the procedure ("Thẩm định hồ sơ"); stands in the signature dictionary.
        location: where, usually the office's seat.
        stamp_lines: at most eight lines; ``{signed_at}`` in a line becomes the time of signing. Empty: who, office and time
            from the certificate.
        bound_hash: SHA-256 of what this signature decides (the step's event), put into the signed attributes.

    Returns:
        The document with one increment more; the bytes before it are unchanged.

    Raises:
        PdfUnreadable, PdfTooLarge: the document cannot be taken.
        FieldNotFound, FieldAlreadySigned: there is no such empty field.
        KeyNotFound, KeyCannotSignThis: no such key, or it carries no certificate.
        BoundHashInvalid: not 32 bytes.
    """
    from dean06.signing import pades  # noqa: PLC0415 -- loaded when first needed

    return pades.sign_pdf(
        pdf,
        field=field,
        signer_name=signer_name,
        reason=reason,
        location=location,
        stamp_lines=stamp_lines,
        bound_hash=bound_hash,
    )


def inspect_pdf(pdf: bytes) -> tuple[PdfSignature, ...]:
    """Examine every signature of a document, in the order they were made; an unsigned document gives none.

    Raises:
        PdfUnreadable: no PDF, damaged beyond reading, or encrypted.
        PdfTooLarge: beyond the bounds.
    """
    from dean06.signing import inspection  # noqa: PLC0415 -- loaded when first needed

    return inspection.inspect_pdf(pdf)
