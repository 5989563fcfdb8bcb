"""Services' pages for everyone: WCAG 2.2 AA at three widths, without script, in a real browser."""

import pytest
from playwright.sync_api import expect

from browser import assert_accessible, click
from dean06.services import actions
from dean06.services.models import Consent, Draft, StoredResult
from services_world import consented, filed, make_world, received, returned, stand

pytestmark = [pytest.mark.django_db(transaction=True, databases="__all__"), pytest.mark.browser]


FIRST_PAGE_MS = 90_000  # the first page of a fresh data directory waits until the typefaces are cut


@pytest.fixture
def world(db):
    return stand(make_world())


def holds(new_page, url):
    page = new_page()
    page.set_default_navigation_timeout(FIRST_PAGE_MS)
    page.goto(url)
    page.evaluate("document.querySelectorAll('.masthead .menu').forEach(one => one.remove())")  # the layout's own tests hold it
    assert_accessible(page)


def test_the_form_is_open_to_everyone(live_server, new_page, acting, world):
    acting(world.citizen)
    page = new_page(has_script=False)
    page.set_default_navigation_timeout(FIRST_PAGE_MS)
    page.goto(f"{live_server.url}/procedures/1.004222")
    click(page.get_by_role("button", name="Bắt đầu khai"))
    draft = Draft.objects.get()
    page.locator("label", has_text="Mẹ: Đỗ Thị Mẫu").click()
    click(page.get_by_role("button", name="Lưu và tiếp tục"))
    page.get_by_label("Số nhà, tên đường; hoặc tổ, khu").fill("Số 17, tổ 5")
    click(page.get_by_role("button", name="Lưu và tiếp tục"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Xem lại và nộp")

    for path in ("/procedures", "/procedures/1.004222", *(f"/drafts/{draft.pk}/{step}" for step in ("case", "place", "check"))):
        holds(new_page, f"{live_server.url}{path}")

    click(page.get_by_role("button", name="Xác nhận và nộp hồ sơ"))
    expect(page.locator("main")).to_contain_text("Mới đăng ký")


def test_tracking_consent_and_checking_are_open_to_everyone(live_server, new_page, acting, world):
    waiting = filed(world)
    acting(world.householder)
    asked = Consent.objects.filter(dossier=waiting).first()
    for path in ("/consents", f"/consents/{asked.pk}"):
        holds(new_page, f"{live_server.url}{path}")
    actions.withdraw(code=waiting.code, version=waiting.version, text="Nộp lại sau", actor=world.citizen)
    acting(world.citizen)
    running = received(world)
    holds(new_page, f"{live_server.url}/dossiers/{running.code}")
    asked_for = actions.request_supplement(code=running.code, version=running.version, text="Cần thêm giấy tờ", actor=world.appraiser)
    holds(new_page, f"{live_server.url}/dossiers/{asked_for.code}")


def test_a_returned_dossier_and_its_proofs_are_open_to_everyone(live_server, new_page, acting, world):
    dossier = returned(world)
    code = StoredResult.objects.get(source_dossier=dossier).verification_code
    acting(world.citizen)
    for path in (f"/dossiers/{dossier.code}", f"/dossiers/{dossier.code}/signatures", "/verify", f"/verify/{code}"):
        holds(new_page, f"{live_server.url}{path}")


def test_the_desk_is_open_to_everyone(live_server, new_page, acting, world):
    dossier = consented(world)
    acting(world.desk)
    for path in ("/officer", f"/officer/dossiers/{dossier.code}"):
        holds(new_page, f"{live_server.url}{path}")
