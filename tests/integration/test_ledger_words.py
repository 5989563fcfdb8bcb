"""Words that readable parts repeat: learned once, a number from then on, and nothing that can be changed unseen."""

import json

import pytest
from django.db import transaction

from dean06.core.actor import Actor
from dean06.ledger import words
from dean06.ledger.models import LedgerEntry, LedgerWord
from dean06.ledger.public import Draft, learn_words, looks_at, proof_of, record_batch, sequence, verify
from ledger_worlds import PEOPLE, sql

pytestmark = pytest.mark.django_db

CLIENT, SERVICE, KEY = "VN/COM/BANK/CUSTOMERS", "VN/GOV/G01/POPULATION/population", 42 * "k" + "0"
DETAIL = {
    "client": CLIENT,
    "service": SERVICE,
    "agreement": "BANK-1/1",
    "request": {"key_id": KEY, "base": f'"x-road-client": {CLIENT}'},
    "answer": {"key_id": KEY[::-1]},
}


@pytest.fixture(autouse=True)
def nothing_known_before():
    words._known.clear()


def written(count=5):
    drafts = [Draft("exchange.answered", "exchange.provider", Actor(account=CLIENT), "Bank", (PEOPLE[0],), detail=DETAIL)] * count
    with transaction.atomic():
        made = record_batch(drafts, using="default")
    sequence("default")
    return made


def size_of(entry):
    return len(LedgerEntry.objects.get(id=entry).ciphertext)


def test_what_was_learned_is_short_from_then_on_and_reads_the_same():
    before = written()
    assert learn_words([CLIENT, SERVICE, KEY, "BANK-1/1"], using="default") == 4
    assert learn_words([CLIENT, SERVICE, KEY, "BANK-1/1"], using="default") == 0

    after = written()

    assert size_of(after[0]) < size_of(before[0]) - 32
    for entry in (before[0], after[0]):
        assert json.loads(proof_of(entry, subject=PEOPLE[0])["reading"]["payload"])["detail"] == DETAIL
    assert {look.entry_id for look in looks_at(PEOPLE[0]).rows if look.detail == DETAIL} == {*before, *after}
    assert verify("default").is_clean


def test_a_word_that_was_altered_or_removed_names_each_entry_that_holds_it():
    before = written()
    learn_words([CLIENT], using="default")
    after = written()

    for change in ("UPDATE ledger_ledgerword SET word = set_byte(word, 3, 88)", "DELETE FROM ledger_ledgerword"):
        assert sql(change) == 1
        found = verify("default").findings
        assert {(finding.problem, finding.entry_id) for finding in found} == {("reading_altered", entry) for entry in after}
        assert {finding.entry_id for finding in found}.isdisjoint(before)


@pytest.mark.parametrize("word", ["", "x", "ngân hàng", "a\x02b", "x" * 501])
def test_what_is_no_name_is_not_learned(word):
    assert learn_words([word], using="default") == 0
    assert not LedgerWord.objects.exists()


def test_there_is_an_end_to_learning(monkeypatch):
    monkeypatch.setattr(words, "MOST", 2)

    assert learn_words(["VN/COM/A", "VN/COM/B"], using="default") == 2
    assert learn_words(["VN/COM/C"], using="default") == 0
