"""The developers' pages in a real browser: accessible, no sideways scroll, usable without script."""

import re

import pytest
from playwright.sync_api import expect

from browser import THEMES, assert_accessible, shoot
from dean06.exchange import snapshot
from dean06.exchange.developer import pages, sandbox
from dean06.exchange.public import load_agreements, load_members
from exchange_packs import DEMO_PACKS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TAX = "VN/GOV/G12/TAX/tax-codes"


@pytest.fixture(autouse=True)
def _country():
    known = list(sandbox._registered)
    snapshot.forget()
    load_members(DEMO_PACKS)
    load_agreements(DEMO_PACKS)
    sandbox.register_sandbox(client="VN/COM/DEMODEV/SANDBOX", purpose="sandbox", people=lambda: (("000190000017", "Trần Thị Thí Dụ"),))
    yield
    sandbox._registered[:] = known
    snapshot.forget()


@pytest.mark.parametrize("path", ["/developer", f"/developer/services/{TAX}", f"/developer/try/{TAX}", "/developer/signatures"])
def test_the_pages_are_accessible(page, live_server, path):
    page.goto(live_server.url + path)

    assert_accessible(page, themes=THEMES if path == "/developer" else ("",))
    shoot(page, "developer-" + re.sub(r"\W+", "-", path).strip("-"), widths=(390, 1280))


def test_a_developer_without_script_tries_a_service_and_reads_the_answer(page_without_script, live_server, monkeypatch):
    answered = sandbox.Tried(
        "200 OK", (("x-road-request-hash", "HASH=="), ("content-type", "application/json")), '{\n  "a": 1\n}', "HASH==", ""
    )
    monkeypatch.setattr(pages, "ask", lambda _call: answered)
    page = page_without_script
    page.goto(live_server.url + f"/developer/services/{TAX}")
    page.get_by_role("link", name=re.compile("Thử ngay")).click()
    page.get_by_role("button", name="Gửi yêu cầu").click()

    expect(page.get_by_role("heading", name="Câu trả lời 200 OK")).to_be_visible()
    expect(page.get_by_text("HASH==").first).to_be_visible()
    shoot(page, "developer-tried", widths=(390, 1280))


def test_what_is_pasted_wrong_is_shown_with_its_part(page, live_server):
    page.goto(live_server.url + "/developer/signatures")
    page.get_by_label("Dòng đầu và tiêu đề của yêu cầu").fill(
        f"POST /x1/{TAX}/v1/tax-codes/look-up HTTP/1.1\nx-road-client: VN/COM/DEMODEV/SANDBOX\ncontent-digest: sha-256=:AAAA:"
    )
    page.get_by_role("button", name="Kiểm tra chữ ký", exact=True).click()

    expect(page.get_by_role("heading", name="Có phần không khớp")).to_be_visible()
    assert_accessible(page)
    shoot(page, "developer-checked", widths=(390, 1280))
