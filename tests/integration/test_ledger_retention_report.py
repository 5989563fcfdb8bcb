"""What is past its time in the ledger is reported with its source; what counts as archived was read to its end; nothing is removed."""

import json
import shutil
import zipfile
from datetime import timedelta

import pytest
from click.testing import CliRunner
from django.db import transaction

from dean06.cli.main import cli
from dean06.core import clock as core_clock
from dean06.core.actor import SYSTEM
from dean06.ledger.domain.retention import months_before
from dean06.ledger.public import archive, record_many, retention, sequence, submit_everywhere, verify
from dean06.signing.public import ensure_trust
from ledger_archives import closed_days, linked_anew, rewritten
from ledger_worlds import PEOPLE, in_process, sql

pytestmark = pytest.mark.django_db

OWN = """
system_level = 3
[[kept]]
key = "law"
title = "Nhật ký hệ thống"
logs = ["*"]
months = 1
source = "Quy chế mẫu"
article = "Điều 1"
certainty = "F2"
[[ends]]
key = "ours"
title = "Nhật ký thử"
logs = ["registry"]
months = 1
source = "Giả định"
certainty = "M"
"""
ENDS = (10, 16, 27)
"""Numbers of the last entries of the closed days; the open day ends at 30."""


@pytest.fixture
def days(tmp_path, monkeypatch, settings):
    """Four days of a log, archived up to yesterday and cosigned; a file of periods lets them go after a month."""
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", 4)
    settings.DEAN06_LEDGER_RETENTION = tmp_path / "periods.toml"
    settings.DEAN06_LEDGER_RETENTION.write_text(OWN)
    ensure_trust()
    with closed_days(tmp_path) as clock:
        archive(tmp_path / "archive", log="registry")
        yield tmp_path / "archive", clock


def a_month_after(clock, day):
    """Go to the first day on which all of a day is past a month."""
    while months_before(core_clock.today(), 1) <= day:
        clock.shift(timedelta(days=1))


def standing(place=None):
    (found,) = retention(place, log="registry")
    return found


def test_before_its_time_nothing_is_over(days):
    found = standing(days[0])

    assert (found.entries, found.over, found.could_go) == (30, 0, 0)
    assert (found.archived.ends, found.archived.fault, found.cosigned) == (ENDS, "", 30)
    assert found.kept_from == months_before(core_clock.today(), 1)


@pytest.mark.parametrize("closed", [0, 1, 2])
def test_days_past_their_time_are_over_one_by_one(days, closed):
    place, clock = days
    a_month_after(clock, standing().first_day + timedelta(days=closed))

    found = standing(place)

    assert (found.over, found.could_go) == (ENDS[closed], ENDS[closed])


def test_what_is_in_no_file_of_the_archive_stays(days):
    place, clock = days
    a_month_after(clock, core_clock.today())

    assert (standing().over, standing().archived, standing().could_go) == (30, None, 0)
    assert (standing(place).over, standing(place).could_go) == (30, 27)
    shutil.rmtree(place)
    place.mkdir()
    assert (standing(place).archived.ends, standing(place).could_go) == ((), 0)


def test_what_no_witness_saw_stays(days):
    place, clock = days
    a_month_after(clock, core_clock.today())
    sql("DELETE FROM ledger_ledgercosignature WHERE log = 'registry' AND size > 16")

    assert (standing(place).cosigned, standing(place).could_go) == (16, 16)
    sql("DELETE FROM ledger_ledgercosignature WHERE log = 'registry'")
    assert (standing(place).cosigned, standing(place).could_go) == (0, 0)


@pytest.mark.parametrize(
    ("name", "last"), [("manifest.json", 0), ("leaves.jsonl", 10), ("readings.jsonl", 10), ("checkpoints.jsonl", 10), ("linkinginfo", 10)]
)
def test_a_changed_part_of_a_file_ends_what_counts_as_archived(days, name, last):
    place, clock = days
    a_month_after(clock, core_clock.today())
    second = sorted(place.glob("*.zip"))[1]
    with zipfile.ZipFile(second) as file:
        content = bytearray(file.read(name))
    content[len(content) // 2] ^= 1
    rewritten(second, name, bytes(content))

    found = standing(place)

    assert found.archived.fault
    assert (found.archived.last, found.could_go) == (last, last)


def test_files_of_another_history_do_not_count_though_they_are_linked_well(days):
    place, clock = days
    a_month_after(clock, core_clock.today())
    last = max(place.glob("*.zip"))
    with zipfile.ZipFile(last) as file:
        rows = [json.loads(line) for line in file.read("leaves.jsonl").splitlines()]
    rows[3]["entry"]["recorded_at_us"] += 1
    linked_anew(last, "leaves.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())

    found = standing(place)

    assert found.archived.ends == ENDS[:2]
    assert "checkpoint" in found.archived.fault
    assert found.could_go == 16


@pytest.mark.parametrize("how", ["cut", "altered", "moved"])
def test_readable_parts_that_are_not_those_of_the_database_do_not_count_though_they_are_linked_well(days, how):
    place, clock = days
    a_month_after(clock, core_clock.today())
    last = max(place.glob("*.zip"))
    with zipfile.ZipFile(last) as file:
        rows = [json.loads(line) for line in file.read("readings.jsonl").splitlines()]
    if how == "cut":
        rows.pop()
    elif how == "altered":
        rows[2]["ciphertext"] = rows[2]["ciphertext"][::-1]
    else:
        rows[2]["ciphertext"], rows[3]["ciphertext"] = rows[3]["ciphertext"], rows[2]["ciphertext"]
    linked_anew(last, "readings.jsonl", "".join(json.dumps(row) + "\n" for row in rows).encode())

    found = standing(place)

    assert found.could_go == 16
    assert found.archived.fault.endswith("readings.jsonl is not what the database holds")


def test_subjects_of_bulk_entries_are_compared_too(days):
    place, clock = days
    with transaction.atomic():
        record_many("registry.page_shown", log="registry", using="default", actor=SYSTEM, subjects=PEOPLE)
    sequence("default")
    submit_everywhere(in_process)
    clock.shift(timedelta(days=1))
    archive(place, log="registry")
    a_month_after(clock, core_clock.today())
    assert standing(place).could_go == 31
    last = max(place.glob("*.zip"))
    with zipfile.ZipFile(last) as file:
        subjects = file.read("subjects.jsonl").splitlines(keepends=True)
    assert len(subjects) == len(PEOPLE)
    linked_anew(last, "subjects.jsonl", b"".join(subjects[1:]))

    assert standing(place).could_go == 27
    assert standing(place).archived.fault.endswith("subjects.jsonl is not what the database holds")


def test_a_missing_file_leaves_nothing_archived(days):
    place, clock = days
    a_month_after(clock, core_clock.today())
    sorted(place.glob("*.zip"))[1].unlink()

    assert (standing(place).archived.ends, standing(place).could_go) == ((), 0)
    assert "unlinked" in standing(place).archived.fault


def test_a_log_that_no_period_ends_stays_whole(days, settings):
    place, clock = days
    settings.DEAN06_LEDGER_RETENTION.write_text(OWN.replace('logs = ["registry"]', 'logs = ["other"]'))
    clock.shift(timedelta(days=4000))

    found = standing(place)

    assert (found.deciding, found.kept_from, found.over, found.could_go) == (None, None, 0, 0)
    assert [one.key for one in found.kept] == ["law"]


def test_the_command_names_sources_says_what_could_go_and_removes_nothing(days):
    place, clock = days
    a_month_after(clock, standing().first_day)
    runner = CliRunner()

    told = runner.invoke(cli, ["ledger", "retention", str(place), "--log", "registry"])
    (row,) = json.loads(runner.invoke(cli, ["ledger", "retention", str(place), "--log", "registry", "--json"]).output)

    assert told.exit_code == 0, told.output
    assert "giữ ít nhất 1 tháng: Nhật ký hệ thống; Quy chế mẫu, Điều 1 [F2]" in told.output
    assert "có thể xóa: 1-10" in told.output
    assert (row["over"], row["archived"], row["cosigned"], row["could_go"]) == (10, 27, 30, 10)
    assert [(one["key"], one["certainty"]) for one in row["kept"] + row["ends"]] == [("law", "F2"), ("ours", "M")]
    assert standing().entries == 30
    assert verify("default").is_clean


def test_the_command_refuses_a_bad_file_of_periods_in_a_sentence(days, settings):
    settings.DEAN06_LEDGER_RETENTION.write_text("system_level = 9")

    done = CliRunner().invoke(cli, ["ledger", "retention"])

    assert done.exit_code == 2
    assert "ledger.retention_refused" in done.output
    assert "$.system_level" in done.output
