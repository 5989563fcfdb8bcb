"""Pages of services: the journey by form posts without script, and each refusal with its code and sentence."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from dean06.core.actor import ANONYMOUS
from dean06.core.keys import PersonKey, new_key
from dean06.services import actions
from dean06.services.domain.states import State
from dean06.services.models import Consent, Dossier, Draft, SignedDocument, StoredResult
from services_world import (
    AGENCY,
    OTHER_COMMUNE,
    a_citizen,
    a_filled_draft,
    a_person,
    an_officer,
    consented,
    filed,
    form_of,
    make_world,
    number,
    received,
    related,
    returned,
    signed,
    stand,
)

pytestmark = pytest.mark.django_db(transaction=True, databases="__all__")


@pytest.fixture
def world(db):
    return stand(make_world())


@pytest.fixture
def acting(acting):
    acting(ANONYMOUS)
    return acting


def text_of(answer):
    return answer.content.decode()


def test_a_citizen_files_by_posts_alone_and_types_only_the_address(client, acting, world):
    acting(world.citizen)
    answer = client.post("/procedures/1.004222/start", follow=True)
    case_url = answer.redirect_chain[-1][0]
    assert world.mover.full_name in text_of(answer)
    assert number(world.mover) not in text_of(answer)

    answer = client.post(case_url, {"case": "family", "relative": "mother"}, follow=True)
    place_url = answer.redirect_chain[-1][0]
    assert world.mother.full_name in text_of(answer)

    answer = client.post(place_url, {"unit_code": OTHER_COMMUNE, "address": "Số 17, tổ 5", "owner": "householder"}, follow=True)
    check_url = answer.redirect_chain[-1][0]
    form_hash = answer.context["form_hash"]
    assert form_hash in text_of(answer)

    answer = client.post(check_url, {"form_hash": form_hash}, follow=True)
    dossier = Dossier.objects.get()
    assert answer.redirect_chain[-1][0] == f"/dossiers/{dossier.code}"
    assert dossier.answers["new_place"]["address"] == "Số 17, tổ 5"
    assert Consent.objects.filter(dossier=dossier, person=world.householder.person).count() == 2


def test_a_begun_form_is_resumed(client, acting, world):
    acting(world.citizen)
    first = client.post("/procedures/1.004222/start")
    second = client.get("/procedures/1.004222/start")

    assert first["Location"] == second["Location"]
    assert Draft.objects.count() == 1


def test_the_householder_answers_in_her_own_session(client, acting, world):
    dossier = filed(world)
    acting(world.householder)
    page = client.get("/consents")
    asked = Consent.objects.filter(dossier=dossier).first()
    assert dossier.code in text_of(page)

    question = client.get(f"/consents/{asked.pk}")
    assert "checked" not in text_of(question)
    client.post(f"/consents/{asked.pk}", {"answer": "give"})

    assert set(Consent.objects.values_list("answer", flat=True)) == {"given"}


def test_a_faulty_address_is_said_at_the_field_and_what_was_typed_is_kept(client, acting, world):
    draft = a_filled_draft(world)
    acting(world.citizen)

    answer = client.post(f"/drafts/{draft.pk}/place", {"unit_code": OTHER_COMMUNE, "address": "", "phone": "12", "owner": "householder"})

    assert answer.status_code == 422
    assert "Nhập số nhà, tên đường hoặc tổ, khu" in text_of(answer)
    assert 'value="12"' in text_of(answer)


def test_the_whole_desk_by_posts(client, acting, world):
    dossier = consented(world)

    def act(actor, action, **fields):
        acting(actor)
        dossier.refresh_from_db()
        answer = client.post(f"/officer/dossiers/{dossier.code}/{action}", {"version": dossier.version, **fields})
        assert answer.status_code == 302, text_of(answer)

    act(world.desk, "claim")
    act(world.desk, "receive")
    checks = ["lawful_place", "not_forbidden", "relation", "consents"]
    act(world.appraiser, "appraise", checked=checks, finding="eligible", text="Đủ")
    act(world.head, "approve")
    act(world.head, "sign")
    from services_world import deliver_all

    deliver_all()
    act(world.desk, "pay", number="BL-42")
    act(world.desk, "return")

    dossier.refresh_from_db()
    assert dossier.state == State.RETURNED
    acting(world.citizen)
    page = text_of(client.get(f"/dossiers/{dossier.code}"))
    assert "Kết quả đã vào kho dữ liệu của bạn" in page
    assert "Trần Văn Tiếp" in page


def test_signatures_are_examined_before_her_eyes(client, acting, world):
    dossier = returned(world)
    acting(world.citizen)

    page = text_of(client.get(f"/dossiers/{dossier.code}/signatures"))

    assert page.count("Hoàng Văn Ký") >= 2
    seen = re.sub(r"<[^>]*>", " ", page)  # no token of a form, in which the letters may stand by chance
    assert "Hoàng Văn Ký" in seen
    assert "Sai" not in seen


def test_another_persons_dossier_draft_consent_and_papers_do_not_exist(client, acting, world):
    dossier = received(world)
    draft = Draft.objects.get()
    paper = SignedDocument.objects.filter(dossier=dossier).first()
    consent = Consent.objects.first()

    for stranger in (world.stranger, an_officer(PersonKey(new_key()), "appraiser", unit="G01.H49.00000", area=("00000",))):
        acting(stranger)
        for url in (f"/dossiers/{dossier.code}", f"/drafts/{draft.pk}/check", f"/documents/{paper.pk}.pdf", f"/consents/{consent.pk}"):
            answer = client.get(url)
            assert answer.status_code == 404, url
            assert world.mover.full_name not in text_of(answer)
        assert client.post(f"/dossiers/{dossier.code}/withdraw", {"version": 1, "w-text": "x" * 20}).status_code == 404


def test_strangers_are_sent_to_log_in(client, acting, world):
    answer = client.get("/consents")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/login?next=")
    assert client.post("/procedures/1.004222/start").status_code == 403


@pytest.mark.parametrize("role", ["one_stop_officer", "head"])
def test_a_step_is_refused_to_another_role(client, acting, world, role):
    dossier = received(world)
    acting(world.desk if role == "one_stop_officer" else world.head)

    answer = client.post(f"/officer/dossiers/{dossier.code}/appraise", {"version": dossier.version, "finding": "eligible", "text": "x"})

    assert answer.status_code == 403
    dossier.refresh_from_db()
    assert dossier.state == State.RECEIVED


def test_an_officer_of_another_area_is_refused(client, acting, world):
    dossier = received(world)
    acting(an_officer(world.appraiser.person, "appraiser", unit=AGENCY, area=("06649",)))

    answer = client.get(f"/officer/dossiers/{dossier.code}")

    assert answer.status_code == 403
    assert "địa bàn khác" in text_of(answer)


def test_a_step_without_consent_or_out_of_turn_is_refused_with_its_sentence(client, acting, world):
    dossier = filed(world)
    acting(world.desk)
    early = client.post(f"/officer/dossiers/{dossier.code}/receive", {"version": dossier.version})
    assert early.status_code == 409
    assert "Chưa đủ ý kiến đồng ý" in text_of(early)

    wrong = client.post(f"/officer/dossiers/{dossier.code}/return", {"version": dossier.version})
    assert wrong.status_code == 409
    assert "bước khác" in text_of(wrong)
    assert not SignedDocument.objects.exists()


def test_a_result_is_not_returned_without_a_receipt(client, acting, world):
    from services_world import deliver_all

    dossier = signed(world)
    deliver_all()
    dossier.refresh_from_db()
    acting(world.desk)

    answer = client.post(f"/officer/dossiers/{dossier.code}/return", {"version": dossier.version})

    assert answer.status_code == 409
    assert "Chưa có biên lai" in text_of(answer)
    malformed = client.post(f"/officer/dossiers/{dossier.code}/pay", {"version": dossier.version, "number": ""})
    assert malformed.status_code == 422


def test_nobody_moves_in_with_the_dead_the_unknown_or_the_unrelated(client, acting, world):
    father = a_person("Vũ Văn Khuất", home="", status="dead", died_on="2020-01-01")
    related(world.mover, "father", father)
    draft = actions.start_draft(procedure_code="1.004222", actor=world.citizen)
    acting(world.citizen)

    def choose(personal_number):
        return client.post(f"/drafts/{draft.pk}/case", {"case": "family", "relative": "other", "relative_number": personal_number})

    for personal_number, sentence in (
        ("000000999999", "không có ai mang số định danh này"),
        (number(a_person("Không Thân Thích")), "không ghi hai người là vợ chồng"),
        ("12345", "Nhập đủ 12 chữ số"),
    ):
        answer = choose(personal_number)
        assert answer.status_code == 422
        assert sentence in text_of(answer)
    dead = choose(number(father))
    assert dead.status_code == 422
    draft.refresh_from_db()
    assert draft.answers == {}


def test_a_dead_applicant_cannot_file(client, acting, world):
    draft = a_filled_draft(world)
    confirmed = form_of(draft).hash
    world.mover.status, world.mover.died_on = "dead", "2026-11-01"
    world.mover.save()
    acting(world.citizen)

    answer = client.post(f"/drafts/{draft.pk}/check", {"form_hash": confirmed})

    assert answer.status_code == 409
    assert "khai tử" in text_of(answer)
    assert not Dossier.objects.exists()


def test_an_account_of_level_one_does_not_file(client, acting, world):
    acting(a_citizen(world.mover, assurance="urn:dean06:loa:1.1"))

    answer = client.post("/procedures/1.004222/start")

    assert answer.status_code == 403
    assert "mức độ 2" in text_of(answer)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"MZ\x90 not a document", "Chỉ nhận tệp PDF, JPEG hoặc PNG"),
        (b"%PDF-1.7" + b"x" * (5 * 1024 * 1024), "Tệp lớn hơn 5 MB"),
    ],
)
def test_evidence_of_the_wrong_kind_or_size_is_refused_and_nothing_is_kept(client, acting, world, content, sentence):
    draft = actions.start_draft(procedure_code="1.004222", actor=world.citizen)
    actions.choose_case(draft_id=draft.pk, case_id="own", relative="", actor=world.citizen)
    acting(world.citizen)
    fields = {"unit_code": OTHER_COMMUNE, "address": "Số 17", "file_lawful_place": SimpleUploadedFile("giay.pdf", content)}

    answer = client.post(f"/drafts/{draft.pk}/place", fields)

    assert answer.status_code == 422
    assert sentence in text_of(answer)
    assert not draft.attachments.exists()


def test_a_house_of_ones_own_is_filed_with_an_upload_and_asks_nobody(client, acting, world):
    draft = actions.start_draft(procedure_code="1.004222", actor=world.citizen)
    actions.choose_case(draft_id=draft.pk, case_id="own", relative="", actor=world.citizen)
    acting(world.citizen)
    fields = {"unit_code": OTHER_COMMUNE, "address": "Số 17", "file_lawful_place": SimpleUploadedFile("giay.pdf", b"%PDF-1.7 ok")}
    page = client.post(f"/drafts/{draft.pk}/place", fields, follow=True)

    client.post(page.redirect_chain[-1][0], {"form_hash": page.context["form_hash"]})

    dossier = Dossier.objects.get()
    assert dossier.attachments.count() == 1
    assert dossier.householder is None
    assert not dossier.consents.exists()


def test_text_that_is_not_utf_8_is_refused(client, acting, world):
    draft = a_filled_draft(world)
    acting(world.citizen)

    answer = client.post(
        f"/drafts/{draft.pk}/place",
        b"unit_code=06658&address=%ff%fe%fa&owner=householder",
        content_type="application/x-www-form-urlencoded",
    )

    assert answer.status_code in {400, 422}
    draft.refresh_from_db()
    assert draft.answers["new_place"]["address"] == "Số 17, tổ 5"


def test_a_form_without_its_token_is_refused(acting, world):
    acting(world.citizen)

    assert Client(enforce_csrf_checks=True).post("/procedures/1.004222/start").status_code == 403
    assert not Draft.objects.exists()


def test_a_stranger_checks_a_result_and_learns_no_name(client, acting, world):
    dossier = returned(world)
    result = StoredResult.objects.get(source_dossier=dossier)

    answer = client.post("/verify", {"code": result.verification_code.lower().replace("-", " ")}, follow=True)

    page = text_of(answer)
    assert "Kết quả thật, còn hiệu lực" in page
    assert "V* T** T** D*" in page
    for secret in (world.mover.full_name, number(world.mover), "Số 17"):
        assert secret not in page


@pytest.mark.parametrize(("code", "status"), [("ABCD-EFGH-JKMN-PQRS", 404), ("123", 422), ("x" * 39, 422)])
def test_an_unknown_or_malformed_code_is_refused(client, acting, world, code, status):
    assert client.post("/verify", {"code": code}).status_code == status


def test_an_uploaded_result_is_recognised_and_a_tampered_one_is_not(client, acting, world):
    dossier = returned(world)
    pdf = bytes(SignedDocument.objects.get(dossier=dossier, kind="result").content)
    at = pdf.index(b"stream", len(pdf) // 3) + 20
    tampered = pdf[:at] + bytes([pdf[at] ^ 1]) + pdf[at + 1 :]

    good = client.post("/verify", {"file": SimpleUploadedFile("kq.pdf", pdf)})
    bad = client.post("/verify", {"file": SimpleUploadedFile("kq.pdf", tampered)})

    assert "Tệp này đúng là bản gốc" in text_of(good)
    assert "Tệp này đúng là bản gốc" not in text_of(bad)
    for content, sentence in ((b"hello", "Không đọc được tệp này"), (b"%PDF-" + b"0" * (5 * 1024 * 1024 + 9), "Tệp lớn hơn 5 MB")):
        answer = client.post("/verify", {"file": SimpleUploadedFile("kq.pdf", content)})
        assert answer.status_code == 422
        assert sentence in text_of(answer)


def test_visible_to_rules_list_search_detail_and_papers_alike(client, acting, world):
    dossier = received(world)
    everyone = {
        "applicant": (world.citizen, True, False),
        "appraiser": (world.appraiser, True, True),
        "householder": (world.householder, False, False),
        "stranger": (world.stranger, False, False),
        "elsewhere": (an_officer(world.appraiser.person, "appraiser", unit="G01.H49.00000", area=(OTHER_COMMUNE,)), False, False),
    }
    for name, (actor, sees, has_desk) in everyone.items():
        assert Dossier.objects.visible_to(actor).filter(code=dossier.code).exists() == sees, name
        assert SignedDocument.objects.visible_to(actor).exists() == sees, name
        acting(actor)
        queue = client.get("/officer", {"q": dossier.code})
        assert (queue.status_code == 200 and f"/officer/dossiers/{dossier.code}" in text_of(queue)) == has_desk, name


@pytest.mark.parametrize("path", ["/procedures", "/procedures?q=thường trú", "/procedures/1.004222", "/verify"])
def test_public_pages_answer_in_both_languages(client, acting, world, path):
    assert client.get(path).status_code == 200
    client.cookies["dean06_language"] = "en"
    assert client.get(path).status_code == 200


def test_a_procedure_that_nobody_knows_is_not_found(client, acting, world):
    assert client.get("/procedures/9.999999").status_code == 404
