"""Signatures inside PDF documents: PAdES baseline B-T (ETSI EN 319 142-1) with a visible stamp in Vietnamese.

Fields are placed when the document is made and filled one after another, each in an increment of its own, so that every
earlier signature stays valid. The stamp is set in Typst and laid into the field as it is signed.
"""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Final

from asn1crypto import x509
from pyhanko.pdf_utils.content import PdfContent
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.layout import AxisAlignment, BoxConstraints, InnerScaling, Margins, SimpleBoxLayoutRule
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.fields import SigFieldSpec, SigSeedSubFilter, append_signature_field, enumerate_sig_fields
from pyhanko.sign.signers.pdf_cms import ExternalSigner
from pyhanko.sign.signers.pdf_signer import PdfSignatureMetadata, PdfSigner
from pyhanko.stamp import StaticStampStyle

from dean06.core import clock
from dean06.core.documents import render_pdf
from dean06.signing.bounds import opened
from dean06.signing.cms import (
    DATA,
    OCTET_STRING,
    SIGNATURE_TIME_STAMP,
    CertifiedKey,
    attribute,
    certified,
    certified_once,
    der,
    der_oid,
    signed_message,
)
from dean06.signing.errors import BoundHashInvalid, FieldAlreadySigned, FieldNotFound, FieldPlacementInvalid, KeyCannotSignThis
from dean06.signing.keys import signer
from dean06.signing.signatures import FieldBox
from dean06.signing.timestamps import TSA, timestamp

BOUND_HASH_OID: Final = "2.25.149613385906870926178366425498061310977"  # signed attribute of our own: OCTET STRING, SHA-256
BOUND_HASH: Final = der_oid(BOUND_HASH_OID)
SHA256_BYTES: Final = 32
DIGEST: Final = "sha256"
LONGEST_STAMP: Final = 8  # lines; more are not legible in a box of a form
SMALL_PARTS_BYTES: Final = 2048  # attributes, identifiers and two signatures need some 1,100
SIGNED_AT: Final = "{signed_at}"

STAMP: Final = """
#set page(width: data.width * 1pt, height: data.height * 1pt, margin: 0pt, fill: none)
#let ink = rgb("#1d3b6f")
#let body(size) = {
  set text(size: size * 1pt, fill: ink)
  set par(leading: 0.45em, spacing: 0.55em)
  for (index, line) in data.lines.enumerate() {
    block(above: 0pt, below: 0.5em, if index == 0 { strong(line) } else { line })
  }
}
#rect(width: 100%, height: 100%, stroke: 0.75pt + ink, radius: 2pt, inset: (x: 4pt, y: 3pt), layout(room => {
  let size = 9.0
  while size > 3.5 and measure(width: room.width, body(size)).height > room.height { size -= 0.25 }
  place(left + horizon, box(width: room.width, body(size)))
}))
"""


# -- fields


def add_signature_fields(pdf: bytes, boxes: Sequence[FieldBox]) -> bytes:
    """Place empty signature fields; see ``documents``."""
    reader = opened(pdf)
    names = [box.name for box in boxes] + [name for name, _value, _field in enumerate_sig_fields(reader)]
    pages = int(reader.root["/Pages"]["/Count"])
    for box in boxes:
        is_named = box.name.isascii() and box.name.replace("_", "").isalnum() and names.count(box.name) == 1
        if not is_named or box.x1 >= box.x2 or box.y1 >= box.y2 or not -pages <= box.page < pages:
            raise FieldPlacementInvalid(field=box.name)
    writer = IncrementalPdfFileWriter.from_reader(reader)
    for box in boxes:
        rectangle = (round(box.x1), round(box.y1), round(box.x2), round(box.y2))
        append_signature_field(writer, SigFieldSpec(sig_field_name=box.name, on_page=box.page, box=rectangle))
    out = BytesIO()
    writer.write(out)  # type: ignore[no-untyped-call]  # pyHanko is typed in part
    return out.getvalue()


def _field_box(reader: PdfFileReader, name: str) -> tuple[float, float]:
    """Return width and height of an empty field."""
    for found, value, reference in enumerate_sig_fields(reader):
        if found != name:
            continue
        if value is not None:
            raise FieldAlreadySigned(field=name)
        x1, y1, x2, y2 = (float(edge) for edge in reference.get_object().get("/Rect", (0, 0, 0, 0)))
        return abs(x2 - x1), abs(y2 - y1)
    raise FieldNotFound(field=name)


# -- stamp


class _StampPage(PdfContent):
    """The page that Typst set, as content of a field."""

    def __init__(self, page: bytes, width: float, height: float) -> None:
        super().__init__(box=BoxConstraints(width=width, height=height))
        self._page = page

    def render(self) -> bytes:
        drawn = self._ensure_writer.import_page_as_xobject(PdfFileReader(BytesIO(self._page)), page_ix=0)
        self.resources.xobject["/Stamp"] = drawn
        return b"/Stamp Do"


def _stamp_style(lines: Sequence[str], width: float, height: float) -> StaticStampStyle:
    page = render_pdf(STAMP, {"width": width, "height": height, "lines": list(lines)}, is_tagged=False)
    as_it_is = SimpleBoxLayoutRule(
        x_align=AxisAlignment.ALIGN_MIN,
        y_align=AxisAlignment.ALIGN_MIN,
        margins=Margins(left=0, right=0, top=0, bottom=0),
        inner_content_scaling=InnerScaling.NO_SCALING,
    )
    return StaticStampStyle(border_width=0, background=_StampPage(page, width, height), background_layout=as_it_is)


def stamp_time(signed_at: datetime) -> str:
    """Return the time of signing as people read it: ``24/11/2026 14:10:05 +07:00`` (Decree 30/2020, appendix I)."""
    legal = clock.legal(signed_at)
    return legal.strftime("%d/%m/%Y %H:%M:%S ") + legal.strftime("%z")[:3] + ":00"


def _lines(given: Sequence[str], key: CertifiedKey, signed_at: datetime) -> tuple[str, ...]:
    """Return the lines of the stamp: what the caller wants, or who, which office and when, from the certificate."""
    if not given:
        subject = x509.Certificate.load(key.certificates[0]).subject.native
        office = subject.get("organization_name", "")
        given = (f"Ký bởi: {subject['common_name']}", *([f"Cơ quan: {office}"] if office else []), f"Thời gian ký: {SIGNED_AT}")
    return tuple(line.replace(SIGNED_AT, stamp_time(signed_at)) for line in given[:LONGEST_STAMP])


# -- signing


def _message(key: CertifiedKey, digest: bytes, bound_hash: bytes | None) -> bytes:
    """Make the detached CMS of a document: PAdES B-B with its certificates, and the time-stamp that makes it B-T."""

    def stamped(signature: bytes) -> Sequence[bytes]:
        return (attribute(SIGNATURE_TIME_STAMP, timestamp(hashlib.sha256(signature).digest())),)

    bound = (attribute(BOUND_HASH, der(OCTET_STRING, bound_hash)),) if bound_hash is not None else ()
    return signed_message(key, content_type=DATA, digest=digest, attributes=bound, unsigned=stamped)


def _reserved_characters(key: CertifiedKey) -> int:
    """Return the room to leave for the message in hexadecimal: all certificates and what is small around them."""
    certificates = sum(map(len, (*key.certificates, *certified(signer(TSA)).certificates)))
    return 2 * (certificates + SMALL_PARTS_BYTES)


def sign_pdf(
    pdf: bytes,
    *,
    field: str,
    signer_name: str,
    reason: str,
    location: str,
    stamp_lines: Sequence[str],
    bound_hash: bytes | None,
) -> bytes:
    """Fill an empty field with a signature and its stamp; see ``documents``."""
    if bound_hash is not None and len(bound_hash) != SHA256_BYTES:
        raise BoundHashInvalid
    named = signer(signer_name)
    if named.usage not in {"officer", "seal"}:
        raise KeyCannotSignThis(name=signer_name, usage=named.usage)
    key = certified_once(named)
    reader = opened(pdf)
    width, height = _field_box(reader, field)
    signed_at = clock.now()
    style = _stamp_style(_lines(stamp_lines, key, signed_at), width, height) if width and height else None
    metadata = PdfSignatureMetadata(
        field_name=field,
        md_algorithm=DIGEST,
        subfilter=SigSeedSubFilter.PADES,
        reason=reason,
        location=location or None,
    )
    outside = ExternalSigner(signing_cert=x509.Certificate.load(key.certificates[0]), cert_registry=None)
    session = PdfSigner(metadata, signer=outside, stamp_style=style).init_signing_session(
        IncrementalPdfFileWriter.from_reader(reader), existing_fields_only=True
    )
    session.system_time = clock.legal(signed_at).replace(microsecond=0)
    document = session.prepare_tbs_document(None, bytes_reserved=_reserved_characters(key))
    prepared, _same = document.digest_tbs_document(output=(out := BytesIO()))
    prepared.fill_with_cms(out, _message(key, prepared.document_digest, bound_hash))
    return out.getvalue()
