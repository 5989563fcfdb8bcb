"""A person's own pages, with neighbours in memory."""

from uuid import uuid4

import pytest

from dean06.core.errors import NotFound
from dean06.core.messages import Message
from dean06.portal import neighbours
from dean06.portal.errors import OwnRecordRefused
from dean06.portal.events import show_the_new_residence
from dean06.portal.models import OwnPage
from portal_fakes import NUMBER, PERSON, Card, Paper, install, log_in, look

pytestmark = pytest.mark.django_db(transaction=True)

OWN_PAGES = [
    "/me",
    "/me/record",
    "/me/household",
    "/me/looks",
    "/me/dossiers",
    "/me/documents",
    "/me/looks/0197f3a2-1111-7222-8333-444455556666/proof.json",
]


@pytest.mark.parametrize("path", OWN_PAGES)
def test_a_stranger_is_sent_to_log_in_and_comes_back(client, monkeypatch, path):
    _fake, asked = install(monkeypatch)

    response = client.get(path)

    assert response.status_code == 302
    assert response["Location"].startswith("/login?next=%2Fme")
    assert asked == []


def test_looking_twice_in_a_session_is_one_disclosure(client, monkeypatch):
    fake, asked = install(monkeypatch)
    log_in(client, fake)

    for _ in range(3):
        page = client.get("/me").content.decode()
    client.get("/me/record")

    assert asked == [("/v1/persons/look-up", PERSON)]
    assert "Vũ Thị Minh Hà" in page
    assert "022 185 ••• •17" in page
    assert "no-store" in client.get("/me")["Cache-Control"]


def test_what_is_kept_for_the_session_is_not_readable_in_the_database(client, monkeypatch):
    fake, _asked = install(monkeypatch)
    log_in(client, fake)
    client.get("/me")

    content = bytes(OwnPage.objects.get().content)
    assert NUMBER.encode() not in content
    assert b"full_name" not in content


def test_a_decided_move_is_seen_at_once(client, monkeypatch):
    fake, asked = install(monkeypatch)
    log_in(client, fake)
    client.get("/me")

    show_the_new_residence(Message(uuid4(), "registry.residence_changed", {"person_key": str(PERSON)}, None))
    client.get("/me")

    assert len(asked) == 2


def test_somebody_elses_move_changes_nothing_here(client, monkeypatch):
    fake, asked = install(monkeypatch)
    log_in(client, fake)
    client.get("/me")

    show_the_new_residence(Message(uuid4(), "registry.residence_changed", {"person_key": str(uuid4())}, None))
    client.get("/me")

    assert len(asked) == 1


def test_when_the_registry_is_away_the_rest_of_the_page_stands(client, monkeypatch):
    fake, _asked = install(monkeypatch, dossiers=[Card()])
    log_in(client, fake)

    def away(path, *, actor):
        raise OwnRecordRefused

    monkeypatch.setattr(neighbours, "own_document", away)
    response = client.get("/me")

    assert response.status_code == 200
    assert "Chưa lấy được thông tin của bạn" in response.content.decode()
    assert Card().code in response.content.decode()
    assert not OwnPage.objects.exists()


def test_each_look_says_who_what_why_and_on_which_ground(client, monkeypatch):
    own = look(purpose="own-record", who="", fields=("*",), legal_basis="91/2025/QH15, Điều 4.1", dossier="")
    pending = look(seq=None)
    removed = look(is_readable=False, who="", purpose="", fields=(), legal_basis="", dossier="")
    fake, _asked = install(monkeypatch, looks=[look(), own, pending, removed])
    log_in(client, fake)

    page = client.get("/me/looks").content.decode()

    assert "họ tên, ngày sinh, nơi thường trú, hộ gia đình" in page
    assert "Vì: Đăng ký thường trú, hồ sơ" in page
    assert "bạn tự xem dữ liệu của mình" in page
    assert "bằng chứng có sau ít giây" in page
    assert "Nội dung đã được xóa theo luật" in page


def test_a_long_list_of_fields_is_shortened_and_whole_beside_the_proof(client, monkeypatch):
    names = ("personal_id", "full_name", "born_on", "sex", "religion", "nationality", "father.full_name", "mother.full_name")
    fake, _asked = install(monkeypatch, looks=[look(fields=names, purpose="để mở tài khoản.")])
    log_in(client, fake)

    page = client.get("/me/looks").content.decode()

    assert "quốc tịch và 2 mục khác" in page
    assert "quốc tịch, cha, mẹ</dd>" in page
    assert "tài khoản.." not in page


def test_a_proof_is_asked_for_the_actor_herself_and_saved_as_a_file(client, monkeypatch):
    asked = []
    fake, _asked = install(monkeypatch)
    monkeypatch.setattr(neighbours, "proof", lambda entry, *, person: asked.append((entry, person)) or {"format": "x"})
    log_in(client, fake)
    entry = uuid4()

    response = client.get(f"/me/looks/{entry}/proof.json")

    assert asked == [(entry, PERSON)]
    assert response.json() == {"format": "x"}
    assert response["Content-Disposition"].startswith("attachment")


def test_a_proof_about_someone_else_is_not_found(client, monkeypatch):
    fake, _asked = install(monkeypatch)

    def nobody(entry, *, person):
        raise NotFound

    monkeypatch.setattr(neighbours, "proof", nobody)
    log_in(client, fake)

    assert client.get(f"/me/looks/{uuid4()}/proof.json").status_code == 404


def test_household_members_are_masked_and_the_head_comes_first(client, monkeypatch):
    fake, _asked = install(monkeypatch)
    log_in(client, fake)

    page = client.get("/me/household").content.decode()

    assert page.index("Phạm Quốc Huy") < page.index('<tr class="sel"')
    assert "022083000044" not in page
    assert NUMBER not in page


def test_dossiers_and_documents_are_listed(client, monkeypatch):
    fake, _asked = install(monkeypatch, dossiers=[Card(), Card(is_paused=True, state_name="Yêu cầu bổ sung")], documents=[Paper()])
    log_in(client, fake)

    dossiers = client.get("/me/dossiers").content.decode()
    assert "còn 4 ngày làm việc" in dossiers
    assert "tạm dừng" in dossiers
    assert "Kiểm tra như người nhận" in client.get("/me/documents").content.decode()


def test_search_finds_procedures_and_says_what_to_do_when_nothing_fits(client, monkeypatch):
    install(monkeypatch)

    assert "/services/1.004222" in client.get("/search", {"q": "đăng ký thường trú"}).content.decode()
    assert "Không tìm thấy việc hay nơi nào khớp" in client.get("/search", {"q": "<xyzzy>"}).content.decode()


def test_search_finds_communes_by_name_without_marks(client, monkeypatch):
    install(monkeypatch)

    assert "Phường Bãi Cháy" in client.get("/search", {"q": "bai chay"}).content.decode()


def test_the_language_is_kept_in_a_cookie_and_leads_back(client, monkeypatch):
    install(monkeypatch)

    response = client.post("/language", {"language": "en", "next": "/about"})

    assert response["Location"] == "/about"
    assert 'lang="en"' in client.get("/about").content.decode()[:200]
    assert client.post("/language", {"language": "xx"}).status_code == 422
    assert client.post("/language", {"language": "vi", "next": "//evil.example"})["Location"] == "/"


def test_size_and_theme_are_chosen_one_by_one(client, monkeypatch):
    install(monkeypatch)

    client.post("/text-size", {"text": "xl"})
    client.post("/text-size", {"theme": "dark"})

    page = client.get("/about").content.decode()
    assert 'data-text="xl"' in page
    assert 'data-theme="dark"' in page
    assert client.post("/text-size", {"text": "huge"}).status_code == 422


def test_switches_refuse_a_form_from_elsewhere(monkeypatch):
    from django.test import Client

    install(monkeypatch)

    response = Client(enforce_csrf_checks=True).post("/language", {"language": "en"})
    assert response.status_code == 403
    assert "Biểu mẫu đã cũ" in response.content.decode()


def test_the_whole_page_speaks_english_behind_the_switch(client, monkeypatch):
    fake, _asked = install(monkeypatch, dossiers=[Card(days_left=1)])
    log_in(client, fake)
    client.cookies["dean06_language"] = "en"

    page = client.get("/me").content.decode()

    assert "Who looked at my data" in page
    assert "1 working day left" in page
    assert "Ai đã xem" not in page
