"""The application's role does all of its work and cannot touch the past; the owner needs intent to."""

import threading
from contextlib import contextmanager

import psycopg
import pytest
from django.db import connections, transaction
from django.db.utils import ProgrammingError

from dean06.core.actor import SYSTEM
from dean06.core.config import config
from dean06.core.databases import APP_ROLE
from dean06.ledger.models import LedgerCosignature, LedgerLeaf, LedgerNode, LedgerStamp, LedgerWord, RefusedCheckpoint
from dean06.ledger.public import destroy_subject_key, grant_app_role, looks_at, proof_of, record, record_many, sequence, verify
from dean06.ledger.rights import append_only_tables
from dean06.ledger.sequencer import sequence_log

pytestmark = pytest.mark.django_db(transaction=True)

APPEND_ONLY = {
    "ledger_ledgerentry": "kind = 7",
    "ledger_ledgerleaf": "leaf_hash = sha256('x')",
    "ledger_ledgernode": "node_hash = sha256('x')",
    "ledger_ledgercheckpoint": "note = ''",
    "ledger_ledgersubject": "position = 9",
    "ledger_ledgercosignature": "note = ''",
    "ledger_ledgerstamp": "token = ''",
    "ledger_ledgername": "name = 'x'",
    "ledger_ledgerword": "word = ''",
    "ledger_refusedcheckpoint": "seen_note = ''",
}


@pytest.fixture
def as_application():
    """A connection of its own that has the rights of the processes and no more."""
    grant_app_role("default")
    given = connections["default"].settings_dict
    is_embedded = not config().database_url
    login = {"user": APP_ROLE} if is_embedded else {"user": given["USER"], "password": given["PASSWORD"], "port": given["PORT"] or None}
    with psycopg.connect(host=given["HOST"], dbname=given["NAME"], autocommit=True, **login) as connection:
        if not is_embedded:
            connection.execute(f"SET ROLE {APP_ROLE}")
        assert connection.execute("SELECT current_user").fetchone() == (APP_ROLE,)
        yield connection


@pytest.fixture
def person():
    from uuid import uuid4

    from dean06.core.keys import PersonKey

    her = PersonKey(uuid4())
    with transaction.atomic():
        record("registry.page_shown", log="registry", using="default", actor=SYSTEM, subject=her)
        record_many("registry.population_loaded", log="registry", using="default", actor=SYSTEM, subjects=[her])
    sequence("default")
    return her


@pytest.fixture
def beside_the_log():
    LedgerCosignature.objects.create(log="registry", size=2, witness="VN.COM.DEMOBANK", note="note")
    LedgerStamp.objects.create(log="registry", size=2, token=b"token")
    LedgerWord.objects.create(word=b"VN/COM/BANK")
    LedgerNode.objects.create(log="registry", level=4, index=0, node_hash=bytes(32))
    RefusedCheckpoint.objects.create(digest="0", witness="w", keeper="k", problem="log_forked", seen_note="a", offered_note="b")


def test_every_append_only_table_is_covered_here():
    assert set(append_only_tables()) >= set(APPEND_ONLY)
    assert set(APPEND_ONLY) == {table for table in append_only_tables() if table.startswith("ledger_")}


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_the_application_s_role_is_refused_any_change_of_the_past(as_application, person, beside_the_log, table):
    before = as_application.execute(f"SELECT count(*) FROM {table}").fetchone()

    for statement in (f"UPDATE {table} SET {APPEND_ONLY[table]}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_application.execute(statement)

    assert before is not None
    assert before[0] > 0
    assert as_application.execute(f"SELECT count(*) FROM {table}").fetchone() == before


def test_the_application_s_role_cannot_lift_the_guard(as_application, person):
    as_application.execute("SET dean06.ledger_maintenance = 'on'")
    for statement in (
        "DELETE FROM ledger_ledgerentry",
        "ALTER TABLE ledger_ledgerentry DISABLE TRIGGER ALL",
        "DROP TABLE ledger_ledgerentry",
        "SET session_replication_role = replica",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_application.execute(statement)


def test_a_data_key_can_be_destroyed_and_neither_changed_nor_removed(as_application, person):
    for statement in (
        "DELETE FROM ledger_ledgerkey",
        "UPDATE ledger_ledgerkey SET made_at = now()",
        "UPDATE ledger_ledgerkey SET wrapped = '\\x00'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            as_application.execute(statement)

    as_application.execute("UPDATE ledger_ledgerkey SET wrapped = NULL, destroyed_at = now() WHERE wrapped IS NOT NULL")
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_application.execute("UPDATE ledger_ledgerkey SET wrapped = '\\x00', destroyed_at = NULL")


@contextmanager
def ledger_as_application():
    """Let Django itself work with the rights of the processes, as in production."""
    grant_app_role("default")
    connection = connections["default"]
    given = dict(connection.settings_dict)
    try:
        connection.close()
        connection.close_pool()
        if config().database_url:
            connection.settings_dict["OPTIONS"] = {**given["OPTIONS"], "options": f"-c role={APP_ROLE}"}
        else:
            connection.settings_dict["USER"] = APP_ROLE
        yield
    finally:
        connection.close()
        connection.close_pool()
        connection.settings_dict.update(given)


def test_all_of_the_ledger_s_work_runs_under_the_application_s_role(person):
    with ledger_as_application():
        with transaction.atomic():
            entry = record("registry.page_shown", log="registry", using="default", actor=SYSTEM, subject=person)
            record_many("registry.population_loaded", log="registry", using="default", actor=SYSTEM, subjects=[person])
        assert sequence("default") == 2
        assert proof_of(entry, subject=person)["reading"]
        assert verify("default").is_clean
        assert destroy_subject_key(person) == 1
        assert not looks_at(person, kinds=["registry.page_shown"]).rows[0].is_readable
        with pytest.raises(ProgrammingError, match="permission denied"):
            LedgerLeaf.objects.using("default").all().delete()


@pytest.mark.parametrize("table", sorted(APPEND_ONLY))
def test_the_owner_s_slip_is_refused_too(person, table):
    with connections["default"].cursor() as cursor:
        cursor.execute("SET dean06.ledger_maintenance = 'off'")
        try:
            for statement in (f"UPDATE {table} SET {APPEND_ONLY[table]}", f"DELETE FROM {table}", f"TRUNCATE {table}"):
                with pytest.raises(ProgrammingError, match="append-only"):
                    cursor.execute(statement)
        finally:
            cursor.execute("SET dean06.ledger_maintenance = 'on'")


def test_granting_twice_is_as_good_as_once(as_application, person):
    grant_app_role("default")

    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        as_application.execute("DELETE FROM ledger_ledgerleaf")


def test_a_second_sequencer_steps_aside(person):
    """Two workers: the one that comes second leaves the log alone, and no number is given twice."""
    with transaction.atomic():
        for _ in range(20):
            record("registry.page_shown", log="registry", using="default", actor=SYSTEM, subject=person)
    seen = []

    def other():
        seen.append(sequence("default"))
        connections["default"].close()

    with transaction.atomic():
        assert sequence_log("default", "registry") == 20
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()

    assert seen == [0]
    assert sequence("default") == 0
    assert list(LedgerLeaf.objects.using("default").order_by("seq").values_list("seq", flat=True)) == list(range(1, 23))
    assert verify("default").is_clean


def test_many_writers_and_sequencers_at_once_leave_one_whole_log(person):
    failures = []

    def write():
        try:
            for _ in range(10):
                with transaction.atomic():
                    record("registry.page_shown", log="registry", using="default", actor=SYSTEM, subject=person)
                sequence("default")
        except Exception as exc:  # noqa: BLE001 -- carried to the main thread
            failures.append(exc)
        finally:
            connections["default"].close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    sequence("default")

    assert failures == []
    found = verify("default")
    assert (found.is_clean, found.entries, found.pending) == (True, 42, 0)
