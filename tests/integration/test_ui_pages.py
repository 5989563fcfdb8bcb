"""The layouts as the web process serves them."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


def test_an_address_that_leads_nowhere_gets_a_page_that_says_what_to_do(client):
    response = client.get("/khong-co-trang-nay")

    page = response.content.decode()
    assert response.status_code == 404
    assert "Không tìm thấy nội dung này" in page
    assert response["X-Request-Id"][:8] in page
    assert "style=" not in page
    assert "unsafe" not in response["Content-Security-Policy"]


def test_the_readers_choices_are_on_the_page(client):
    client.cookies["dean06_display"] = "xl.dark"

    page = client.get("/khong-co-trang-nay").content.decode()

    assert 'data-text="xl"' in page
    assert 'data-theme="dark"' in page


def test_a_made_up_cookie_changes_nothing(client):
    client.cookies["dean06_display"] = '"><script>.dark'

    page = client.get("/khong-co-trang-nay").content.decode()

    assert "data-text" not in page
    assert "<script>" not in page


def test_the_last_page_comes_even_when_the_layout_is_broken(monkeypatch, rf):
    from dean06.site import errors

    def broken(*_arguments):
        raise RuntimeError

    monkeypatch.setattr(errors, "refusal", broken)
    response = errors.server_error(rf.get("/"))

    assert response.status_code == 500
    assert "Đã có sự cố từ phía chúng tôi" in response.content.decode()


@pytest.mark.parametrize("path", ["ui/tokens.css", "ui/components.css", "ui/fonts.css", "ui/icons.svg", "ui/fonts/inter.woff"])
def test_styles_icons_and_fonts_are_served(path):
    response = Client().get(f"/static/{path}")

    assert response.status_code == 200
    assert b"".join(response.streaming_content) if response.streaming else response.content
