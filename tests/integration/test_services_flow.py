"""One dossier from the form to the citizen's store, on the real tables."""

from types import SimpleNamespace

import pytest

from dean06.core import messages
from dean06.core.clock import today
from dean06.core.models import OutboxMessage
from dean06.ledger.models import LedgerEntry
from dean06.services import actions, authority, facts
from dean06.services.actions import drafts
from dean06.services.domain.states import Kind, State, Step
from dean06.services.models import Consent, Dossier, DossierEvent, SignedDocument, StoredResult
from dean06.services.pinning import pinned
from dean06.services.residence import compose
from dean06.services.trail import is_unbroken, progress_of, projection
from dean06.signing import public as signing
from services_world import AGENCY, OTHER_COMMUNE, make_world, posts_of, registry_in_process

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")

ALL_CHECKS = ("lawful_place", "not_forbidden", "relation", "consents")


@pytest.fixture(scope="session")
def officer_keys():
    signing.ensure_trust()
    from uuid import UUID

    for number, name in ((1, "Trần Văn Tiếp"), (2, "Phạm Thị Thẩm"), (3, "Hoàng Văn Ký")):
        signing.ensure_key(f"officer.{UUID(int=number)}", common_name=name, usage="officer")
    signing.ensure_key(f"seal.{AGENCY}", common_name="Công an phường Thí Dụ", usage="seal")


@pytest.fixture
def world(officer_keys, monkeypatch):
    made = make_world()
    posts = posts_of(made)
    unit = SimpleNamespace(code=AGENCY, name="Công an phường Thí Dụ", kind="commune_police", area_code=OTHER_COMMUNE, parent_code="")
    monkeypatch.setattr(facts.exchange, "call", registry_in_process)
    monkeypatch.setattr(authority.organisation, "posts_held_by", lambda person, **_on: posts.get(person, ()))
    monkeypatch.setattr(drafts.organisation, "unit_for", lambda *_asked: unit)
    return made


def a_filled_draft(world):
    draft = actions.start_draft(procedure_code="1.004222", actor=world.citizen)
    draft = actions.choose_case(draft_id=draft.pk, case_id="family", relative="mother", actor=world.citizen)
    return actions.save_draft(draft_id=draft.pk, unit_code=OTHER_COMMUNE, address="Số 17, tổ 5", phone="0912345678", actor=world.citizen)


def filed(world) -> Dossier:
    draft = a_filled_draft(world)
    form = compose(pinned(draft.pack), facts=draft.facts, typed=draft.answers)
    assert form.missing == ()
    return actions.submit(draft_id=draft.pk, form_hash=form.hash, actor=world.citizen)


def consented(world) -> Dossier:
    dossier = filed(world)
    actions.give_consent(consent_id=Consent.objects.filter(dossier=dossier).first().pk, actor=world.householder)
    dossier.refresh_from_db()
    return dossier


def received(world) -> Dossier:
    dossier = consented(world)
    return actions.receive(code=dossier.code, version=dossier.version, actor=world.desk)


def signed(world) -> Dossier:
    dossier = received(world)
    dossier = actions.appraise(code=dossier.code, version=dossier.version, actor=world.appraiser, text="Đủ điều kiện", checked=ALL_CHECKS)
    dossier = actions.approve(code=dossier.code, version=dossier.version, actor=world.head)
    return actions.sign_result(code=dossier.code, version=dossier.version, actor=world.head)


def tell_registry_answer(dossier, topic="registry.residence_changed"):
    from django.db import transaction

    payload = {"dossier": dossier.code, "person_key": str(dossier.applicant), "residence_key": "r", "code": "registry.household_elsewhere"}
    with transaction.atomic():
        messages.put(topic, payload, using="default")
    messages.deliver("default")
    dossier.refresh_from_db()


def test_a_whole_dossier_ends_in_the_citizens_store(world):
    dossier = signed(world)
    tell_registry_answer(dossier)
    assert dossier.state == State.DONE

    dossier = actions.record_payment(code=dossier.code, version=dossier.version, actor=world.desk, number="BL-0001/26")
    dossier = actions.return_result(code=dossier.code, version=dossier.version, actor=world.desk)

    assert (dossier.state, dossier.step) == (State.RETURNED, Step.NONE)
    result = StoredResult.objects.get(source_dossier=dossier)
    assert result.is_in_store
    assert SignedDocument.objects.filter(dossier=dossier, kind="processing_sheet").count() == 5
    assert is_unbroken(dossier)


def test_the_row_of_a_dossier_is_the_fold_of_its_log(world):
    dossier = signed(world)

    for name, value in projection(progress_of(dossier)).items():
        assert getattr(dossier, name) == value, name


def test_every_event_leaves_one_ledger_entry_and_one_message_without_personal_data(world):
    dossier = received(world)

    kinds = list(DossierEvent.objects.filter(dossier=dossier).order_by("seq").values_list("kind", flat=True))
    assert kinds == [Kind.SUBMITTED, Kind.CONSENT_GIVEN, Kind.CONSENT_GIVEN, Kind.RECEIVED]
    told = OutboxMessage.objects.filter(topic="services.dossier_event", payload__dossier_code=dossier.code)
    assert [message.payload["seq"] for message in told.order_by("id")] == [1, 2, 3, 4]
    assert world.mover.full_name not in str([message.payload for message in told])
    assert LedgerEntry.objects.using("default").filter(kind="services.step_signed").count() == 1
    assert dossier.received_on == today()
    assert dossier.due_on > dossier.received_on
