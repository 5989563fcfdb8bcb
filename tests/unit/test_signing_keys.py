"""The key store keeps its secrets, says what is wrong with it, and survives many hands at once."""

import base64
import hashlib
import json
import multiprocessing
import os
import shutil
import subprocess
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from dean06.signing import certificates, keystore, public
from dean06.signing.backend import KeyRecord, KeyVersion
from dean06.signing.errors import KeyCannotSignThis, KeyDamaged, KeyInOtherUse, KeyNameInvalid, KeyNotFound, KeystoreLocked, SubjectInvalid
from dean06.signing.keys import _encoded, backend, thumbprint
from dean06.signing.trust import published_dir

PASSPHRASE = "mật khẩu của kho khóa thử"


@pytest.fixture(autouse=True)
def key_dir(tmp_path, settings):
    settings.DEAN06_KEY_DIR = tmp_path / "keys"
    settings.DEAN06_KEY_PASSPHRASE = PASSPHRASE
    return tmp_path / "keys"


def an_officer(name="officer.01890000-0000-7000-8000-000000000001"):
    return public.ensure_key(name, common_name="Lê Thu Trang", organisation="Công an phường Hồng Gai", usage="officer")


def reopened(key_dir, passphrase=PASSPHRASE):
    return keystore.FileKeyStore(key_dir, passphrase)


def openssl(*arguments, **options):
    return subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False, **options)


def test_a_key_signs_and_its_signature_verifies_in_both_forms():
    key = an_officer()

    key.public_key.verify(key.sign(b"phieu"), b"phieu", ec.ECDSA(SHA256()))
    assert len(key.sign_raw(b"phieu")) == 64
    assert public.verify_raw(key.public_key, b"phieu", key.sign_raw(b"phieu"))
    assert not public.verify_raw(key.public_key, b"phieu khac", key.sign_raw(b"phieu"))
    assert not public.verify_raw(key.public_key, b"phieu", b"short")


NUMBER = st.integers(0, 2**256 - 1) | st.integers(0, 2**16) | st.sampled_from([2**255, 2**255 - 1, 2**248, 2**247])


@given(NUMBER, NUMBER)
def test_two_numbers_are_encoded_as_der_says(r, s):
    raw = b"".join(number.to_bytes(32, "big") for number in (r, s))

    assert _encoded(raw) == encode_dss_signature(r, s)


def test_the_ledgers_key_is_ed25519_and_bare():
    key = public.ensure_key("ledger", common_name="Sổ cái", usage="ledger")

    assert isinstance(key.public_key, Ed25519PublicKey)
    assert key.certificate is None
    assert len(key.sign(b"checkpoint")) == 64
    assert public.verify_raw(key.public_key, b"checkpoint", key.sign(b"checkpoint"))
    with pytest.raises(KeyCannotSignThis):
        key.private_key_for_jose()
    with pytest.raises(KeyCannotSignThis):
        public.chain_pem("ledger")


def test_making_a_key_again_returns_the_same_one():
    first = an_officer()

    assert an_officer().kid == first.kid
    assert public.signer(first.name).kid == first.kid


def test_one_key_serves_one_purpose():
    name = an_officer().name

    with pytest.raises(KeyInOtherUse):
        public.ensure_key(name, common_name="Lê Thu Trang", usage="seal")


def test_no_secret_lies_readable_on_disk_or_in_a_repr(key_dir):
    key = an_officer()
    secret = key.private_key_for_jose().private_numbers().private_value.to_bytes(32, "big")

    stored = b"".join(path.read_bytes() for path in key_dir.rglob("*") if path.is_file())

    assert secret not in stored
    assert b"PRIVATE KEY" not in stored
    assert "private" not in repr(key).lower()
    assert all(path.stat().st_mode & 0o077 == 0 for path in key_dir.glob("*.json"))
    assert key_dir.stat().st_mode & 0o077 == 0


def test_a_wrong_passphrase_is_refused_with_a_way_out(key_dir):
    name = an_officer().name

    with pytest.raises(KeystoreLocked, match="passphrase"):
        reopened(key_dir, "sai").record(name)


def test_every_changed_byte_of_a_key_file_is_noticed(key_dir):
    key = an_officer()
    path = key_dir / f"{key.name}.json"
    whole = path.read_bytes()

    for place in range(0, len(whole), 97):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(KeyDamaged):
            reopened(key_dir).record(key.name)


def test_a_key_file_cut_short_is_called_damaged(key_dir):
    key = an_officer()
    path = key_dir / f"{key.name}.json"
    path.write_bytes(path.read_bytes()[:200])

    with pytest.raises(KeyDamaged, match=key.name):
        public.signer(key.name)


def test_a_key_file_under_another_name_is_refused(key_dir):
    key = an_officer()
    shutil.copy(key_dir / f"{key.name}.json", key_dir / "officer.other.json")

    with pytest.raises(KeyDamaged, match="another name"):
        public.signer("officer.other")


@pytest.mark.parametrize("change", [{"n": 2**40}, {"p": 2**20}, {"kdf": "none"}, {"format": 9}, {"salt": "?"}])
def test_a_header_that_we_did_not_write_is_called_damaged_before_it_costs_anything(key_dir, change):
    name = an_officer().name
    path = key_dir / "keystore.json"
    header = {**json.loads(path.read_text()), **change}
    del header["checksum"], header["check"]
    checksum = hashlib.sha256(keystore._canonical(header)).hexdigest()
    path.write_text(json.dumps({**header, "checksum": checksum, "check": ""}))

    with pytest.raises(KeyDamaged, match=r"keystore\.json"):
        reopened(key_dir).record(name)


def test_a_lost_header_never_makes_a_second_store_over_old_keys(key_dir):
    name = an_officer().name
    (key_dir / "keystore.json").unlink()

    with pytest.raises(KeyDamaged, match="missing"):
        reopened(key_dir).record(name)


def test_an_unknown_key_is_not_found():
    with pytest.raises(KeyNotFound):
        public.signer("officer.nobody")


@pytest.mark.parametrize("name", ["", "../secret", "a/b", "A", "keystore", "x" * 121, "officer.Lê", ".hidden", "a\x00"])
def test_names_that_would_leave_the_directory_are_refused(name):
    with pytest.raises(KeyNameInvalid):
        public.signer(name)


def test_rotation_publishes_the_old_key_beside_the_new_and_destroys_its_secret():
    old = public.ensure_key("oidc", common_name="Định danh", usage="oidc")

    new = public.rotate("oidc")

    published = public.published_keys("oidc")
    assert [key.kid for key in published] == [new.kid, old.kid]
    assert published[0].not_after is None
    assert published[1].not_after is not None
    with pytest.raises(KeyNotFound):
        backend().private_key("oidc", old.kid)


def test_a_retired_token_key_leaves_publication_after_a_week_and_an_officers_never():
    officer, token = an_officer().name, public.ensure_key("oidc", common_name="Định danh", usage="oidc").name
    public.rotate(officer)
    public.rotate(token)

    with time_machine.travel(datetime.now(UTC) + timedelta(days=8), tick=False):
        assert len(public.published_keys(token)) == 1
        assert len(public.published_keys(officer)) == 2
        assert [len(public.kept_keys(name)) for name in (token, officer)] == [2, 2]
    assert [key.certificates_pem.count(b"BEGIN CERTIFICATE") for key in public.kept_keys(officer)] == [2, 2]


def test_a_rotation_by_another_process_is_seen_at_the_next_call(key_dir):
    key = public.ensure_key("oidc", common_name="Định danh", usage="oidc")
    elsewhere = reopened(key_dir)
    fresh = elsewhere.generate("P-256")
    record = elsewhere.record("oidc")
    version = record.current
    other = KeyVersion(
        thumbprint(fresh.public_key()),
        "P-256",
        fresh.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        None,
        version.made_at,
    )
    elsewhere.save(KeyRecord("oidc", "oidc", "", "", (other,)), new=fresh)

    assert public.signer("oidc").kid == other.kid != key.kid


def _make_keys(directory, results):
    from django.conf import settings

    settings.DEAN06_KEY_DIR, settings.DEAN06_KEY_PASSPHRASE = directory, PASSPHRASE
    results.put([public.ensure_key(f"seal.{n}", common_name=f"Cơ quan {n}", usage="seal").kid for n in range(5)])


def test_processes_that_start_together_agree_on_one_key_each(key_dir):
    context = multiprocessing.get_context("fork")
    results = context.Queue()
    workers = [context.Process(target=_make_keys, args=(key_dir, results)) for _ in range(4)]

    for worker in workers:
        worker.start()
    found = [results.get(timeout=60) for _ in workers]
    for worker in workers:
        worker.join()

    assert all(kids == found[0] for kids in found)
    assert len(set(found[0])) == 5


def test_a_crash_while_writing_leaves_the_old_file(key_dir, monkeypatch):
    key = an_officer()
    monkeypatch.setattr(os, "fsync", lambda _handle: (_ for _ in ()).throw(OSError("disk full")))

    with pytest.raises(OSError, match="disk full"):
        public.rotate(key.name)

    monkeypatch.undo()
    assert reopened(key_dir).record(key.name).current.kid == key.kid
    assert not list(key_dir.glob(".*json*"))


def test_openssl_accepts_the_chain_of_every_certificate(key_dir, tmp_path):
    public.ensure_trust()
    an_officer()
    public.ensure_key("seal.G01.H49.06649", common_name="Công an phường Hồng Gai", usage="seal")
    public.ensure_key("member.VN.GOV.G01", common_name="VN/GOV/G01", organisation="Bộ Công an", usage="member")
    purposes = {"officer": "smimesign", "seal": "smimesign", "member": "sslclient", "tsa": "timestampsign"}

    for state in public.key_states():
        if state.usage not in purposes:
            continue
        leaf = tmp_path / "leaf.pem"
        leaf.write_bytes(public.chain_pem(state.name))
        published = published_dir()
        answer = openssl(
            "verify", "-x509_strict", "-crl_check_all", "-CRLfile", str(published / "crl.pem"), "-CAfile", str(published / "root.pem"),
            "-untrusted", str(published / "issuing.pem"), "-purpose", purposes[state.usage], str(leaf),
        )  # fmt: skip
        assert answer.returncode == 0, (state.name, answer.stdout, answer.stderr)


def test_openssl_shows_the_vietnamese_subject(tmp_path):
    an_officer()
    leaf = tmp_path / "leaf.pem"
    leaf.write_bytes(public.chain_pem(an_officer().name))

    shown = openssl("x509", "-in", str(leaf), "-noout", "-subject", "-nameopt", "utf8,sep_comma_plus")

    assert "CN=Lê Thu Trang" in shown.stdout
    assert "O=Công an phường Hồng Gai" in shown.stdout


def test_only_the_time_stamp_authority_has_its_purpose_and_it_is_critical():
    public.ensure_trust()

    purposes = public.signer("tsa").certificate.extensions.get_extension_for_class(certificates.x509.ExtendedKeyUsage)

    assert purposes.critical
    assert list(purposes.value) == [certificates.ExtendedKeyUsageOID.TIME_STAMPING]


def test_after_new_authorities_old_and_new_certificates_both_verify(tmp_path):
    public.ensure_trust()
    old = tmp_path / "old.pem"
    old.write_bytes(public.chain_pem(an_officer().name))

    for name in public.rotation_order(tuple(state.name for state in public.key_states())):
        public.rotate(name)

    new = tmp_path / "new.pem"
    new.write_bytes(public.chain_pem(an_officer().name))
    anchors = tmp_path / "anchors.pem"
    anchors.write_bytes(public.trust_anchor_pem())
    assert public.trust_anchor_pem().count(b"BEGIN") == 2
    for leaf in (old, new):
        assert openssl("verify", "-CAfile", str(anchors), "-untrusted", str(leaf), str(leaf)).returncode == 0


def test_a_certificate_about_to_end_is_renewed_when_the_key_is_next_ensured():
    old = an_officer()

    with time_machine.travel(old.certificate.not_valid_after_utc - timedelta(days=10), tick=False):
        new = an_officer()

    assert new.kid != old.kid
    assert new.certificate.not_valid_after_utc > old.certificate.not_valid_after_utc


@pytest.mark.parametrize(("common_name", "organisation"), [("", "x"), ("x" * 65, ""), ("x", "y" * 65)])
def test_subjects_that_no_certificate_can_carry_are_refused_and_leave_no_key(common_name, organisation):
    with pytest.raises(SubjectInvalid):
        public.ensure_key("seal.x", common_name=common_name, organisation=organisation, usage="seal")
    with pytest.raises(KeyNotFound):
        public.signer("seal.x")


def test_the_thumbprint_is_the_one_of_rfc_8037_appendix_a3():
    key = Ed25519PublicKey.from_public_bytes(bytes.fromhex("d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"))

    assert thumbprint(key) == "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"


def test_an_es256_signature_of_rfc_7515_appendix_a3_verifies():
    x = "7fcdce2770f6c45d4183cbee6fdb4b7b580733357be9ef13bacf6e3c7bd15445"
    y = "c7f144cd1bbd9b7e872cdfedb9eeb9f4b3695d6ea90b24ad8a4623288588e5ad"
    key = ec.EllipticCurvePublicNumbers(int(x, 16), int(y, 16), ec.SECP256R1()).public_key()
    signed = b"eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ"
    signature = base64.urlsafe_b64decode("DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q==")

    assert public.verify_raw(key, signed, signature)


@given(st.binary(max_size=200), st.binary(min_size=64, max_size=64))
def test_random_bytes_are_no_signature(data, signature):
    key = ec.derive_private_key(1, ec.SECP256R1()).public_key()

    assert not public.verify_raw(key, data, signature)
