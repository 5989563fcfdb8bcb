"""One person, several databases: her page is one list, her proofs and her right to deletion reach all of them."""

from uuid import uuid4

import pytest
from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.core.keys import PersonKey
from dean06.ledger.errors import EntryNotFound
from dean06.ledger.public import destroy_subject_key, looks_at, proof_of, record, record_many, sequence, verify

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def second(monkeypatch):
    """A second database alias with ledger tables of its own (a schema of the test database)."""
    with connections["default"].cursor() as cursor:
        tables = [name for name in connections["default"].introspection.table_names(cursor) if name.startswith("ledger_")]
        cursor.execute("CREATE SCHEMA second")
        for table in tables:
            cursor.execute(f"CREATE TABLE second.{table} (LIKE public.{table} INCLUDING ALL)")
    other = connections["default"].copy(alias="second")
    other.settings_dict["OPTIONS"]["options"] = (
        "-c search_path=second,public"  # the functions of the ledger stand in the one, the tables in both
    )
    connections["second"] = other
    for module in ("actions", "queries"):
        monkeypatch.setattr(f"dean06.ledger.{module}.all_databases", lambda: ("default", "second"))
    yield "second"
    other.close()
    other.close_pool()
    del connections["second"]
    with connections["default"].cursor() as cursor:
        cursor.execute("DROP SCHEMA second CASCADE")


def look(subject, using, log):
    with transaction.atomic(using=using):
        return record("exchange.answered", log=log, using=using, actor=SYSTEM, who="Ngân hàng trình diễn", subject=subject)


def test_her_page_merges_all_databases_newest_first_and_pages_through_them(second):
    her, him = PersonKey(uuid4()), PersonKey(uuid4())
    written = [look(her, using, log) for _ in range(4) for using, log in (("default", "registry"), (second, "exchange.provider"))]
    with transaction.atomic(using=second):
        written.append(record_many("exchange.extracted", log="exchange.provider", using=second, actor=SYSTEM, subjects=[her, him]))
    look(him, second, "exchange.provider")
    seen, cursor = [], ""
    while True:
        page = looks_at(her, cursor=cursor, size=2)
        seen += [row.entry_id for row in page.rows]
        if not (cursor := page.next_cursor):
            break

    assert seen == sorted(written, reverse=True)


def test_proofs_come_from_the_database_that_holds_the_entry(second):
    her = PersonKey(uuid4())
    here, there = look(her, "default", "registry"), look(her, second, "exchange.provider")
    assert (sequence("default"), sequence(second)) == (1, 1)

    assert proof_of(here, subject=her)["entry"]["log"] == "registry"
    assert proof_of(there, subject=her)["entry"]["log"] == "exchange.provider"
    assert verify("default").logs == ("registry",)
    assert verify(second).logs == ("exchange.provider",)
    with pytest.raises(EntryNotFound):
        proof_of(there, subject=PersonKey(uuid4()))


def test_destroying_her_key_reaches_every_database(second):
    her = PersonKey(uuid4())
    look(her, "default", "registry")
    look(her, second, "exchange.provider")

    assert destroy_subject_key(her) == 2
    assert [row.is_readable for row in looks_at(her).rows] == [False, False]
