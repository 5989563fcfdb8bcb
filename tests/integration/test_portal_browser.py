"""The portal in a real browser: handsome, accessible, usable by keyboard and without script."""

import re

import pytest
from playwright.sync_api import expect

from browser import THEMES, accessibility_findings, assert_accessible, click, shoot
from dean06.portal.sessions import COOKIE
from portal_fakes import Card, Paper, a_post, install, log_in, look

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

SIZES = (390, 1280)
LOOKS = [
    look(),
    look(
        who="Ngân hàng trình diễn",
        purpose="kyc",
        fields=("agrees",),
        dossier="",
        legal_basis="14/2022/QH15",
        detail={"client": "VN/COM/DEMOBANK/CUSTOMERS"},
    ),
    look(kind="registry.residence_changed", who="Công an phường Bãi Cháy", fields=(), purpose=""),
    look(purpose="own-record", who="", fields=("*",), dossier="", seq=None),
]
DOSSIERS = [Card(), Card(code="G01.06649-261120-0007", is_paused=True, state_name="Yêu cầu bổ sung", state_code=5, step=1)]


@pytest.fixture
def world(monkeypatch):
    return install(monkeypatch, looks=LOOKS, dossiers=DOSSIERS, documents=[Paper()], posts=[a_post()])[0]


@pytest.fixture
def enter(world, client, live_server, settings):
    """Give a browser page the session of the invented person."""
    settings.DEAN06_WEB_ORIGIN = live_server.url
    log_in(client, world)

    def open_page(page, path):
        page.context.add_cookies([{"name": COOKIE, "value": client.cookies[COOKIE].value, "url": live_server.url}])
        page.goto(live_server.url + path)
        return page

    return open_page


@pytest.mark.parametrize("path", ["/", "/search?q=thuong+tru", "/search?q=bai+chay", "/search?q=xyzzy", "/about", "/accessibility"])
def test_pages_for_everyone_are_accessible(page, live_server, world, path):
    page.goto(live_server.url + path)

    assert_accessible(page)
    shoot(page, "open-" + (re.sub(r"\W+", "-", path).strip("-") or "home"), widths=SIZES)


def test_the_page_of_a_look_that_is_not_right_is_accessible(page, enter):
    enter(page, f"/me/looks/{LOOKS[1].entry_id}/case")

    assert_accessible(page)
    shoot(page, "own-case", widths=SIZES)
    page.get_by_label("Điều gì không đúng?").fill("Tôi không phải khách hàng của ngân hàng này.")
    click(page.get_by_role("button", name="Gửi phản ánh"))
    assert_accessible(page)
    shoot(page, "own-case-sent", widths=SIZES)


@pytest.mark.parametrize("path", ["/", "/me", "/me/record", "/me/household", "/me/looks", "/me/dossiers", "/me/documents"])
def test_a_persons_own_pages_are_accessible(page, enter, path):
    enter(page, path)

    assert accessibility_findings(page) == []  # as it comes; below, all of it open
    assert_accessible(page)
    shoot(page, "own-" + (path.strip("/").replace("/", "-") or "home"), widths=SIZES)


@pytest.mark.parametrize("path", ["/", "/me"])
def test_the_main_pages_are_accessible_in_every_theme(page, enter, path):
    enter(page, path)

    assert_accessible(page, themes=THEMES, widths=(390, 1280))


def test_someone_without_anything_is_told_what_to_do(page, monkeypatch, client, live_server):
    fake = install(monkeypatch, procedures=())[0]
    log_in(client, fake)
    page.context.add_cookies([{"name": COOKIE, "value": client.cookies[COOKIE].value, "url": live_server.url}])
    for path in ("/me", "/me/dossiers", "/me/documents", "/me/looks"):
        page.goto(live_server.url + path)
        assert_accessible(page, widths=(390, 1280))
        shoot(page, "empty-" + path.strip("/").replace("/", "-"))


def test_a_person_without_script_searches_and_changes_language_and_display(page_without_script, live_server, world):
    page = page_without_script
    page.goto(live_server.url)

    page.get_by_label("Bạn cần làm việc gì?").fill("dang ky thuong tru")
    page.get_by_role("button", name="Tìm", exact=True).click()
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Find a procedure or a place")
    page.get_by_text("Text size, contrast, dark ground").click()
    page.get_by_role("contentinfo").get_by_role("button", name="Very large text").click()
    expect(page.locator("html")).to_have_attribute("data-text", "xl")


def test_the_proof_of_a_look_opens_and_leads_to_its_file(page, enter):
    enter(page, "/me/looks")

    page.get_by_text("Có bằng chứng").first.click()
    expect(page.get_by_role("link", name=re.compile("Tải tệp bằng chứng")).first).to_be_visible()
    assert "đang ghi sổ" in page.locator("main").inner_text().lower()


def test_the_keyboard_reaches_the_content_first(page, live_server, world):
    page.goto(live_server.url)

    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Bỏ qua, đến nội dung chính")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#chinh")).to_be_focused()


def test_logging_out_ends_the_session(page, enter, live_server):
    enter(page, "/me")

    page.get_by_text("Vũ Thị Minh Hà").first.click()
    with page.expect_request(lambda request: "/identity/logout" in request.url):
        page.get_by_role("button", name="Đăng xuất").click()
    page.goto(live_server.url + "/")
    expect(page.get_by_role("banner").get_by_role("link", name="Đăng nhập")).to_be_visible()
