"""Entries are recorded with the state, numbered behind it, and shown to the one they concern."""

from uuid import uuid4

import pytest
from django.db import transaction

from dean06.core.actor import SYSTEM, Actor
from dean06.core.keys import PersonKey
from dean06.core.paging import MalformedCursor
from dean06.ledger.domain.leaves import Entry
from dean06.ledger.domain.merkle import hash_leaf, root_from_path
from dean06.ledger.domain.notes import Checkpoint, Note
from dean06.ledger.errors import EntryNotFound, MalformedEntry, ProofPending
from dean06.ledger.models import LedgerCheckpoint, LedgerEntry, LedgerLeaf, LedgerPending
from dean06.ledger.public import destroy_subject_key, looks_at, proof_of, record, record_many, sequence

pytestmark = pytest.mark.django_db
OFFICER = Actor(account="officer-1", unit_code="G01.H49.06685", posts=("post-1",))


def person():
    return PersonKey(uuid4())


def look(subject, *, n=1, kind="registry.page_shown", log="registry", **more):
    given = {"actor": OFFICER, "who": "Công an phường Hồng Gai", "purpose": "Đăng ký thường trú"} | more
    with transaction.atomic():
        return [record(kind, log=log, using="default", subject=subject, **given) for _ in range(n)]


def root_of_proof(proof):
    path = proof["inclusion"]
    return root_from_path(
        bytes.fromhex(proof["leaf_hash"]), path["leaf_index"], path["tree_size"], [bytes.fromhex(value) for value in path["hashes"]]
    )


def test_her_page_shows_who_looked_and_why_and_nobody_else_s():
    her, him = person(), person()
    [entry] = look(
        her, legal_basis="Luật Cư trú 68/2020/QH14", dossier="D-1", on_behalf_of="Bộ Công an", fields=("full_name",), detail={"n": 1}
    )
    look(him)

    [seen] = looks_at(her).rows

    assert (seen.entry_id, seen.log, seen.kind, seen.seq) == (entry, "registry", "registry.page_shown", None)
    assert (seen.who, seen.purpose, seen.legal_basis) == ("Công an phường Hồng Gai", "Đăng ký thường trú", "Luật Cư trú 68/2020/QH14")
    assert (seen.dossier, seen.on_behalf_of, seen.fields, seen.detail) == ("D-1", "Bộ Công an", ("full_name",), {"n": 1})


def test_numbers_come_in_order_and_only_once():
    her = person()
    look(her, n=5)
    look(her, n=2, log="services")

    assert sequence("default") == 7
    assert sequence("default") == 0
    assert [row.seq for row in looks_at(her).rows] == [2, 1, 5, 4, 3, 2, 1]
    assert not LedgerPending.objects.using("default").exists()


def test_an_entry_that_is_rolled_back_never_was():
    her = person()
    with transaction.atomic():
        record("registry.page_shown", log="registry", using="default", actor=SYSTEM, subject=her)
        transaction.set_rollback(True)

    assert sequence("default") == 0
    assert looks_at(her).rows == []


@pytest.mark.parametrize(("log", "kind"), [("../etc", "a.b"), ("", "a.b"), ("registry", "no dot"), ("registry", "")])
def test_a_malformed_log_or_kind_is_refused(log, kind):
    with pytest.raises(MalformedEntry), transaction.atomic():
        record(kind, log=log, using="default", actor=SYSTEM)

    assert not LedgerEntry.objects.using("default").exists()


def test_pages_go_on_by_key_and_a_foreign_cursor_is_refused():
    her = person()
    written = look(her, n=7)
    seen, cursor = [], ""
    while True:
        page = looks_at(her, cursor=cursor, size=3)
        seen += [row.entry_id for row in page.rows]
        if not (cursor := page.next_cursor):
            break

    assert seen == sorted(written, reverse=True)
    for bad in ("x", "bm90IGpzb24", "WzFd"):
        with pytest.raises(MalformedCursor):
            looks_at(her, cursor=bad)


def test_kinds_are_filtered_also_in_bulk_acts():
    her = person()
    look(her)
    with transaction.atomic():
        bulk = record_many("registry.population_loaded", log="registry", using="default", actor=SYSTEM, subjects=[her, person()])

    assert [row.entry_id for row in looks_at(her, kinds=["registry.population_loaded"]).rows] == [bulk]
    assert looks_at(her, kinds=[]).rows == []


def test_a_proof_leads_from_the_text_to_the_signed_checkpoint():
    her = person()
    entries = look(her, n=6)
    with pytest.raises(ProofPending):
        proof_of(entries[0], subject=her)
    sequence("default")
    look(her, n=3)
    sequence("default")

    for entry in entries:
        proof = proof_of(entry, subject=her)
        stated = Checkpoint.parse(Note.parse(proof["checkpoint"]).text)
        assert stated.size == 9
        assert root_of_proof(proof) == stated.root
        assert "Công an phường Hồng Gai" in proof["reading"]["payload"]


def test_a_proof_is_given_to_the_subject_alone():
    her, him = person(), person()
    [entry] = look(her)
    sequence("default")

    for subject, key in ((him, entry), (her, uuid4())):
        with pytest.raises(EntryNotFound):
            proof_of(key, subject=subject)


def test_a_bulk_act_is_one_entry_with_a_path_for_each_subject():
    people = [person() for _ in range(11)]
    with transaction.atomic():
        entry = record_many("registry.population_loaded", log="registry", using="default", actor=SYSTEM, subjects=[*people, people[0]])
    sequence("default")

    row = LedgerEntry.objects.using("default").get()
    assert (row.id, row.subject_count) == (entry, 11)
    for subject in people:
        bulk = proof_of(entry, subject=subject)["bulk"]
        leaf = hash_leaf(bytes.fromhex(bulk["subject"]))
        path = [bytes.fromhex(value) for value in bulk["hashes"]]
        assert root_from_path(leaf, bulk["leaf_index"], 11, path) == bytes(row.subjects_root)
    with pytest.raises(EntryNotFound):
        proof_of(entry, subject=person())


def test_destroying_a_key_removes_the_text_and_leaves_the_proof():
    her, him = person(), person()
    [entry], [other] = look(her), look(him)
    sequence("default")

    assert destroy_subject_key(her) == 1

    [gone], [kept] = looks_at(her).rows, looks_at(him).rows
    assert (gone.is_readable, gone.who, gone.seq) == (False, "", 1)
    assert (kept.entry_id, kept.who) == (other, "Công an phường Hồng Gai")
    proof = proof_of(entry, subject=her)
    assert proof["reading"] is None
    assert root_of_proof(proof) == Checkpoint.parse(Note.parse(proof["checkpoint"]).text).root

    look(her)
    assert [row.is_readable for row in looks_at(her).rows] == [True, False]


def test_each_batch_leaves_a_checkpoint_and_the_tree_grows_over_batches(monkeypatch):
    monkeypatch.setattr("dean06.ledger.sequencer.BATCH", 3)
    look(person(), n=8)

    assert sequence("default") == 8
    assert [row.size for row in LedgerCheckpoint.objects.using("default").order_by("size")] == [3, 6, 8]
    assert LedgerLeaf.objects.using("default").count() == 8


def test_the_log_itself_names_nobody():
    her = person()
    look(her)
    row = LedgerEntry.objects.using("default").values().get()

    assert her.bytes not in bytes(row["subject"])
    assert {"who", "purpose", "payload"}.isdisjoint(row)
    assert "who" not in Entry.__slots__


def test_recording_costs_three_statements_the_first_time_and_two_after(django_assert_num_queries):
    her = person()
    with transaction.atomic():
        with django_assert_num_queries(3):
            record("registry.page_shown", log="registry", using="default", actor=OFFICER, subject=her)
        with django_assert_num_queries(2):
            record("registry.page_shown", log="registry", using="default", actor=OFFICER, subject=her)
