"""Signed documents that other programs find valid, and tampered ones that nobody does."""

import hashlib
import re
import subprocess
import zlib
from datetime import timedelta
from io import BytesIO

import pypdf
import pytest
import time_machine
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from dean06.core.clock import now
from dean06.core.documents import render_pdf
from dean06.signing import public
from dean06.signing.errors import (
    BoundHashInvalid,
    FieldAlreadySigned,
    FieldNotFound,
    FieldPlacementInvalid,
    KeyCannotSignThis,
    KeyNotFound,
    PdfTooLarge,
    PdfUnreadable,
)
from dean06.signing.public import FieldBox, Finding

STEPS = ("tiep_nhan", "tham_dinh", "phe_duyet", "ky_so", "tra_ket_qua")
OFFICERS = ("Lê Thu Trang", "Phạm Đức Ổn", "Nguyễn Thị Ngọc Ánh")
TEMPLATE = '#set document(title: "Phiếu kiểm soát")\n= #data.title\nSố định danh: Ễ Ữ Ợ Ậ Ẵ Ỵ'


@pytest.fixture(scope="module", autouse=True)
def _keys():
    public.ensure_trust()
    for number, name in enumerate(OFFICERS):
        public.ensure_key(f"officer.{number}", common_name=name, organisation="Công an phường Hồng Gai", usage="officer")
    public.ensure_key("seal.G01.H49.06649", common_name="Công an phường Hồng Gai", organisation="Bộ Công an", usage="seal")


def event_hash(step):
    return hashlib.sha256(step.encode()).digest()


@pytest.fixture(scope="module")
def sheet(_keys):
    pdf = render_pdf(TEMPLATE, {"title": "PHIẾU KIỂM SOÁT QUÁ TRÌNH GIẢI QUYẾT HỒ SƠ"})
    return public.add_signature_fields(pdf, [FieldBox(step, 0, 60, 600 - 80 * n, 290, 665 - 80 * n) for n, step in enumerate(STEPS)])


@pytest.fixture(scope="module")
def signed(sheet):
    for number, step in enumerate(STEPS):
        sheet = public.sign_pdf(
            sheet,
            field=step,
            signer_name=f"officer.{number % 3}",
            reason=f"Bước {number + 1}: {step}",
            location="Phường Hồng Gai",
            bound_hash=event_hash(step),
        )
    return sheet


@pytest.fixture(scope="module")
def nss(tmp_path_factory):
    """A certificate store as viewers have one, in which only our root is trusted."""
    directory = tmp_path_factory.mktemp("nss")
    root = directory / "root.pem"
    root.write_bytes(public.trust_anchor_pem())
    subprocess.run(["certutil", "-N", "-d", str(directory), "--empty-password"], check=True)
    subprocess.run(["certutil", "-A", "-d", str(directory), "-n", "dean06", "-t", "CT,C,C", "-i", str(root)], check=True)
    return directory


def pdfsig(pdf, nss, tmp_path):
    path = tmp_path / "document.pdf"
    path.write_bytes(pdf)
    answer = subprocess.run(["pdfsig", "-nssdir", str(nss), str(path)], capture_output=True, text=True, check=False)
    return answer.stdout


def test_pdfsig_finds_five_valid_trusted_signatures_with_vietnamese_names(signed, nss, tmp_path):
    said = pdfsig(signed, nss, tmp_path)

    assert said.count("Signature Validation: Signature is Valid.") == 5
    assert said.count("Certificate Validation: Certificate is Trusted.") == 5
    assert said.count("ETSI.CAdES.detached") == 5
    assert "CN=Phạm Đức Ổn,O=Công an phường Hồng Gai,C=VN" in said


@pytest.mark.parametrize("attempt", range(4))
def test_one_officer_may_sign_every_step(sheet, nss, tmp_path, attempt):
    """Poppler 22.12 calls a certificate corrupted that occurs in two signatures of a file: each signature has its own."""
    name = f"officer.alone.{attempt}"
    public.ensure_key(name, common_name="Vũ Thị Hồng Thắm", organisation="Công an phường Hồng Gai", usage="officer")
    for step in STEPS:
        sheet = public.sign_pdf(sheet, field=step, signer_name=name, reason=step)

    assert pdfsig(sheet, nss, tmp_path).count("Certificate is Trusted.") == 5
    assert {signature.signer_cn for signature in public.inspect_pdf(sheet)} == {"Vũ Thị Hồng Thắm"}


def test_pdfsig_does_not_trust_them_without_our_root(signed, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    subprocess.run(["certutil", "-N", "-d", str(empty), "--empty-password"], check=True)

    assert "Certificate is Trusted" not in pdfsig(signed, empty, tmp_path)


def test_our_inspection_agrees_and_returns_what_each_step_bound(signed):
    found = public.inspect_pdf(signed)

    assert [signature.field for signature in found] == list(STEPS)
    assert all(signature.is_valid and signature.findings == () for signature in found)
    assert [signature.signer_cn for signature in found] == [OFFICERS[n % 3] for n in range(5)]
    assert [signature.bound_hash for signature in found] == [event_hash(step) for step in STEPS]
    assert [signature.covers_whole_file for signature in found] == [False] * 4 + [True]
    assert all(signature.covers_whole_revision for signature in found)
    assert found[1].reason == "Bước 2: tham_dinh"
    assert found[1].location == "Phường Hồng Gai"
    assert all(abs((signature.timestamped_at - signature.signed_at).total_seconds()) < 60 for signature in found)


def test_each_signature_is_an_increment_and_the_document_stays_pdf_a(sheet, signed, tmp_path):
    (tmp_path / "signed.pdf").write_bytes(signed)

    metadata = pypdf.PdfReader(tmp_path / "signed.pdf").xmp_metadata
    fonts = subprocess.run(["pdffonts", str(tmp_path / "signed.pdf")], capture_output=True, text=True, check=True).stdout
    assert signed.startswith(sheet)
    assert (metadata.pdfaid_part, metadata.pdfaid_conformance) == ("2", "B")
    assert all(line.split()[-5] == "yes" for line in fonts.splitlines()[2:])


def test_the_stamps_can_be_read_in_vietnamese(signed, tmp_path):
    (tmp_path / "signed.pdf").write_bytes(signed)

    text = subprocess.run(["pdftotext", str(tmp_path / "signed.pdf"), "-"], capture_output=True, text=True, check=True).stdout

    assert text.count("Ký bởi: Nguyễn Thị Ngọc Ánh") == 1
    assert text.count("Cơ quan: Công an phường Hồng Gai") == 5
    assert len(re.findall(r"Thời gian ký: \d\d/\d\d/\d{4} \d\d:\d\d:\d\d \+07:00", text)) == 5


def test_the_stamp_shows_the_legal_time_and_the_callers_lines(sheet, tmp_path):
    lines = ("CÔNG AN PHƯỜNG HỒNG GAI", "Đã ký lúc {signed_at}")

    with time_machine.travel(now().replace(hour=20, minute=10, second=5), tick=False):
        public.ensure_trust()
        pdf = public.sign_pdf(sheet, field="ky_so", signer_name="seal.G01.H49.06649", reason="Đóng dấu", stamp_lines=lines)
        day = public.inspect_pdf(pdf)[0].signed_at

    (tmp_path / "signed.pdf").write_bytes(pdf)
    text = subprocess.run(["pdftotext", str(tmp_path / "signed.pdf"), "-"], capture_output=True, text=True, check=True).stdout
    assert f"Đã ký lúc {day:%d/%m/%Y} 03:10:05 +07:00" in text
    assert "CÔNG AN PHƯỜNG HỒNG GAI" in text


@pytest.mark.parametrize("place", [0.02, 0.1, 0.5, 0.9])
def test_one_flipped_bit_is_found_by_pdfsig_and_by_us(signed, nss, tmp_path, place):
    first_signed = signed[: signed.index(b"%%EOF", signed.index(b"ETSI.CAdES.detached")) + 6]
    position = int(len(first_signed) * place)
    tampered = bytearray(first_signed)
    start, end = first_signed.index(b"/Contents <"), first_signed.index(b">", first_signed.index(b"/Contents <"))
    if start <= position <= end:
        position = start - 50
    tampered[position] ^= 1

    said = pdfsig(bytes(tampered), nss, tmp_path)
    try:
        found = public.inspect_pdf(bytes(tampered))
    except PdfUnreadable:
        found = ()

    assert "Signature is Valid" not in said
    assert not any(signature.is_valid for signature in found)


def test_the_bound_hash_cannot_be_exchanged(signed, nss, tmp_path):
    """The hash stands in the signed attributes, so another one breaks the signature itself."""
    old, new = event_hash(STEPS[4]).hex().upper().encode(), b"AB" * 32
    assert signed.count(old) == 1

    swapped = signed.replace(old, new)

    last = public.inspect_pdf(swapped)[-1]
    assert last.bound_hash == bytes.fromhex("ab" * 32)
    assert not last.is_intact
    assert Finding.SIGNATURE_MISMATCH in last.findings
    assert pdfsig(swapped, nss, tmp_path).count("Signature is Valid.") == 4


def test_text_laid_over_a_signed_page_is_found(signed):
    writer = IncrementalPdfFileWriter(BytesIO(signed))
    over = writer.add_object(generic.StreamObject(stream_data=b"1 1 1 rg 0 0 600 850 re f"))
    writer.add_stream_to_page(0, over)
    out = BytesIO()
    writer.write(out)

    found = public.inspect_pdf(out.getvalue())

    assert all(not signature.is_intact and Finding.CHANGED_AFTERWARDS in signature.findings for signature in found)


def test_a_stranger_with_the_same_name_is_not_trusted(sheet, settings, tmp_path, nss):
    real = settings.DEAN06_KEY_DIR
    settings.DEAN06_KEY_DIR = tmp_path / "stranger"
    public.ensure_trust()
    public.ensure_key("officer.0", common_name=OFFICERS[0], organisation="Công an phường Hồng Gai", usage="officer")
    forged = public.sign_pdf(sheet, field=STEPS[0], signer_name="officer.0", reason="")
    settings.DEAN06_KEY_DIR = real

    signature = public.inspect_pdf(forged)[0]

    assert not signature.is_trusted
    assert Finding.NOT_TRUSTED in signature.findings
    assert signature.timestamped_at is None
    assert "Certificate is Trusted" not in pdfsig(forged, nss, tmp_path)


def test_a_signature_outlives_the_certificate_thanks_to_its_time_stamp(signed):
    with time_machine.travel(now() + timedelta(days=365 * 4), tick=False):
        assert all(signature.is_valid for signature in public.inspect_pdf(signed))


def test_rotation_leaves_old_signatures_valid_and_trusted(sheet):
    public.ensure_key("officer.rotated", common_name="Hoàng Văn Thái", usage="officer")
    pdf = public.sign_pdf(sheet, field=STEPS[0], signer_name="officer.rotated", reason="trước")
    public.rotate("officer.rotated")
    pdf = public.sign_pdf(pdf, field=STEPS[1], signer_name="officer.rotated", reason="sau")

    assert [signature.is_valid for signature in public.inspect_pdf(pdf)] == [True, True]


def test_refusals_say_what_is_wrong(sheet, signed):
    def sign(pdf=sheet, field=STEPS[0], name="officer.0", **more):
        return public.sign_pdf(pdf, field=field, signer_name=name, reason="", **more)

    with pytest.raises(FieldNotFound):
        sign(field="no_such_field")
    with pytest.raises(FieldAlreadySigned):
        sign(pdf=signed)
    with pytest.raises(KeyNotFound):
        sign(name="officer.nobody")
    with pytest.raises(KeyCannotSignThis):
        sign(name="tsa")
    with pytest.raises(KeyCannotSignThis):
        sign(name="ledger")
    with pytest.raises(BoundHashInvalid):
        sign(bound_hash=b"short")
    with pytest.raises(PdfUnreadable):
        sign(pdf=b"hello")


@pytest.mark.parametrize(
    "box",
    [
        FieldBox("tiep_nhan", 0, 0, 0, 10, 10),
        FieldBox("tiếp_nhận", 0, 0, 0, 10, 10),
        FieldBox("a.b", 0, 0, 0, 10, 10),
        FieldBox("x", 0, 10, 0, 10, 10),
        FieldBox("x", 1, 0, 0, 10, 10),
    ],
    ids=["doubled", "not ASCII", "dotted", "empty", "no such page"],
)
def test_fields_that_cannot_stand_are_refused(sheet, box):
    with pytest.raises(FieldPlacementInvalid):
        public.add_signature_fields(sheet, [box])


def test_an_unsigned_document_has_no_signatures(sheet):
    assert public.inspect_pdf(sheet) == ()


def hostile(signed):
    middle = len(signed) // 2
    yield b""
    yield b"%PDF-1.7\n"
    yield b"%PDF-1.7\n" + b"[" * 100_000 + b"\ntrailer << /Root 1 0 R >>\nstartxref\n9\n%%EOF"
    yield signed[:middle]
    yield signed[:-200]
    yield signed.replace(b"/ByteRange", b"/ByteRangX")
    yield signed.replace(b"/ByteRange [0 ", b"/ByteRange [9 ")
    yield signed.replace(b"startxref", b"startxreg")
    yield signed.replace(b"/Contents <30", b"/Contents <ff")
    yield re.sub(rb"startxref\n\d+", b"startxref\n99999999999999999999", signed)
    yield re.sub(rb"/Size \d+", b"/Size 999999999", signed)
    yield signed.replace(b"/Fields", b"/Kidzzz")
    yield signed.replace(b"/Prev ", b"/Prev 0")
    yield signed.replace(b"/Subtype /Widget", b"/Subtype /Wodget")
    yield b"%PDF-1.7\n" + bytes(range(256)) * 200


@pytest.mark.parametrize("number", range(15))
def test_hostile_files_give_findings_or_a_refusal(signed, number):
    pdf = list(hostile(signed))[number]

    try:
        found = public.inspect_pdf(pdf)
    except (PdfUnreadable, PdfTooLarge):
        return

    assert not all(signature.is_valid for signature in found) or found == ()


def test_a_file_beyond_the_bounds_is_refused_before_it_is_parsed():
    with pytest.raises(PdfTooLarge):
        public.inspect_pdf(b"%PDF-1.7" + bytes(21 * 1024 * 1024))


def test_a_bomb_in_a_stream_is_refused_quickly():
    bomb = zlib.compress(bytes(300 * 1024 * 1024), 9)
    entries = b"/Type /XRef /Size 3 /W [1 4 2] /Root 2 0 R /Filter /FlateDecode /Length " + str(len(bomb)).encode()
    head = b"%PDF-1.7\n1 0 obj\n<< " + entries + b" >>\nstream\n"

    with pytest.raises(PdfUnreadable):
        public.inspect_pdf(head + bomb + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n")
