"""A look that is not right: she says so, the data protection officer answers, both stand in the ledger; what is kept back is counted."""

import json
from datetime import UTC, date, datetime, timedelta
from importlib import import_module
from types import SimpleNamespace
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps
from django.db import connection

from dean06.core.actor import Actor
from dean06.core.clock import LEGAL_TIME_ZONE, now, today
from dean06.core.keys import PersonKey
from dean06.exchange import providing
from dean06.exchange.public import load_agreements
from dean06.ledger.models import LedgerEntry
from dean06.ledger.public import looks_at, sequence
from dean06.organisation.public import HeldPost
from dean06.portal import neighbours
from dean06.portal.cases import answer_case, answer_of, case_for, cases_for, clock_on, open_case, words_of
from dean06.portal.errors import CaseAlreadyAnswered, CaseAlreadyOpen, CaseNotFound, LoginNeeded, NotDataProtectionOfficer, WordsNeeded
from dean06.portal.looks import Untold, lines, untold
from dean06.portal.models import LookCase
from dean06.portal.sealing import seal
from dean06.reference.public import add_working_days
from exchange_evidence_world import BANK, POPULATION, SUBJECT, look_up, populate
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

    refused = client.post(address, {"words": "  "})
    assert refused.status_code == 422
    assert "<title>Lỗi:" in refused.content.decode()
    assert 'href="#id_words"' in refused.content.decode()
    assert client.post(address, {"words": "Tôi không nộp hồ sơ này."}).status_code == 302

    page = client.get(address).content.decode()
    assert "Tôi không nộp hồ sơ này." in page
    assert "Đã nhận" in page
    assert "Phản ánh của bạn đã được nhận" in client.get("/me/looks").content.decode()
    case = LookCase.objects.get()
    assert "không nộp".encode() not in bytes(case.words)
    assert "không nộp" in words_of(case)
    answer_case(case=case.id, words="Hồ sơ do người khác nộp nhầm số; đã xử lý.", actor=OFFICER)

    page = client.get(address).content.decode()
    assert "đã xử lý." in page
    assert "Phản ánh của bạn đã được trả lời" in client.get("/me/looks").content.decode()
    assert client.post(address, {"words": "Lần nữa"}).status_code == 409
    assert sorted(LedgerEntry.objects.filter(log="portal").values_list("kind", flat=True)) == ["portal.case_answered", "portal.case_opened"]


def test_a_change_of_the_secret_key_loses_no_words(monkeypatch, settings):
    seen = look()
    install(monkeypatch, looks=[seen])
    case = open_case(entry=seen.entry_id, words="Tôi không nộp.", actor=HER)
    answer_case(case=case.id, words="Đã xử lý.", actor=OFFICER)

    settings.SECRET_KEY = "another " * 8

    kept = LookCase.objects.get(pk=case.id)
    assert (words_of(kept), answer_of(kept)) == ("Tôi không nộp.", "Đã xử lý.")


def test_words_from_before_are_sealed_anew(settings):
    case = LookCase(entry_id=uuid4(), person=PERSON, words=seal("Cũ"), answer=seal("Trả lời cũ"), reply_by=today(), answer_by=today())
    case.answered_at, case.answered_by = now(), "acc-9"
    case.save()
    lost = LookCase.objects.create(entry_id=uuid4(), person=PERSON, words=b"another installation's", reply_by=today(), answer_by=today())
    migration = import_module("dean06.portal.migrations.0004_words_under_a_secret_of_their_own")

    migration.seal_anew(apps, SimpleNamespace(connection=connection))

    settings.SECRET_KEY = "another " * 8
    kept = LookCase.objects.get(pk=case.id)
    assert (words_of(kept), answer_of(kept)) == ("Cũ", "Trả lời cũ")
    assert bytes(LookCase.objects.get(pk=lost.pk).words) == b"another installation's"


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
    too_long = "Đúng thẩm quyền. " * 200
    refused = client.post(f"/data-protection/cases/{case.id}", {"words": too_long})
    assert refused.status_code == 422
    assert too_long.strip() in refused.content.decode()  # what was written is not lost
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
    hidden, older = look(detail={"notify": "exempt", "notify_ground": "Luật X, Điều 5"}), look(detail={"notify": "exempt"})
    later = look(detail={"notify": "delayed", "notify_until": "2999-01-01"})
    past, plain = look(detail={"notify": "delayed", "notify_until": "2020-01-01"}), look(detail={"notify": "immediate"})
    fake, _asked = install(monkeypatch, looks=[hidden, older, later, past, plain])
    log_in(client, fake)

    page = client.get("/me/looks").content.decode()

    assert "Báo sau theo luật: 1." in page
    assert "Không báo: 1. Căn cứ: Luật X, Điều 5." in page
    assert "Không báo theo luật: 1." in page
    assert str(hidden.entry_id) not in page
    assert str(later.entry_id) not in page
    assert str(past.entry_id) in page
    assert str(plain.entry_id) in page
    assert client.get(f"/me/looks/{hidden.entry_id}/proof.json").status_code == 404
    assert client.get(f"/me/looks/{hidden.entry_id}/case").status_code == 404
    with pytest.raises(CaseNotFound):
        open_case(entry=later.entry_id, words="Lạ", actor=HER)


def agreement(code, **telling):
    """One more agreement of the bank, told of by a rule of its own."""
    document = {
        "code": f"{code}-{uuid4().hex[:8]}",
        "title": code,
        "client": BANK,
        "service": POPULATION,
        "endpoints": [{"method": "POST", "path": f"/v1/persons/{code}"}],
        "fields": ["full_name"],
        "purposes": [code],
        "legal_bases": [{"document": "91/2025/QH15", "article": "Điều 9", "certainty": "F"}],
        "valid_from": today().isoformat(),
        "valid_until": (today() + timedelta(days=30)).isoformat(),
        **telling,
    }
    return {key: value.isoformat() if isinstance(value, date) else value for key, value in document.items()}


def test_a_delayed_look_is_counted_until_its_day_and_then_shown_and_an_exempt_one_never(monkeypatch, tmp_path):
    monkeypatch.setattr(providing, "_providers", {})
    populate()
    told_on = today() + timedelta(days=3)
    delayed, exempt = (
        agreement("delayed", notify="delayed", notify_until=told_on),
        agreement("exempt", notify="exempt", notify_ground="Căn cứ Y"),
    )
    (tmp_path / "agreements.yaml").write_text(json.dumps({"kind": "agreements", "agreements": [delayed, exempt]}))
    load_agreements(tmp_path)
    later = look_up(purpose="delayed", path="/v1/persons/delayed")
    look_up(purpose="exempt", path="/v1/persons/exempt")
    midnight = datetime.combine(told_on, datetime.min.time(), LEGAL_TIME_ZONE)

    with time_machine.travel(midnight - timedelta(seconds=1), tick=False):
        before = [line.entry_id for line in lines(SUBJECT).rows], untold(SUBJECT)
        with pytest.raises(CaseNotFound):
            open_case(entry=later.evidence_id, words="Lạ", actor=Actor(account="acc", person=SUBJECT, session="s"))
    with time_machine.travel(midnight, tick=False):
        after = [line.entry_id for line in lines(SUBJECT).rows], untold(SUBJECT)
        case = open_case(entry=later.evidence_id, words="Lạ", actor=Actor(account="acc", person=SUBJECT, session="s"))

    assert before == ([], Untold(1, {"Căn cứ Y": 1}, is_all=True))
    assert after == ([later.evidence_id], Untold(0, {"Căn cứ Y": 1}, is_all=True))
    assert case.person == SUBJECT


def test_a_call_is_on_her_page_after_the_sequencers_next_beat_and_may_be_questioned(monkeypatch):
    """The worker's beat is 0.4 s, so that is well within five seconds; here it is one run by hand, which no busy machine makes longer."""
    monkeypatch.setattr(providing, "_providers", {})
    populate()

    answer = look_up(numbered=False)

    assert [line.seq for line in lines(SUBJECT).rows] == [None]
    sequence("default")
    shown = [line for line in lines(SUBJECT).rows if line.seq is not None]
    assert [line.entry_id for line in shown] == [answer.evidence_id]
    assert shown[0].who == "Ngân hàng trình diễn"
    assert shown[0].may_be_questioned
    case = open_case(entry=answer.evidence_id, words="Tôi không phải khách hàng.", actor=Actor(account="acc", person=SUBJECT, session="s"))
    assert neighbours.one_look(answer.evidence_id, person=SUBJECT).detail["transaction_id"] == answer.transaction_id
    assert [one.kind for one in looks_at(SUBJECT).rows] == ["portal.case_opened", "exchange.answered"]
    assert (untold(SUBJECT).delayed, untold(SUBJECT).exempt, untold(SUBJECT).is_all) == (0, {}, True)
    assert case.person == SUBJECT
