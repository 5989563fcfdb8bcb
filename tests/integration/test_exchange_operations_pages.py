"""The operators' page of the exchange in a real browser, its exports, and who may see them."""

import csv
import io
import json
from datetime import timedelta

import pytest
from django.conf import settings
from django.test import Client

from browser import THEMES, assert_accessible, shoot
from dean06.core.actor import ANONYMOUS, Actor
from dean06.core.clock import now
from dean06.exchange import snapshot
from dean06.exchange.domain.metering import Seen
from dean06.exchange.models import AgreementVersion
from dean06.exchange.operations.writing import Ended, write
from dean06.exchange.public import load_agreements, load_members
from exchange_packs import BANK, DEMO_PACKS, POPULATION

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

OPERATOR = Actor(account="operator-1", roles=frozenset({"operator"}))
SERVICES = "VN/GOV/H49/SERVICES"
TAX = "VN/GOV/G12/TAX/tax-codes"


def calls(count, client, *, outcome="answered", user="", issue=False, ago=timedelta(0), seconds=0.012, service=POPULATION):
    at = (now() - ago).timestamp()
    seen = Seen(0.0, client=client, service=service, outcome=outcome, user=user, has_issue=issue, method="POST", path="/v1/persons/look-up")
    write([Ended(side, seen, seconds, at) for side in ("consumer", "provider") for _ in range(count)])


@pytest.fixture
def busy(acting):
    """A day on which three things stand out, after two weeks of quiet."""
    snapshot.forget()
    load_members(DEMO_PACKS)
    load_agreements(DEMO_PACKS)
    for day in range(1, 10):
        calls(20, BANK, ago=timedelta(days=day, hours=1))
    calls(400, BANK)
    calls(60, SERVICES, user="officer-7", seconds=0.15)
    calls(30, SERVICES, outcome="exchange.purpose_not_covered")
    calls(5, SERVICES, outcome="problem", issue=True)
    calls(2, "unknown", outcome="exchange.client_not_authenticated", service="unknown")
    acting(OPERATOR)
    yield
    snapshot.forget()


def test_who_does_not_answer_is_shown_until_it_answers_again(client, busy):
    def shown():
        document = client.get("/exchange/operations.json").json()
        page = client.get("/exchange/operations").content.decode()
        return {(one["service"], one["silent"]): (one["calls"], one["answered_since"]) for one in document["left_alone"]}, page

    silent = "VN/GOV/H49/SERVICES/silent"
    calls(7, BANK, outcome="exchange.peer_resting", service=silent, ago=timedelta(minutes=2))
    calls(3, BANK, outcome="exchange.service_resting", ago=timedelta(minutes=3), service=TAX)
    calls(9, BANK, outcome="exchange.peer_resting", service=POPULATION, ago=timedelta(minutes=40))

    told, page = shown()
    assert told == {(silent, "gateway"): (7, False), (TAX, "service"): (3, False)}
    assert silent in page
    assert "chưa trả lời lại" in page
    assert "đã trả lời lại" not in page
    calls(1, BANK, outcome="problem", service=silent)
    told, page = shown()
    assert told == {(silent, "gateway"): (7, True), (TAX, "service"): (3, False)}
    assert "đã trả lời lại" in page


def test_an_operator_sees_figures_and_what_stands_out_without_script(page_without_script, live_server, busy):
    page = page_without_script
    page.goto(f"{live_server.url}/exchange/operations")

    text = page.locator("main").inner_text()
    assert "Lượng hỏi khác thường" in text
    assert f"{BANK} đã hỏi 400 lần trong 24 giờ qua; ngày thường của chính hệ thống này là 20 lần." in text
    assert "đã hỏi 60 lần không kèm mã hồ sơ trong 24 giờ qua; ngưỡng là 50 lần." in text
    assert "bị từ chối 30 trong 95 lần hỏi trong 24 giờ qua." in text
    assert "officer-7" not in page.content()
    assert "exchange.purpose_not_covered" in text
    assert "Ngân hàng trình diễn" in text
    page.get_by_role("link", name="7 ngày qua").click()
    assert "Lần gọi" in page.locator("main").inner_text()
    page.get_by_role("link", name="exchange.purpose_not_covered").click()
    assert page.get_by_role("heading", name="Bằng chứng trao đổi").is_visible()


def test_the_page_is_accessible(page, live_server, busy, monkeypatch):
    monkeypatch.setattr(settings, "DEAN06_OPERATIONS", settings.DEAN06_OPERATIONS.model_copy(update={"unused_days": 0}))
    calls(12, BANK, outcome="exchange.peer_resting", service=TAX)
    calls(4, BANK, outcome="exchange.service_resting", ago=timedelta(minutes=5))
    calls(1, BANK, ago=timedelta(minutes=1))
    page.goto(f"{live_server.url}/exchange/operations?period=hour")

    assert_accessible(page, themes=THEMES)
    assert page.get_by_role("heading", name="Thỏa thuận còn hiệu lực mà không ai dùng").is_visible()
    shoot(page, "exchange-operations", widths=(390, 1280, 1920))


def test_a_quiet_installation_says_so(page, live_server, acting):
    acting(OPERATOR)
    page.goto(f"{live_server.url}/exchange/operations?period=hour&side=consumer")

    assert_accessible(page)
    assert page.get_by_role("heading", name="Vận hành trao đổi dữ liệu").is_visible()


def test_exports_hold_the_same_figures_as_the_page(busy):
    browser = Client()
    document = json.loads(browser.get("/exchange/operations.json?period=day&side=provider").content)
    table = list(csv.DictReader(io.StringIO(browser.get("/exchange/operations.csv?period=day&side=provider").content.decode())))

    mine = next(row for row in document["members"] if row["id"] == "VN/GOV/H49")
    assert (mine["calls"], mine["succeeded"], mine["service_problems"], mine["refused"]) == (95, 65, 5, 30)
    assert 130 < mine["p50_ms"] < 170
    again = next(row for row in table if row["group"] == "member" and row["id"] == "VN/GOV/H49")
    assert {name: str(value) for name, value in mine.items()} == again
    assert document["total"]["calls"] == sum(row["calls"] for row in document["members"])
    assert {name: value for name, value in document["refusals"][0].items() if name != "meaning"} == {
        "code": "exchange.purpose_not_covered",
        "calls": 30,
    }


@pytest.mark.parametrize("address", ["/exchange/operations", "/exchange/operations.json", "/exchange/operations.csv"])
@pytest.mark.parametrize("actor", [ANONYMOUS, Actor(account="leader-1", roles=frozenset({"leader", "exchange_requester"}))])
def test_nobody_but_an_operator_sees_them(acting, address, actor):
    acting(actor)

    assert Client().get(address).status_code in (302, 403)


@pytest.mark.parametrize("query", ["period=year", "side=middle", "period="])
def test_an_unknown_period_is_not_found(acting, query):
    acting(OPERATOR)

    assert Client().get(f"/exchange/operations?{query}").status_code == 404


def test_an_agreement_without_a_call_is_named_when_it_was_usable_long_enough(busy, monkeypatch):
    from dean06.exchange.operations.queries import unused_agreements

    codes = {one.code for one in unused_agreements()}
    assert not codes
    old = AgreementVersion.objects.order_by("id").first()
    monkeypatch.setattr(settings, "DEAN06_OPERATIONS", settings.DEAN06_OPERATIONS.model_copy(update={"unused_days": 0}))

    assert old.code in {one.code for one in unused_agreements()}
