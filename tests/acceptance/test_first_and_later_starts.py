"""What a newcomer meets at the first start and the later ones, and when something is in the way."""

import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
from installation import Installation

from dean06.cli.postgres import EmbeddedPostgres

pytestmark = [pytest.mark.acceptance, pytest.mark.enable_socket, pytest.mark.timeout(1200)]

DEBIAN_15 = Path("/usr/lib/postgresql/15/bin")
PREPARATION = ("tables and rights", "demonstration country (3000 invented people)")


def test_the_first_start_shows_progress_addresses_and_people(walked):
    for text in (*PREPARATION, walked.origin, "dean06 demo walk"):
        assert text in walked.first_output
    for account in walked.demo_people().values():
        if account["part"] in {"citizen", "householder", "one_stop_officer", "appraiser", "head", "leader"}:
            assert account["number"] in walked.first_output
            assert account["full_name"] in walked.first_output
    assert "Traceback" not in walked.first_output


def test_ctrl_c_leaves_nothing_and_the_next_start_prepares_nothing(walked):
    assert walked.living()

    code = walked.stop()

    assert code == 0
    assert "the state stays in the data directory" in walked.output
    walked.wait_until_none_lives()
    seconds = walked.start()
    print(f"later start {seconds:.1f} s")
    for text in PREPARATION:
        assert text not in walked.output
    assert walked.demo_people()["citizen"]["number"] in walked.output
    assert walked.run("doctor").returncode == 0


def test_a_second_run_on_one_directory_is_refused(walked):
    done = refused_start(walked)

    assert done.returncode == 1
    assert "cli.already_running" in done.stderr
    assert str(walked.process.pid) in done.stderr


def test_a_taken_port_is_named_with_its_holder(walked, tmp_path):
    done = refused_start(Installation(tmp_path / "state", ports=walked.ports))

    assert done.returncode == 5
    assert "cli.port_taken" in done.stderr
    assert str(walked.ports["WEB"]) in done.stderr
    assert "pid" in done.stderr
    assert not (tmp_path / "state" / "postgres").exists()


@pytest.mark.parametrize("command", ["up", "doctor", "backup", "demo people", "ledger verify", "restore"])
def test_a_directory_that_cannot_be_written_is_named(tmp_path, command):
    (tmp_path / "file").write_text("in the way")
    arguments = [*command.split(), *([str(tmp_path / "file")] if command == "restore" else [])]

    done = Installation(tmp_path / "file" / "state").run(*arguments, check=False)

    assert done.returncode not in {0, -11}
    assert "Traceback" not in done.stdout + done.stderr
    assert "✗" in done.stdout + done.stderr


@pytest.mark.skipif(not DEBIAN_15.exists(), reason="Debian's PostgreSQL 15 is not installed")
def test_a_walk_on_an_external_postgresql_15(tmp_path):
    cluster = EmbeddedPostgres(tmp_path / "pg", tmp_path / "run", DEBIAN_15, tmp_path / "log" / "postgres.log")
    cluster.make()
    cluster.start()
    try:
        with psycopg.connect(cluster.dsn(), autocommit=True) as connection:
            connection.execute("CREATE ROLE registrar LOGIN CREATEROLE")  # what an administrator gives: no superuser
            connection.execute("CREATE DATABASE population OWNER registrar")
        url = f"postgresql://registrar@/population?host={tmp_path / 'run'}"
        external = Installation(tmp_path / "state", people=2000, extra_environment={"DATABASE_URL": url})
        try:
            print(f"first start on PostgreSQL 15: {external.start():.1f} s")
            print(external.run("demo", "walk").stdout)
            assert external.run("ledger", "verify").returncode == 0
            looked_at = external.run("doctor").stdout
            external.run("backup", str(tmp_path / "backup.tar"))
        finally:
            assert external.stop() == 0
        assert "PostgreSQL 15" in looked_at
        assert not (external.data_dir / "postgres").exists()
        external.wait_until_none_lives()
    finally:
        cluster.stop()


def refused_start(installation):
    command = [sys.executable, "-m", "dean06", "up"]
    started = time.monotonic()
    done = subprocess.run(command, env=installation.environment, capture_output=True, text=True, check=False, timeout=120)
    print(f"refused after {time.monotonic() - started:.1f} s:\n{done.stderr}")
    assert "Traceback" not in done.stdout + done.stderr
    assert done.stderr.startswith("✗")
    return done
