"""Who decides on an agreement signs with a key of her own; whatever is altered in the database afterwards is found and named."""

from datetime import timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner
from django.db import connections

from dean06.cli.exchange import verify_agreements_command
from dean06.exchange.agreements import actions
from dean06.exchange.agreements.deciding import Alteration, alterations, verify_all
from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementEvent, AgreementVersion
from dean06.exchange.sealing import sealed
from dean06.ledger.models import LedgerEntry, LedgerKey
from dean06.ledger.queries import open_reading
from dean06.signing.public import ensure_key, rotate, signer
from exchange_agreements_world import CONTENT, REASON, world_of_agreements

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
    "client": (lambda c: versions(c).update(client="VN/GOV/G01/POPULATION"), {"content_altered"}),
    "digest": (lambda c: versions(c).update(digest="0" * 64), {"content_altered"}),
    "time": (
        lambda c: cases(c).update(provider_approved_at=c.provider_approved_at - timedelta(days=1)),
        {"decision_altered", "seal_wrong"},
    ),
    "time of request": (lambda c: cases(c).update(requested_at=c.requested_at - timedelta(days=1)), {"seal_wrong"}),
    "person": (lambda c: cases(c).update(provider_approved_by=uuid4()), {"person_altered"}),
    "person everywhere": (lambda c: person_everywhere(c, uuid4()), {"decision_altered"}),
    "post": (lambda c: events(c, "approved_by_provider").update(who="Thủ tướng"), {"decision_altered"}),
    "state": (lambda c: cases(c).update(state="ended"), {"state_altered"}),
    "refused": (lambda c: cases(c).update(state="refused"), {"state_altered", "decision_missing", "seal_wrong"}),
    "decision gone": (lambda c: decisions(c, "provider").delete(), {"decision_missing", "seal_wrong"}),
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


def person_everywhere(case, person):
    cases(case).update(provider_approved_by=person)
    decisions(case, "provider").update(person=person)


def document(case, *, is_digest_too=False, **changed):
    from dean06.exchange.packs import digest_of

    content = {**case.agreement.document, **changed}
    versions(case).update(document=content, **({"digest": digest_of(content)} if is_digest_too else {}))


@pytest.mark.parametrize("name", CHANGES)
def test_what_is_altered_in_the_database_is_found_and_named(people, name):
    case = approved(people)
    change, expected = CHANGES[name]

    change(case)

    assert {what for what, _ in found(case)} == expected


def test_whose_decision_was_altered_is_named(people):
    case = approved(people)

    decisions(case, "operator").update(token="x")

    assert ("decision_altered", "operator") in found(case)
    assert ("decision_altered", "provider") not in found(case)


def test_neither_the_exchange_nor_another_person_signs_for_her(people):
    case = approved(people)
    from dean06.exchange.agreements.deciding import SIGNED_AS, statement_of

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
