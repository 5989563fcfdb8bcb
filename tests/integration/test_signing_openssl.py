"""A second judge: OpenSSL takes the signatures out of a document and verifies them without pyHanko, poppler or our code."""

import asyncio
import hashlib
import re
import subprocess
from io import BytesIO

import pypdf
import pytest
from asn1crypto import cms, x509
from cryptography.hazmat.primitives.serialization import Encoding
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation.ades import AdESPassed, ades_with_time_validation
from pyhanko.sign.validation.policy_decl import SignatureValidationSpec
from pyhanko_certvalidator.context import CertValidationPolicySpec
from pyhanko_certvalidator.policy_decl import NO_REVOCATION, CertRevTrustPolicy
from pyhanko_certvalidator.registry import SimpleTrustManager

from dean06.core.documents import render_pdf
from dean06.signing import public
from dean06.signing.pades import BOUND_HASH_OID
from dean06.signing.public import FieldBox
from dean06.signing.trust import trust_anchors

EVENT_HASH = hashlib.sha256("sự kiện của bước".encode()).digest()


@pytest.fixture(scope="module")
def signed():
    public.ensure_trust()
    public.ensure_key("officer.second", common_name="Đặng Thị Ngọc Ánh", organisation="Công an phường Hồng Gai", usage="officer")
    public.ensure_key("seal.second", common_name="Ủy ban nhân dân phường Hồng Gai, thành phố Quảng Ninh", usage="seal")
    pdf = render_pdf('#set document(title: "Kết quả")\n= KẾT QUẢ', {})
    pdf = public.add_signature_fields(pdf, [FieldBox("thu_truong", 0, 60, 300, 300, 380), FieldBox("con_dau", 0, 320, 300, 560, 380)])
    pdf = public.sign_pdf(pdf, field="thu_truong", signer_name="officer.second", reason="Ký số kết quả", bound_hash=EVENT_HASH)
    return public.sign_pdf(pdf, field="con_dau", signer_name="seal.second", reason="Đóng dấu")


@pytest.fixture
def taken_out(signed, tmp_path):
    """The first signature as files: what is signed, the message that signs it, the root."""
    signature = next(field["/V"] for name, field in pypdf.PdfReader(BytesIO(signed)).get_fields().items() if name == "thu_truong")
    first, first_length, second, second_length = signature["/ByteRange"]
    (tmp_path / "content").write_bytes(signed[first : first + first_length] + signed[second : second + second_length])
    (tmp_path / "message").write_bytes(signature["/Contents"].original_bytes)
    (tmp_path / "root.pem").write_bytes(public.trust_anchor_pem())
    return tmp_path


def openssl(folder, *arguments):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False, cwd=folder)


def verified(folder):
    return openssl(
        folder, "cms", "-verify", "-inform", "DER", "-in", "message", "-content", "content", "-binary", "-cades", "-CAfile", "root.pem",
        "-purpose", "smimesign", "-out", "out", "-signer", "signer.pem",
    )  # fmt: skip


def test_openssl_verifies_message_chain_and_the_signing_certificate_attribute(taken_out):
    verdict = verified(taken_out)

    assert verdict.returncode == 0, verdict.stderr
    subject = openssl(taken_out, "x509", "-in", "signer.pem", "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus").stdout
    assert "CN=Đặng Thị Ngọc Ánh" in subject


def test_openssl_refuses_another_content(taken_out):
    content = (taken_out / "content").read_bytes()
    (taken_out / "content").write_bytes(content.replace(b"/Reason", b"/Treason"[:7]))

    assert verified(taken_out).returncode != 0


def test_openssl_shows_the_bound_hash_among_the_signed_attributes(taken_out):
    shown = openssl(taken_out, "cms", "-cmsout", "-print", "-inform", "DER", "-in", "message").stdout

    signed_attributes = shown[shown.index("signedAttrs:") : shown.index("signatureAlgorithm:", shown.index("signedAttrs:"))]
    assert BOUND_HASH_OID in signed_attributes
    dumped = "".join(re.findall(r"\b[0-9a-f]{2}\b", signed_attributes[signed_attributes.index(BOUND_HASH_OID) :].replace("-", " ")))
    assert EVENT_HASH.hex()[:16] in dumped


def walk_der(data):
    """Read one value; fail on anything that DER forbids; return its length (ITU-T X.690, sec. 10 and 11.6)."""
    tag, first = data[0], data[1]
    assert first != 0x80, "indefinite length"
    many = first & 0x7F if first & 0x80 else 0
    size = int.from_bytes(data[2 : 2 + many], "big") if many else first
    assert not many or (size >= 0x80 and data[2] != 0), "a length that could be shorter"
    start = 2 + many
    if tag & 0x20:
        members, position = [], start
        while position < start + size:
            length = walk_der(data[position:])
            members.append(data[position : position + length])
            position += length
        assert position == start + size
        assert tag != 0x31 or members == sorted(members), "a SET OF out of order"
    return start + size


def test_the_message_is_der_as_pades_wants(taken_out):
    """ETSI EN 319 142-1: the signature is a DER-encoded SignedData; only zeros fill the rest of the reserved room."""
    message = (taken_out / "message").read_bytes()

    length = walk_der(message)

    assert not message[length:].strip(b"\0")
    assert 1000 < length < len(message)


def test_openssl_verifies_the_time_stamp_over_the_signature_value(taken_out):
    signer = cms.ContentInfo.load((taken_out / "message").read_bytes())["content"]["signer_infos"][0]
    token = next(attribute for attribute in signer["unsigned_attrs"] if attribute["type"].native == "signature_time_stamp_token")
    (taken_out / "token").write_bytes(token["values"][0].dump())
    digest = hashlib.sha256(signer["signature"].native).hexdigest()
    arguments = ("ts", "-verify", "-in", "token", "-token_in", "-CAfile", "root.pem")

    assert openssl(taken_out, *arguments, "-digest", digest).returncode == 0
    assert openssl(taken_out, *arguments, "-digest", hashlib.sha256(b"another").hexdigest()).returncode != 0


def test_pyhanko_finds_them_passed_by_the_rules_of_etsi_en_319_102(signed):
    roots = SimpleTrustManager.build(trust_roots=[x509.Certificate.load(root.public_bytes(Encoding.DER)) for root in trust_anchors()])
    certificates = CertValidationPolicySpec(
        trust_manager=roots, revinfo_policy=CertRevTrustPolicy(revocation_checking_policy=NO_REVOCATION)
    )
    policy = SignatureValidationSpec(cert_validation_policy=certificates)

    for embedded in PdfFileReader(BytesIO(signed)).embedded_signatures:
        result = asyncio.run(ades_with_time_validation(embedded.signed_data, policy, raw_digest=embedded.compute_digest()))
        assert result.ades_subindic == AdESPassed.OK
