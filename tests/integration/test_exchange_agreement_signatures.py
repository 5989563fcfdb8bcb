"""Who decides on an agreement signs with a key of her own; whatever is altered in the database afterwards is found and named."""

from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.db import connections

from dean06.cli.exchange import verify_agreements_command
from dean06.exchange.agreements import actions
from dean06.exchange.agreements.alterations import Alteration, alterations, verify_all
from dean06.exchange.agreements.deciding import SIGNED_AS, request_digest, statement_of
from dean06.exchange.errors import AgreementAltered
from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementEvent, AgreementVersion
from dean06.exchange.packs import digest_of
from dean06.exchange.public import load_agreements
from dean06.exchange.sealing import sealed
from dean06.ledger.models import LedgerEntry, LedgerKey
from dean06.ledger.queries import open_reading
from dean06.signing.public import ensure_key, rotate, signer
from exchange_agreements_world import CONTENT, PACK, REASON, world_of_agreements

pytestmark = pytest.mark.django_db


@pytest.fixture
def people(tmp_path, settings):
    settings.DEAN06_KEY_DIR = tmp_path / "keys"
    return world_of_agreements(tmp_path)


def requested(people):
    return actions.request_agreement(document=CONTENT, reason=REASON, actor=people.requester)


def approved(people):
    case = requested(people)
    for actor in (people.approver, people.operator):
        actions.approve(code=case.agreement.code, version=1, actor=actor)
    return stored(case)


def refused(people, actor):
    case = requested(people)
    actions.refuse(code=case.agreement.code, version=1, reason="Mục đích chưa rõ ràng", actor=actor)
    return stored(case)


def stored(case):
    return AgreementCase.objects.get(pk=case.pk)


def found(case):
    return {(one.what, one.side) for one in alterations(stored(case))}


def test_each_approver_signs_with_a_key_of_her_own(people):
    case = approved(people)

    rows = {row.side: row for row in case.decisions.all()}
    assert {side: row.key_name for side, row in rows.items()} == {
        "provider": f"approver.{people.approver.person}",
        "operator": f"approver.{people.operator.person}",
    }
    assert rows["provider"].token_kid == signer(rows["provider"].key_name).kid != rows["operator"].token_kid
    assert "Phụ trách chia sẻ dữ liệu" in signer(rows["provider"].key_name).certificate.subject.rfc4514_string()
    assert found(case) == set()


def test_who_signs_results_of_dossiers_signs_with_the_same_key(people):
    name = f"officer.{people.approver.person}"
    ensure_key(name, common_name="Lê Thị Mẫu", organisation="Bộ Công an", usage="officer")

    case = approved(people)

    assert case.decisions.get(side="provider").key_name == name
    assert found(case) == set()


def test_the_entry_of_the_step_in_the_ledger_holds_the_signed_decision(people):
    case = approved(people)

    for side in ("provider", "operator"):
        entry = LedgerEntry.objects.get(pk=events(case, f"approved_by_{side}").get().entry)
        wrapped = LedgerKey.objects.get(pk=entry.key_id).wrapped
        told = open_reading("default", entry.id, entry.ciphertext, entry.key_id, wrapped)
        assert decisions(case, side).get().token.encode() in told


def test_a_renewed_key_leaves_earlier_decisions_good(people):
    case = approved(people)

    rotate(f"approver.{people.approver.person}")

    assert found(case) == set()


@pytest.mark.parametrize("who", ["approver", "operator"])
def test_a_refusal_is_signed_too(people, who):
    case = refused(people, getattr(people, who))

    row = case.decisions.get()
    assert (row.side, row.decision) == ({"approver": "provider", "operator": "operator"}[who], "refused")
    assert found(case) == set()


def test_every_step_leaves_an_agreement_that_verifies(people):
    waiting = requested(people)
    assert found(waiting) == set()
    actions.approve(code=waiting.agreement.code, version=1, actor=people.approver)
    assert found(waiting) == set()
    actions.withdraw(code=waiting.agreement.code, version=1, reason="Không còn cần nữa", actor=people.requester)
    assert found(waiting) == set()
    case = approved(people)
    code = case.agreement.code
    actions.suspend(code=code, version=1, reason="Có dấu hiệu bất thường", actor=people.operator)
    assert found(case) == set()
    actions.resume(code=code, version=1, reason="Đã làm rõ xong", actor=people.second_operator)
    assert found(case) == set()
    actions.end(code=code, version=1, reason="Hết nhu cầu khai thác", actor=people.requester)
    assert found(case) == set()


CHANGES = {
    "fields": (lambda c: document(c, fields=["*"]), {"content_altered", "decision_altered", "seal_wrong"}),
    "fields and digest": (
        lambda c: document(c, is_digest_too=True, fields=["*"]),
        {"decision_altered", "seal_wrong"},
    ),
    "last day": (lambda c: versions(c).update(valid_until="2027-12-31"), {"content_altered"}),
    "client": (lambda c: versions(c).update(client="VN/GOV/G01/POPULATION"), {"content_altered", "parties_altered"}),
    "digest": (lambda c: versions(c).update(digest="0" * 64), {"content_altered"}),
    "time": (
        lambda c: cases(c).update(provider_approved_at=c.provider_approved_at - timedelta(days=1)),
        {"decision_altered", "seal_wrong"},
    ),
    "time in the history": (lambda c: events(c, "approved_by_provider").update(at=c.requested_at), {"decision_altered"}),
    "a second approval in the history": (lambda c: steps(c, "approved_by_provider"), {"decision_altered", "state_altered"}),
    "time of request": (lambda c: cases(c).update(requested_at=c.requested_at - timedelta(days=1)), {"decision_altered", "seal_wrong"}),
    "requester": (lambda c: cases(c).update(requested_by=uuid4()), {"decision_altered"}),
    "reason of request": (lambda c: cases(c).update(reason="Một lý do khác hẳn"), {"decision_altered"}),
    "consumer's agency": (lambda c: cases(c).update(consumer="VN/GOV/H49"), {"parties_altered", "decision_altered"}),
    "provider's agency": (lambda c: cases(c).update(provider="VN/GOV/H49"), {"parties_altered", "decision_altered"}),
    "withdrawn": (lambda c: versions(c).update(withdrawn=True), {"content_altered"}),
    "no content": (lambda c: versions(c).update(document=[]), {"content_altered", "decision_altered", "seal_wrong"}),
    "person": (lambda c: cases(c).update(provider_approved_by=uuid4()), {"person_altered"}),
    "person everywhere": (lambda c: person_everywhere(c, uuid4()), {"decision_altered"}),
    "post": (lambda c: events(c, "approved_by_provider").update(who="Thủ tướng"), {"decision_altered"}),
    "state": (lambda c: cases(c).update(state="ended"), {"state_altered"}),
    "origin": (lambda c: cases(c).update(origin="pack"), {"origin_altered", "state_altered"}),
    "steps that cannot be": (lambda c: steps(c, "ended", "resumed"), {"state_altered"}),
    "a step that nobody knows": (lambda c: steps(c, "approved"), {"state_altered"}),
    "refused": (lambda c: cases(c).update(state="refused"), {"state_altered", "decision_missing", "seal_wrong"}),
    "decision gone": (lambda c: decisions(c, "provider").delete(), {"decision_missing", "seal_wrong"}),
    "side": (lambda c: decisions(c, "provider").update(side="other"), {"decision_missing", "decision_altered", "seal_wrong"}),
    "kind": (lambda c: decisions(c, "provider").update(decision="other"), {"decision_missing", "decision_altered", "seal_wrong"}),
    "token of another": (
        lambda c: decisions(c, "provider").update(token=decisions(c, "operator").get().token),
        {"decision_altered", "seal_wrong"},
    ),
    "token cut": (lambda c: decisions(c, "provider").update(token="x"), {"decision_altered", "seal_wrong"}),
    "seal": (lambda c: cases(c).update(signature="a.b.c"), {"seal_wrong"}),
}


def cases(case):
    return AgreementCase.objects.filter(pk=case.pk)


def versions(case):
    return AgreementVersion.objects.filter(pk=case.pk)


def decisions(case, side):
    return AgreementDecision.objects.filter(case=case, side=side)


def events(case, event):
    return AgreementEvent.objects.filter(case=case, event=event)


def steps(case, *names):
    AgreementEvent.objects.bulk_create(AgreementEvent(case=case, event=name, by="x", who="") for name in names)


def person_everywhere(case, person):
    cases(case).update(provider_approved_by=person)
    decisions(case, "provider").update(person=person)


def document(case, *, is_digest_too=False, **changed):
    content = {**case.agreement.document, **changed}
    versions(case).update(document=content, **({"digest": digest_of(content)} if is_digest_too else {}))


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_altered_in_the_database_is_found_and_named(people, name):
    case = approved(people)
    change, expected = CHANGES[name]

    change(case)

    assert {what for what, _ in found(case)} == expected


def test_an_altered_reason_of_a_refusal_is_found(people):
    case = refused(people, people.operator)

    events(case, "refused").update(reason="Bị từ chối vì lý do khác")

    assert found(case) == {("decision_altered", "operator")}


WAITING = {
    "fields": lambda c: document(c, is_digest_too=True, fields=["*"]),
    "reason of request": lambda c: cases(c).update(reason="Một lý do khác hẳn"),
    "requester": lambda c: cases(c).update(requested_by=uuid4()),
}


@pytest.mark.parametrize("name", WAITING)
def test_nobody_puts_in_force_what_was_altered_after_the_first_approval(people, name):
    case = requested(people)
    actions.approve(code=case.agreement.code, version=1, actor=people.operator)
    WAITING[name](case)

    with pytest.raises(AgreementAltered):
        actions.approve(code=case.agreement.code, version=1, actor=people.approver)

    assert (stored(case).state, stored(case).signature) == ("requested", "")
    assert not decisions(case, "provider").exists()


def test_an_approval_holds_for_what_the_person_read(people):
    case = requested(people)
    seen = request_digest(case)
    document(case, is_digest_too=True, fields=["*"])

    with pytest.raises(AgreementAltered):
        actions.approve(code=case.agreement.code, version=1, actor=people.approver, seen=seen)
    document(case, is_digest_too=True)
    assert not decisions(case, "provider").exists()
    actions.approve(code=case.agreement.code, version=1, actor=people.approver, seen=request_digest(stored(case)))

    assert decisions(case, "provider").exists()


def test_an_altered_agreement_is_not_resumed_and_may_be_ended(people):
    case = approved(people)
    code = case.agreement.code
    actions.suspend(code=code, version=1, reason="Có dấu hiệu bất thường", actor=people.operator)
    decisions(case, "provider").update(token="x")

    with pytest.raises(AgreementAltered):
        actions.resume(code=code, version=1, reason="Đã làm rõ xong", actor=people.second_operator)
    actions.end(code=code, version=1, reason="Hết nhu cầu khai thác", actor=people.requester)

    assert stored(case).state == "ended"


def loaded(folder, text=PACK):
    (folder / "agreements.yaml").write_text(text)
    load_agreements(folder / "agreements.yaml")
    return AgreementCase.objects.filter(agreement__code="P-1").latest("agreement__version")


def test_what_a_pack_brought_verifies_through_its_steps(people, tmp_path):
    case = loaded(tmp_path)
    assert found(case) == set()
    actions.suspend(code="P-1", version=1, reason="Có dấu hiệu bất thường", actor=people.operator)
    assert found(case) == set()
    actions.resume(code="P-1", version=1, reason="Đã làm rõ xong", actor=people.second_operator)
    assert found(case) == set()

    withdrawn = loaded(tmp_path, PACK + "    withdrawn: true\n")

    assert (withdrawn.state, found(withdrawn)) == ("ended", set())


PACKED = {
    "fields and digest": (lambda c: document(c, is_digest_too=True, fields=["*"]), {"seal_wrong"}),
    "state": (lambda c: cases(c).update(state="ended"), {"state_altered"}),
    "seal": (lambda c: cases(c).update(signature=""), {"seal_wrong"}),
    "pack": (lambda c: versions(c).update(pack=None), {"origin_altered"}),
    "requester": (lambda c: cases(c).update(requested_by=uuid4()), {"origin_altered"}),
    "provider's agency": (lambda c: cases(c).update(provider="VN/GOV/H49"), {"parties_altered"}),
}


@pytest.mark.parametrize("name", PACKED)
def test_what_is_altered_of_a_packs_version_is_found_and_named(people, tmp_path, name):
    case = loaded(tmp_path)
    change, expected = PACKED[name]

    change(case)

    assert {what for what, _ in found(case)} == expected


def test_a_version_that_no_load_made_is_found(people, tmp_path):
    case = loaded(tmp_path)
    content = {**case.agreement.document, "fields": ["*"]}
    version = AgreementVersion.objects.get(pk=case.pk)
    version.pk, version.version, version.document, version.digest = None, 2, content, digest_of(content)
    version.save()
    forged = AgreementCase.objects.create(
        agreement=version, origin="pack", state="in_force", consumer=case.consumer, provider=case.provider, signature=case.signature
    )
    steps(forged, "loaded")

    assert found(forged) == {("seal_wrong", "")}


def test_whose_decision_was_altered_is_named(people):
    case = approved(people)

    decisions(case, "operator").update(token="x")

    assert ("decision_altered", "operator") in found(case)
    assert ("decision_altered", "provider") not in found(case)


def test_neither_the_exchange_nor_another_person_signs_for_her(people):
    case = approved(people)
    row = decisions(case, "provider").get()
    who = events(case, "approved_by_provider").get().who
    statement = statement_of(case, side="provider", decision="approved", at=case.provider_approved_at, who=who, person=row.person)
    assert sealed(statement, kind=SIGNED_AS, by=signer(row.key_name)).partition(".")[2].partition(".")[0] == row.token.split(".")[1]
    for by in (None, signer(f"approver.{people.operator.person}")):
        decisions(case, "provider").update(token=sealed(statement, kind=SIGNED_AS, by=by))
        assert ("decision_altered", "provider") in found(case)
    decisions(case, "provider").update(
        token=sealed(statement, kind=SIGNED_AS, by=signer(f"approver.{people.operator.person}")),
        key_name=f"approver.{people.operator.person}",
    )
    assert ("decision_altered", "provider") in found(case)


def test_the_command_names_what_was_altered_and_fails(people, monkeypatch):
    case = approved(people)
    monkeypatch.setattr(connections, "close_all", lambda: None)
    assert [(one.agreement.code, what) for one, what in verify_all()] == [(case.agreement.code, ())]

    good = CliRunner().invoke(verify_agreements_command, [])
    decisions(case, "provider").update(token="x")
    bad = CliRunner().invoke(verify_agreements_command, [])

    assert (good.exit_code, bad.exit_code) == (0, 1), (good.output, bad.output)
    assert f"{case.agreement.code} v1  provider  decision_altered" in bad.output
    assert Alteration("decision_altered", "provider") in alterations(stored(case))
