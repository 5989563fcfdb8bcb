"""A tail cut and signed anew, or a second history, is found by what a witness saw; and a witness cosigns nothing of the kind."""

import asyncio
import json

import pytest
from click.testing import CliRunner

from dean06.cli.main import cli
from dean06.ledger.models import LedgerCosignature, LedgerWitness, RefusedCheckpoint, WatchedLog
from dean06.ledger.public import ask_witnesses, export, public_keys_pem, submit_everywhere, vanished, verify, witness_app
from dean06.ledger.submitting import WitnessAway
from dean06.ledger.witnessing import add_checkpoint
from ledger_worlds import ADDRESS, KEEPER, WITNESS, appoint_witness, cut_and_sign_anew, in_process, sign_anew, sql, write_entries
from offline_verifier import tool

pytestmark = pytest.mark.django_db


@pytest.fixture
def witnessed():
    """Twelve entries, cosigned at five and at twelve."""
    key = appoint_witness()
    write_entries(4)
    assert submit_everywhere(in_process) == 1
    write_entries(7)
    assert submit_everywhere(in_process) == 1
    return key


def problems(**told):
    return {(finding.problem, finding.seq) for finding in verify("default", "registry", **told).findings}


def test_a_witness_follows_a_log_that_grows(witnessed):
    assert (verify("default").is_clean, verify("default").cosignatures) == (True, 2)
    assert submit_everywhere(in_process) == 0  # nothing new
    watched = WatchedLog.objects.get()
    assert (watched.size, watched.keeper, watched.note.count(WITNESS)) == (12, KEEPER, 1)
    assert LedgerWitness.objects.get().answered_at is not None


def test_a_tail_cut_and_signed_with_our_own_key_is_found(witnessed):
    """The superuser removes entries, checkpoints and cosignatures and signs the rest: alone the log looks whole."""
    cut_and_sign_anew("registry", 9)
    assert verify("default").is_clean

    seen, away = ask_witnesses(in_process)

    assert away == []
    assert problems(seen=seen) == {("tail_cut", 10)}
    submit_everywhere(in_process)
    assert (LedgerWitness.objects.get().problem, LedgerWitness.objects.get().problem_log) == ("tail_cut", "registry")


def test_a_second_history_signed_with_our_own_key_is_found_and_refused(witnessed):
    sql(
        "UPDATE ledger_ledgerentry SET recorded_at = recorded_at + interval '1 day' WHERE id IN"
        " (SELECT entry_id FROM ledger_ledgerleaf WHERE seq = 7)"
    )
    sign_anew("registry")
    assert {finding.problem for finding in verify("default").findings} == set()

    seen, _ = ask_witnesses(in_process)
    assert problems(seen=seen) == {("log_forked", 1)}

    write_entries(2)
    assert submit_everywhere(in_process) == 0
    assert LedgerWitness.objects.get().problem == "log_forked"
    kept = RefusedCheckpoint.objects.get()
    assert (kept.problem, kept.keeper, "\n12\n" in kept.seen_note, "\n14\n" in kept.offered_note) == ("log_forked", KEEPER, True, True)
    submit_everywhere(in_process)
    assert RefusedCheckpoint.objects.count() == 1


def test_two_histories_of_one_length_are_refused(witnessed):
    sql(
        "UPDATE ledger_ledgerentry SET recorded_at = recorded_at + interval '1 day' WHERE id IN"
        " (SELECT entry_id FROM ledger_ledgerleaf WHERE seq = 12)"
    )
    sign_anew("registry")

    submit_everywhere(in_process)

    assert (LedgerWitness.objects.get().problem, RefusedCheckpoint.objects.get().problem) == ("log_forked", "log_forked")


def test_stored_cosignatures_find_both_without_asking_anyone(witnessed):
    rows = list(LedgerCosignature.objects.all())
    cut_and_sign_anew("registry", 9)
    LedgerCosignature.objects.bulk_create(rows)
    assert problems() == {("tail_cut", 10)}

    sql("UPDATE ledger_ledgercosignature SET note = replace(note, '—', '-') WHERE size = 5")
    assert ("cosignature_altered", 5) in problems()


def test_a_log_that_is_gone_altogether_is_missed(witnessed):
    seen, _ = ask_witnesses(in_process)

    found = vanished(seen, ["services"])

    assert [(finding.problem, finding.log) for finding in found.findings] == [("log_missing", "registry")]


def test_a_witness_that_was_away_catches_up(witnessed):
    def away(_method, _address, _body):
        raise WitnessAway("down")

    write_entries(3)
    assert submit_everywhere(away) == 0
    assert ask_witnesses(away) == ([], [WITNESS])
    write_entries(3)
    assert submit_everywhere(in_process) == 1
    assert WatchedLog.objects.get().size == 18


def test_a_lost_answer_is_asked_for_again(witnessed):
    """The witness committed and the answer was lost: the keeper starts from the size that it is told."""
    write_entries(3)
    lost = []

    def losing(method, address, body):
        reply = in_process(method, address, body)
        if not lost:
            lost.append(reply)
            raise WitnessAway("cut")
        return reply

    assert submit_everywhere(losing) == 0
    assert submit_everywhere(losing) == 1
    assert LedgerCosignature.objects.order_by("-size").first().size == 15


SUBMISSIONS = {
    "no submission": (lambda _body: "nothing", 400),
    "older than itself": (lambda body: body.replace("old 12", "old 99"), 400),
    "from another size": (lambda body: body.replace("old 12", "old 11"), 409),
    "another log": (lambda body: body.replace("dean06.ledger/registry", "dean06.ledger/other"), 404),
    "not signed": (lambda body: body.replace("\n15\n", "\n16\n"), 403),
    "no proof": (lambda body: body.replace("\n\n", "\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n", 1), 422),
}


@pytest.mark.parametrize("what", SUBMISSIONS)
def test_a_witness_answers_as_c2sp_says(witnessed, what):
    change, status = SUBMISSIONS[what]
    write_entries(3)
    caught = []
    submit_everywhere(lambda _method, _address, body: caught.append(body) or (500, ""))

    reply = add_checkpoint(WITNESS, change(caught[0]))

    assert reply.status == status
    if status == 409:
        assert (reply.body, reply.content_type) == ("12\n", "text/x.tlog.size")
    assert WatchedLog.objects.get().size == 12


def test_the_offline_verifier_knows_witnesses(witnessed, tmp_path, capsys):
    keys, witnesses, held = tmp_path / "keys.pem", tmp_path / "witnesses.txt", tmp_path / "held.note"
    keys.write_bytes(public_keys_pem())
    witnesses.write_text(f"{witnessed}\n")
    held.write_text(WatchedLog.objects.get().note)
    rows = list(LedgerCosignature.objects.all())

    def run(name, *more):
        capsys.readouterr()
        code = tool.main(["export", str(tmp_path / name), "--key", str(keys), "--witness", str(witnesses), *map(str, more), "--json"])
        said = capsys.readouterr()
        return code, {(row["problem"], row["seq"]) for row in json.loads(said.out)}, said.err

    export(tmp_path / "whole")
    assert run("whole") == (0, set(), f"registry: 12 entries recomputed, cosigned by {WITNESS} up to 12\n")

    cut_and_sign_anew("registry", 9)
    export(tmp_path / "cut")
    assert run("cut")[:2] == (0, set())  # signed anew, cosignatures removed: alone nothing shows
    assert run("cut", "--known", held)[:2] == (1, {("tail_cut", 10)})

    LedgerCosignature.objects.bulk_create(rows)
    export(tmp_path / "cut2")
    assert run("cut2")[:2] == (1, {("tail_cut", 10)})

    write_entries(5)
    export(tmp_path / "fork")
    assert run("fork")[:2] == (1, {("log_forked", 6)})
    sql("UPDATE ledger_ledgercosignature SET note = replace(note, %s, 'VN.COM.OTHER')", WITNESS)
    sql("UPDATE ledger_ledgercosignature SET witness = 'VN.COM.OTHER'")
    export(tmp_path / "forged")
    assert ("cosignature_altered", 5) in run("forged")[1]


def test_the_commands_join_two_keepers(witnessed, tmp_path):
    keys = tmp_path / "keys.pem"
    keys.write_bytes(public_keys_pem())
    run = CliRunner().invoke

    key = run(cli, ["ledger", "witness", "watch", "VN.GOV.G01", "VN.COM.DEMOBANK", "exchange.consumer", "--key", str(keys)]).output.strip()
    assert key.startswith("VN.GOV.G01+")
    assert run(cli, ["ledger", "witness", "add", key, "http://localhost:1/witness/VN.GOV.G01", "--log", "registry"]).exit_code == 0
    assert run(cli, ["ledger", "witness", "add", "nonsense", "http://localhost:1"]).exit_code == 2
    assert run(cli, ["ledger", "witness", "add", key, "ftp://localhost"]).exit_code == 2
    (tmp_path / "bad.pem").write_text("nothing")
    assert run(cli, ["ledger", "witness", "watch", "A", "B", "c", "--key", str(tmp_path / "bad.pem")]).exit_code == 2
    assert [row["name"] for row in json.loads(run(cli, ["ledger", "witness", "list", "--json"]).output)] == [WITNESS, "VN.GOV.G01"]
    LedgerWitness.objects.update(problem="tail_cut", address="http://localhost:1")
    assert run(cli, ["ledger", "witness", "list"]).exit_code == 1
    assert run(cli, ["ledger", "verify", "--alone"]).exit_code == 0
    asked = run(cli, ["ledger", "verify"])
    assert (asked.exit_code, "nhân chứng VN.COM.DEMOBANK không trả lời" in asked.output) == (0, True)


@pytest.mark.django_db(transaction=True)
def test_a_witness_answers_over_asgi():
    key = appoint_witness()
    caught = []
    submit_everywhere(lambda method, address, body: caught.append((method, address, body)) or (500, ""))
    assert caught[0][:2] == ("POST", f"{ADDRESS}/add-checkpoint")

    async def ask(method, path, body=b"", query=b""):
        sent = []

        async def receive():
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(event):
            sent.append(event)

        await witness_app({"type": "http", "method": method, "path": path, "query_string": query}, receive, send)
        return sent[0]["status"], sent[1]["body"].decode()

    def asked(*given, **more):
        return asyncio.run(ask(*given, **more))

    assert asked("GET", f"/witness/{WITNESS}/key") == (200, f"{key}\n")
    status, line = asked("POST", f"/witness/{WITNESS}/add-checkpoint", caught[0][2].encode())
    assert (status, line.startswith(f"\N{EM DASH} {WITNESS} ")) == (200, True)
    assert line in asked("GET", f"/witness/{WITNESS}/checkpoint", query=b"log=registry")[1]
    assert asked("GET", "/witness/nobody/key")[0] == 404
    assert asked("GET", f"/witness/{WITNESS}/else")[0] == 404
    assert asked("POST", f"/witness/{WITNESS}/add-checkpoint", b"\xff")[0] == 400
    assert asked("POST", f"/witness/{WITNESS}/add-checkpoint", b"x" * 70_000)[0] == 413
