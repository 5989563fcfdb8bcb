"""Names of logs and kinds stand once and are numbers elsewhere: read as names everywhere, and nothing that can be changed unseen."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.ledger.export import public_keys_pem
from dean06.ledger.models import LedgerEntry, LedgerLeaf, LedgerName
from dean06.ledger.public import Draft, looks_at, record, record_batch, sequence, verify
from ledger_worlds import PEOPLE, sql, write_entries

pytestmark = pytest.mark.django_db
TOOL = Path(__file__).parents[2] / "tools" / "verify_ledger.py"


def found_of(log=None):
    return {(finding.log, finding.problem, finding.entry_id) for finding in verify("default", log).findings}


def test_a_name_stands_once_whatever_is_written_under_it():
    write_entries(3)
    with transaction.atomic():
        record_batch([Draft("registry.page_shown", "registry", SYSTEM, subjects=(person,)) for person in PEOPLE], using="default")
        record("registry.page_closed", log="registry", using="default", actor=SYSTEM)
    sequence("default")

    assert sorted(LedgerName.objects.values_list("name", flat=True)) == ["registry", "registry.page_closed", "registry.page_shown"]
    assert LedgerEntry.objects.filter(log="registry", kind="registry.page_shown").count() == 3 + len(PEOPLE)
    assert LedgerEntry.objects.filter(kind__in=["registry.page_closed", "x.y"]).count() == 1
    assert LedgerEntry.objects.filter(kind__startswith="registry.page_").count() == 4 + len(PEOPLE)
    assert not LedgerEntry.objects.filter(kind="registry.never_written").exists()
    assert LedgerLeaf.objects.get(log="registry", seq=1).log == "registry"
    assert not looks_at(PEOPLE[0], kinds=["registry.never_written"]).rows
    assert {look.kind for look in looks_at(PEOPLE[0], kinds=["registry.page_shown", "x.y"]).rows} == {"registry.page_shown"}
    assert verify("default").is_clean


def test_a_name_of_a_kind_that_was_altered_or_removed_names_each_entry_under_it():
    entries = write_entries(4)
    with transaction.atomic():
        other = record("registry.page_closed", log="registry", using="default", actor=SYSTEM)
    sequence("default")

    for change in (
        "UPDATE ledger_ledgername SET name = 'registry.nothing_shown' WHERE name = 'registry.page_shown'",
        "DELETE FROM ledger_ledgername WHERE name = 'registry.nothing_shown'",
    ):
        assert sql(change) == 1
        found = found_of()
        assert {("registry", "entry_altered", entry) for entry in entries} <= found
        assert other not in {entry for _, _, entry in found}


def test_a_name_of_a_log_that_was_altered_or_removed_is_named_with_its_entries():
    entries = write_entries(4)

    assert sql("UPDATE ledger_ledgername SET name = 'services' WHERE name = 'registry'") == 1
    found = found_of()
    assert ("registry", "name_missing", None) in found
    assert {("services", "entry_altered", entry) for entry in entries} <= found

    assert sql("DELETE FROM ledger_ledgername WHERE name = 'services'") == 1
    found = found_of()
    assert ("registry", "name_missing", None) in found
    assert {("", "name_missing", entry) for entry in entries} <= found


def test_names_that_changed_places_are_found_at_every_entry():
    entries = write_entries(2)
    with transaction.atomic():
        entries.append(record("registry.page_closed", log="registry", using="default", actor=SYSTEM))
    sequence("default")

    shown, closed = (LedgerName.objects.get(name=f"registry.page_{done}").number for done in ("shown", "closed"))
    for name, number in (("shown", 0), ("closed", shown), ("shown", closed)):
        assert sql("UPDATE ledger_ledgername SET number = %s WHERE name = %s", number, f"registry.page_{name}") == 1

    assert {entry for _, problem, entry in found_of() if problem == "entry_altered"} == set(entries)


def test_an_entry_that_waits_in_a_log_without_a_name_is_named():
    write_entries(3)
    with transaction.atomic():
        waiting = record("portal.page_shown", log="portal", using="default", actor=SYSTEM)

    sql("DELETE FROM ledger_ledgername WHERE name = 'portal'")

    assert found_of() == {("", "name_missing", waiting)}


@pytest.mark.django_db(transaction=True)
def test_the_verifier_that_shares_no_code_finds_an_altered_name_too(tmp_path):
    entries = write_entries(3)
    (tmp_path / "keys.pem").write_bytes(public_keys_pem())
    assert offline(tmp_path).returncode == 0

    sql("UPDATE ledger_ledgername SET name = 'registry.page_hidden' WHERE name = 'registry.page_shown'")
    said = offline(tmp_path)

    assert said.returncode == 1
    assert all(f"{entry}: entry_altered" in said.stdout for entry in entries), said.stdout


def offline(folder):
    with connections["default"].cursor() as cursor:
        dsn = cursor.connection.info.dsn
    asked = [sys.executable, str(TOOL), "--key", str(folder / "keys.pem"), "database", dsn]
    return subprocess.run(asked, capture_output=True, text=True, check=False)


@pytest.mark.django_db(transaction=True)
def test_two_that_first_use_a_name_at_the_same_time_get_one_number():
    with connections["default"].cursor() as cursor, ThreadPoolExecutor(1) as beside:
        with transaction.atomic():
            first = first_use(cursor)
            second = beside.submit(first_use_elsewhere)
            deadline = time.monotonic() + 120
            while not is_waited_for(cursor):
                assert not second.done()
                assert time.monotonic() < deadline
                time.sleep(0.01)
        assert second.result(120) == first


def first_use(cursor):
    cursor.execute("SELECT ledger_numbered('registry.first_used')")
    return cursor.fetchone()[0]


def first_use_elsewhere():
    try:
        with connections["default"].cursor() as cursor:
            return first_use(cursor)
    finally:
        connections.close_all()


def is_waited_for(cursor):
    """Say whether another session waits for this one."""
    cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid)))")
    return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_a_name_of_a_transaction_that_was_undone_is_given_again():
    with transaction.atomic():
        record("registry.undone", log="registry", using="default", actor=SYSTEM)
        transaction.set_rollback(True)
    assert not LedgerName.objects.exists()

    write_entries(2)

    assert verify("default").is_clean
