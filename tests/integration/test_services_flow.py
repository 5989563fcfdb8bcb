"""One dossier from the form to the citizen's store, on the real tables, through the real exchange, with real signatures."""

import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction

from dean06.core.clock import today
from dean06.core.models import OutboxMessage
from dean06.exchange.models import AgreementCase, AgreementEvent, AgreementVersion
from dean06.ledger.models import LedgerEntry
from dean06.registry.models import CURRENT, Residence
from dean06.services import actions
from dean06.services.actions.citizen import _next_serial
from dean06.services.cards import documents_of, dossiers_of
from dean06.services.domain.states import Kind, State, Step
from dean06.services.errors import ConsentAnswered, DossierChanged, FormChanged, WrongStep
from dean06.services.models import Consent, Dossier, DossierEvent, SignedDocument, StoredResult
from dean06.services.trail import is_unbroken, progress_of, projection
from dean06.signing import public as signing
from services_world import (
    AGENCY,
    a_citizen,
    a_filled_draft,
    appraised,
    consented,
    deliver_all,
    filed,
    form_of,
    make_world,
    received,
    registry_says,
    returned,
    signed,
    stand,
)

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def world(db):
    return stand(make_world())


def test_a_whole_dossier_moves_her_in_the_register_and_ends_in_her_store(world):
    dossier = returned(world)

    assert (dossier.state, dossier.step) == (State.RETURNED, Step.NONE)
    assert is_unbroken(dossier)
    home = Residence.objects.filter(CURRENT, person=world.mover, kind="permanent").order_by("-valid")[0]
    assert (home.unit_code, home.address) == (dossier.commune_code, "Số 17, tổ 5")
    card = documents_of(world.citizen.person)[0]
    assert card.title == "Thông báo kết quả giải quyết hồ sơ đăng ký cư trú"
    assert [one.code for one in dossiers_of(world.citizen.person)] == [dossier.code]


def test_the_sheet_carries_five_sound_signatures_each_over_its_event_and_the_result_two(world):
    dossier = returned(world)

    sheet = SignedDocument.objects.filter(dossier=dossier, kind="processing_sheet").latest("version")
    on_sheet = signing.inspect_pdf(bytes(sheet.content))
    events = {bytes(row.hash): row.kind for row in DossierEvent.objects.filter(dossier=dossier)}
    assert [events[one.bound_hash] for one in on_sheet] == ["received", "appraised", "approved", "result_signed", "returned"]
    result = SignedDocument.objects.get(dossier=dossier, kind="result")
    on_result = signing.inspect_pdf(bytes(result.content))
    assert {one.field for one in on_result} == {"ThuTruong", "CoQuan"}
    assert all(one.is_intact and one.is_trusted and one.timestamped_at for one in (*on_sheet, *on_result))


def test_the_registry_is_told_who_decided_by_the_name_that_people_read(world):
    dossier = signed(world)

    told = OutboxMessage.objects.get(payload__dossier=dossier.code).payload

    assert told["decided_by"] == dossier.agency_name
    assert told["decided_by"] != dossier.agency_code


def test_the_row_of_a_dossier_is_the_fold_of_its_log(world):
    dossier = signed(world)
    dossier.refresh_from_db()

    for name, value in projection(progress_of(dossier)).items():
        assert getattr(dossier, name) == value, name


def test_every_event_leaves_one_ledger_entry_and_one_message_without_personal_data(world):
    before = today()
    dossier = received(world)

    kinds = list(DossierEvent.objects.filter(dossier=dossier).order_by("seq").values_list("kind", flat=True))
    assert kinds == [Kind.SUBMITTED, Kind.CONSENT_GIVEN, Kind.CONSENT_GIVEN, Kind.RECEIVED]
    told = OutboxMessage.objects.filter(topic="services.dossier_event", payload__dossier_code=dossier.code)
    assert sorted(message.payload["seq"] for message in told) == [1, 2, 3, 4]
    assert world.mover.full_name not in str([message.payload for message in told])
    assert LedgerEntry.objects.using("default").filter(kind="services.step_signed").count() == 1
    assert before <= dossier.received_on <= today()
    assert dossier.due_on > dossier.received_on


def test_what_the_registers_told_was_asked_through_the_exchange(world):
    filed(world)

    asked = LedgerEntry.objects.using("default").filter(kind="exchange.answered")
    assert asked.count() == 3  # the person, the relation, the household


def test_the_log_cannot_be_changed_even_by_the_owner_of_the_tables(world):
    dossier = filed(world)

    for change in ("UPDATE services_dossierevent SET kind = 'x'", "DELETE FROM services_dossierevent"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(change)
    assert is_unbroken(dossier)


def test_a_second_click_finds_the_first_ones_dossier(world):
    draft = a_filled_draft(world)
    confirmed = form_of(draft).hash

    first = actions.submit(draft_id=draft.pk, form_hash=confirmed, actor=world.citizen)
    second = actions.submit(draft_id=draft.pk, form_hash=confirmed, actor=world.citizen)

    assert first.code == second.code
    assert Dossier.objects.count() == 1


def test_a_repeated_step_is_taken_once_and_a_stale_one_is_refused(world):
    dossier = consented(world)
    seen = dossier.version

    actions.receive(code=dossier.code, version=seen, actor=world.desk)
    again = actions.receive(code=dossier.code, version=seen, actor=world.desk)

    assert again.version == seen + 1
    with pytest.raises(DossierChanged):
        actions.request_supplement(code=dossier.code, version=seen, text="Cần thêm giấy tờ", actor=world.appraiser)


def test_two_clicks_at_the_same_moment_take_a_step_once(world):
    dossier = consented(world)
    outcomes: list[object] = []

    def click():
        try:
            outcomes.append(actions.receive(code=dossier.code, version=dossier.version, actor=world.desk))
        except (DossierChanged, WrongStep) as refused:
            outcomes.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=click) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(outcomes) == 2
    assert DossierEvent.objects.filter(dossier=dossier, kind=Kind.RECEIVED).count() == 1
    assert SignedDocument.objects.filter(dossier=dossier, kind="processing_sheet").count() == 1


def test_serials_never_collide_when_many_file_at_once(world):
    from dean06.core.clock import now

    at = now()
    serials: list[int] = []

    def take():
        try:
            with transaction.atomic():
                serials.append(_next_serial(AGENCY, at))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=take) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(serials) == [1, 2, 3, 4, 5, 6]


def test_a_form_that_changed_after_it_was_read_is_not_filed(world):
    draft = a_filled_draft(world)
    read = form_of(draft).hash
    actions.save_draft(draft_id=draft.pk, unit_code=draft.answers["new_place"]["unit_code"], address="Số 18", actor=world.citizen)

    with pytest.raises(FormChanged):
        actions.submit(draft_id=draft.pk, form_hash=read, actor=world.citizen)
    assert not Dossier.objects.exists()


def test_a_supplement_stops_the_clock_and_the_answer_starts_it(world):
    dossier = received(world)
    asked = actions.request_supplement(
        code=dossier.code, version=dossier.version, text="Cần ảnh chụp hợp đồng thuê nhà", actor=world.appraiser
    )
    assert asked.state == State.SUPPLEMENT
    assert progress_of(asked).clock.open_pause is not None

    answered = actions.answer_supplement(
        code=dossier.code, version=asked.version, text="Gửi kèm", files=(("hop-dong.pdf", b"%PDF-1.7 ..."),), actor=world.citizen
    )

    assert answered.state == State.RECEIVED
    assert progress_of(answered).clock.open_pause is None
    assert answered.attachments.count() == 1


def test_the_duty_to_pay_stops_the_clock_until_the_receipt_is_entered(world):
    dossier = received(world)
    waiting = actions.request_duty(code=dossier.code, version=dossier.version, actor=world.appraiser)
    assert waiting.state == State.FINANCIAL_DUTY

    paid = actions.record_payment(code=dossier.code, version=waiting.version, actor=world.desk, number="BL-7")

    assert (paid.state, paid.is_paid) == (State.RECEIVED, True)


def test_an_unmet_condition_ends_with_a_written_and_signed_notice(world):
    dossier = appraised(world, text="Chỗ ở không đủ diện tích tối thiểu", is_eligible=False, checked=())
    stopped = actions.stop(code=dossier.code, version=dossier.version, text="Không đủ diện tích tối thiểu theo quy định", actor=world.head)

    assert stopped.state == State.STOPPED
    notice = SignedDocument.objects.get(dossier=dossier, kind="refusal")
    assert all(one.is_intact and one.is_trusted for one in signing.inspect_pdf(bytes(notice.content)))


def test_reception_is_refused_in_writing_and_withdrawal_ends_it_too(world):
    dossier = filed(world)
    refused = actions.refuse_reception(code=dossier.code, version=dossier.version, text="Hồ sơ không thuộc thẩm quyền", actor=world.desk)
    assert refused.state == State.NOT_RECEIVED

    other = filed(world)
    assert (
        actions.withdraw(code=other.code, version=other.version, text="Tôi đổi ý, chưa chuyển", actor=world.citizen).state
        == State.WITHDRAWN
    )


def test_a_register_that_refuses_lets_the_head_stop_and_revokes_the_result(world):
    dossier = signed(world)
    registry_says(dossier, "registry.decision_refused", code="registry.household_elsewhere")
    assert dossier.registry == "refused"

    actions.stop(code=dossier.code, version=dossier.version, text="Cơ sở dữ liệu dân cư từ chối cập nhật", actor=world.head)

    assert StoredResult.objects.get(source_dossier=dossier).revoked_at is not None
    assert documents_of(world.citizen.person) == []


def test_a_doubled_answer_of_the_register_is_noted_once(world):
    dossier = signed(world)
    deliver_all()
    registry_says(dossier, "registry.residence_changed", residence_key="again")

    assert DossierEvent.objects.filter(dossier=dossier, kind=Kind.REGISTRY_CONFIRMED).count() == 1


def test_a_householder_answers_once_and_is_asked_again_only_after_refusing(world):
    dossier = filed(world)
    asked = Consent.objects.filter(dossier=dossier).first()
    actions.refuse_consent(consent_id=asked.pk, actor=world.householder, text="Tôi chưa biết việc này")

    with pytest.raises(ConsentAnswered):
        actions.give_consent(consent_id=asked.pk, actor=world.householder)
    again = actions.ask_consent(code=dossier.code, role=asked.role, actor=world.citizen)
    actions.give_consent(consent_id=again.pk, actor=world.householder)

    again.refresh_from_db()
    assert (again.answer, again.session) == ("given", "phien-thu")
    assert world.mover.full_name in again.text


def test_without_an_agreement_nothing_is_told_and_nothing_is_kept(world):
    AgreementEvent.objects.all().delete()
    AgreementCase.objects.all().delete()
    AgreementVersion.objects.all().delete()
    from dean06.core.errors import Denied
    from dean06.exchange import snapshot
    from dean06.services.models import Draft

    snapshot.forget()
    with pytest.raises(Denied):
        actions.start_draft(procedure_code="1.004222", actor=a_citizen(world.mover))
    assert not Draft.objects.exists()
