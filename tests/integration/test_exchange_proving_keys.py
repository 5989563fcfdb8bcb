"""Evidence outlives keys: what was signed while a key counted stays proven; what it signed after is named."""

import json
from contextlib import contextmanager
from datetime import timedelta
from unittest import mock

import pytest
from django.test import RequestFactory

from dean06.core.actor import SYSTEM
from dean06.core.keys import new_key
from dean06.exchange import providing, snapshot
from dean06.exchange.agreements import actions
from dean06.exchange.configuration import enrolling, publishing
from dean06.exchange.following import Follower
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.proving.pages import search
from dean06.exchange.public import ProviderResponse, call, evidence_bundle, register_provider, verify_messages
from dean06.ledger.public import public_keys_pem, sequence
from dean06.signing.public import certificate_request, ensure_key, rotate, signer, trust_anchor_pem
from exchange_agreements_world import CLIENT, CONTENT, POPULATION, REASON, morning_with_new_keys, world_of_agreements
from offline_verifier import tool

pytestmark = pytest.mark.django_db
BANK = "VN/COM/DEMOBANK"
OWN = "member.VN.COM.DEMOBANK"
GOOD = "Hai chữ ký đúng"


@pytest.fixture
def clock(tmp_path, settings):
    with morning_with_new_keys(tmp_path, settings) as travelling:
        yield travelling


@pytest.fixture
def world(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(providing, "_providers", {})
    register_provider(POPULATION, handler=lambda _request: ProviderResponse(200, {"agrees": True}, (new_key(),)), openapi={})
    people = world_of_agreements(tmp_path)
    case = actions.request_agreement(document=CONTENT, reason=REASON, actor=people.requester)
    for actor in (people.approver, people.operator):
        actions.approve(code=case.agreement.code, version=1, actor=actor)
    return people


def ask(world):
    """Ask once; return the transaction."""
    answer = call(client=CLIENT, service=POPULATION, method="POST", path="/v1/persons/verify", body={}, purpose="loan", actor=world.clerk)
    sequence("default")
    return answer.transaction_id


def enrol(name=OWN):
    ensure_key(name, common_name="x", usage="member")
    kid = signer(name).kid
    enrolling.request_key(member=BANK, request_pem=certificate_request(name), actor=SYSTEM)
    enrolling.approve_key(member=BANK, kid=kid, actor=SYSTEM)
    return kid


def shown(world):
    """Return what the operators' page says of the signatures, a set over all rows."""
    index_evidence()
    request = RequestFactory().get("/exchange/evidence")
    request.actor = world.operator
    text = search(request).content.decode()
    return {one for one in (GOOD, "Chữ ký không đúng", "Ký sau khi khóa hết hiệu lực", "Không có chữ ký") if one in text}


@pytest.fixture
def prove(tmp_path, capsys):
    """Verify a bundle as a stranger does; return the exit code and the problems."""

    def proven(transaction):
        _, content = evidence_bundle(transaction, name="bundle.zip")
        for name, data in (("bundle.zip", content), ("keys.pem", public_keys_pem()), ("root.pem", trust_anchor_pem())):
            (tmp_path / name).write_bytes(data)
        capsys.readouterr()
        given = ["bundle", tmp_path / "bundle.zip", "--key", tmp_path / "keys.pem", "--trust", tmp_path / "root.pem", "--json"]
        code = tool.main([*map(str, given)])
        return code, {row["problem"] for row in json.loads(capsys.readouterr().out)}

    return proven


def problems():
    return {one.problem for one in verify_messages(processes=1).findings}


def shut_out(clock):
    enrolling.revoke_member(member=BANK, reason="Cổng bị chiếm quyền", actor=SYSTEM)


def shut_out_provider(clock):
    enrolling.revoke_member(member="VN/GOV/G01", reason="Cổng bị chiếm quyền", actor=SYSTEM)


def first_enrolment(clock):
    enrol("test.bank")


def revoked_of_the_store(clock):
    enrolling.revoke_key(member=BANK, kid=signer(OWN).kid, reason="Mất ổ đĩa", actor=SYSTEM)


LATER = {
    "the client is shut out": (False, shut_out),
    "the provider is shut out": (False, shut_out_provider),
    "the first key is enrolled": (False, first_enrolment),
    "a key of the store is revoked": (False, revoked_of_the_store),
    "an enrolled key is revoked": (True, revoked_of_the_store),
    "an enrolled key is renewed": (True, first_enrolment),
    "a key of the store is renewed": (False, lambda _clock: rotate(OWN)),
}


@pytest.fixture
def following(tmp_path, monkeypatch, settings):
    """Go by the registry's signed configuration, as a gateway of another agency does."""

    @contextmanager
    def followed():
        (tmp_path / "anchor.pem").write_bytes(trust_anchor_pem())
        place = tmp_path / "configuration.jws"
        place.write_bytes(publishing.publish().token.encode())
        follower = Follower(str(place), tmp_path / "anchor.pem", tmp_path / "kept" / "configuration.jws", refresh_seconds=0)
        with monkeypatch.context() as patch:
            patch.setattr(snapshot, "_follower", lambda: follower)
            patch.setattr("dean06.exchange.proving.keys.keys_ever_of", None)  # such a gateway has none of these keys in its tables
            settings.DEAN06_EXCHANGE_CONFIGURATION = str(place)
            snapshot.forget()
            yield
        settings.DEAN06_EXCHANGE_CONFIGURATION = ""
        snapshot.forget()

    return followed


@contextmanager
def not_hearing(state):
    """Call by the state that a gateway still has, whatever happened since; it lets overlaps pass, too."""
    for entry in state.members.values():
        object.__setattr__(entry, "enrolled", None)
    with mock.patch.object(snapshot, "current", return_value=state):
        yield
    snapshot.forget()


@pytest.mark.parametrize("what", LATER)
def test_what_was_signed_while_the_key_counted_stays_proven(world, clock, following, prove, what):
    is_enrolled, happens = LATER[what]
    if is_enrolled:
        enrol()
    transaction = ask(world)
    clock.shift(timedelta(hours=1))
    happens(clock)
    clock.shift(timedelta(days=9))
    snapshot.forget()

    assert problems() == set()
    assert shown(world) == {GOOD}
    assert prove(transaction) == (0, set())
    with following():
        assert problems() == set()
        assert prove(transaction) == (0, set())


ENDS = {name: LATER[name] for name in LATER if "of the store is renewed" not in name and "provider" not in name}


@pytest.mark.parametrize("what", ENDS)
def test_what_a_key_signs_after_its_end_is_named(world, clock, following, prove, what):
    is_enrolled, happens = ENDS[what]
    if is_enrolled:
        enrol()
    unaware = snapshot.current()
    clock.shift(timedelta(hours=1))
    happens(clock)
    clock.shift(timedelta(days=9) if "renewed" in what else timedelta(seconds=2))
    with not_hearing(unaware):
        transaction = ask(world)

    assert problems() == {"key_ended"}
    assert shown(world) == {"Ký sau khi khóa hết hiệu lực"}
    assert prove(transaction) == (1, {"key_ended"})
    with following():
        assert problems() == {"key_ended"}


def test_a_member_that_was_let_in_again_has_no_faults(world, clock):
    ask(world)
    clock.shift(timedelta(hours=1))
    shut_out(clock)
    clock.shift(timedelta(hours=1))
    enrolling.readmit_member(member=BANK, reason="Đã cấp khóa mới", actor=SYSTEM)
    ask(world)

    assert problems() == set()
