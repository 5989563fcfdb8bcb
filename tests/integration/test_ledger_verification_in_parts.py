"""A long log is walked in parts by several processes: the same is found as by one walk, and the progress is told."""

import pytest
from django.db import connections

from dean06.ledger import verification
from dean06.ledger.public import submit_everywhere, verify
from ledger_worlds import appoint_witness, in_process, sql, write_entries

pytestmark = pytest.mark.django_db(transaction=True)

PART, ENTRIES = 16, 90
ENTRY_AT = "(SELECT entry_id FROM ledger_ledgerleaf WHERE seq = {})"


@pytest.fixture
def log(monkeypatch):
    """Ninety entries in six parts, a checkpoint each seven, cosigned in the middle and at the end."""
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", 7)
    monkeypatch.setattr(verification, "PART", PART)
    appoint_witness()
    write_entries(ENTRIES // 2)
    assert submit_everywhere(in_process) == 1
    write_entries(ENTRIES - ENTRIES // 2 - 1)
    assert submit_everywhere(in_process) == 1


def both_ways():
    return verify("default", "registry", long=1), verify("default", "registry", long=ENTRIES + 1)


def test_parts_see_what_one_walk_sees(log):
    told = []

    found = verify("default", "registry", long=1, tell=lambda *seen: told.append(seen))

    assert found.is_clean
    assert found == verify("default", "registry", long=ENTRIES + 1)
    assert (found.entries, found.cosignatures, found.checkpoints > ENTRIES // 7) == (ENTRIES, 2, True)
    assert told == [("registry", min(end, ENTRIES), ENTRIES) for end in range(PART, ENTRIES + PART, PART)]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_ledgerleaf SET chain_hash = sha256('x') WHERE seq = 40",
        f"UPDATE ledger_ledgerleaf SET chain_hash = sha256('x') WHERE seq = {2 * PART}",
        f"UPDATE ledger_ledgerleaf SET leaf_hash = sha256('x') WHERE seq = {2 * PART + 1}",
        f"DELETE FROM ledger_ledgerleaf WHERE seq = {3 * PART}",
        "DELETE FROM ledger_ledgerleaf WHERE seq > 80",
        "UPDATE ledger_ledgernode SET node_hash = sha256('x') WHERE level = 4 AND index = 1",
        "UPDATE ledger_ledgernode SET node_hash = sha256('x') WHERE level = 4 AND index = 4",
        "DELETE FROM ledger_ledgernode WHERE level = 4 AND index = 0",
        "UPDATE ledger_ledgercheckpoint SET note = replace(note, 'chain', 'chaim') WHERE size > 20",
        "DELETE FROM ledger_ledgercheckpoint WHERE size > 60",
        "UPDATE ledger_ledgercosignature SET note = (SELECT note FROM ledger_ledgercheckpoint WHERE size = 8)",
        f"UPDATE ledger_ledgerentry SET recorded_at = recorded_at + interval '1 microsecond' WHERE id = {ENTRY_AT.format(50)}",
        f"UPDATE ledger_ledgerentry SET ciphertext = set_byte(ciphertext, 0, 255 - get_byte(ciphertext, 0)) WHERE id = {ENTRY_AT.format(90)}",
        "INSERT INTO ledger_ledgerpending (log, entry_id) SELECT log, entry_id FROM ledger_ledgerleaf WHERE seq = 3",
    ],
)
def test_a_change_found_in_parts_is_named_as_by_one_walk(log, change):
    assert sql(change) > 0

    in_parts, in_one = both_ways()

    assert not in_parts.is_clean
    assert in_parts == in_one


def test_without_readings_the_text_is_not_looked_at_and_all_else_is(log):
    assert sql("UPDATE ledger_ledgerentry SET ciphertext = '' WHERE id = (SELECT entry_id FROM ledger_ledgerleaf WHERE seq = 20)") == 1

    assert {finding.problem for finding in verify("default", "registry").findings} == {"reading_missing"}
    assert verify("default", "registry", with_readings=False).is_clean

    assert sql("UPDATE ledger_ledgerleaf SET chain_hash = sha256('x') WHERE seq = 21") == 1
    assert not verify("default", "registry", with_readings=False).is_clean


def test_the_parent_s_connection_outlives_the_processes(log):
    verify("default", "registry", long=1)

    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)
