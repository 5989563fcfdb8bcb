"""A group written by one statement is what single entries would have been, and a key that was destroyed meanwhile locks nothing."""

import asyncio
import json
from dataclasses import replace
from uuid import uuid4

import pytest
from django.db import connections

from dean06.core.actor import Actor
from dean06.core.databases import open_connection
from dean06.core.keys import PersonKey
from dean06.ledger.errors import MalformedEntry
from dean06.ledger.models import LedgerEntry, LedgerKey, LedgerName, LedgerPending, LedgerSubject
from dean06.ledger.public import Draft, EntryWriter, destroy_subject_key, looks_at, proof_of, sequence, verify

pytestmark = pytest.mark.django_db(transaction=True)
BANK = Actor(account="VN/COM/DEMOBANK/CUSTOMERS")


@pytest.fixture
def people():
    return [PersonKey(uuid4()) for _ in range(4)]


def draft(*people, **given):
    return Draft("exchange.answered", log="exchange.provider", actor=BANK, who="Ngân hàng", subjects=people, **given)


def in_groups(*groups, between=lambda: None, reconnects=False):
    """Write groups one after the other by one writer, on one connection or on one each; return the identifiers of each."""

    def beside():
        try:
            between()
        finally:
            connections.close_all()

    async def work():
        connection, writer = await open_connection("default"), EntryWriter()
        try:
            found = []
            for group in groups:
                found.append(await writer.write(connection, group))
                await asyncio.to_thread(beside)
                if reconnects:
                    await connection.close()
                    connection = await open_connection("default")
            return found
        finally:
            await connection.close()

    return asyncio.run(work())


def test_entries_about_nobody_one_and_many_verify_and_open_to_what_was_recorded(people):
    group = [draft(), draft(people[0], detail={"n": 1}), draft(*people[:3], fields=("full_name",)), draft(people[3], purpose="kyc")]
    [entries] = in_groups(group)
    sequence("default")

    assert verify("default").findings == ()
    assert [LedgerEntry.objects.get(id=entry).subject_count for entry in entries] == [0, 1, 3, 1]
    assert LedgerSubject.objects.filter(entry_id=entries[2]).count() == 3
    for one, entry in zip(group, entries, strict=True):
        for person in one.subjects:
            proof = proof_of(entry, subject=person)
            payload = json.loads(proof["reading"]["payload"])
            assert (payload["who"], payload["purpose"], payload["fields"]) == (one.who, one.purpose, list(one.fields))
            assert bool(proof["bulk"]) is (len(one.subjects) > 1)


def test_a_second_group_uses_the_keys_of_the_first(people):
    in_groups([draft(person) for person in people], [draft(person) for person in people * 5])

    assert LedgerKey.objects.count() == 4
    assert LedgerEntry.objects.count() == 24 == LedgerPending.objects.count()


def test_names_that_come_later_or_are_known_to_another_writer_have_one_number_each(people):
    kinds = ("exchange.answered", "exchange.refused", "exchange.answered", "exchange.failed")
    drafts = [replace(draft(people[0]), kind=kind) for kind in kinds]
    [first], [second, third] = in_groups(drafts[:1], drafts[1:3])
    [[fourth, fifth]] = in_groups([drafts[1], drafts[3]])
    sequence("default")

    found = dict(LedgerEntry.objects.values_list("id", "kind"))
    assert [found[entry] for entry in (first, second, third, fourth, fifth)] == [*kinds[:3], kinds[1], kinds[3]]
    assert sorted(LedgerName.objects.values_list("name", flat=True)) == sorted({"exchange.provider", *kinds})
    assert verify("default").is_clean


def test_a_database_that_came_back_with_other_numbers_is_asked_anew(people):
    def restored():
        tables = ("ledger_ledgerpending", "ledger_ledgersubject", "ledger_ledgerentry", "ledger_ledgerkey", "ledger_ledgername")
        with connections["default"].cursor() as cursor:
            for table in tables:
                cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER; DELETE FROM {table}; ALTER TABLE {table} ENABLE TRIGGER USER")
            cursor.execute("INSERT INTO ledger_ledgername (number, name) VALUES (1, 'registry.other'), (2, 'registry.another')")

    acts = iter([restored])

    def once():
        for act in acts:
            act()

    _, [entry] = in_groups([draft(people[0])], [draft(people[0])], between=once, reconnects=True)
    sequence("default")

    found = LedgerEntry.objects.get()
    assert (found.id, found.log, found.kind) == (entry, "exchange.provider", "exchange.answered")
    assert LedgerKey.objects.filter(id=found.key_id).exists()
    assert verify("default").is_clean


def test_another_writer_finds_the_keys_that_are_there(people):
    in_groups([draft(people[0])])
    in_groups([draft(people[0]), draft(people[1])])

    assert LedgerKey.objects.count() == 2


def test_a_key_destroyed_between_two_groups_of_one_writer_locks_nothing_more(people):
    todo = [people[0]]
    group = [draft(people[0]), draft(people[1])]
    first, second = in_groups(group, group, between=lambda: todo and destroy_subject_key(todo.pop()))

    gone = LedgerKey.objects.get(wrapped__isnull=True)
    assert set(LedgerEntry.objects.filter(key_id=gone.id).values_list("id", flat=True)) == {first[0]}
    assert {look.entry_id for look in looks_at(people[0]).rows if look.is_readable} == {second[0]}
    assert {look.entry_id for look in looks_at(people[1]).rows if look.is_readable} == {first[1], second[1]}
    assert LedgerEntry.objects.count() == 4


def test_one_malformed_draft_stops_its_whole_group(people):
    with pytest.raises(MalformedEntry):
        in_groups([draft(people[0]), Draft("no dot", log="exchange.provider", actor=BANK)])

    assert not LedgerEntry.objects.exists()
