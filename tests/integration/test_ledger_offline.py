"""A verifier that shares no code with the server says the same as ours: exports, proofs, live databases."""

import functools
import json
import random
from uuid import UUID, uuid4

import pytest
from click.testing import CliRunner
from django.db import connections, transaction

from dean06.cli.main import cli
from dean06.core.actor import SYSTEM
from dean06.core.keys import PersonKey
from dean06.ledger.public import closed_proof_of, destroy_subject_key, export, proof_of, public_keys_pem, record, record_many, sequence
from dean06.signing.public import rotate
from offline_verifier import ROOT, tool

PEOPLE = [PersonKey(UUID(int=number)) for number in range(1, 8)]


def write_entries(count=12, *, log="registry"):
    given = {"log": log, "using": "default", "actor": SYSTEM, "who": "Công an phường Hồng Gai"}
    with transaction.atomic():
        keys = [record("registry.page_shown", subject=PEOPLE[n % 7], detail={"n": n}, **given) for n in range(count)]
        keys.append(record_many("registry.population_loaded", subjects=PEOPLE, **given))
    sequence("default")
    return keys


@pytest.fixture
def key_file(tmp_path):
    from dean06.signing.public import ensure_trust

    ensure_trust()
    path = tmp_path / "keys.pem"
    path.write_bytes(public_keys_pem())
    return path


def run(capsys, *arguments):
    code = tool.main([str(argument) for argument in arguments])
    return code, capsys.readouterr().out.rstrip("\n")


def save(tmp_path, proof):
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(proof))
    return path


def test_the_tool_imports_nothing_of_ours():
    source = (ROOT / "tools" / "verify_ledger.py").read_text()

    assert not [
        line for line in source.splitlines() if "import" in line and "dean06" in line.partition("import")[2] + line.partition("from")[2]
    ]


@pytest.mark.django_db
def test_an_export_verifies_offline(tmp_path, key_file, capsys):
    write_entries()
    rotate("ledger")
    write_entries(3, log="services")
    key_file.write_bytes(public_keys_pem())

    manifest = export(tmp_path / "out")

    assert [(log["log"], log["entries"]) for log in manifest["logs"]] == [("registry", 13), ("services", 4)]
    code, said = run(capsys, "export", tmp_path / "out", "--key", key_file)
    assert (code, said.splitlines()[-1]) == (0, "nothing found: all as it was signed")
    with pytest.raises(FileExistsError):
        export(tmp_path / "out")


@pytest.mark.django_db
def test_an_export_holds_no_text_and_no_person(tmp_path):
    write_entries()
    export(tmp_path / "out")

    for file in (tmp_path / "out").rglob("*.jsonl"):
        text = file.read_text()
        assert "Công an" not in text
        assert not any(str(person) in text or person.hex in text for person in PEOPLE)


@pytest.mark.django_db
def test_a_downloaded_proof_verifies_offline_and_a_changed_one_does_not(tmp_path, key_file, capsys):
    entries = write_entries()
    for entry, subject in ((entries[3], PEOPLE[3]), (entries[-1], PEOPLE[5])):
        proof = proof_of(entry, subject=subject)
        assert run(capsys, "proof", save(tmp_path, proof), "--key", key_file)[0] == 0

        changed = json.loads(json.dumps(proof))
        changed["reading"]["payload"] = changed["reading"]["payload"].replace("Hồng Gai", "Bãi Cháy")
        code, said = run(capsys, "proof", save(tmp_path, changed), "--key", key_file)
        assert code == 1
        assert str(entry) in said
        assert "reading_altered" in said


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        (("entry", "kind"), "registry.nothing", "entry_altered"),
        (("entry", "recorded_at"), "2020-01-01T00:00:00+00:00", "entry_altered"),
        (("entry", "subject_count"), 6, "entry_altered"),
        (("inclusion", "leaf_index"), 1, "not_included"),
        (("inclusion", "tree_size"), 12, "checkpoint_altered"),
        (("inclusion", "hashes"), [], "not_included"),
        (("bulk", "leaf_index"), 99, "subjects_altered"),
        (("checkpoint",), "nothing", "checkpoint_altered"),
    ],
)
def test_no_part_of_a_proof_can_be_changed(tmp_path, key_file, capsys, change):
    place, value, problem = change
    proof = proof_of(write_entries()[-1], subject=PEOPLE[0])
    *path, last = place
    part = proof
    for name in path:
        part = part[name]
    part[last] = value

    code, said = run(capsys, "proof", save(tmp_path, proof), "--key", key_file)

    assert code == 1
    assert problem in said


@pytest.mark.django_db
def test_a_proof_without_text_still_verifies(tmp_path, key_file, capsys):
    entries = write_entries()
    destroy_subject_key(PEOPLE[2])

    for proof in (proof_of(entries[2], subject=PEOPLE[2]), closed_proof_of(entries[4])):
        assert not proof.get("reading")
        assert run(capsys, "proof", save(tmp_path, proof), "--key", key_file)[0] == 0


@pytest.mark.django_db
def test_a_proof_under_another_s_key_does_not_verify(tmp_path, capsys):
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    proof = proof_of(write_entries()[0], subject=PEOPLE[0])
    other = tmp_path / "other.pem"
    other.write_bytes(Ed25519PrivateKey.generate().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))

    assert run(capsys, "proof", save(tmp_path, proof), "--key", other)[0] == 1


@pytest.mark.django_db
def test_what_is_no_proof_or_export_could_not_run(tmp_path, key_file, capsys):
    (tmp_path / "x.json").write_text("{}")
    (tmp_path / "y.json").write_text("\x00")
    (tmp_path / "bad.pem").write_text("no key")

    for arguments in (
        ("proof", tmp_path / "x.json", "--key", key_file),
        ("proof", tmp_path / "y.json", "--key", key_file),
        ("proof", tmp_path / "none.json", "--key", key_file),
        ("export", tmp_path / "none", "--key", key_file),
        ("export", tmp_path / "none", "--key", tmp_path / "bad.pem"),
        ("database", "host=/nonexistent dbname=none", "--key", key_file),
    ):
        assert run(capsys, *arguments)[0] == 2


@pytest.mark.django_db
def test_a_tail_cut_with_its_checkpoints_is_found_by_a_proof_kept_from_before(tmp_path, key_file, capsys):
    """Whoever owns the database may remove the end without a trace in it; the proof in a citizen's hands is the trace."""
    entries = write_entries()
    kept = save(tmp_path, proof_of(entries[0], subject=PEOPLE[0]))
    export(tmp_path / "out")
    place = tmp_path / "out" / "default" / "registry"
    for name in ("leaves", "checkpoints", "subjects"):
        (place / f"{name}.jsonl").write_text("")

    assert run(capsys, "export", tmp_path / "out", "--key", key_file)[0] == 0
    code, said = run(capsys, "export", tmp_path / "out", "--key", key_file, "--known", kept)
    assert (code, "tail_cut" in said) == (1, True)


@pytest.mark.django_db
def test_a_thousand_random_changes_are_all_found_and_named(tmp_path, key_file, monkeypatch):
    """Flip, drop, reorder, insert, cut the tail: the offline verifier finds each and names an entry or number it touches."""
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", 7)
    write_entries(29)
    export(tmp_path / "out")
    keys = tool.Keys.read(key_file.read_bytes())
    monkeypatch.setattr(keys, "open", functools.cache(keys.open))  # the same few notes, a thousand times
    place = tmp_path / "out" / "default" / "registry"
    leaves = [json.loads(line) for line in (place / "leaves.jsonl").read_text().splitlines()]
    notes = [json.loads(line) for line in (place / "checkpoints.jsonl").read_text().splitlines()]
    people = [json.loads(line) for line in (place / "subjects.jsonl").read_text().splitlines()]
    chance = random.Random(2026)

    assert len(leaves) == 30
    assert findings_of(keys, leaves, notes, people) == []
    for _ in range(1000):
        changed, touched = CHANGES[chance.choice(sorted(CHANGES))](json.loads(json.dumps(leaves)), chance)
        found = findings_of(keys, changed, notes, people)
        assert found, touched
        assert touched & named_by(found, changed), (touched, found)


def findings_of(keys, leaves, notes, people):
    present = {row["entry_id"] for row in leaves}
    source = tool.Source(
        log="registry",
        leaves=(
            (row["seq"], row["entry_id"], bytes.fromhex(row["leaf_hash"]), bytes.fromhex(row["chain_hash"]), row["entry"]) for row in leaves
        ),
        unnumbered=iter(()),
        checkpoints=((row["size"], row["note"]) for row in notes),
        subjects=((row["entry_id"], row["position"], bytes.fromhex(row["subject"])) for row in people if row["entry_id"] in present),
    )
    return tool.LogVerifier(source, keys).run()


def named_by(findings, leaves):
    numbers = {finding.seq for finding in findings if finding.seq}
    named = {finding.entry for finding in findings if finding.entry}
    return numbers | {row["seq"] for row in leaves if row["entry_id"] in named}


def flip(leaves, chance):
    row = chance.choice(leaves)
    name = chance.choice(["kind", "recorded_at_us", "subject", "commitment", "leaf_hash", "chain_hash", "id"])
    if name == "kind":
        row["entry"]["kind"] += "x"
    elif name == "recorded_at_us":
        row["entry"][name] ^= 1 << chance.randrange(40)
    elif name == "id":
        row["entry"]["id"] = str(UUID(int=UUID(row["entry"]["id"]).int ^ 1 << chance.randrange(128)))
    else:
        holder = row["entry"] if name in row["entry"] else row
        value = bytearray(bytes.fromhex(holder[name]) or bytes(32))
        value[chance.randrange(len(value))] ^= 1 << chance.randrange(8)
        holder[name] = value.hex()
    return leaves, {row["seq"]}


def drop(leaves, chance):
    index = chance.randrange(len(leaves) - 1)
    return leaves[:index] + leaves[index + 1 :], {leaves[index]["seq"]}


def drop_and_renumber(leaves, chance):
    index = chance.randrange(len(leaves) - 1)
    rest = leaves[:index] + leaves[index + 1 :]
    for number, row in enumerate(rest, 1):
        row["seq"] = number
    return rest, {index + 1}


def drop_entry(leaves, chance):
    row = chance.choice(leaves)
    row["entry"] = None
    return leaves, {row["seq"]}


def reorder(leaves, chance):
    one, other = chance.sample(leaves, 2)
    one["seq"], other["seq"] = other["seq"], one["seq"]
    return sorted(leaves, key=lambda row: row["seq"]), {one["seq"], other["seq"]}


def insert(leaves, chance):
    index = chance.randrange(len(leaves))
    forged = json.loads(json.dumps(chance.choice(leaves)))
    forged["entry"]["id"] = forged["entry_id"] = str(uuid4())
    forged["leaf_hash"] = tool.leaf_hash(forged["entry"]).hex()
    leaves.insert(index, forged)
    for number, row in enumerate(leaves, 1):
        row["seq"] = number
    return leaves, {index + 1}


def cut_tail(leaves, chance):
    kept = chance.randrange(len(leaves))
    return leaves[:kept], {kept + 1}


CHANGES = {change.__name__: change for change in (flip, drop, drop_and_renumber, drop_entry, reorder, insert, cut_tail)}


@pytest.mark.django_db(transaction=True)
def test_one_byte_changed_in_a_live_database_is_named_by_both_verifiers(key_file, capsys):
    """What the issue asks: edit one byte of a ledger row as superuser; both programs name the entry."""
    entries = write_entries()
    settings = connections["default"].settings_dict
    dsn = f"host={settings['HOST']} dbname={settings['NAME']} user={settings['USER']}" + (
        f" port={settings['PORT']}" if settings["PORT"] else ""
    )
    if settings["PASSWORD"]:
        dsn += f" password={settings['PASSWORD']}"
    assert run(capsys, "database", dsn, "--key", key_file)[0] == 0
    assert CliRunner().invoke(cli, ["ledger", "verify"]).exit_code == 0

    with connections["default"].cursor() as cursor:
        cursor.execute(
            "UPDATE ledger_ledgerentry SET commitment = set_byte(commitment, 9, 255 - get_byte(commitment, 9)) WHERE id = %s", [entries[5]]
        )

    code, said = run(capsys, "database", dsn, "--key", key_file)
    ours = CliRunner().invoke(cli, ["ledger", "verify"])
    assert (code, ours.exit_code) == (1, 1)
    assert str(entries[5]) in said
    assert str(entries[5]) in ours.output


@pytest.mark.django_db
def test_the_command_speaks_json_and_prints_proofs_and_keys(tmp_path):
    entries = write_entries()
    seen = json.loads(CliRunner().invoke(cli, ["ledger", "verify", "--json", "--log", "registry"]).output)
    assert (seen["entries"], seen["is_clean"]) == (13, True)

    assert json.loads(CliRunner().invoke(cli, ["ledger", "proof", str(entries[0])]).output)["entry"]["id"] == str(entries[0])
    assert "PUBLIC KEY" in CliRunner().invoke(cli, ["ledger", "keys"]).output
    assert CliRunner().invoke(cli, ["ledger", "export", str(tmp_path / "out")]).exit_code == 0
    assert CliRunner().invoke(cli, ["ledger", "export", str(tmp_path / "out")]).exit_code == 2
