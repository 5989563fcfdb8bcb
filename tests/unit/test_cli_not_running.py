"""Commands that need the database say at once that the installation is not running, and what to do."""

import os
import subprocess
import sys

import pytest


def dean06(folder, *arguments):
    environment = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "DEAN06_MODULE_DATABASES"}}
    environment |= {"DEAN06_DATA_DIR": str(folder), "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}
    command = [sys.executable, "-m", "dean06", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("command", ["registry count", "ledger verify", "exchange agreements", "demo walk", "backup"])
def test_a_command_that_needs_the_database_names_the_way_out(tmp_path, command):
    done = dean06(tmp_path, *command.split())

    assert done.returncode == 5
    assert "dean06 up" in done.stdout + done.stderr
    assert "cli.not_running" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


def test_the_doctor_names_it_once(tmp_path):
    done = dean06(tmp_path, "doctor")

    assert done.returncode == 1
    assert done.stdout.count("✗") == 1
    assert "cli.not_running" in done.stdout


def test_a_database_that_does_not_answer_is_a_sentence_too(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / ".s.PGSQL.5432").touch()

    done = dean06(tmp_path, "registry", "count")

    assert done.returncode == 5
    assert "cli.database_unreachable" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
