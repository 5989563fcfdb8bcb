"""Closed days become files that continue one another and verify offline; whatever is done to them is found."""

import fcntl
import importlib.util
import json
import os
import random
import shutil
import sys
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from dean06.cli.main import cli
from dean06.core import clock as core_clock
from dean06.ledger.errors import ArchiveBroken, ArchiveBusy
from dean06.ledger.public import archive, destroy_subject_key, public_keys_pem, verify
from dean06.signing.public import ensure_trust
from ledger_archives import closed_days, linked_anew, rewritten
from ledger_worlds import PEOPLE

pytestmark = pytest.mark.django_db

ROOT = Path(__file__).parents[2]
CHANGES, SEED = 120, 2026


def load_tool():
    spec = importlib.util.spec_from_file_location("verify_ledger", ROOT / "tools" / "verify_ledger.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["verify_ledger"] = module
    spec.loader.exec_module(module)
    return module


tool = load_tool()


@pytest.fixture
def days(tmp_path, monkeypatch):
    """Three closed days and an open one; the log is cosigned and stamped. Yields the archive's place and today's clock."""
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", 4)
    ensure_trust()
    with closed_days(tmp_path) as clock:
        yield tmp_path / "archive", clock


def offline(place, capsys, *options):
    key = place.parent / "keys.pem"
    key.write_bytes(public_keys_pem())
    code = tool.main(["archive", str(place), "--key", str(key), "--witness", str(place.parent / "witness.txt"), *options])
    said = capsys.readouterr()
    return code, said.out + said.err


def test_closed_days_are_written_once_and_verify_offline(days, capsys):
    place, clock = days

    written = archive(place, log="registry")

    assert [(one.first, one.last) for one in written] == [(1, 10), (11, 16), (17, 27)]
    assert [one.day for one in written] == [core_clock.today() - timedelta(days=days) for days in (3, 2, 1)]
    assert archive(place, log="registry") == []
    code, said = offline(place, capsys)
    assert code == 0, said
    assert "27 entries recomputed" in said

    clock.shift(timedelta(days=1))
    assert [(one.first, one.last) for one in archive(place, log="registry")] == [(28, 30)]
    assert offline(place, capsys)[0] == 0
    assert verify("default").is_clean


def test_two_runs_never_write_into_one_archive(days):
    place, _clock = days
    place.mkdir()
    other = os.open(place, os.O_RDONLY)
    fcntl.flock(other, fcntl.LOCK_EX)

    with pytest.raises(ArchiveBusy):
        archive(place)
    assert list(place.iterdir()) == []
    os.close(other)
    assert archive(place)


def test_a_file_is_on_the_disk_before_it_has_its_name_and_the_name_before_the_next(days, monkeypatch):
    place, _clock = days
    settled = []
    monkeypatch.setattr("os.fsync", lambda handle: settled.append(os.fstat(handle).st_ino))
    made = archive(place)

    expected = [number for one in made for number in ((place / one.file).stat().st_ino, place.stat().st_ino)]
    assert [number for number in settled if number in expected] == expected


def test_a_dry_run_writes_nothing_and_says_the_same(days):
    place, _ = days

    dry = archive(place, log="registry", is_dry=True)

    assert not place.exists()
    assert [(one.day, one.first, one.last) for one in dry] == [(one.day, one.first, one.last) for one in archive(place, log="registry")]


def test_the_command_stops_at_a_day_and_names_the_files(days):
    place, _ = days
    until = (core_clock.today() - timedelta(days=2)).isoformat()

    done = CliRunner().invoke(cli, ["ledger", "archive", str(place), "--log", "registry", "--until", until])

    assert done.exit_code == 0, done.output
    assert sorted(path.name for path in place.glob("*.zip")) == sorted(line.split()[-1] for line in done.output.splitlines())
    assert len(done.output.splitlines()) == 2


def test_an_archive_shows_no_text_and_a_destroyed_key_takes_its_text_with_it(days):
    place, _ = days
    destroy_subject_key(PEOPLE[0])
    archive(place, log="registry")

    for path in place.glob("*.zip"):
        with zipfile.ZipFile(path) as file:
            assert not any("Công an".encode() in file.read(name) for name in file.namelist())
            assert not any(b"wrapped" in file.read(name) for name in file.namelist())


def test_a_file_that_is_gone_or_foreign_stops_the_next_run(days, tmp_path):
    place, _ = days
    archive(place, log="registry")
    _, second, third = sorted(place.glob("*.zip"))

    shutil.copy(third, place / f"{third.stem}-copy.zip")
    with pytest.raises(ArchiveBroken):
        archive(place, log="registry")
    (place / f"{third.stem}-copy.zip").unlink()
    second.unlink()
    with pytest.raises(ArchiveBroken):
        archive(place, log="registry")


def test_random_changes_of_the_files_are_all_found(days, tmp_path, capsys):
    place, _ = days
    archive(place, log="registry")
    chance, missed = random.Random(SEED), []

    for number in range(CHANGES):
        copy = tmp_path / "copy" / "archive"
        shutil.rmtree(copy.parent, ignore_errors=True)
        shutil.copytree(place, copy)
        shutil.copy(tmp_path / "witness.txt", copy.parent)
        path = chance.choice(sorted(copy.glob("*.zip"))[:-1] if number % 6 == 0 else sorted(copy.glob("*.zip")))
        if number % 6 == 0:
            path.unlink()
        elif number % 6 == 1:
            path.rename(path.with_name(f"{path.stem[:-3]}000.zip"))
        else:
            with zipfile.ZipFile(path) as file:
                name = chance.choice([part for part in file.namelist() if file.getinfo(part).file_size])
                content = bytearray(file.read(name))
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(7)
            rewritten(path, name, bytes(content))
        try:
            code, said = offline(copy, capsys)
        except Exception as exc:  # noqa: BLE001 -- a verifier that falls over has found nothing
            code, said = 0, repr(exc)
        if code == 0:
            missed.append((number, path.name, said[-300:]))
    assert missed == []


def test_a_history_that_was_linked_anew_is_found_by_chain_and_signature(days, tmp_path, capsys):
    place, _ = days
    archive(place, log="registry")
    path = max(place.glob("*.zip"))
    with zipfile.ZipFile(path) as file:
        leaves = file.read("leaves.jsonl")
    rows = [json.loads(line) for line in leaves.decode().splitlines()]
    rows[3]["entry"]["recorded_at_us"] += 1
    linked_anew(path, "leaves.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())

    code, said = offline(place, capsys)

    assert code == 1
    assert "file_altered" not in said
    assert f"entry {rows[3]['entry']['id']}: entry_altered" in said
