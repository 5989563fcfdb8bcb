"""The page of kept bodies in a real browser, without script."""

import pytest

from browser import assert_accessible
from dean06.core.actor import Actor
from dean06.exchange import providing, snapshot
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.public import ProviderResponse, load_agreements, load_members, register_provider
from exchange_evidence_world import SUBJECT, look_up
from exchange_gateways import agreement
from exchange_packs import POPULATION, members

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

NARROW = (320,)
WHY = "Ngân hàng khiếu nại câu trả lời sai"
READER = Actor(account="reader-1", roles=frozenset({"operator", "evidence_reader"}))


@pytest.fixture
def kept(monkeypatch, acting, tmp_path):
    """One call whose bodies the provider keeps, and somebody logged in who may open them; return the entry's row."""
    monkeypatch.setattr(providing, "_providers", {})
    acting(READER)
    snapshot.forget()
    (tmp_path / "members.yaml").write_text(members("{code: population, title: Dân cư, location: inside}"))
    text = agreement("A-1", fields="full_name", keep_bodies="provider")
    (tmp_path / "agreements.yaml").write_text(f"kind: agreements\nagreements:\n{text}")
    load_members(tmp_path)
    load_agreements(tmp_path)
    register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, {"full_name": "Nguyễn Thị Mẫu"}, (SUBJECT,)), openapi={})
    look_up()
    index_evidence()
    yield EvidenceIndex.objects.get(log="exchange.provider")
    snapshot.forget()


def test_a_body_is_opened_by_everybody_and_without_script(kept, page, page_without_script, live_server):
    address = f"{live_server.url}/exchange/evidence/{kept.entry_id}/bodies"
    page_without_script.goto(f"{live_server.url}/exchange/evidence")
    page_without_script.get_by_role("link", name="Nội dung có lưu").click()
    page_without_script.get_by_label("Mục đích mở nội dung").fill(WHY)
    page_without_script.get_by_role("button", name="Mở và ghi sổ").click()
    assert "Nguyễn Thị Mẫu" in page_without_script.locator("main").inner_text()

    page.goto(address)
    page.get_by_role("button", name="Mở và ghi sổ").click()
    assert_accessible(page, widths=NARROW)
    page.get_by_label("Mục đích mở nội dung").fill(WHY)
    page.get_by_role("button", name="Mở và ghi sổ").click()
    assert_accessible(page, widths=NARROW)
