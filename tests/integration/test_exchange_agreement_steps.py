"""An agreement is requested, approved by two others, signed, in force at once; each step leaves one entry and one message."""

import base64
import json
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.db import IntegrityError, transaction

from dean06.core.keys import new_key
from dean06.core.models import OutboxMessage
from dean06.exchange import providing, snapshot
from dean06.exchange.agreements import actions
from dean06.exchange.agreements.authority import office_of, visible_to
from dean06.exchange.errors import (
    AgreementExpired,
    AgreementFaulty,
    AgreementMissing,
    AgreementNotFound,
    AgreementNotWaiting,
    NotInAgreementOffice,
    PurposeNotCovered,
    SecondPersonNeeded,
)
from dean06.exchange.models import AgreementCase, AgreementEvent, AgreementVersion
from dean06.exchange.public import ProviderResponse, agreements, call, load_agreements, load_members, register_provider
from dean06.ledger.models import LedgerEntry
from dean06.signing.public import published_keys, verify_raw
from exchange_agreements_world import CLIENT, CONTENT, MEMBERS, PACK, POPULATION, REASON, world_of_agreements

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(providing, "_providers", {})
    register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, {"agrees": True}, (new_key(),)), openapi={})
    with time_machine.travel(datetime(2026, 6, 1, 3, tzinfo=UTC), tick=True):
        yield world_of_agreements(tmp_path)
    snapshot.forget()


def requested(world, **changes):
    return actions.request_agreement(document={**CONTENT, **changes}, reason=REASON, actor=world.requester)


def named(case):
    return {"code": case.agreement.code, "version": case.agreement.version}


def in_force(world, **changes):
    case = requested(world, **changes)
    actions.approve(**named(case), actor=world.approver)
    return actions.approve(**named(case), actor=world.operator)


def ask(purpose="loan", **more):
    return call(
        client=CLIENT,
        service=POPULATION,
        method="POST",
        path="/v1/persons/verify",
        body={},
        purpose=purpose,
        actor=more.pop("actor"),
        **more,
    )


def events_of(case):
    return list(AgreementEvent.objects.filter(case=case).order_by("id").values_list("event", flat=True))


def test_an_agreement_is_in_force_once_two_others_approved_it(world):
    case = requested(world)
    with pytest.raises(AgreementMissing):
        ask(actor=world.clerk)
    actions.approve(**named(case), actor=world.operator)
    with pytest.raises(AgreementMissing):
        ask(actor=world.clerk)

    done = actions.approve(**named(case), actor=world.approver)

    assert (done.state, case.agreement.code) == ("in_force", "TT-2026-0001")
    assert ask(actor=world.clerk).document == {"agrees": True}
    (agreement,) = agreements()
    assert (agreement.rate_per_second, agreement.daily_quota) == (5, 1000)
    assert events_of(case) == ["requested", "approved_by_operator", "approved_by_provider", "signed"]


def test_each_step_is_one_ledger_entry_and_one_message(world):
    case = in_force(world)

    kinds = [f"exchange.agreement_{event}" for event in events_of(case)]
    assert list(LedgerEntry.objects.filter(kind__startswith="exchange.agreement_").order_by("id").values_list("kind", flat=True)) == kinds
    messages = OutboxMessage.objects.filter(topic="exchange.agreement_changed")
    assert [f"exchange.agreement_{message.payload['event']}" for message in messages.order_by("put_at")] == kinds
    assert all(event.entry for event in AgreementEvent.objects.filter(case=case))


def test_the_signature_covers_content_and_both_approvals(world):
    case = in_force(world)

    signed, _, signature = case.signature.rpartition(".")
    key = published_keys("exchange.registry")[0]
    assert verify_raw(key.public_key, signed.encode(), base64.urlsafe_b64decode(signature + "=="))
    payload = signed.partition(".")[2]
    statement = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    assert statement["agreement"] == case.agreement.document
    assert statement["provider_approved_at"] <= statement["operator_approved_at"]


def test_nobody_approves_her_own_request_nor_both_sides(world):
    case = requested(world)

    with pytest.raises(SecondPersonNeeded):
        actions.approve(**named(case), actor=world.requester)
    with pytest.raises(NotInAgreementOffice):
        actions.approve(**named(case), actor=world.second_requester)
    actions.approve(**named(case), actor=world.operator)
    with pytest.raises(SecondPersonNeeded):
        actions.approve(**named(case), actor=world.operator)
    with pytest.raises(NotInAgreementOffice):
        actions.approve(**named(case), actor=world.second_operator)
    assert AgreementCase.objects.get(pk=case.pk).state == "requested"


@pytest.mark.parametrize(
    "changes",
    [
        {"provider_approved_by": "requested_by"},
        {"operator_approved_by": "requested_by"},
        {"operator_approved_by": "provider_approved_by"},
        {"provider_approved_by": None},
        {"operator_approved_by": None},
        {"requested_by": None},
        {"signature": ""},
    ],
    ids=lambda changes: "-".join(f"{name}={value}" for name, value in changes.items()),
)
def test_the_table_itself_refuses_fewer_than_three_people(world, changes):
    case = in_force(world)
    values = {name: getattr(case, value) if value else value for name, value in changes.items()}

    with pytest.raises(IntegrityError), transaction.atomic():
        AgreementCase.objects.filter(pk=case.pk).update(**values)


def test_only_the_consumers_own_people_request(world):
    for actor in (world.stranger, world.approver, world.operator, world.clerk):
        with pytest.raises(NotInAgreementOffice):
            actions.request_agreement(document=CONTENT, reason=REASON, actor=actor)
    assert not AgreementVersion.objects.exists()


def test_another_agency_does_not_even_see_it(world):
    case = requested(world)

    with pytest.raises(AgreementNotFound):
        actions.withdraw(**named(case), reason=REASON, actor=world.stranger)
    assert not visible_to(office_of(world.stranger)).exists()
    for actor in (world.requester, world.approver, world.operator):
        assert visible_to(office_of(actor)).count() == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"fields": []}, "fields"),
        ({"fields": ["*", "agrees"]}, "fields"),
        ({"service": "VN/GOV/G01/POPULATION/nothing"}, "service"),
        ({"valid_until": "2025-12-31"}, "valid_until"),
        ({"valid_from": "2026-01-01", "valid_until": "2026-05-31"}, "valid_until"),
        ({"notify": "exempt"}, "notify_ground"),
        ({"notify": "delayed"}, "notify_until"),
        ({"rate_per_second": -1}, "rate_per_second"),
    ],
)
def test_a_faulty_request_names_the_field(world, changes, named):
    with pytest.raises(AgreementFaulty) as refused:
        requested(world, **changes)

    assert named in refused.value.detail


def test_a_refusal_has_a_reason_and_changes_nothing_else(world):
    case = requested(world)

    with pytest.raises(AgreementFaulty):
        actions.refuse(**named(case), reason="không", actor=world.approver)
    actions.refuse(**named(case), reason="Trường dữ liệu rộng hơn cần thiết", actor=world.approver)

    assert AgreementCase.objects.get(pk=case.pk).state == "refused"
    with pytest.raises(AgreementNotWaiting):
        actions.approve(**named(case), actor=world.approver)
    with pytest.raises(AgreementMissing):
        ask(actor=world.clerk)


def test_a_suspended_agreement_stops_at_once_and_is_resumed_by_another(world):
    case = in_force(world)
    ask(actor=world.clerk)

    actions.suspend(**named(case), reason="Nghi ngờ lộ khóa của hệ thống", actor=world.operator)
    with pytest.raises(AgreementMissing):
        ask(actor=world.clerk)
    with pytest.raises(SecondPersonNeeded):
        actions.resume(**named(case), reason="Đã kiểm tra xong sự việc", actor=world.operator)
    actions.resume(**named(case), reason="Đã kiểm tra xong sự việc", actor=world.second_operator)

    assert ask(actor=world.clerk).status == 200


def test_an_ended_agreement_does_not_come_back(world):
    case = in_force(world)

    actions.end(**named(case), reason="Không còn cho vay loại này", actor=world.requester)

    with pytest.raises(AgreementMissing):
        ask(actor=world.clerk)
    with pytest.raises(AgreementNotWaiting):
        actions.resume(**named(case), reason="Đã kiểm tra xong sự việc", actor=world.operator)


def test_a_renewal_is_a_new_version_and_the_old_one_stays(world):
    first = in_force(world)
    changed = {**CONTENT, "valid_from": "2027-01-01", "valid_until": "2027-12-31", "purposes": ["loan", "deposit"]}

    second = actions.request_agreement(document=changed, reason=REASON, actor=world.second_requester, renews=first.agreement.code)
    with pytest.raises(AgreementNotWaiting):
        actions.request_agreement(document=changed, reason=REASON, actor=world.requester, renews=first.agreement.code)
    actions.approve(**named(second), actor=world.approver)
    actions.approve(**named(second), actor=world.operator)

    assert (second.agreement.code, second.agreement.version) == (first.agreement.code, 2)
    assert ask(actor=world.clerk).status == 200
    with pytest.raises(AgreementExpired):
        ask(purpose="deposit", actor=world.clerk)
    with time_machine.travel(datetime(2027, 1, 1, 3, tzinfo=UTC)):
        snapshot.forget()
        assert ask(purpose="deposit", actor=world.clerk).status == 200
    assert AgreementVersion.objects.get(code=first.agreement.code, version=1).document["purposes"] == ["loan"]


def test_a_renewal_cannot_move_to_another_service_or_client(world):
    first = in_force(world)

    with pytest.raises((AgreementNotWaiting, NotInAgreementOffice)):
        actions.request_agreement(
            document={**CONTENT, "client": "VN/GOV/H49/SERVICES"}, reason=REASON, actor=world.requester, renews=first.agreement.code
        )


def test_what_ends_within_thirty_days_is_warned_of_once(world):
    case = in_force(world, valid_until="2026-07-01")
    in_force(world, valid_until="2026-07-02")

    assert actions.warn_of_ending() == 1
    assert actions.warn_of_ending() == 0
    assert events_of(case)[-1] == "expiring"
    assert OutboxMessage.objects.filter(topic="exchange.agreement_changed", payload__event="expiring").count() == 1


def test_a_pack_counts_as_approved_by_the_deployment_and_says_so(world, tmp_path):
    (tmp_path / "agreements.yaml").write_text(PACK)

    load_agreements(tmp_path / "agreements.yaml")

    case = AgreementCase.objects.get(agreement__code="P-1")
    assert (case.origin, case.state, events_of(case)) == ("pack", "in_force", ["loaded"])
    assert ask(purpose="pack", actor=world.clerk).status == 200


def test_a_pack_that_is_loaded_again_does_not_undo_what_people_agreed_since(world, tmp_path):
    (tmp_path / "agreements.yaml").write_text(PACK)
    load_agreements(tmp_path / "agreements.yaml")
    content = {**AgreementVersion.objects.get(code="P-1").document, "purposes": ["renewed"]}
    content.pop("code")
    case = actions.request_agreement(document=content, reason=REASON, actor=world.requester, renews="P-1")
    actions.approve(**named(case), actor=world.approver)
    actions.approve(**named(case), actor=world.operator)

    assert load_agreements(tmp_path / "agreements.yaml") == 0

    assert ask(purpose="renewed", actor=world.clerk).status == 200
    with pytest.raises(PurposeNotCovered):
        ask(purpose="pack", actor=world.clerk)


def test_who_joins_a_group_gets_its_agreement_and_who_leaves_loses_it(world, tmp_path):
    content = {name: value for name, value in CONTENT.items() if name != "client"}
    case = actions.request_agreement(document={**content, "group": "BANKS"}, reason=REASON, actor=world.requester)
    actions.approve(**named(case), actor=world.approver)
    actions.approve(**named(case), actor=world.operator)
    assert ask(actor=world.clerk).status == 200

    (tmp_path / "members.yaml").write_text(MEMBERS.replace("clients: [VN/COM/DEMOBANK/CUSTOMERS]", "clients: [VN/GOV/H49/SERVICES]"))
    load_members(tmp_path / "members.yaml")

    with pytest.raises(AgreementMissing):
        ask(actor=world.clerk)
    assert [str(one.client) for one in agreements()] == ["VN/GOV/H49/SERVICES"]


def test_officer_role_and_dossier_are_asked_for_by_the_gateway(world):
    in_force(world, officer_roles=["credit_officer"], issue_required=True)

    for missing in ({}, {"role": "credit_officer"}, {"user": "nv-17"}, {"user": "nv-17", "role": "clerk"}):
        with pytest.raises(Exception, match="roles"):
            ask(actor=world.clerk, issue="HS-1", **missing)
    with pytest.raises(Exception, match="dossier"):
        ask(actor=world.clerk, user="nv-17", role="credit_officer")
    assert ask(actor=world.clerk, user="nv-17", role="credit_officer", issue="HS-1").status == 200


def test_a_post_that_ended_no_longer_approves(world):
    from dean06.core.actor import SYSTEM
    from dean06.organisation.public import end_appointment

    case = requested(world)
    end_appointment(post="G01/approver", on=date(2026, 6, 1), actor=SYSTEM)

    with pytest.raises(NotInAgreementOffice):
        actions.approve(**named(case), actor=world.approver)
