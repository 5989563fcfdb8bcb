"""Members' keys and groups: one person asks, another decides, and each act stands in the ledger."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from django.db import IntegrityError, transaction

from browser import assert_accessible, shoot
from dean06.core.actor import SYSTEM
from dean06.exchange import snapshot
from dean06.exchange.configuration import enrolling
from dean06.exchange.configuration.errors import GroupChangeImpossible, GroupChangeNotWaiting, KeyIsOver
from dean06.exchange.configuration.grouping import decide_change, request_change
from dean06.exchange.configuration.models import GroupChange, KeyDecision
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import NotInAgreementOffice, SecondPersonNeeded
from dean06.exchange.models import GroupMember, MemberKey
from dean06.ledger.models import LedgerEntry
from exchange_agreements_world import CLIENT, REASON, world_of_agreements

pytestmark = pytest.mark.django_db(transaction=True)

BANK = "VN/COM/DEMOBANK"
PROVINCE = "VN/GOV/H49/SERVICES"


@pytest.fixture
def world(tmp_path):
    with time_machine.travel(datetime(2026, 6, 1, 3, tzinfo=UTC), tick=True):
        yield world_of_agreements(tmp_path)
    snapshot.forget()


def request_pem():
    """A request as openssl would make it, for a key that nobody else has."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "whatever")])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    return builder.sign(ec.generate_private_key(ec.SECP256R1()), SHA256()).public_bytes(Encoding.PEM)


def kinds():
    return list(LedgerEntry.objects.filter(log="exchange.configuration").order_by("recorded_at", "id").values_list("kind", flat=True))


# -- keys


@pytest.mark.parametrize("part", ["requester", "operator"])
def test_one_person_enters_a_key_and_another_one_approves_it(world, part):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=getattr(world, part))
    approved = enrolling.approve_key(member=BANK, kid=entered.kid, actor=world.second_operator)

    assert approved.state == "active"
    decision = KeyDecision.objects.get(key=approved)
    assert (decision.entered_by, decision.decided_by) == (getattr(world, part).person, world.second_operator.person)
    assert {"exchange.member_key_requested", "exchange.member_key_approved"} <= set(kinds())


def test_whoever_entered_a_key_does_not_approve_it_and_the_table_says_so_too(world):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.operator)

    with pytest.raises(SecondPersonNeeded):
        enrolling.approve_key(member=BANK, kid=entered.kid, actor=world.operator)
    with pytest.raises(IntegrityError), transaction.atomic():
        KeyDecision.objects.filter(key=entered).update(decided_by=world.operator.person)
    assert enrolling.keys_of_members(state="active") == []


@pytest.mark.parametrize("part", ["stranger", "approver", "clerk"])
def test_a_key_is_entered_by_its_own_agency_or_an_operator_alone(world, part):
    with pytest.raises(NotInAgreementOffice):
        enrolling.request_key(member=BANK, request_pem=request_pem(), actor=getattr(world, part))


@pytest.mark.parametrize("part", ["second_requester", "approver", "clerk"])
def test_a_key_is_approved_by_an_operator_alone(world, part):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.requester)

    with pytest.raises(NotInAgreementOffice):
        enrolling.approve_key(member=BANK, kid=entered.kid, actor=getattr(world, part))


def test_the_command_line_of_the_installation_still_decides(world):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=SYSTEM)

    assert enrolling.approve_key(member=BANK, kid=entered.kid, actor=SYSTEM).state == "active"
    assert not KeyDecision.objects.filter(key=entered).exists()


def test_who_refuses_and_who_revokes_is_known_beside_who_approved(world):
    refused, approved = (enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.operator) for _ in range(2))
    enrolling.refuse_key(member=BANK, kid=refused.kid, reason=REASON, actor=world.second_operator)
    enrolling.approve_key(member=BANK, kid=approved.kid, actor=world.second_operator)
    enrolling.revoke_key(member=BANK, kid=approved.kid, reason=REASON, actor=world.operator)  # at night there is one

    decisions = [KeyDecision.objects.get(key=key) for key in (refused, approved)]
    assert [(one.decided_by, one.revoked_by) for one in decisions] == [
        (world.second_operator.person, None),
        (world.second_operator.person, world.operator.person),
    ]


def test_a_key_that_the_command_line_entered_remembers_the_people_who_decided(world):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=SYSTEM)
    enrolling.approve_key(member=BANK, kid=entered.kid, actor=world.operator)

    decision = KeyDecision.objects.get(key=entered)
    assert (decision.entered_by, decision.decided_by) == (None, world.operator.person)


def test_whoever_entered_a_key_does_not_refuse_it(world):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.operator)

    with pytest.raises(SecondPersonNeeded):
        enrolling.refuse_key(member=BANK, kid=entered.kid, reason=REASON, actor=world.operator)


@pytest.mark.parametrize("first", ["refuse_key", "revoke_key"])
def test_a_key_is_revoked_once_and_what_was_decided_stays(world, client, acting, first):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.requester)
    getattr(enrolling, first)(member=BANK, kid=entered.kid, reason=REASON, actor=world.operator)
    before = MemberKey.objects.filter(pk=entered.pk).values().get()

    with pytest.raises(KeyIsOver):
        enrolling.revoke_key(member=BANK, kid=entered.kid, reason="Một lý do khác hẳn", actor=world.second_operator)
    acting(world.second_operator)
    answer = client.post(f"/exchange/keys/{entered.pk}/revoke", {"reason": "Một lý do khác hẳn"})

    assert answer.status_code == 409
    assert MemberKey.objects.filter(pk=entered.pk).values().get() == before
    assert KeyDecision.objects.get(key=entered).revoked_by in {None, world.operator.person}


# -- groups


def test_a_client_joins_a_group_when_two_people_want_it_and_leaves_it_so(world):
    joining = request_change(group="BANKS", client=PROVINCE, kind="join", reason=REASON, actor=world.stranger)
    assert not GroupMember.objects.filter(group="BANKS", subsystem__member__member_code="H49").exists()
    decide_change(change=joining.pk, approves=True, actor=world.operator)
    assert ClientId.parse(PROVINCE) in {ClientId.parse(str(row.subsystem)) for row in GroupMember.objects.filter(group="BANKS")}

    leaving = request_change(group="BANKS", client=PROVINCE, kind="leave", reason=REASON, actor=world.operator)
    decide_change(change=leaving.pk, approves=True, actor=world.second_operator)

    assert not GroupMember.objects.filter(group="BANKS", subsystem__member__member_code="H49").exists()
    steps = [kind.removeprefix("exchange.group_") for kind in kinds() if "group" in kind]
    assert steps == ["join_requested", "join_approved", "leave_requested", "leave_approved"]


def test_whoever_asks_for_a_change_of_a_group_does_not_decide_on_it_and_the_table_says_so_too(world):
    asked = request_change(group="BANKS", client=PROVINCE, kind="join", reason=REASON, actor=world.operator)

    with pytest.raises(SecondPersonNeeded):
        decide_change(change=asked.pk, approves=True, actor=world.operator)
    with pytest.raises(IntegrityError), transaction.atomic():
        GroupChange.objects.filter(pk=asked.pk).update(state="done", decided_by=world.operator.person, decided_at=asked.requested_at)
    for part in ("stranger", "approver", "requester"):
        with pytest.raises(NotInAgreementOffice):
            decide_change(change=asked.pk, approves=True, actor=getattr(world, part))
    assert not GroupMember.objects.filter(group="BANKS", subsystem__member__member_code="H49").exists()


def test_a_refused_change_changes_nothing_and_is_over(world):
    asked = request_change(group="BANKS", client=CLIENT, kind="leave", reason=REASON, actor=world.requester)

    decide_change(change=asked.pk, approves=False, reason=REASON, actor=world.operator)

    assert GroupMember.objects.filter(group="BANKS", subsystem__code="CUSTOMERS").exists()
    with pytest.raises(GroupChangeNotWaiting):
        decide_change(change=asked.pk, approves=True, actor=world.operator)


def test_a_change_is_asked_for_once_and_only_where_something_would_change(world):
    request_change(group="BANKS", client=CLIENT, kind="leave", reason=REASON, actor=world.requester)

    for client, kind, actor in ((CLIENT, "leave", world.operator), (CLIENT, "join", world.operator), (PROVINCE, "leave", world.operator)):
        with pytest.raises(GroupChangeImpossible):
            request_change(group="BANKS", client=client, kind=kind, reason=REASON, actor=actor)
    with pytest.raises(NotInAgreementOffice):
        request_change(group="BANKS", client=PROVINCE, kind="join", reason=REASON, actor=world.requester)


# -- pages


@pytest.mark.browser
def test_a_key_is_entered_and_approved_in_two_people_s_browsers(live_server, new_page, acting, world):
    page = new_page(has_script=False)
    acting(world.requester)
    page.goto(f"{live_server.url}/exchange/keys")
    page.get_by_role("link", name="Nhập yêu cầu mới").click()
    page.get_by_label("Thành viên").select_option(BANK)
    page.get_by_label("Yêu cầu cấp chứng thư").fill("không phải yêu cầu")
    page.get_by_role("button", name="Ghi nhận yêu cầu").click()
    assert page.get_by_text("không phải yêu cầu cấp chứng thư hợp lệ").first.is_visible()
    page.get_by_label("Yêu cầu cấp chứng thư").fill(request_pem().decode())
    page.get_by_role("button", name="Ghi nhận yêu cầu").click()
    assert page.get_by_text("Bạn đã nhập yêu cầu này").is_visible()
    assert not page.get_by_role("button", name="Phê duyệt khóa này").count()
    address = page.url

    acting(world.operator)
    page.goto(address)
    page.get_by_role("button", name="Phê duyệt khóa này").click()
    assert page.get_by_text("Khóa đã được chứng thực").is_visible()
    page.get_by_role("button", name="Thu hồi khóa").click()
    assert page.get_by_text("Nhập lý do, ít nhất 10 ký tự").first.is_visible()
    page.goto(f"{live_server.url}/exchange/keys?view=active&q=DEMOBANK")
    assert page.get_by_text("Đang dùng").first.is_visible()


@pytest.mark.browser
def test_a_client_joins_a_group_in_two_people_s_browsers(live_server, new_page, acting, world):
    page = new_page(has_script=False)
    acting(world.stranger)
    page.goto(f"{live_server.url}/exchange/groups")
    page.get_by_role("link", name="Các ngân hàng").click()
    page.get_by_role("button", name="Gửi đề nghị vào nhóm").click()
    assert page.get_by_text("Chọn hệ thống").first.is_visible()
    page.get_by_label("Hệ thống").select_option(PROVINCE)
    page.get_by_label("Lý do").fill(REASON)
    page.get_by_role("button", name="Gửi đề nghị vào nhóm").click()
    assert page.get_by_text("Bạn đã đề nghị thay đổi này").is_visible()

    acting(world.operator)
    page.goto(f"{live_server.url}/exchange/groups/BANKS")
    page.get_by_role("button", name="Từ chối thay đổi").click()
    assert page.get_by_text("Nhập lý do, ít nhất 10 ký tự").first.is_visible()
    page.get_by_role("button", name="Phê duyệt thay đổi này").click()

    assert page.get_by_text("Nhóm đã thay đổi").is_visible()
    assert page.get_by_text("Vào nhóm", exact=True).is_visible()


@pytest.mark.browser
def test_the_pages_are_accessible(live_server, new_page, acting, world):
    page = new_page()
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.requester)
    request_change(group="BANKS", client=PROVINCE, kind="join", reason=REASON, actor=world.stranger)
    acting(world.operator)
    for name, place in {
        "keys": "keys",
        "key": f"keys/{entered.pk}",
        "key-new": "keys/new",
        "groups": "groups",
        "group": "groups/BANKS",
    }.items():
        assert page.goto(f"{live_server.url}/exchange/{place}").ok
        assert_accessible(page)
        shoot(page, f"exchange-{name}", widths=(390, 1280, 1920))


def test_strangers_see_neither_keys_nor_groups_of_others(client, acting, world):
    entered = enrolling.request_key(member=BANK, request_pem=request_pem(), actor=world.requester)

    acting(world.stranger)
    assert client.get(f"/exchange/keys/{entered.pk}").status_code == 404
    assert entered.kid not in client.get("/exchange/keys").content.decode()
    acting(world.clerk)
    assert client.get("/exchange/keys").status_code == 403
    assert client.get("/exchange/groups").status_code == 403
    acting(world.approver)
    assert client.get("/exchange/keys/new").status_code == 403
    assert client.get("/exchange/groups/BANKS").status_code == 404
    acting(world.requester)
    assert client.post(f"/exchange/keys/{entered.pk}/approve").status_code == 403
    assert client.post(f"/exchange/keys/{entered.pk}/explode", {"reason": REASON}).status_code == 404
    assert client.get(f"/exchange/groups/{uuid4().hex}").status_code == 404
