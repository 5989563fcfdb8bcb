"""A batch of entries is what single entries would have been: same commitments, same proofs, same keys, nothing remembered."""

import json
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.ledger.errors import MalformedEntry
from dean06.ledger.models import LedgerEntry, LedgerKey, LedgerPending
from dean06.ledger.public import Draft, destroy_subject_key, export, looks_at, proof_of, record, record_batch, sequence, verify

pytestmark = pytest.mark.django_db
BANK = Actor(account="VN/COM/DEMOBANK/CUSTOMERS")
PEOPLE = [PersonKey(uuid4()) for _ in range(4)]
VERIFIER = Path(__file__).parents[2] / "tools" / "verify_ledger.py"

drafts = st.builds(
    Draft,
    kind=st.sampled_from(["exchange.answered", "registry.page_shown"]),
    log=st.sampled_from(["exchange.provider", "registry"]),
    actor=st.just(BANK),
    who=st.text(max_size=20).filter(lambda text: text.isprintable()),
    subjects=st.lists(st.sampled_from(PEOPLE), max_size=3, unique=True).map(tuple),
    purpose=st.sampled_from(["", "kyc", "Đăng ký thường trú"]),
    fields=st.lists(st.sampled_from(["full_name", "born_on"]), max_size=2).map(tuple),
    detail=st.dictionaries(st.sampled_from(["a", "b"]), st.integers() | st.text(max_size=5).filter(str.isprintable), max_size=2),
)


def written(batch):
    with transaction.atomic():
        return record_batch(batch, using="default")


def alone(draft):
    given = {"log": draft.log, "using": "default", "actor": draft.actor, "who": draft.who, "purpose": draft.purpose}
    with transaction.atomic():
        return record(draft.kind, subject=draft.subjects[0], fields=draft.fields, detail=draft.detail, **given)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(drafts, max_size=9))
def test_every_entry_of_a_batch_verifies_and_opens_to_what_was_recorded(db, batch):
    entries = written(batch)
    sequence("default")

    assert verify("default").findings == ()
    for draft, entry in zip(batch, entries, strict=True):
        assert LedgerEntry.objects.get(id=entry).subject_count == len(draft.subjects)
        for subject in draft.subjects:
            proof = proof_of(entry, subject=subject)
            payload = json.loads(proof["reading"]["payload"])
            assert (payload["who"], payload["purpose"], payload["detail"]) == (draft.who, draft.purpose, dict(draft.detail))
            assert (payload["kind"], payload["fields"]) == (draft.kind, list(draft.fields))
            assert bool(proof["bulk"]) is (len(draft.subjects) > 1)


@pytest.mark.parametrize("size", [1, 2, 50])
def test_a_batch_and_single_entries_differ_in_identifier_time_and_salt_alone(size):
    draft = Draft("exchange.answered", log="exchange.provider", actor=BANK, who="Ngân hàng", subjects=(PEOPLE[0],), detail={"n": 1})
    single, batch = alone(draft), written([draft] * size)

    rows = {row.id: row for row in LedgerEntry.objects.all()}
    assert len(rows) == 1 + size == LedgerPending.objects.count()
    for entry in batch:
        assert rows[entry].subject == rows[single].subject
        assert (rows[entry].log, rows[entry].kind, rows[entry].subjects_root) == (rows[single].log, rows[single].kind, b"")
        assert rows[entry].recorded_at >= rows[single].recorded_at
    assert [row.id for row in LedgerEntry.objects.order_by("id")] == [single, *batch]
    assert LedgerKey.objects.count() == 1
    sequence("default")
    payloads = {proof_of(entry, subject=PEOPLE[0])["reading"]["payload"] for entry in (single, *batch)}
    assert len(payloads) == 1


def test_the_standalone_verifier_accepts_a_batch_and_its_proofs(tmp_path):
    entries = written([Draft("exchange.answered", log="exchange.provider", actor=BANK, subjects=(person,)) for person in PEOPLE * 10])
    sequence("default")
    export(tmp_path / "export")
    (tmp_path / "proof.json").write_text(json.dumps(proof_of(entries[17], subject=PEOPLE[17 % 4])))

    for asked in (["export", str(tmp_path / "export")], ["proof", str(tmp_path / "proof.json")]):
        command = [sys.executable, str(VERIFIER), *asked, "--key", str(tmp_path / "export" / "keys.pem")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("size", [2, 20])
def test_a_destroyed_key_is_neither_used_nor_revived_by_a_later_batch(size):
    draft = Draft("exchange.answered", log="exchange.provider", actor=BANK, who="Ngân hàng", subjects=(PEOPLE[0],))
    before = set(written([draft] * size))
    [old] = LedgerKey.objects.all()

    destroy_subject_key(PEOPLE[0])
    after = set(written([draft] * size))

    old.refresh_from_db()
    assert old.wrapped is None
    assert set(LedgerEntry.objects.filter(key_id=old.id).values_list("id", flat=True)) == before
    assert {look.entry_id for look in looks_at(PEOPLE[0]).rows if look.is_readable} == after


def test_a_bad_draft_stops_the_whole_batch_before_anything_is_written():
    good = Draft("exchange.answered", log="exchange.provider", actor=BANK)

    with pytest.raises(MalformedEntry):
        written([good, Draft("no dot", log="exchange.provider", actor=BANK)])

    assert not LedgerEntry.objects.exists()


def test_a_batch_takes_a_fixed_number_of_statements(django_assert_num_queries):
    batch = [Draft("exchange.answered", log="exchange.provider", actor=BANK, subjects=(person,)) for person in PEOPLE * 25]
    written(batch)

    with transaction.atomic(), django_assert_num_queries(5):  # SELECTs of keys, of words and of names, two COPYs
        record_batch(batch, using="default")


@pytest.mark.django_db(transaction=True)
def test_entries_are_recorded_inside_a_transaction_only():
    with pytest.raises(transaction.TransactionManagementError):
        record_batch([Draft("exchange.answered", log="exchange.provider", actor=BANK)], using="default")
