"""Pages of gateways' certificates: named only with the fingerprint that the member gave, revoked with a reason, seen by whom they concern."""

from datetime import timedelta

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding

from browser import assert_accessible, shoot
from dean06.core.actor import SYSTEM
from dean06.exchange import peers, snapshot
from dean06.exchange.configuration import gateways
from dean06.exchange.configuration.gateways import fingerprint_of, name_certificate
from dean06.exchange.configuration.models import GatewayCertificate
from dean06.ledger.models import LedgerEntry
from exchange_agreements_world import REASON, START, world_of_agreements
from gateway_certificates import self_signed

pytestmark = pytest.mark.django_db(transaction=True)

BANK = "VN/COM/DEMOBANK"
REGISTER = "VN/GOV/G01"


@pytest.fixture
def world(tmp_path):
    with time_machine.travel(START, tick=True):
        yield world_of_agreements(tmp_path)
    snapshot.forget()


def made(*, days=365, is_authority=False):
    """Make a gateway's certificate as PEM, with its fingerprint as OpenSSL prints it."""
    since, until = START - timedelta(days=400), START + timedelta(days=days)
    extensions = [x509.BasicConstraints(ca=is_authority, path_length=None)]
    certificate, _key = self_signed("bank.example", since=since, until=until, extensions=extensions)
    return certificate.public_bytes(Encoding.PEM).decode(), certificate.fingerprint(SHA256()).hex(":").upper()


def form(pem, fingerprint, **further):
    return {"member": BANK, "certificate": pem, "fingerprint": fingerprint, **further}


@pytest.mark.browser
def test_an_operator_names_and_revokes_a_certificate_without_script(live_server, new_page, acting, world):
    pem, fingerprint = made()
    page = new_page(has_script=False)
    acting(world.operator)
    page.goto(f"{live_server.url}/exchange/keys")
    page.get_by_role("link", name="Chứng thư số của cổng kết nối").click()
    assert page.get_by_text("Không có chứng thư số nào ở đây").is_visible()
    page.get_by_role("link", name="Ghi nhận chứng thư số").click()
    page.get_by_label("Thành viên", exact=True).select_option(BANK)
    page.get_by_label("Chứng thư số của cổng").fill(pem)
    page.get_by_label("Dấu vân SHA-256").fill("00:11:22:33:44:55:66:77:88")
    page.get_by_role("button", name="Ghi nhận chứng thư số").click()
    assert page.get_by_text("Dấu vân không khớp với chứng thư số này").first.is_visible()
    assert not GatewayCertificate.objects.exists()
    page.get_by_label("Dấu vân SHA-256").fill(fingerprint[:23])
    page.get_by_role("button", name="Ghi nhận chứng thư số").click()

    assert page.get_by_text("Đã ghi nhận chứng thư số").is_visible()
    assert page.get_by_text("Đang dùng").is_visible()
    page.get_by_role("button", name="Thu hồi chứng thư số").click()
    assert page.get_by_text("Nhập lý do, ít nhất 10 ký tự").first.is_visible()
    page.get_by_label("Lý do").fill(REASON)
    page.get_by_role("button", name="Thu hồi chứng thư số").click()
    assert page.get_by_text("Chứng thư số đã bị thu hồi").is_visible()
    assert not page.get_by_role("button", name="Thu hồi chứng thư số").count()
    kinds = LedgerEntry.objects.order_by("pk").values_list("kind", flat=True)
    assert [kind for kind in kinds if "gateway" in kind] == ["exchange.gateway_certificate_named", "exchange.gateway_certificate_revoked"]


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Nhập dấu vân mà thành viên cho biết"),
        ("0123456789abcde", "Nhập ít nhất 16 chữ số đầu"),
        ("không phải dấu vân đâu", "Nhập ít nhất 16 chữ số đầu"),
    ],
)
def test_a_fingerprint_that_tells_too_little_is_not_taken(client, acting, world, typed, told):
    acting(world.operator)
    answer = client.post("/exchange/gateways/new", form(made()[0], typed))

    assert answer.status_code == 422
    assert told in answer.content.decode()
    assert not GatewayCertificate.objects.exists()


@pytest.mark.parametrize("between", [":", " ", "", "-"])
def test_a_fingerprint_is_read_as_people_write_it(client, acting, world, between):
    pem, fingerprint = made()
    acting(world.operator)

    assert client.post("/exchange/gateways/new", form(pem, fingerprint.replace(":", between))).status_code == 302
    assert GatewayCertificate.objects.get().sha256 == fingerprint.replace(":", "").lower()


@pytest.mark.parametrize("pem", ["không phải chứng thư", made(days=-1)[0], made(is_authority=True)[0]])
def test_what_is_no_certificate_for_a_gateway_is_refused_at_its_field(client, acting, world, pem):
    acting(world.operator)
    answer = client.post("/exchange/gateways/new", form(pem, "0" * 16))

    assert answer.status_code == 422
    assert "Chứng thư số này không dùng được cho cổng kết nối" in answer.content.decode()


def test_a_certificate_that_ends_while_it_is_being_named_is_refused_with_a_page_that_says_so(client, acting, monkeypatch, world):
    pem, fingerprint = made(days=1)
    acting(world.operator)
    with time_machine.travel(START + timedelta(days=1, seconds=-1), tick=False) as clock:

        def compared(certificate_pem):
            found = fingerprint_of(certificate_pem)
            clock.shift(2)
            return found

        monkeypatch.setattr(gateways, "fingerprint_of", compared)
        answer = client.post("/exchange/gateways/new", form(pem, fingerprint))

    assert answer.status_code == 422
    assert "Chứng thư số này không dùng được cho cổng kết nối" in answer.content.decode()
    assert not GatewayCertificate.objects.exists()


def test_a_revoked_certificate_is_not_named_again(client, acting, world):
    pem, fingerprint = made()
    acting(world.operator)
    client.post("/exchange/gateways/new", form(pem, fingerprint))
    number = GatewayCertificate.objects.get().pk
    assert client.post(f"/exchange/gateways/{number}/revoke", {"reason": REASON}).status_code == 302

    answer = client.post("/exchange/gateways/new", form(pem, fingerprint))
    assert answer.status_code == 422
    assert "đã bị thu hồi" in answer.content.decode()
    assert client.post(f"/exchange/gateways/{number}/revoke", {"reason": REASON}).status_code == 404


def test_a_successor_ends_the_former_after_the_overlap_and_a_further_gateway_leaves_it(client, acting, world):
    acting(world.operator)
    first, second, third = (made() for _ in range(3))
    client.post("/exchange/gateways/new", form(*first))
    client.post("/exchange/gateways/new", form(*second, is_further="on"))
    assert {row.not_after for row in GatewayCertificate.objects.all()} == {START + timedelta(days=365)}

    client.post("/exchange/gateways/new", form(*third))
    listed = client.get("/exchange/gateways?view=soon").content.decode()
    shown = [fingerprint.replace(":", "").lower() in listed for _, fingerprint in (first, second, third)]
    assert shown == [True, True, False]


def test_the_list_is_searched_by_member_and_fingerprint_and_shows_this_installation_s_own(client, acting, world):
    acting(world.operator)
    pem, fingerprint = made()
    client.post("/exchange/gateways/new", form(pem, fingerprint))
    plain = fingerprint.replace(":", "").lower()

    assert plain in client.get("/exchange/gateways", {"q": fingerprint[:29]}).content.decode()
    assert plain in client.get("/exchange/gateways", {"q": "DEMOBANK"}).content.decode()
    assert plain not in client.get("/exchange/gateways", {"q": "H49"}).content.decode()
    assert plain not in client.get("/exchange/gateways", {"view": "over"}).content.decode()
    assert client.get("/exchange/gateways", {"view": "mine"}).status_code == 404
    assert list(peers.hosted()) == [one["sha256"] for one in client.get("/exchange/gateways").context["own"]]


def test_an_agency_sees_its_own_certificates_and_names_none(client, acting, world):
    pem, fingerprint = made()
    bank = name_certificate(member=BANK, certificate_pem=pem.encode(), actor=SYSTEM)
    plain = fingerprint.replace(":", "").lower()

    acting(world.requester)
    assert plain in client.get("/exchange/gateways").content.decode()
    assert "Thu hồi chứng thư số" not in client.get(f"/exchange/gateways/{bank.pk}").content.decode()
    assert client.get("/exchange/gateways/new").status_code == 403
    assert client.post("/exchange/gateways/new", form(*made())).status_code == 403
    assert client.post(f"/exchange/gateways/{bank.pk}/revoke", {"reason": REASON}).status_code == 403
    acting(world.stranger)
    assert plain not in client.get("/exchange/gateways").content.decode()
    assert client.get(f"/exchange/gateways/{bank.pk}").status_code == 404
    assert client.post(f"/exchange/gateways/{bank.pk}/revoke", {"reason": REASON}).status_code == 404
    acting(world.clerk)
    assert client.get("/exchange/gateways").status_code == 403
    assert GatewayCertificate.objects.get().is_named


@pytest.mark.browser
def test_the_pages_are_accessible(live_server, new_page, acting, world):
    page = new_page()
    name_certificate(member=REGISTER, certificate_pem=made(days=20)[0].encode(), actor=SYSTEM)
    bank = name_certificate(member=BANK, certificate_pem=made()[0].encode(), actor=SYSTEM)
    acting(world.operator)
    for name, place in {"gateways": "gateways", "gateway": f"gateways/{bank.pk}", "gateway-new": "gateways/new"}.items():
        assert page.goto(f"{live_server.url}/exchange/{place}").ok
        assert_accessible(page)
        shoot(page, f"exchange-{name}", widths=(390, 1280, 1920))
