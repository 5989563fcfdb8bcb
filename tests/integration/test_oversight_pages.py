"""The leader's pages: open to the post only, every number a link, readable by everyone at three widths."""

import pytest
from playwright.sync_api import expect
from test_oversight_figures import NATION, OFFICER, settled, tell

from browser import assert_accessible, shoot

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def figures():
    settled("A-261116-0001", due="2026-11-25")
    settled("A-261116-0002", due="2026-11-16")
    settled("A-261116-0003", due="2026-11-13")
    tell("A-261116-0004", [("submitted", 1, 0, None), ("received", 2, 1, "2026-11-20")])


def test_without_the_post_the_page_says_who_it_is_for(client, acting):
    acting(OFFICER)

    answer = client.get("/leader")

    assert answer.status_code == 403
    assert "Tổ công tác" in answer.content.decode()


def test_a_place_outside_the_lists_is_not_found_rather_than_empty(client, acting, figures):
    acting(NATION)

    assert client.get("/leader/provinces/99").status_code == 404
    assert client.get("/leader/figures/invented").status_code == 404


def test_every_number_leads_down_to_the_events(live_server, new_page, acting, figures):
    acting(NATION)
    page = new_page(has_script=False)
    page.goto(f"{live_server.url}/leader")

    page.get_by_role("link", name="66,7", exact=False).first.click()
    page.get_by_role("link", name="A-261116-0001").click()

    expect(page.get_by_role("heading", level=1)).to_have_text("A-261116-0001")
    expect(page.get_by_text("Ký số kết quả")).to_be_visible()


@pytest.mark.parametrize("path", ["/leader", "/leader/provinces/22", "/leader/figures/received", "/leader/dossiers/A-261116-0001"])
def test_pages_hold_for_everyone(live_server, new_page, acting, figures, path):
    acting(NATION)

    page = new_page()
    page.goto(f"{live_server.url}{path}")

    assert_accessible(page)
    shoot(page, f"oversight{path.replace('/', '-')}", widths=(390, 1280, 1920))


def test_a_country_without_a_dossier_holds_too(live_server, new_page, acting, transactional_db):
    acting(NATION)

    page = new_page()
    page.goto(f"{live_server.url}/leader")

    expect(page.get_by_text("không xác định", exact=True).first).to_be_visible()
    assert_accessible(page)


def test_a_stranger_is_asked_to_log_in_and_comes_back(client, db):
    answer = client.get("/leader/figures/received?province=22")

    assert (answer.status_code, answer["Location"]) == (302, "/login?next=%2Fleader%2Ffigures%2Freceived%3Fprovince%3D22")
