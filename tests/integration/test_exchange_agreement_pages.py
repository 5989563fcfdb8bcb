"""The pages of agreements: a request becomes an agreement in force in three people's browsers, without script."""

from datetime import UTC, datetime

import pytest
import time_machine

from browser import assert_accessible, shoot
from dean06.exchange import providing, snapshot
from dean06.exchange.agreements import actions
from dean06.exchange.agreements.offers import read_offer
from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementVersion
from dean06.exchange.public import register_provider
from dean06.registry.public import provider_handler, provider_openapi
from exchange_agreements_world import CONTENT, POPULATION, REASON, world_of_agreements

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.fixture
def world(tmp_path, monkeypatch):
    monkeypatch.setattr(providing, "_providers", {})
    register_provider(POPULATION, handler=provider_handler, openapi=provider_openapi())
    with time_machine.travel(datetime(2026, 6, 1, 3, tzinfo=UTC), tick=True):
        yield world_of_agreements(tmp_path)
    snapshot.forget()


def requested(world):
    return actions.request_agreement(document=CONTENT, reason=REASON, actor=world.requester)


PARTIES = "client=VN/COM/DEMOBANK/CUSTOMERS&service=VN/GOV/G01/POPULATION/population"


def tick(page, value):
    """Choose a card by its text, as a finger would."""
    box = page.locator(f'input[value="{value}"]').get_attribute("id")
    page.locator(f'label[for="{box}"]').click()


def test_the_offer_of_a_service_is_read_from_its_description():
    offer = read_offer(provider_openapi())

    assert ("POST", "/v1/persons/verify", "Xác minh thông tin công dân") in offer.endpoints
    assert {"full_name", "household.head.full_name", "agrees", "members.full_name"} <= {path for path, _title in offer.fields}


def test_a_request_becomes_an_agreement_in_force(live_server, new_page, acting, world):
    page = new_page(has_script=False)
    acting(world.requester)
    page.goto(f"{live_server.url}/exchange/agreements")
    page.get_by_role("link", name="Gửi đề nghị mới").click()
    page.get_by_label("Hệ thống hoặc nhóm sẽ hỏi").select_option("VN/COM/DEMOBANK/CUSTOMERS")
    page.get_by_label("Dịch vụ dữ liệu").select_option(POPULATION)
    page.get_by_role("button", name="Tiếp tục").click()
    page.get_by_label("Tên thỏa thuận").fill("Xác thực khách hàng")
    page.get_by_role("button", name="Gửi đề nghị").click()
    assert page.get_by_text("Chọn ít nhất một chức năng").first.is_visible()
    assert page.get_by_label("Tên thỏa thuận").input_value() == "Xác thực khách hàng"
    page.get_by_label("Vì sao cần dữ liệu này").fill(REASON)
    tick(page, "POST /v1/persons/verify")
    tick(page, "agrees")
    page.get_by_label("Mục đích khai thác").fill("kyc\nloan")
    page.get_by_label("Căn cứ pháp lý: số văn bản").fill("91/2025/QH15")
    page.get_by_label("Có hiệu lực từ ngày").fill("2026-06-01")
    page.get_by_label("Đến hết ngày").fill("2026-12-31")
    page.get_by_role("button", name="Gửi đề nghị").click()
    assert page.get_by_text("Chờ phê duyệt").first.is_visible()
    assert not page.get_by_role("button", name="Phê duyệt đúng nội dung này").count()
    address = page.url

    for actor in (world.approver, world.operator):
        acting(actor)
        page.goto(f"{live_server.url}/exchange/agreements?view=mine")
        page.get_by_role("link", name="TT-2026-0001").click()
        page.get_by_role("button", name="Phê duyệt đúng nội dung này").click()

    assert page.url == address
    assert page.get_by_text("Thỏa thuận đã được ký").is_visible()
    assert page.get_by_text("Nền tảng ký").is_visible()
    assert AgreementCase.objects.get().agreement.document["purposes"] == ["kyc", "loan"]


def test_a_reason_is_asked_for_and_shown(live_server, new_page, acting, world):
    requested(world)
    acting(world.approver)
    page = new_page(has_script=False)
    page.goto(f"{live_server.url}/exchange/agreements/TT-2026-0001/1")

    page.get_by_role("button", name="Từ chối đề nghị").click()
    assert page.get_by_text("Nhập lý do, ít nhất 10 ký tự").first.is_visible()
    page.get_by_label("Lý do").fill("Trường dữ liệu rộng hơn cần thiết")
    page.get_by_role("button", name="Từ chối đề nghị").click()

    assert page.get_by_text("Bị từ chối").first.is_visible()
    assert page.get_by_text("Trường dữ liệu rộng hơn cần thiết").is_visible()


def test_the_list_names_the_parties_beside_their_identifiers(client, acting, world):
    requested(world)
    acting(world.approver)

    shown = client.get("/exchange/agreements").content.decode()

    for text in ("Khách hàng (Ngân hàng trình diễn)", "VN/COM/DEMOBANK/CUSTOMERS", "Dân cư (Bộ Công an)", POPULATION):
        assert text in shown


def test_the_page_says_whose_signatures_agree_and_what_was_altered_since(client, acting, world):
    case = requested(world)
    for actor in (world.approver, world.operator):
        actions.approve(code=case.agreement.code, version=1, actor=actor)
    acting(world.approver)
    address = f"/exchange/agreements/{case.agreement.code}/1"

    good = client.get(address).content.decode()
    AgreementDecision.objects.filter(side="provider").update(token="x")
    altered = client.get(address).content.decode()
    AgreementDecision.objects.filter(side="provider").update(side="nobody", decision="nothing")
    unknown = client.get(address).content.decode()

    assert good.count("chữ ký đúng") == 2
    assert "không cổng nào áp dụng" not in good
    assert "không cổng nào áp dụng" in altered
    assert "Dữ liệu đã bị sửa" not in good
    assert (altered.count("chữ ký đúng"), altered.count("chữ ký không khớp")) == (1, 1)
    assert "Bên cung cấp: Chữ ký không khớp với quyết định" in altered
    assert (unknown.count("chữ ký đúng"), unknown.count("chữ ký không khớp")) == (1, 1)


UNREADABLE = {
    "an object without its parts": {"title": "Chỉ còn tên"},
    "no object": ["*"],
    "a day that is none": {**CONTENT, "valid_until": "mai"},
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_pages_say_so_where_content_was_altered_into_none(client, acting, world, name):
    case = requested(world)
    code = case.agreement.code
    for actor in (world.approver, world.operator):
        actions.approve(code=code, version=1, actor=actor)
    AgreementVersion.objects.filter(code=code).update(document=UNREADABLE[name], client="?", service="?")
    acting(world.requester)

    page, listed, renewal = (client.get(f"/exchange/agreements{path}") for path in (f"/{code}/1", "", f"/{code}/renew"))

    assert (page.status_code, listed.status_code, renewal.status_code) == (200, 200, 409)
    shown = page.content.decode()
    assert "Bị sửa, không áp dụng" in shown
    assert "không cổng nào áp dụng" in shown
    assert "đã bị sửa đến mức không đọc được" in shown
    assert "Nội dung không còn đúng như khi đề nghị" in shown
    assert "Đề nghị gia hạn" not in shown
    assert code in listed.content.decode()


def test_an_approval_without_what_was_read_or_of_altered_data_is_refused(client, acting, world):
    case = requested(world)
    address = f"/exchange/agreements/{case.agreement.code}/1"
    acting(world.approver)
    page = client.get(address)
    seen = page.context["seen"]
    assert f'name="seen" value="{seen}"' in page.content.decode()

    blind = client.post(f"{address}/approve")
    AgreementCase.objects.filter(pk=case.pk).update(reason="Một lý do khác hẳn")
    stale = client.post(f"{address}/approve", {"seen": seen})
    AgreementCase.objects.filter(pk=case.pk).update(provider="VN/COM/DEMOBANK", reason=REASON)
    acting(world.operator)
    shown = client.get(address).content.decode()

    assert [(answer.status_code, "không còn đúng như đã đề nghị" in answer.content.decode()) for answer in (blind, stale)] == [
        (409, True)
    ] * 2
    assert not AgreementDecision.objects.exists()
    assert "Không phê duyệt được vì dữ liệu đã bị sửa" in shown
    assert "Phê duyệt đúng nội dung này" not in shown


def test_strangers_see_nothing(client, acting, world):
    requested(world)

    acting(world.stranger)
    assert client.get("/exchange/agreements/TT-2026-0001/1").status_code == 404
    assert "TT-2026-0001" not in client.get("/exchange/agreements").content.decode()
    acting(world.clerk)
    assert client.get("/exchange/agreements").status_code == 403
    acting(world.operator)
    assert client.get("/exchange/agreements/new").status_code == 403
    assert client.post("/exchange/agreements/TT-2026-0001/1/withdraw", {"reason": REASON}).status_code == 403
    assert client.post("/exchange/agreements/TT-2026-0001/1/explode", {"reason": REASON}).status_code == 404


def test_a_renewal_is_prefilled(client, acting, world):
    case = requested(world)
    for actor in (world.approver, world.operator):
        actions.approve(code=case.agreement.code, version=1, actor=actor)
    acting(world.requester)

    shown = client.get("/exchange/agreements/TT-2026-0001/renew").content.decode()

    assert 'value="POST /v1/persons/verify" checked' in shown
    assert 'value="91/2025/QH15"' in shown


def test_events_are_offered_where_there_are_some_named_to_approvers_and_kept_by_a_renewal(client, acting, world):
    content = {**CONTENT, "events": ["vn.population.residence-changed"]}
    case = actions.request_agreement(document=content, reason=REASON, actor=world.requester)
    acting(world.approver)
    assert "vn.population.residence-changed" in client.get("/exchange/agreements/TT-2026-0001/1").content.decode()
    for actor in (world.approver, world.operator):
        actions.approve(code=case.agreement.code, version=1, actor=actor)
    acting(world.requester)
    shown = client.get("/exchange/agreements/TT-2026-0001/renew").context["form"]

    sent = {name: value for name, value in shown.initial.items() if value not in ("", None)}
    sent |= {"reason": REASON, "valid_from": "2027-01-01", "valid_until": "2027-12-31", "basis_certainty_2": "M"}
    answered = client.post("/exchange/agreements/TT-2026-0001/renew", {name: value for name, value in sent.items() if value is not False})

    assert (answered.status_code, answered["Location"]) == (302, "/exchange/agreements/TT-2026-0001/2")
    renewed = AgreementCase.objects.get(agreement__version=2).agreement.document
    assert renewed == {**case.agreement.document, "issue_required": False, "valid_from": "2027-01-01", "valid_until": "2027-12-31"} | {
        "notify": "immediate",
        "subject_required": True,
    }
    assert "events" not in client.get(f"/exchange/agreements/request?{PARTIES}").context["form"].fields


@pytest.mark.parametrize(
    "seen",
    [
        ("operator", ""),
        ("operator", "/TT-2026-0001/1"),
        ("requester", "/new"),
        ("requester", f"/request?{PARTIES}"),
    ],
    ids=lambda seen: seen[1].partition("?")[0],
)
def test_pages_hold_for_everyone(live_server, new_page, acting, world, seen):
    part, path = seen
    requested(world)
    acting(getattr(world, part))

    page = new_page()
    page.goto(f"{live_server.url}/exchange/agreements{path}")

    assert_accessible(page)
    shoot(page, f"agreements-{path.partition('?')[0].strip('/').replace('/', '-') or 'list'}", widths=(390, 1280))
