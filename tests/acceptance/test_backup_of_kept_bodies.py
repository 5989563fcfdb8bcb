"""Bodies that an agreement lets the gateways keep come back from a backup: they open, agree with their evidence, and can be shredded."""

import json
import shutil
from pathlib import Path

import pytest
from installation import Installation

PROGRAM = Path(__file__).with_name("kept_bodies.py")

pytestmark = [pytest.mark.acceptance, pytest.mark.enable_socket, pytest.mark.timeout(600)]


@pytest.mark.parametrize("places", [{}, {"exchange": "embedded"}], ids=["one_database", "database_of_the_exchange"])
def test_kept_bodies_survive_backup_wipe_and_restore(tmp_path, places):
    installation = Installation(tmp_path / "state", extra_environment={"DEAN06_MODULE_DATABASES": json.dumps(places)})
    file = tmp_path / "backup.tar"
    with installation.database():
        installation.run("database", "upgrade", role="owner")
        installation.run("ready")
        entries = installation.program(PROGRAM, "keep", str(tmp_path / "packs"))
        opened = installation.program(PROGRAM, "open", *entries.values())
        installation.run("backup", str(file))
    shutil.rmtree(installation.data_dir)

    installation.run("restore", str(file))

    with installation.database():
        assert set(entries) == {"provider", "consumer"}
        assert installation.program(PROGRAM, "open", *entries.values()) == opened
        for parts in opened.values():
            assert {name: agrees for name, (_text, agrees) in parts.items()} == {"request": True, "answer": True}
            assert json.loads(parts["answer"][0])["full_name"] == "Nguyễn Thị Mẫu"
        assert installation.program(PROGRAM, "shred") == {"provider": 1, "consumer": 1}
        listed = json.loads(installation.run("exchange", "bodies", "list", "--json").stdout)
        assert [(row["bodies"], bool(row["shredded_at"])) for row in listed] == [(0, True), (0, True)]
        assert installation.run("ledger", "verify").returncode == 0
