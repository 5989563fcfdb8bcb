"""The evidence of one transaction leaves the house as a file that proves itself, to its parties alone."""

import asyncio
import base64
import io
import json
import zipfile

import pytest
from click.testing import CliRunner
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from dean06.cli.main import cli
from dean06.exchange import providing
from dean06.exchange.endpoints import consumer_app
from dean06.exchange.errors import EvidenceNotFound
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.public import evidence_bundle
from dean06.ledger.models import LedgerEntry
from dean06.ledger.public import add_witness, log_keys, public_keys_pem, stamp_everywhere, submit_everywhere, watch
from dean06.ledger.witnessing import add_checkpoint
from dean06.signing.public import rotate, trust_anchor_pem
from exchange_evidence_world import BANK, NUMBER, POPULATION, look_up, populate
from offline_verifier import tool

pytestmark = pytest.mark.django_db

WITNESS = "VN.GOV.H49"


@pytest.fixture
def transaction(monkeypatch):
    """A call whose logs were cosigned and stamped."""
    monkeypatch.setattr(providing, "_providers", {})
    populate()
    look_up()
    answer = look_up()
    key = watch(witness=WITNESS, keeper="VN", log_name="exchange.provider", keys=log_keys())
    add_witness(verifier_key=str(key), address="http://witness.example", logs=["exchange.provider"])
    submit_everywhere(lambda _method, _address, body: (int((reply := add_checkpoint(WITNESS, body)).status), reply.body))
    stamp_everywhere()
    look_up()
    return answer.transaction_id


@pytest.fixture
def trusted(tmp_path, transaction):
    """What a stranger takes from places that he trusts."""
    from dean06.ledger.public import witnesses

    (tmp_path / "keys.pem").write_bytes(public_keys_pem())
    (tmp_path / "root.pem").write_bytes(trust_anchor_pem())
    (tmp_path / "witnesses.txt").write_text("".join(one.verifier_key + "\n" for one in witnesses()))
    return tmp_path


def run(capsys, folder, content):
    (folder / "bundle.zip").write_bytes(content)
    capsys.readouterr()
    given = [
        "bundle",
        folder / "bundle.zip",
        "--key",
        folder / "keys.pem",
        "--trust",
        folder / "root.pem",
        "--witness",
        folder / "witnesses.txt",
    ]
    code = tool.main([*map(str, given), "--json"])
    said = capsys.readouterr()
    return code, {row["problem"] for row in json.loads(said.out)} if code < 2 else set(), said.err


def rewritten(content, change):
    """Take a bundle apart, change its files and put it together as a careful forger would, manifest and all."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    change(files)
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {name: tool.sha256(body).hex() for name, body in files.items() if name != "manifest.json"}
    manifest["records"] = [name for name in manifest["records"] if name in files]
    files["manifest.json"] = json.dumps(manifest).encode()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, body in files.items():
            archive.writestr(name, body)
    return out.getvalue()


def test_a_bundle_proves_itself_offline(trusted, transaction, capsys):
    entries, content = evidence_bundle(transaction, name="bundle.zip")

    code, problems, said = run(capsys, trusted, content)

    assert (code, problems) == (0, set()), said
    assert len(entries) == 2
    assert "the request was signed by" in said
    assert "Ngân hàng trình diễn" in said
    assert "Bộ Công an" in said
    assert f"2 entries cosigned by {WITNESS}" in said
    assert said.count("the entry existed at") == 2  # both logs were stamped
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        assert {"records/provider.json", "records/consumer.json", "README.txt", "trust/root.pem"} <= set(archive.namelist())
        assert len([name for name in archive.namelist() if name.startswith("members/")]) == 2
        whole = b"".join(archive.read(name) for name in archive.namelist())
    assert NUMBER.encode() not in whole
    assert "Nguyễn Thị Mẫu".encode() not in whole


def record(files, side="provider"):
    return json.loads(files[f"records/{side}.json"])


def put(files, made, side="provider"):
    files[f"records/{side}.json"] = json.dumps(made).encode()


def say_other_purpose(files):
    made = record(files)
    made["reading"]["payload"] = made["reading"]["payload"].replace('"purpose":"kyc"', '"purpose":"own-record"')
    put(files, made)


def commit_to_other_status(files):
    """Recompute commitment and leaf too: the log's signed root betrays it, and the members' signatures."""
    made = record(files)
    made["reading"]["payload"] = made["reading"]["payload"].replace('"status":200', '"status":404')
    payload = made["reading"]["payload"].encode()
    made["entry"]["commitment"] = tool.sha256(base64.b64decode(made["reading"]["salt"]), payload).hex()
    made["leaf_hash"] = tool.leaf_hash(made["entry"]).hex()
    put(files, made)


def swap_signature(files):
    made = record(files)
    payload = json.loads(made["reading"]["payload"])
    payload["detail"]["request"]["signature"] = payload["detail"]["answer"]["signature"]
    made["reading"]["payload"] = json.dumps(payload)
    put(files, made)


def swap_certificates(files):
    one, other = sorted(name for name in files if name.startswith("members/"))
    files[one], files[other] = files[other], files[one]


def drop_certificates(files):
    for name in [name for name in files if name.startswith("members/")]:
        del files[name]


def change_cosignature(files):
    made = record(files)
    anchor = next(anchor for anchor in made["anchors"] if anchor["kind"] == "cosignature")
    anchor["checkpoint"] = made["checkpoint"]
    put(files, made)


def change_stamp(files):
    made = record(files)
    anchor = next(anchor for anchor in made["anchors"] if anchor["kind"] == "stamp")
    raw = bytearray(base64.b64decode(anchor["token"]))
    raw[-5] ^= 1
    anchor["token"] = base64.b64encode(raw).decode()
    put(files, made)


CHANGES = {
    "other purpose": (say_other_purpose, {"reading_altered"}),
    "other status": (commit_to_other_status, {"not_included", "record_altered", "records_differ"}),
    "other signature": (swap_signature, {"reading_altered", "signature_wrong", "records_differ", "record_altered"}),
    "swapped certificates": (swap_certificates, {"certificate_altered"}),
    "no certificates": (drop_certificates, {"certificate_missing"}),
    "other cosignature": (change_cosignature, {"cosignature_altered", "checkpoint_altered"}),
    "other stamp": (change_stamp, {"stamp_altered"}),
}


@pytest.mark.parametrize("what", CHANGES)
def test_a_changed_bundle_is_refused_even_when_its_manifest_was_changed_with_it(trusted, transaction, capsys, what):
    change, expected = CHANGES[what]
    _, content = evidence_bundle(transaction, name="bundle.zip")

    code, problems, said = run(capsys, trusted, rewritten(content, change))

    assert (code, problems) == (1, expected), said


def test_a_file_that_the_manifest_does_not_know_is_named(trusted, transaction, capsys):
    _, content = evidence_bundle(transaction, name="bundle.zip")
    out = io.BytesIO(content)
    with zipfile.ZipFile(out, "a") as archive:
        archive.writestr("more.txt", "x")

    assert run(capsys, trusted, out.getvalue())[:2] == (1, {"file_altered"})
    assert run(capsys, trusted, b"nothing")[0] == 2


def a_root_of_the_same_name():
    ours, key = x509.load_pem_x509_certificate(trust_anchor_pem()), ec.generate_private_key(ec.SECP256R1())
    root = (
        x509.CertificateBuilder(ours.subject, ours.subject, key.public_key(), 1, ours.not_valid_before_utc, ours.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .sign(key, hashes.SHA256())
    )
    return root.public_bytes(serialization.Encoding.PEM)


def test_another_root_does_not_vouch(trusted, transaction, capsys):
    _, content = evidence_bundle(transaction, name="bundle.zip")
    (trusted / "root.pem").write_bytes(a_root_of_the_same_name())

    code, problems, _ = run(capsys, trusted, content)

    assert (code, problems) == (1, {"certificate_untrusted", "stamp_altered"})


def test_after_a_rotation_the_old_certificate_still_stands_in_the_bundle(trusted, transaction, capsys):
    rotate("member.VN.COM.DEMOBANK")
    _, content = evidence_bundle(transaction, name="bundle.zip")

    assert run(capsys, trusted, content)[:2] == (0, set())


def test_the_index_follows_the_log_and_can_be_made_anew(transaction):
    index_evidence()
    first = list(EvidenceIndex.objects.order_by("entry_id").values())
    EvidenceIndex.objects.all().delete()
    index_evidence()

    assert list(EvidenceIndex.objects.order_by("entry_id").values()) == first
    assert {(row["log"], row["client"], row["service"], row["status"], row["is_signed"]) for row in first} == {
        (log, BANK, POPULATION, 200, True) for log in ("exchange.provider", "exchange.consumer")
    }
    assert index_evidence() == 0


def test_the_command_writes_the_file_and_the_ledger_knows(trusted, transaction):
    out = trusted / "out.zip"

    done = CliRunner().invoke(cli, ["exchange", "evidence", transaction, "--out", str(out)])

    assert done.exit_code == 0, done.output
    assert zipfile.is_zipfile(out)
    assert LedgerEntry.objects.filter(kind="exchange.evidence_handed_out").count() == 1
    missing = CliRunner().invoke(cli, ["exchange", "evidence", "nothing", "--out", str(out)])
    assert (missing.exit_code, "exchange.evidence_not_found" in missing.output) == (3, True)
    with pytest.raises(EvidenceNotFound):
        evidence_bundle("", name="x")


@pytest.mark.django_db(transaction=True)
def test_a_member_gets_its_own_transactions_and_no_others(monkeypatch, tmp_path):
    monkeypatch.setattr(providing, "_providers", {})
    populate()
    transaction = look_up().transaction_id

    def ask(subsystem, *, query_id=transaction, peer="127.0.0.1"):
        return asyncio.run(_asked(subsystem, query_id, peer))

    async def _asked(subsystem, query_id, peer):
        sent = []

        async def receive():
            return {"type": "http.request", "body": b""}

        async def send(event):
            sent.append(event)

        names = ("xRoadInstance", "memberClass", "memberCode", "subsystemCode")
        query = "&".join(f"{name}={value}" for name, value in zip(names, subsystem.split("/"), strict=False))
        scope = {"type": "http", "method": "GET", "path": "/asic", "raw_path": b"/asic", "headers": [], "client": (peer, 1)}
        await consumer_app()({**scope, "query_string": f"queryId={query_id}&{query}".encode()}, receive, send)
        return sent[0]["status"], sent[1]["body"]

    status, body = ask(BANK)
    assert status == 200
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert [name for name in archive.namelist() if name.startswith("records/")] == ["records/consumer.json"]
    status, body = ask("VN/GOV/G01/POPULATION")
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        assert [name for name in archive.namelist() if name.startswith("records/")] == ["records/provider.json"]
    assert ask("VN/GOV/H49/SERVICES")[0] == 404
    assert ask(BANK, query_id="nothing")[0] == 404
    assert ask(BANK, peer="192.0.2.7")[0] == 401  # from another machine without a token
    assert ask("VN/GOV")[0] == 400
    assert ask("VN/GOV/NOBODY/X")[0] >= 400
    assert LedgerEntry.objects.filter(kind="exchange.evidence_handed_out").count() == 2
