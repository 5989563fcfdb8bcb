"""The signed configuration: believed as a whole or not at all, never older, ridden through for a day; keys of members in it."""

import http.server
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import override_settings
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dean06.core.actor import SYSTEM, Actor
from dean06.core.keys import new_key
from dean06.exchange import providing, snapshot
from dean06.exchange.agreements import actions
from dean06.exchange.configuration import enrolling, publishing
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import (
    ConfigurationExpired,
    ConfigurationMissing,
    ConfigurationRefused,
    ExchangeError,
    InvalidSignature,
    MemberKeyNotFound,
    MemberRevoked,
    NotInAgreementOffice,
    UnknownMember,
)
from dean06.exchange.following import Follower
from dean06.exchange.models import MemberKey, PublishedConfiguration
from dean06.exchange.public import ProviderResponse, call, load_members, register_provider
from dean06.exchange.sealing import canonical, registry_signer
from dean06.exchange.verifying import verified
from dean06.signing.errors import RequestNotUsable
from dean06.signing.public import certificate_request, ensure_key, rotate, signer, trust_anchor_pem
from exchange_agreements_world import CLIENT, CONTENT, MEMBERS, POPULATION, REASON, START, morning_with_new_keys, world_of_agreements

pytestmark = pytest.mark.django_db
BANK = "VN/COM/DEMOBANK"


@pytest.fixture
def world(tmp_path, monkeypatch, settings):
    monkeypatch.setattr(providing, "_providers", {})
    register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, {"agrees": True}, (new_key(),)), openapi={})
    with morning_with_new_keys(tmp_path, settings):
        people = world_of_agreements(tmp_path)
        case = actions.request_agreement(document=CONTENT, reason=REASON, actor=people.requester)
        for actor in (people.approver, people.operator):
            actions.approve(code=case.agreement.code, version=1, actor=actor)
        yield people


def token():
    return publishing.publish().token.encode()


def believed(raw, at=START):
    return verified(raw, anchors_pem=trust_anchor_pem(), at=at)


def ask(actor):
    return call(client=CLIENT, service=POPULATION, method="POST", path="/v1/persons/verify", body={}, purpose="loan", actor=actor)


def test_the_configuration_says_what_the_database_says(world):
    configuration = believed(token())

    shared = snapshot.read_shared(configuration.content, version=configuration.version)
    own = snapshot.read(configuration.version)
    assert shared.agreements == own.agreements
    assert shared.services == own.services
    assert shared.subsystems == own.subsystems
    assert shared.members.keys() == own.members.keys()
    key = signer("member.VN.COM.DEMOBANK")
    for state in (shared, own):
        verify = state.verifier(next(one for one in state.subsystems if str(one) == CLIENT))
        assert verify(key.kid, b"text", key.sign_raw(b"text"))
        assert not verify(key.kid, b"other", key.sign_raw(b"text"))
        assert not verify("unknown", b"text", key.sign_raw(b"text"))


def test_it_holds_neither_tokens_nor_inner_addresses(world):
    text = canonical(believed(token()).content).decode()

    assert "token_hash" not in text
    assert "location" not in text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.data())
def test_any_changed_byte_is_refused(world, data):
    raw = token()
    place = data.draw(st.integers(0, len(raw) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != raw[place]))

    with pytest.raises(ConfigurationRefused):
        believed(raw[:place] + bytes([byte]) + raw[place + 1 :])


def test_the_last_signs_of_each_part_are_not_free(world):
    raw = token()
    ends = [place - 1 for place, sign in enumerate(raw + b".") if sign == ord(".")]

    for place in ends:
        for sign in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_=":
            if sign != raw[place]:
                with pytest.raises(ConfigurationRefused):
                    believed(raw[:place] + bytes([sign]) + raw[place + 1 :])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(st.integers(-100, 60 * 60 * 40))
def test_it_is_gone_by_until_validity_and_grace_are_over(world, seconds):
    raw = token()
    at = START + timedelta(seconds=seconds)

    if seconds <= 30 * 3600:
        assert believed(raw, at).version == 1
    else:
        with pytest.raises(ConfigurationExpired):
            believed(raw, at)


def test_a_member_that_the_same_root_certified_signs_no_configuration(world, monkeypatch):
    monkeypatch.setattr("dean06.exchange.sealing.registry_signer", lambda: signer("member.VN.COM.DEMOBANK"))
    monkeypatch.setattr(publishing, "REGISTRY_KEY", "member.VN.COM.DEMOBANK")

    with pytest.raises(ConfigurationRefused):
        believed(token())


def test_another_root_is_not_believed(world):
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.load_pem_x509_certificate(trust_anchor_pem()).subject
    own_root = (
        x509.CertificateBuilder(name, name, key.public_key(), 1, START - timedelta(days=1), START + timedelta(days=900))
        .add_extension(x509.BasicConstraints(ca=True, path_length=1), critical=True)
        .sign(key, hashes.SHA256())
    )

    with pytest.raises(ConfigurationRefused):
        verified(token(), anchors_pem=own_root.public_bytes(serialization.Encoding.PEM), at=START)


def test_a_number_is_given_for_each_change_and_for_age_only(world):
    assert publishing.publish().version == 1
    assert publishing.publish().version == 1
    enrolling.revoke_member(member="VN/GOV/H49", reason="Thử nghiệm", actor=SYSTEM)
    assert publishing.publish().version == 2
    with time_machine.travel(START + timedelta(minutes=16)):
        assert publishing.publish().version == 3


def test_the_endpoint_answers_304_to_who_has_it(world, client):
    first = client.get("/exchange/configuration")
    again = client.get("/exchange/configuration", headers={"If-None-Match": first["ETag"]})

    assert (first.status_code, first["Content-Type"], again.status_code, again.content) == (200, "application/jose", 304, b"")
    assert believed(first.content).version == 1


# -- a gateway that follows


@pytest.fixture
def followed(world, tmp_path):
    (tmp_path / "anchor.pem").write_bytes(trust_anchor_pem())
    place = tmp_path / "configuration.jws"
    place.write_bytes(token())
    return Follower(str(place), tmp_path / "anchor.pem", tmp_path / "kept" / "configuration.jws", refresh_seconds=0), place, tmp_path


def test_a_gateway_keeps_the_last_good_one_through_a_restart_without_the_registry(followed):
    follower, place, folder = followed
    assert follower.configuration().version == 1
    place.unlink()

    later = Follower(str(place), folder / "anchor.pem", folder / "kept" / "configuration.jws")

    assert later.configuration().version == 1


def test_an_older_version_is_refused_also_after_a_restart(followed):
    follower, place, folder = followed
    old = place.read_bytes()
    enrolling.revoke_member(member="VN/GOV/H49", reason="Thử nghiệm", actor=SYSTEM)
    place.write_bytes(token())
    assert follower.configuration().version == 2

    place.write_bytes(old)

    assert not follower.look()
    assert follower.configuration().version == 2
    assert Follower(str(place), folder / "anchor.pem", folder / "kept" / "configuration.jws").configuration().version == 2


def test_two_texts_under_one_number_are_refused(followed, world):
    follower, place, _folder = followed
    follower.configuration()
    PublishedConfiguration.objects.all().delete()
    enrolling.revoke_member(member="VN/GOV/H49", reason="Thử nghiệm", actor=SYSTEM)
    place.write_bytes(token())

    assert not follower.look()
    assert not follower.configuration().content["members"][1]["revoked"]


def test_a_day_without_the_registry_is_ridden_through_with_warnings(followed):
    follower, place, _folder = followed
    follower.configuration()
    place.unlink()

    for hours in (1, 12, 24, 29):
        with time_machine.travel(START + timedelta(hours=hours)):
            follower.look()
            assert follower.configuration().version == 1
            assert follower._warned_at is not None
            assert follower._warned_at >= START + timedelta(hours=hours)
    with time_machine.travel(START + timedelta(hours=30, minutes=1)), pytest.raises(ConfigurationExpired) as refused:
        follower.configuration()
    assert refused.value.code == "exchange.configuration_expired"


def test_no_warning_in_the_first_ten_minutes(followed):
    follower, place, _folder = followed
    follower.configuration()
    place.unlink()

    with time_machine.travel(START + timedelta(minutes=9)):
        follower.look()
        follower.configuration()

    assert follower._warned_at is None


def test_without_any_configuration_there_is_a_code_of_its_own(tmp_path):
    (tmp_path / "anchor.pem").write_bytes(b"")

    with pytest.raises(ConfigurationMissing):
        Follower(str(tmp_path / "nothing"), tmp_path / "anchor.pem", tmp_path / "kept").configuration()


@contextmanager
def registry():
    """Serve the endpoint of the test's own web process by HTTP, and count what it sent."""
    sent = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            row = answers[-1]
            etag = f'"{row["version"]}"'
            status = 304 if self.headers.get("If-None-Match") == etag else 200
            body = b"" if status == 304 else row["token"].encode()
            sent.append(status)
            self.send_response(status)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    answers = [PublishedConfiguration.objects.order_by("-version").values("version", "token").first()]
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/exchange/configuration", sent, answers
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.enable_socket
def test_over_http_an_unchanged_configuration_is_not_sent_again_and_a_revocation_arrives(world, tmp_path):
    publishing.publish()
    (tmp_path / "anchor.pem").write_bytes(trust_anchor_pem())
    with registry() as (place, sent, answers):
        follower = Follower(place, tmp_path / "anchor.pem", tmp_path / "kept" / "configuration.jws")
        follower.configuration()
        assert follower.look()
        enrolling.revoke_member(member=BANK, reason="Cổng bị chiếm quyền", actor=SYSTEM)
        row = publishing.publish()
        answers.append({"version": row.version, "token": row.token})
        assert follower.look()

    assert sent == [200, 304, 200]
    state = snapshot.read_shared(follower.configuration().content, version=2)
    with pytest.raises(MemberRevoked):
        state.client(next(one for one in state.subsystems if str(one) == CLIENT))


def test_a_gateway_answers_calls_by_the_followed_configuration_alone(followed, world, monkeypatch):
    follower, place, _folder = followed
    monkeypatch.setattr(snapshot, "_follower", lambda: follower)
    with override_settings(DEAN06_EXCHANGE_CONFIGURATION=str(place)):
        snapshot.forget()
        assert ask(world.clerk).status == 200
        actions.suspend(code="TT-2026-0001", version=1, reason="Nghi ngờ lộ khóa của hệ thống", actor=world.operator)
        assert ask(world.clerk).status == 200  # the registry has not published yet
        place.write_bytes(token())
        assert follower.look()
        with pytest.raises(ExchangeError) as refused:
            ask(world.clerk)
    assert refused.value.code == "exchange.agreement_missing"


def test_a_follower_s_own_tokens_are_new_within_two_seconds(followed, world, monkeypatch, tmp_path):
    follower, place, _folder = followed
    monkeypatch.setattr(snapshot, "_follower", lambda: follower)
    monkeypatch.setattr(snapshot, "FRESH_SECONDS", 0.0)
    with override_settings(DEAN06_EXCHANGE_CONFIGURATION=str(place)):
        snapshot.forget()
        before = snapshot.current()
        assert snapshot.current() is before
        packs = tmp_path / "members.yaml"
        packs.write_text(MEMBERS.replace("code: CUSTOMERS", f"code: CUSTOMERS, token_sha256: {'ab' * 32}", 1))
        load_members(packs)
        monkeypatch.setattr(snapshot, "_current", before)  # as in a process that did not load them
        after = snapshot.current()

    assert after.version == before.version
    assert [state.subsystems[ClientId.parse(CLIENT)].token_hash for state in (before, after)] == ["", "ab" * 32]


# -- keys of members


def made(name="test.h49"):
    ensure_key(name, common_name="x", usage="member")
    return signer(name), certificate_request(name)


def enrolled(member=BANK, name="test.bank"):
    key, request = made(name)
    enrolling.request_key(member=member, request_pem=request, actor=Actor(account="bank"))
    enrolling.approve_key(member=member, kid=key.kid, actor=SYSTEM)
    return key


def counts(key, member=BANK):
    state = snapshot.read(0)
    verify = state.verifier(next(one for one in state.subsystems if one.member == member))
    shared = snapshot.read_shared(believed(token(), datetime.now(UTC)).content, version=1)
    again = shared.verifier(next(one for one in shared.subsystems if one.member == member))
    results = {each(key.kid, b"text", key.sign_raw(b"text")) for each in (verify, again)}
    assert len(results) == 1
    return results.pop()


def test_an_enrolled_key_counts_and_the_key_store_no_longer_does(world):
    own = signer("member.VN.COM.DEMOBANK")
    assert counts(own)

    key = enrolled()

    assert counts(key)
    assert not counts(own)
    certificate = MemberKey.objects.get(kid=key.kid).certificate
    assert certificate.startswith("-----BEGIN CERTIFICATE-----")


def test_a_requested_key_does_not_count_before_its_approval(world):
    key, request = made()
    enrolling.request_key(member=BANK, request_pem=request, actor=Actor(account="bank"))

    assert not counts(key)
    with pytest.raises(NotInAgreementOffice):
        enrolling.approve_key(member=BANK, kid=key.kid, actor=Actor(account="bank"))


def test_a_renewed_key_overlaps_with_the_one_before(world):
    first = enrolled()
    second = enrolled(name="test.bank2")

    assert counts(first)
    assert counts(second)
    with time_machine.travel(START + timedelta(days=8)):
        assert not counts(first)
        assert counts(second)


def test_a_revoked_key_stops_to_count_at_once_and_does_not_come_back(world):
    key = enrolled()

    enrolling.revoke_key(member=BANK, kid=key.kid, reason="Mất ổ đĩa", actor=SYSTEM)

    assert not counts(key)
    with pytest.raises(MemberKeyNotFound):
        enrolling.request_key(member=BANK, request_pem=certificate_request("test.bank"), actor=SYSTEM)
    with pytest.raises(MemberKeyNotFound):
        enrolling.approve_key(member=BANK, kid=key.kid, actor=SYSTEM)


def test_a_revoked_key_of_the_key_store_stops_the_members_calls(world):
    ask(world.clerk)
    enrolling.revoke_key(member=BANK, kid=signer("member.VN.COM.DEMOBANK").kid, reason="Mất ổ đĩa", actor=SYSTEM)

    with pytest.raises(InvalidSignature):
        ask(world.clerk)


@pytest.mark.parametrize("broken", [b"", b"text", b"-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n"])
def test_a_request_that_is_none_is_refused(world, broken):
    with pytest.raises(RequestNotUsable):
        enrolling.request_key(member=BANK, request_pem=broken, actor=SYSTEM)


def test_a_member_that_is_shut_out_neither_asks_nor_answers(world):
    ask(world.clerk)
    for member in (BANK, "VN/GOV/G01"):
        enrolling.revoke_member(member=member, reason="Cổng bị chiếm quyền", actor=SYSTEM)
        with pytest.raises(MemberRevoked):
            ask(world.clerk)
        enrolling.readmit_member(member=member, reason="Đã cấp khóa mới", actor=SYSTEM)
    assert ask(world.clerk).status == 200


def test_only_members_that_are_known_are_shut_out(world):
    for name in ("VN/COM/NOBODY", CLIENT):
        with pytest.raises(UnknownMember):
            enrolling.revoke_member(member=name, reason="Thử nghiệm", actor=SYSTEM)


def test_the_registrys_own_key_may_be_renewed(world):
    before = token()
    registry_signer()
    rotate("exchange.registry")

    with time_machine.travel(START + timedelta(minutes=16)):
        after = token()
        assert believed(after, START + timedelta(minutes=16)).version == 2
    assert believed(before).version == 1
