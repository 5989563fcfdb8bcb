"""A backup brings everything back, a damaged one nothing; who alters the log as the database's superuser is found out."""

import json
import random
import re
import subprocess
import sys
import time

import pytest
from installation import ROOT, Installation

from dean06.demo.walk.flow import NEW_ADDRESS
from dean06.demo.walk.visitor import Visitor

pytestmark = [pytest.mark.acceptance, pytest.mark.enable_socket, pytest.mark.timeout(1200)]

VOLATILE = {
    "exchange_seennonce",
    "identity_accesstoken",
    "identity_attemptcounter",
    "identity_authorizationcode",
    "identity_clientassertion",
    "identity_interaction",
    "portal_pendinglogin",
}
"""What has expired here is deleted by the worker at any moment; nothing else may differ."""


def test_backup_wipe_restore_is_equal(walked, tmp_path):
    citizen = Visitor(walked.origin, walked.new_walk().people["citizen"])
    citizen.log_in()
    shown = what_she_sees(citizen)
    wait_until_quiet(walked)
    file = tmp_path / "backup.tar"
    with walked.paused():  # gateways write their records behind the calls, the worker asks witnesses every few seconds
        before = contents(walked)
        walked.run("backup", str(file))
        assert contents(walked) == before, "the installation was not at rest while the backup was made"
    running = walked.run("restore", str(file), check=False)
    assert running.returncode == 1
    assert "cli.already_running" in running.stderr
    assert walked.stop() == 0
    there = walked.run("restore", str(file), check=False)
    assert there.returncode == 1
    assert "cli.state_exists" in there.stderr
    walked.data_dir.rename(tmp_path / "wiped")

    restored = walked.run("restore", str(file))

    assert "ledger verify" in restored.stdout
    with walked.database():
        assert differing(before, contents(walked)) == []
        assert walked.run("ledger", "verify").returncode == 0
    print(f"started on the restored state in {walked.start():.1f} s")
    assert what_she_sees(citizen) == shown  # with the cookie that she had
    assert NEW_ADDRESS in shown["/me"]
    assert json.loads((walked.data_dir / "demo" / "walks.json").read_text()) == {"finished": 1}


def test_a_damaged_backup_is_refused_and_nothing_is_made(walked, tmp_path):
    file = tmp_path / "backup.tar"
    walked.run("backup", str(file))
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 1
    file.write_bytes(content)
    empty = Installation(tmp_path / "state")

    done = empty.run("restore", str(file), check=False)

    assert done.returncode == 2
    assert "cli.backup_damaged" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (empty.data_dir / "postgres").exists()
    assert not (empty.data_dir / "keys").exists()


SEED = 20261123
ENTRY = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")
FORGERIES = {
    "commitment": "set_byte(commitment, 7, get_byte(commitment, 7) # 1)",
    "kind": "kind + 1",  # the number of another name, or of none
    "recorded_at": "recorded_at + interval '1 microsecond'",
}


def test_altered_bytes_of_entries_are_named_by_both_verifiers(walked, tmp_path):
    wait_until_quiet(walked)
    key = tmp_path / "keys.pem"
    key.write_text(walked.run("ledger", "keys").stdout)
    offline = [sys.executable, str(ROOT / "tools" / "verify_ledger.py"), "--key", str(key), "database", walked.dsn()]
    every = walked.rows("SELECT id, commitment, kind, recorded_at FROM ledger_ledgerentry ORDER BY id")
    victims = dict(zip(FORGERIES, random.Random(SEED).sample(every, len(FORGERIES)), strict=True))
    named = {str(row[0]) for row in victims.values()}

    for column, (entry, *_) in victims.items():
        forge(walked, f"UPDATE ledger_ledgerentry SET {column} = {FORGERIES[column]} WHERE id = %s", entry)
    ours = walked.run("ledger", "verify", check=False)
    theirs = subprocess.run(offline, capture_output=True, text=True, check=False)
    for entry, commitment, kind, recorded_at in victims.values():
        restored = "UPDATE ledger_ledgerentry SET commitment = %s, kind = %s, recorded_at = %s WHERE id = %s"
        forge(walked, restored, commitment, kind, recorded_at, entry)

    assert (ours.returncode, set(ENTRY.findall(ours.stdout))) == (1, named), ours.stdout
    assert (theirs.returncode, set(ENTRY.findall(theirs.stdout))) == (1, named), theirs.stdout
    assert walked.run("ledger", "verify").returncode == 0
    assert subprocess.run(offline, capture_output=True, check=False).returncode == 0


def forge(installation, statement, *values):
    """Change a row as only the database's superuser can: the triggers that refuse it are off."""
    with installation.superuser() as connection:
        connection.execute("SET LOCAL session_replication_role = replica")
        assert connection.execute(statement, values).rowcount == 1


PROOF_PENDING = "Đang ghi sổ"


def what_she_sees(citizen):
    """Text of the pages that tell a citizen where she stands; opening them adds nothing to them but the look itself."""
    return {path: settled_text(citizen, path) for path in ("/me", "/me/dossiers", "/me/documents")}


def settled_text(citizen, path, seconds=60):
    """Text of a page once no look on it waits for its proof any more."""
    deadline = time.monotonic() + seconds
    while PROOF_PENDING in (text := citizen.get(path).text):
        assert time.monotonic() < deadline, "the sequencer does not catch up"
        time.sleep(0.5)
    return text


def wait_until_quiet(installation, seconds=120):
    """Wait until every message is delivered and every entry has its number."""
    deadline = time.monotonic() + seconds
    waiting = "SELECT (SELECT count(*) FROM ledger_ledgerpending) + (SELECT count(*) FROM core_outboxmessage WHERE delivered_at IS NULL)"
    while installation.value(waiting):
        assert time.monotonic() < deadline, "the worker does not catch up"
        time.sleep(0.3)


def contents(installation):
    """Digest of every table's rows and of every sequence, by name."""
    tables = installation.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1")
    found = {
        name: installation.value(f"SELECT count(*) || ' ' || md5(string_agg(t::text, E'\\n' ORDER BY t::text COLLATE \"C\")) FROM {name} t")
        for (name,) in tables
        if name not in VOLATILE
    }
    return found | dict(installation.rows("SELECT sequencename, last_value::text FROM pg_sequences WHERE schemaname = 'public'"))


def differing(before, after):
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
