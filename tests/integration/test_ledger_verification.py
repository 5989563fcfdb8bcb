"""Whatever is done to the rows of a log, verification finds it and names the entry."""

from uuid import UUID, uuid4

import pytest
from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.core.keys import PersonKey
from dean06.ledger.models import LedgerNode
from dean06.ledger.public import destroy_subject_key, record, record_many, sequence, verify
from ledger_worlds import write_entries

pytestmark = pytest.mark.django_db

PEOPLE = [PersonKey(UUID(int=number)) for number in range(1, 6)]
BULK = 8


@pytest.fixture
def entries(monkeypatch):
    """Twelve numbered entries in one log, signed at 5, 10 and 12; the eighth concerns many."""
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", 5)
    with transaction.atomic():
        written = []
        for number in range(1, 13):
            given = {"log": "registry", "using": "default", "actor": SYSTEM, "detail": {"n": number}}
            if number == BULK:
                written.append(record_many("registry.population_loaded", subjects=PEOPLE, **given))
            else:
                written.append(record("registry.page_shown", subject=PEOPLE[number % 5] if number % 3 else None, **given))
    sequence("default")
    with connections["default"].cursor() as cursor:
        cursor.execute("SELECT entry_id FROM ledger_ledgerleaf ORDER BY seq")
        return [None, *(key for (key,) in cursor.fetchall())]


def sql(statement, *values):
    with connections["default"].cursor() as cursor:
        cursor.execute(statement, values)
        assert cursor.rowcount > 0, statement


def problems(log=None):
    return {(finding.problem, finding.seq, finding.entry_id) for finding in verify("default", log).findings}


def test_an_untouched_log_is_clean(entries):
    found = verify("default")

    assert found.is_clean
    assert (found.logs, found.entries, found.pending, found.checkpoints, found.destroyed) == (("registry",), 12, 0, 3, 0)


def test_a_waiting_entry_is_no_finding_until_its_place_in_the_queue_is_gone(entries):
    with transaction.atomic():
        key = record("registry.page_shown", log="registry", using="default", actor=SYSTEM)
    assert (verify("default").is_clean, verify("default").pending) == (True, 1)

    sql("DELETE FROM ledger_ledgerpending")

    assert problems() == {("entry_unnumbered", None, key)}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("UPDATE ledger_ledgerentry SET kind = ledger_numbered('registry.nothing') WHERE id = %s", {"entry_altered", "reading_altered"}),
        ("UPDATE ledger_ledgerentry SET recorded_at = recorded_at + interval '1 microsecond' WHERE id = %s", {"entry_altered"}),
        ("UPDATE ledger_ledgerentry SET log = ledger_numbered('services') WHERE id = %s", {"entry_altered"}),
        (
            "UPDATE ledger_ledgerentry SET commitment = set_byte(commitment, 3, 255 - get_byte(commitment, 3)) WHERE id = %s",
            {"entry_altered", "reading_altered"},
        ),
        ("UPDATE ledger_ledgerentry SET subject = sha256('other') WHERE id = %s", {"entry_altered", "key_altered"}),
        ("UPDATE ledger_ledgerleaf SET leaf_hash = sha256('x') WHERE entry_id = %s", {"leaf_altered"}),
        ("DELETE FROM ledger_ledgerentry WHERE id = %s", {"entry_missing"}),
        ("UPDATE ledger_ledgerentry SET ciphertext = '' WHERE id = %s", {"reading_missing"}),
        (
            "UPDATE ledger_ledgerentry SET ciphertext = set_byte(ciphertext, 0, 255 - get_byte(ciphertext, 0)) WHERE id = %s",
            {"reading_altered"},
        ),
        ("DELETE FROM ledger_ledgerkey WHERE id = (SELECT key_id FROM ledger_ledgerentry WHERE id = %s)", {"key_missing"}),
        ("INSERT INTO ledger_ledgerpending (log, entry_id) VALUES (ledger_number('registry'), %s)", {"pending_stray"}),
    ],
)
def test_a_change_is_named(entries, change, expected):
    sql(change, entries[7])

    found = verify("default", "registry").findings

    assert {finding.problem for finding in found} == expected
    assert (7, entries[7]) in {(finding.seq, finding.entry_id) for finding in found}


def test_a_broken_chain_is_named_where_it_breaks(entries):
    sql("UPDATE ledger_ledgerleaf SET chain_hash = sha256('x') WHERE entry_id = %s", entries[6])

    assert problems() == {("chain_broken", 6, entries[6]), ("chain_broken", 7, entries[7])}


def test_swapped_entries_are_named(entries):
    sql("UPDATE ledger_ledgerleaf SET seq = 100 WHERE seq = 7")
    sql("UPDATE ledger_ledgerleaf SET seq = 7 WHERE seq = 9")
    sql("UPDATE ledger_ledgerleaf SET seq = 9 WHERE seq = 100")

    found = problems()

    assert {("chain_broken", 7, entries[9]), ("chain_broken", 9, entries[7]), ("log_rewritten", 6, None)} <= found


def test_a_dropped_leaf_leaves_a_gap_and_an_unnumbered_entry(entries):
    sql("DELETE FROM ledger_ledgerleaf WHERE seq = 4")

    assert problems() == {("leaf_missing", 4, None), ("entry_unnumbered", None, entries[4])}


def test_a_tail_that_was_cut_is_missed_by_the_checkpoint(entries):
    sql("DELETE FROM ledger_ledgerleaf WHERE seq > 10")

    assert problems() == {("tail_cut", 11, None), ("entry_unnumbered", None, entries[11]), ("entry_unnumbered", None, entries[12])}


def test_a_removed_checkpoint_leaves_an_unsigned_tail(entries):
    sql("DELETE FROM ledger_ledgercheckpoint WHERE size > 5")

    assert problems() == {("tail_unsigned", 6, None)}


def test_a_rewritten_history_does_not_bear_the_signature(entries):
    """Someone recomputes leaf, chain and nodes after a change; only the signed root betrays it."""
    from dean06.ledger.domain.leaves import chain_hash
    from dean06.ledger.domain.merkle import Frontier
    from dean06.ledger.sequencer import ENTRY_COLUMNS, entry_of

    sql("UPDATE ledger_ledgerentry SET recorded_at = recorded_at + interval '1 day' WHERE id = %s", entries[9])
    with connections["default"].cursor() as cursor:
        cursor.execute(f"SELECT {ENTRY_COLUMNS} FROM ledger_ledgerleaf l JOIN ledger_ledgerentry e ON e.id = l.entry_id ORDER BY l.seq")
        tree, chain = Frontier(), bytes(32)
        for entry in map(entry_of, cursor.fetchall()):
            chain = chain_hash(chain, entry.leaf_hash())
            for place, value in tree.append(entry.leaf_hash()):
                if place.is_stored:
                    sql("UPDATE ledger_ledgernode SET node_hash = %s WHERE level = %s AND index = %s", value, place.level, place.index)
            sql("UPDATE ledger_ledgerleaf SET leaf_hash = %s, chain_hash = %s WHERE entry_id = %s", entry.leaf_hash(), chain, entry.id)

    assert problems() == {("chain_rewritten", 6, None), ("log_rewritten", 6, None)}


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE ledger_ledgernode SET node_hash = sha256('x') WHERE level = 4 AND index = 1",
        "DELETE FROM ledger_ledgernode WHERE level = 4 AND index = 1",
        "UPDATE ledger_ledgernode SET level = 5 WHERE level = 4 AND index = 1",
        "UPDATE ledger_ledgernode SET index = 9 WHERE level = 4 AND index = 1",
    ],
)
def test_a_stored_hash_over_many_entries_is_compared(change):
    write_entries(40)
    assert LedgerNode.objects.using("default").count() == 2  # of every fourth level
    assert problems() == set()

    sql(change)

    assert ("node_altered", 17, None) in problems()


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (
            "INSERT INTO ledger_ledgernode (log, level, index, node_hash) VALUES (ledger_number('registry'), 1, 6, sha256('x'))",
            ("node_altered", 13, None),
        ),
        ("UPDATE ledger_ledgercheckpoint SET root = sha256('x') WHERE size = 10", ("checkpoint_altered", 10, None)),
        (
            "UPDATE ledger_ledgercheckpoint SET note = replace(note, 'registry', 'services') WHERE size = 10",
            ("checkpoint_altered", 10, None),
        ),
        ("UPDATE ledger_ledgercheckpoint SET note = 'nothing' WHERE size = 10", ("checkpoint_altered", 10, None)),
    ],
)
def test_tree_and_checkpoints_are_recomputed_too(entries, change, problem):
    sql(change)

    assert problem in problems()


def test_a_person_taken_out_of_a_bulk_act_is_missed(entries):
    sql("DELETE FROM ledger_ledgersubject WHERE position = 2")

    assert problems() == {("subjects_altered", BULK, entries[BULK])}


def test_rows_that_belong_to_no_entry_are_found(entries):
    stray = uuid4()
    sql("INSERT INTO ledger_ledgersubject (entry_id, position, subject) VALUES (%s, 0, sha256('x'))", stray)
    sql("INSERT INTO ledger_ledgerpending (entry_id, log) VALUES (%s, ledger_number('registry'))", stray)

    assert problems() == {("subject_stray", None, stray), ("pending_stray", None, stray)}


def test_a_destroyed_key_is_counted_and_is_no_finding(entries):
    destroy_subject_key(PEOPLE[1])

    found = verify("default")

    assert found.is_clean
    assert found.destroyed == 2


def test_what_fits_is_not_looked_at_leaf_by_leaf_and_what_does_not_is(monkeypatch):
    write_entries(40)
    seen = []
    monkeypatch.setattr(
        "dean06.ledger.walking.LogWalk._see", lambda self, leaf: seen.append(leaf.seq) or setattr(self, "last_seq", leaf.seq)
    )

    assert verify("default").is_clean
    assert seen == []

    sql("UPDATE ledger_ledgerleaf SET chain_hash = sha256('x') WHERE seq = 40")
    verify("default")
    assert seen == list(range(1, 41))
