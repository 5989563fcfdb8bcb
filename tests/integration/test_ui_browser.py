"""The design system in a real browser: accessible at every width, in every theme, also without script."""

import pytest
from playwright.sync_api import expect

import browser
from browser import THEMES, assert_accessible, click, wait_until_drawn

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_the_page_for_a_wrong_address_is_accessible_in_every_theme(page, live_server):
    page.goto(f"{live_server.url}/khong-co")

    expect(page.get_by_role("heading", level=1)).to_have_text("Không tìm thấy nội dung này")
    assert_accessible(page, themes=THEMES)


def test_the_typefaces_are_ours(page, live_server):
    page.goto(f"{live_server.url}/khong-co")

    page.evaluate("document.fonts.ready.then(() => true)")
    loaded = page.evaluate("[...document.fonts].filter(f => f.status === 'loaded').map(f => f.family.replaceAll('\"', ''))")
    assert "Be Vietnam Pro" in loaded


def test_a_page_can_be_used_without_script(page_without_script, live_server):
    page_without_script.goto(f"{live_server.url}/khong-co")

    page_without_script.get_by_role("link", name="Về trang chủ").click()
    page_without_script.wait_for_url(f"{live_server.url}/")


def test_a_window_that_draws_nothing_is_named_and_one_that_draws_again_is_clicked(page, live_server, monkeypatch):
    monkeypatch.setattr(browser, "FRAMES_MILLISECONDS", 100)
    page.goto(f"{live_server.url}/khong-co")
    wait_until_drawn(page)

    page.evaluate("window.drawing = window.requestAnimationFrame; window.requestAnimationFrame = () => 0")
    with pytest.raises(AssertionError, match="draws no frames"):
        wait_until_drawn(page)

    page.evaluate("addEventListener('resize', () => { window.requestAnimationFrame = window.drawing; })")
    wait_until_drawn(page)
    click(page.get_by_role("link", name="Về trang chủ"))
    page.wait_for_url(f"{live_server.url}/")
