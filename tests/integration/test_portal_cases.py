"""A look that is not right: she says so, the data protection officer answers, both stand in the ledger; what is kept back is counted."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
import time_machine

from dean06.core.actor import Actor
from dean06.core.clock import today
from dean06.core.keys import PersonKey
from dean06.exchange import providing
from dean06.ledger.models import LedgerEntry
from dean06.ledger.public import looks_at, sequence
from dean06.organisation.public import HeldPost
from dean06.portal import neighbours
from dean06.portal.cases import answer_case, case_for, cases_for, clock_on, open_case
from dean06.portal.errors import CaseAlreadyAnswered, CaseAlreadyOpen, CaseNotFound, LoginNeeded, NotDataProtectionOfficer, WordsNeeded
from dean06.portal.looks import lines, untold
from dean06.portal.models import LookCase
from dean06.reference.public import add_working_days
from exchange_evidence_world import SUBJECT, look_up, populate
from portal_fakes import PERSON, install, log_in, look

pytestmark = pytest.mark.django_db(transaction=True)

HER = Actor(account="acc-1", person=PersonKey(PERSON), session="s")
OFFICER = Actor(account="acc-9", person=PersonKey(uuid4()), roles=frozenset({"data_protection_officer"}))
A_POST = HeldPost("post-9", "G01", "Bộ Công an", "Người phụ trách bảo vệ dữ liệu", frozenset({"data_protection_officer"}), ("VN",))


def test_she_questions_a_look_and_reads_the_answer(client, monkeypatch):
    seen = look()
    fake, _asked = install(monkeypatch, looks=[seen])
    log_in(client, fake)
    address = f"/me/looks/{seen.entry_id}/case"
    assert f'href="{address}"' in client.get("/me/looks").content.decode()
    assert "Điều gì không đúng?" in client.get(address).content.decode()

    assert client.post(address, {"words": "  "}).status_code == 422
    assert client.post(address, {"words": "Tôi không nộp hồ sơ này."}).status_code == 302

    page = client.get(address).content.decode()
    assert "Tôi không nộp hồ sơ này." in page
    assert "Đã nhận" in page
    assert "Phản ánh của bạn đã được nhận" in client.get("/me/looks").content.decode()
    case = LookCase.objects.get()
    assert b"Toi" not in bytes(case.words)
    assert "Tôi".encode() not in bytes(case.words)
    answer_case(case=case.id, words="Hồ sơ do người khác nộp nhầm số; đã xử lý.", actor=OFFICER)

    page = client.get(address).content.decode()
    assert "đã xử lý." in page
    assert "Phản ánh của bạn đã được trả lời" in client.get("/me/looks").content.decode()
    assert client.post(address, {"words": "Lần nữa"}).status_code == 409
    assert sorted(LedgerEntry.objects.filter(log="portal").values_list("kind", flat=True)) == ["portal.case_answered", "portal.case_opened"]


def test_the_officer_sees_the_evidence_and_answers_and_that_is_a_look_too(client, monkeypatch):
    seen = look(detail={"transaction_id": "tx-1", "client": "VN/COM/DEMOBANK/CUSTOMERS", "request": {"x": 1}, "answer": {"x": 1}})
    case = None
    fake, _asked = install(monkeypatch, looks=[seen], posts=[A_POST])
    monkeypatch.setattr("dean06.portal.cases.org_unit", lambda _code: type("Unit", (), {"name": "Bộ Công an"}))
    monkeypatch.setattr("dean06.portal.neighbours.one_look", lambda _entry, **_who: seen)
    case = open_case(entry=seen.entry_id, words="Lạ quá", actor=HER)
    log_in(client, fake)

    listed = client.get("/data-protection/cases").content.decode()
    assert f"/data-protection/cases/{case.id}" in listed
    page = client.get(f"/data-protection/cases/{case.id}").content.decode()
    assert all(text in page for text in ("Lạ quá", "tx-1", "VN/COM/DEMOBANK/CUSTOMERS", "Hai bên đã ký", seen.who))
    assert LedgerEntry.objects.filter(kind="portal.case_shown").count() == 1
    assert client.post(f"/data-protection/cases/{case.id}", {"words": ""}).status_code == 422
    assert client.post(f"/data-protection/cases/{case.id}", {"words": "Đúng thẩm quyền."}).status_code == 302
    assert LookCase.objects.get().answered_for == "Bộ Công an"
    assert client.post(f"/data-protection/cases/{case.id}", {"words": "Nữa"}).status_code == 409
    assert client.get(f"/data-protection/cases/{uuid4()}").status_code == 404


def test_a_citizen_is_not_let_to_the_desk(client, monkeypatch):
    fake, _asked = install(monkeypatch)
    log_in(client, fake)

    assert client.get("/data-protection/cases").status_code == 403
    for refused in (lambda: cases_for(HER), lambda: case_for(uuid4(), actor=HER), lambda: answer_case(case=uuid4(), words="x", actor=HER)):
        with pytest.raises(NotDataProtectionOfficer):
            refused()


def test_a_case_is_opened_once_about_one_s_own_look_by_someone_who_is_there(monkeypatch):
    seen = look()
    install(monkeypatch, looks=[seen])

    case = open_case(entry=seen.entry_id, words="Lạ", actor=HER)

    with pytest.raises(CaseAlreadyOpen):
        open_case(entry=seen.entry_id, words="Lạ", actor=HER)
    with pytest.raises(LoginNeeded):
        open_case(entry=seen.entry_id, words="Lạ", actor=Actor(account=""))
    with pytest.raises(WordsNeeded):
        open_case(entry=uuid4(), words="x" * 2001, actor=HER)
    answer_case(case=case.id, words="Đã xem", actor=OFFICER)
    with pytest.raises(CaseAlreadyAnswered):
        answer_case(case=case.id, words="Đã xem", actor=OFFICER)
    with pytest.raises(CaseNotFound):
        answer_case(case=uuid4(), words="Đã xem", actor=OFFICER)
    assert LookCase.objects.visible_to(HER).count() == 1
    assert not LookCase.objects.visible_to(Actor(account="x", person=PersonKey(uuid4()))).exists()
    assert not LookCase.objects.visible_to(Actor(account="x")).exists()


@time_machine.travel(datetime(2026, 11, 27, 2, tzinfo=UTC), tick=False)  # a Friday
def test_the_clock_is_data_and_counts_working_days(monkeypatch):
    seen = look()
    install(monkeypatch, looks=[seen])

    case = open_case(entry=seen.entry_id, words="Lạ", actor=HER)

    clock = clock_on(today())
    assert (clock.reply_working_days, clock.answer_days) == (2, 10)
    assert case.reply_by == add_working_days(today(), 2)
    assert case.answer_by == today() + timedelta(days=10)
    assert case.clock_basis == "356/2025/NĐ-CP, Điều 5 khoản 3"


def test_what_an_agreement_keeps_back_is_counted_and_neither_shown_nor_provable_nor_questioned(client, monkeypatch):
    hidden, later = look(detail={"notify": "exempt"}), look(detail={"notify": "delayed", "notify_until": "2999-01-01"})
    past, plain = look(detail={"notify": "delayed", "notify_until": "2020-01-01"}), look(detail={"notify": "immediate"})
    fake, _asked = install(monkeypatch, looks=[hidden, later, past, plain])
    log_in(client, fake)

    page = client.get("/me/looks").content.decode()

    assert "Báo sau theo luật: 1. Không báo theo luật: 1." in page
    assert str(hidden.entry_id) not in page
    assert str(later.entry_id) not in page
    assert str(past.entry_id) in page
    assert str(plain.entry_id) in page
    assert client.get(f"/me/looks/{hidden.entry_id}/proof.json").status_code == 404
    assert client.get(f"/me/looks/{hidden.entry_id}/case").status_code == 404
    with pytest.raises(CaseNotFound):
        open_case(entry=later.entry_id, words="Lạ", actor=HER)


def test_a_call_is_on_her_page_within_five_seconds_and_may_be_questioned(monkeypatch):
    """The worker's beat is 0.4 s; here the sequencer is run by hand at that beat until the line is there."""
    monkeypatch.setattr(providing, "_providers", {})
    populate()
    started = time.monotonic()

    answer = look_up(numbered=False)

    while not (shown := [line for line in lines(SUBJECT).rows if line.seq is not None]):
        assert time.monotonic() - started < 5
        sequence("default")
    assert shown[0].entry_id == answer.evidence_id
    assert shown[0].who == "Ngân hàng trình diễn"
    assert shown[0].may_be_questioned
    case = open_case(entry=answer.evidence_id, words="Tôi không phải khách hàng.", actor=Actor(account="acc", person=SUBJECT, session="s"))
    assert neighbours.one_look(answer.evidence_id, person=SUBJECT).detail["transaction_id"] == answer.transaction_id
    assert [one.kind for one in looks_at(SUBJECT).rows] == ["portal.case_opened", "exchange.answered"]
    assert (untold(SUBJECT).delayed, untold(SUBJECT).exempt, untold(SUBJECT).is_all) == (0, 0, True)
    assert case.person == SUBJECT
