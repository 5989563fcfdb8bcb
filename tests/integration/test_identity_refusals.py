"""What the provider refuses, each with a code and a sentence, and nothing half-done."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from urllib.parse import urlencode, urlsplit

import pytest
import time_machine
from django.db import connections
from django.test import Client

from dean06.core import clock
from dean06.core.actor import SYSTEM
from dean06.core.keys import PersonKey, new_key
from dean06.identity import errors, tokens
from dean06.identity.actions.release import userinfo
from dean06.identity.clients import forget_parties, load_clients
from dean06.identity.models import (
    AccessToken,
    Account,
    AuthorizationCode,
    ConsentEvent,
    Interaction,
    LoginSession,
    Password,
    SignInEvent,
    Totp,
)
from dean06.identity.public import account_of, client_assertion, enrol_totp, register_account, session_of
from dean06.identity.tasks import delete_what_is_dead
from dean06.ledger.public import looks_at
from dean06.registry.errors import MalformedPersonalId
from identity_world import (
    BANK_CALLBACK,
    PORTAL_CALLBACK,
    Visitor,
    a_holder,
    a_request,
    authorize,
    basic,
    prepare,
    query_of,
    redeem,
    redeem_as_portal,
    token_form,
)

pytestmark = pytest.mark.django_db
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


@pytest.fixture(autouse=True)
def world():
    prepare()


@pytest.fixture
def browser():
    return Client()


def entries(holder, kind):
    return [look for look in looks_at(holder.person.key).rows if look.kind == kind]


# -- codes and tokens


def test_a_replayed_code_is_refused_and_takes_the_tokens_back(browser):
    code = Visitor(browser).code_for(a_holder())
    answer = redeem(code)

    with pytest.raises(errors.InvalidGrant):
        redeem(code)
    with pytest.raises(errors.InvalidToken):
        userinfo(answer["access_token"])


def test_another_clients_try_changes_nothing(browser):
    code = Visitor(browser).code_for(a_holder())

    with pytest.raises(errors.InvalidGrant):
        redeem_as_portal(code)

    assert redeem(code)["token_type"] == "Bearer"


@pytest.mark.parametrize("changed", [{"code_verifier": "w" * 43}, {"redirect_uri": BANK_CALLBACK + "/"}])
def test_a_code_shown_wrongly_is_spent(browser, changed):
    code = Visitor(browser).code_for(a_holder())

    with pytest.raises(errors.InvalidGrant):
        redeem(code, **changed)
    with pytest.raises(errors.InvalidGrant):
        redeem(code)
    assert not AccessToken.objects.exists()


def test_a_code_lives_a_minute(browser):
    code = Visitor(browser).code_for(a_holder())

    with time_machine.travel(clock.now() + timedelta(seconds=61)), pytest.raises(errors.InvalidGrant):
        redeem(code)


def test_a_token_lives_ten_minutes_and_no_longer_than_its_session(browser):
    holder = a_holder()
    token = redeem(Visitor(browser).code_for(holder))["access_token"]

    with time_machine.travel(clock.now() + timedelta(minutes=10, seconds=1)), pytest.raises(errors.InvalidToken):
        userinfo(token)
    LoginSession.objects.update(ended_at=clock.now())
    with pytest.raises(errors.InvalidToken):
        userinfo(token)


def test_a_session_that_ended_leaves_its_codes_worthless(browser):
    code = Visitor(browser).code_for(a_holder())
    LoginSession.objects.update(ended_at=clock.now())

    with pytest.raises(errors.InvalidGrant):
        redeem(code)


def test_a_locked_account_is_stopped_at_every_step(browser):
    holder = a_holder()
    visitor = Visitor(browser)
    code, token = visitor.code_for(holder), redeem(visitor.code_for(holder))["access_token"]
    Account.objects.update(state=Account.State.LOCKED)

    with pytest.raises(errors.InvalidGrant):
        redeem(code)
    with pytest.raises(errors.InvalidToken):
        userinfo(token)
    assert urlsplit(authorize(browser)["Location"]).path == "/identity/login"


def test_codes_tokens_and_cookies_are_kept_as_hashes_only(browser):
    code = Visitor(browser).code_for(a_holder())
    token = redeem(code)["access_token"]
    cookie = browser.cookies["dean06_eid"].value

    kept = str(list(AuthorizationCode.objects.values()) + list(AccessToken.objects.values()) + list(LoginSession.objects.values()))
    assert not any(secret in kept for secret in (code, token, cookie))


def test_an_assertion_is_used_once(browser):
    holder = a_holder()
    visitor = Visitor(browser)
    assertion = client_assertion("portal", key_name="client.portal")
    form = {"redirect_uri": PORTAL_CALLBACK, "client_assertion": assertion, "client_assertion_type": ASSERTION}

    tokens.answer_token_request(token_form(visitor.code_for(holder, "portal"), **form), "")
    with pytest.raises(errors.InvalidClient):
        tokens.answer_token_request(token_form(visitor.code_for(holder, "portal"), **form), "")


def test_a_client_cannot_choose_a_weaker_way_or_anothers_key(browser):
    code = Visitor(browser).code_for(a_holder())
    for authorization in (basic("portal", "anything"), basic("bank", "wrong"), basic("nobody", "x")):
        with pytest.raises(errors.InvalidClient):
            tokens.answer_token_request(token_form(code), authorization)
    forged = client_assertion("bank", key_name="client.portal")
    for assertion in (forged, forged[:-4], "a.b.c", "e30.e30.", "x" * 4000, "é.é.é"):
        with pytest.raises(errors.InvalidClient):
            tokens.answer_token_request(token_form(code, client_assertion=assertion, client_assertion_type=ASSERTION), "")


def test_a_client_revokes_its_own_token_only(browser):
    token = redeem(Visitor(browser).code_for(a_holder()))["access_token"]
    assertion = {"client_assertion": client_assertion("portal", key_name="client.portal"), "client_assertion_type": ASSERTION}

    tokens.answer_revocation({"token": token, **assertion}, "")
    assert userinfo(token)["sub"]
    tokens.answer_revocation({"token": token}, basic())
    with pytest.raises(errors.InvalidToken):
        userinfo(token)
    with pytest.raises(errors.InvalidClient):
        tokens.answer_revocation({"token": token, **assertion}, "")


@pytest.mark.django_db(transaction=True)
def test_of_fifty_redemptions_at_once_exactly_one_wins():
    code = Visitor(Client()).code_for(a_holder())
    ready = Barrier(50)

    def attempt(_number):
        ready.wait()
        try:
            return redeem(code)["access_token"]
        except errors.InvalidGrant:
            return None
        finally:
            connections.close_all()

    with ThreadPoolExecutor(50) as pool:
        won = [token for token in pool.map(attempt, range(50)) if token]

    assert len(won) == 1
    with pytest.raises(errors.InvalidToken):
        userinfo(won[0])  # the others' tries took it back


@pytest.mark.django_db(transaction=True)
def test_of_twenty_sign_ins_with_one_code_exactly_one_wins():
    holder = a_holder()
    code, ready = holder.code(), Barrier(20)
    browsers = []
    for _ in range(20):
        browser = Client()
        key = query_of(browser.get("/identity/login"))["t"]
        Interaction.objects.filter(key=key).update(password_proved_for=holder.account)
        browsers.append((browser, key))

    def attempt(pair):
        browser, key = pair
        ready.wait()
        try:
            return browser.post("/identity/login/code", {"t": key, "code": code}).status_code
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as pool:
        statuses = list(pool.map(attempt, browsers))

    assert statuses.count(303) == 1
    assert LoginSession.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_right_passwords_at_once_are_all_let_in():
    holder, ready = a_holder(has_totp=False), Barrier(4)

    def attempt(_number):
        browser = Client()
        ready.wait()
        try:
            return [refused(browser, holder).status_code for _ in range(4)]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(attempt, range(4))) == [[303] * 4] * 4


# -- the authorization request


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "identity.invalid_request"),
        ({"client_id": "nobody"}, "identity.unknown_client"),
        (a_request(redirect_uri=BANK_CALLBACK + "/.."), "identity.redirect_uri_mismatch"),
        (a_request(redirect_uri=None), "identity.invalid_request"),
        (a_request(redirect_uri="https://evil.example/cb"), "identity.redirect_uri_mismatch"),
    ],
)
def test_what_cannot_be_trusted_is_shown_and_goes_nowhere(browser, parameters, code):
    response = browser.get("/authorize?" + urlencode(parameters))

    assert response.status_code == 422
    assert "Location" not in response
    assert code in response.content.decode()


def test_repeated_oversized_and_unreadable_parameters_are_shown_to_the_person(browser):
    query = urlencode(a_request())
    for bad in (f"{query}&client_id=bank", f"{query}&x=%ff", f"{query}&x={'y' * 9000}"):
        assert browser.get(f"/authorize?{bad}").status_code == 422


def test_a_refusal_goes_back_with_state_and_issuer(browser):
    answer = query_of(authorize(browser, response_type="token"))

    assert (answer["error"], answer["state"], answer["iss"]) == ("unsupported_response_type", "state-1", "http://localhost:8060")


def test_prompt_none_answers_without_a_page(browser):
    holder = a_holder()

    assert query_of(authorize(browser, prompt="none"))["error"] == "login_required"
    Visitor(browser).code_for(holder, "portal")
    assert query_of(authorize(browser, prompt="none"))["error"] == "consent_required"
    Visitor(browser).code_for(holder)
    assert query_of(authorize(browser, prompt="none"))["code"]


def test_a_posted_request_is_answered_too(browser):
    response = browser.post("/authorize", urlencode(a_request()), content_type="application/x-www-form-urlencoded")

    assert urlsplit(response["Location"]).path == "/identity/login"


def test_prompt_login_asks_again_and_ends_the_old_session(browser):
    holder = a_holder()
    visitor = Visitor(browser)
    visitor.code_for(holder)
    before = browser.cookies["dean06_eid"].value

    response = authorize(browser, prompt="login")
    response = visitor.sign_in(response, holder, steps=1)

    assert "code" in query_of(response)
    assert browser.cookies["dean06_eid"].value != before
    assert session_of(before) is None
    assert session_of(browser.cookies["dean06_eid"].value).person == holder.person.key


def test_a_password_alone_does_not_reach_a_client_that_wants_two_factors(browser):
    holder = a_holder(has_totp=False)
    visitor = Visitor(browser)

    answer = query_of(visitor.sign_in(authorize(browser), holder))

    assert answer["error"] == "unmet_authentication_requirements"
    assert session_of(browser.cookies["dean06_eid"].value).acr == "urn:dean06:loa:2.1"


def test_a_level_01_account_does_not_reach_a_client_that_wants_02(browser):
    holder = a_holder(level=1)

    answer = query_of(Visitor(browser).sign_in(authorize(browser), holder))

    assert answer["error"] == "unmet_authentication_requirements"


def test_an_interaction_belongs_to_its_browser_and_ends_once(browser):
    holder = a_holder()
    response = authorize(browser)
    key = query_of(response)["t"]
    stranger = Client()

    assert stranger.get(f"/identity/login?t={key}").status_code == 404
    assert stranger.post("/identity/login", {"t": key, "number": holder.number, "password": holder.password}).status_code == 404
    assert browser.get("/identity/login?t=nonsense").status_code == 404
    response = Visitor(browser).agree(Visitor(browser).sign_in(response, holder))
    assert "code" in query_of(response)
    assert browser.post("/identity/consent", {"t": key, "answer": "agree"}).status_code == 404


def test_an_interaction_is_forgotten_after_a_quarter_of_an_hour(browser):
    key = query_of(authorize(browser))["t"]

    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        assert browser.get(f"/identity/login?t={key}").status_code == 404


def test_the_consent_page_is_no_way_round_the_sign_in(browser):
    holder = a_holder()
    Visitor(browser).code_for(holder, "portal")
    key = query_of(authorize(browser, prompt="login"))["t"]

    response = browser.post("/identity/consent", {"t": key, "answer": "agree"})

    assert urlsplit(response["Location"]).path == "/identity/login"
    assert not AuthorizationCode.objects.filter(client_id="bank").exists()


# -- signing in


def refused(browser, holder=None, **form):
    key = query_of(browser.get("/identity/login"))["t"]
    values = {"number": holder.number if holder else "", "password": holder.password if holder else ""} | form
    return browser.post("/identity/login", {"t": key, **values})


@pytest.mark.parametrize(
    "number", ["", "12", "02218500001", "0221850000177", "02218500001a", "٠٢٢١٨٥٠٠٠٠١٧", "0" * 5000, "0221\x0085000017", b"\xff\xfe"]
)
def test_what_is_no_number_is_told_so(browser, number):
    response = refused(browser, number=number, password="x")

    assert response.status_code == 422
    assert errors.MalformedUsername.message_vi in response.content.decode()


def test_unknown_number_wrong_password_and_locked_account_read_the_same(browser):
    holder, locked, bare = a_holder(), a_holder(), a_holder()
    Account.objects.filter(key=locked.account).update(state=Account.State.LOCKED)
    Password.objects.filter(account=bare.account).delete()

    pages = [
        refused(browser, number="000999999999", password="một mật khẩu"),
        refused(browser, holder, password="một mật khẩu"),
        refused(browser, locked),
        refused(browser, bare),
    ]

    assert {page.status_code for page in pages} == {422}
    sentences = {errors.LoginRefused.message_vi in page.content.decode() for page in pages}
    assert sentences == {True}
    assert [event.outcome for event in SignInEvent.objects.filter(account=holder.account)] == ["wrong_password"]
    assert len(entries(holder, "identity.login_refused")) == 1


def test_after_some_refusals_the_next_try_waits_and_the_pause_grows(browser):
    holder, present = a_holder(), clock.now()
    with time_machine.travel(present, tick=False):  # the pause is of two seconds: no slow machine sits it out
        for _ in range(6):
            refused(browser, holder, password="sai")

        page = refused(browser, holder)
    assert "Đã thử sai nhiều lần" in page.content.decode()
    assert SignInEvent.objects.filter(account=holder.account, outcome="wrong_password").count() == 6
    with time_machine.travel(present + timedelta(seconds=10), tick=False):
        assert refused(browser, holder).status_code == 303


def test_an_unknown_number_is_slowed_down_like_a_known_one(browser):
    with time_machine.travel(clock.now(), tick=False):
        for _ in range(6):
            refused(browser, number="000999999999", password="sai")

        assert "Đã thử sai nhiều lần" in refused(browser, number="000999999999", password="sai").content.decode()


def test_a_one_time_code_works_once_and_wrong_ones_end_the_interaction(browser):
    holder = a_holder()
    key = query_of(refused(browser, holder))["t"]
    page = browser.post("/identity/login/code", {"t": key, "code": "000000"})
    assert errors.CodeRefused.message_vi in page.content.decode()
    for _ in range(4):
        browser.post("/identity/login/code", {"t": key, "code": "abcdef"})

    assert browser.post("/identity/login/code", {"t": key, "code": holder.code()}).status_code == 404


def test_a_spent_code_is_not_taken_again(browser):
    holder = a_holder()
    code = holder.code()
    first = query_of(refused(browser, holder))["t"]
    assert browser.post("/identity/login/code", {"t": first, "code": code}).status_code == 303

    second = query_of(refused(browser, holder))["t"]
    assert browser.post("/identity/login/code", {"t": second, "code": code}).status_code == 422


def test_a_code_without_the_password_leads_back_to_the_password(browser):
    holder = a_holder()
    key = query_of(browser.get("/identity/login"))["t"]

    response = browser.post("/identity/login/code", {"t": key, "code": holder.code()})

    assert urlsplit(response["Location"]).path == "/identity/login"
    assert not LoginSession.objects.exists()


@pytest.mark.parametrize(
    "credential",
    ["", "no json", "[]", "{}", "x" * 20_000, "[" * 10_000, json.dumps({"id": "x", "rawId": "x", "type": "public-key", "response": {}})],
)
def test_a_broken_passkey_answer_is_refused(browser, credential):
    key = query_of(browser.get("/identity/login"))["t"]
    browser.get(f"/identity/login?t={key}")

    page = browser.post("/identity/login/passkey", {"t": key, "credential": credential})

    assert page.status_code == 422
    assert errors.PasskeyRefused.message_vi in page.content.decode()
    assert Interaction.objects.get(key=key).challenge != b""


# -- consent and disclosure


def test_only_ticked_optional_claims_are_released(browser):
    visitor = Visitor(browser)
    holder = a_holder()

    without = userinfo(redeem(visitor.code_for(holder))["access_token"])
    response = visitor.agree(authorize(browser, prompt="consent"), claims=["address", "number", "surprise"])
    with_address = userinfo(redeem(query_of(response)["code"])["access_token"])

    assert "address" not in without
    assert with_address["address"]["formatted"].startswith("Số 1")
    assert "number" not in with_address


def test_no_is_an_answer(browser):
    visitor = Visitor(browser)

    answer = query_of(visitor.agree(visitor.sign_in(authorize(browser), a_holder()), answer="refuse"))

    assert (answer["error"], answer["state"]) == ("access_denied", "state-1")
    assert [event.what for event in ConsentEvent.objects.all()] == ["refused"]


def test_withdrawal_stops_the_flow_of_claims_at_once_and_is_remembered(browser):
    holder = a_holder()
    token = redeem(Visitor(browser).code_for(holder))["access_token"]

    browser.post("/identity/account/consents/withdraw", {"client_id": "bank"})

    with pytest.raises(errors.InvalidToken):
        userinfo(token)
    assert [event.what for event in ConsentEvent.objects.order_by("id")] == ["given", "withdrawn"]
    assert len(entries(holder, "identity.consent_withdrawn")) == 1
    assert urlsplit(authorize(browser)["Location"]).path == "/identity/consent"


def test_consent_ends_with_its_time(browser):
    holder = a_holder()
    Visitor(browser).code_for(holder)

    with time_machine.travel(clock.now() + timedelta(days=31), tick=True):
        response = Visitor(Client()).sign_in(authorize(browser), holder)
        assert urlsplit(response.get("Location", "/identity/consent")).path in {"/identity/login", "/identity/consent"}
        assert not AuthorizationCode.objects.filter(expires_at__gt=clock.now()).exists()


def test_each_release_is_ledgered_once_a_session_with_who_why_and_which_fields(browser):
    holder = a_holder()
    visitor = Visitor(browser)
    for _ in range(2):
        userinfo(redeem_as_portal(visitor.code_for(holder, "portal"))["access_token"])

    released = entries(holder, "identity.claims_released")
    assert [(look.who, set(look.fields), look.legal_basis) for look in released] == [
        ("Cổng dịch vụ công dean06", {"name", "number"}, "69/2024/NĐ-CP")
    ]
    assert len(entries(holder, "exchange.answered")) >= 2


def test_two_relying_parties_see_two_subjects(browser):
    holder = a_holder()
    visitor = Visitor(browser)

    bank = userinfo(redeem(visitor.code_for(holder))["access_token"])["sub"]
    portal = userinfo(redeem_as_portal(visitor.code_for(holder, "portal"))["access_token"])["sub"]

    assert bank != portal


def test_claims_are_not_there_when_the_registry_is_not(browser, monkeypatch):
    token = redeem(Visitor(browser).code_for(a_holder()))["access_token"]
    monkeypatch.setattr("dean06.identity.actions.release.PURPOSE", "something-else")

    with pytest.raises(errors.ClaimsUnavailable):
        userinfo(token)


def test_the_twelve_digits_are_nowhere_in_identitys_tables(browser):
    holder = a_holder()
    userinfo(redeem_as_portal(Visitor(browser).code_for(holder, "portal"))["access_token"])

    from django.apps import apps

    rows = str([list(model.objects.values()) for model in apps.get_app_config("identity").get_models()])
    assert holder.number not in rows
    assert holder.secret not in rows


# -- accounts


def test_one_person_has_one_account_and_one_number_too():
    holder = a_holder()
    someone = PersonKey(new_key())

    for person, number in ((PersonKey(holder.person.key), "000999999999"), (someone, holder.number)):
        with pytest.raises(errors.AccountExists):
            register_account(person=person, level=1, username=number, password="một mật khẩu dài", actor=SYSTEM)
    assert account_of(PersonKey(holder.person.key)) == holder.account
    assert account_of(someone) is None


def test_an_account_is_opened_whole_or_not_at_all():
    someone = PersonKey(new_key())
    for changed, refusal in (
        ({"password": "ngắn"}, errors.WeakPassword),
        ({"password": "x" * 129}, errors.WeakPassword),
        ({"username": "12"}, MalformedPersonalId),
        ({"totp_secret": "MZXW6"}, errors.MalformedTotpSecret),
    ):
        with pytest.raises(refusal):
            register_account(**{"person": someone, "level": 2, "username": "000999999999", "password": "x" * 12, "actor": SYSTEM} | changed)

    assert account_of(someone) is None
    with pytest.raises(errors.AccountNotFound):
        enrol_totp(new_key(), "MZXW6YTBOI======MZXW6YTBOI======".replace("=", "A"))


def test_a_secret_moved_to_another_account_does_not_open(browser):
    mine, other = a_holder(), a_holder()
    Totp.objects.filter(account=mine.account).update(sealed_secret=Totp.objects.get(account=other.account).sealed_secret)
    from cryptography.exceptions import InvalidTag

    key = query_of(refused(browser, mine))["t"]
    with pytest.raises(InvalidTag):
        browser.post("/identity/login/code", {"t": key, "code": other.code()})


def test_the_registration_is_on_the_ledger():
    holder = a_holder()

    assert [look.detail["level"] for look in entries(holder, "identity.account_registered")] == [2]


# -- my account, signing out


def test_the_account_page_shows_only_to_its_holder(browser):
    holder = a_holder()
    assert urlsplit(browser.get("/identity/account")["Location"]).path == "/identity/login"
    Visitor(browser).code_for(holder)

    page = browser.get("/identity/account").content.decode()

    assert "Mức độ 02" in page
    assert "Ngân hàng minh họa Vịnh Ngọc" in page
    assert holder.number not in page


def test_signing_out_everywhere_ends_every_session(browser):
    holder = a_holder()
    Visitor(browser).code_for(holder)
    other = Client()
    with time_machine.travel(clock.now() + timedelta(seconds=60), tick=True):
        Visitor(other).code_for(holder)

        browser.post("/identity/account/sessions/end")

        assert session_of(other.cookies["dean06_eid"].value) is None
        assert urlsplit(other.get("/identity/account")["Location"]).path == "/identity/login"


def test_one_cannot_end_anothers_session_or_remove_anothers_key(browser):
    victim, thief = a_holder(), a_holder()
    other = Client()
    Visitor(other).code_for(victim)
    Visitor(browser).code_for(thief)
    theirs = LoginSession.objects.get(account=victim.account)

    browser.post("/identity/account/sessions/end", {"session": theirs.key})
    browser.post("/identity/account/passkeys/remove", {"passkey": new_key()})
    browser.post("/identity/account/sessions/end", {"session": "nonsense"})

    assert session_of(other.cookies["dean06_eid"].value) is not None
    assert session_of(browser.cookies["dean06_eid"].value) is not None


def test_changing_keys_wants_a_fresh_sign_in(browser):
    Visitor(browser).code_for(a_holder())

    with time_machine.travel(clock.now() + timedelta(minutes=16)):
        response = browser.get("/identity/account/passkeys/new")

    assert urlsplit(response["Location"]).path == "/identity/login"


def test_a_session_left_idle_for_an_hour_is_over(browser):
    Visitor(browser).code_for(a_holder())

    with time_machine.travel(clock.now() + timedelta(minutes=61)):
        assert session_of(browser.cookies["dean06_eid"].value) is None


def test_signing_out_asks_unless_the_relying_party_shows_whose_session_it_means(browser):
    holder = a_holder()
    answer = redeem(Visitor(browser).code_for(holder))
    back = {"post_logout_redirect_uri": "http://localhost:8099/", "state": "z"}

    question = browser.get("/identity/logout?" + urlencode({"client_id": "bank", **back}))
    assert question.status_code == 200
    assert session_of(browser.cookies["dean06_eid"].value)
    done = browser.get("/identity/logout?" + urlencode({"id_token_hint": answer["id_token"], **back}))
    assert done["Location"] == "http://localhost:8099/?state=z"
    assert browser.cookies["dean06_eid"].value == ""


@pytest.mark.parametrize(
    "query",
    [
        {"post_logout_redirect_uri": "http://localhost:8099/"},
        {"client_id": "bank", "post_logout_redirect_uri": "https://evil.example/"},
        {"id_token_hint": "a.b.c"},
        {"client_id": "nobody"},
    ],
)
def test_a_sign_out_that_leads_elsewhere_ends_nothing(browser, query):
    Visitor(browser).code_for(a_holder())

    assert browser.get("/identity/logout?" + urlencode(query)).status_code == 422
    assert session_of(browser.cookies["dean06_eid"].value)


def test_anothers_id_token_does_not_sign_me_out(browser):
    other = Client()
    token = redeem(Visitor(other).code_for(a_holder()))["id_token"]
    Visitor(browser).code_for(a_holder())

    assert browser.get("/identity/logout?" + urlencode({"id_token_hint": token})).status_code == 200
    assert session_of(browser.cookies["dean06_eid"].value)
    browser.post("/identity/logout")
    assert not LoginSession.objects.filter(
        ended_at=None, account__in=SignInEvent.objects.filter(outcome="signed_out").values("account")
    ).exists()


# -- packs

GOOD_PACK = """kind: clients
version: "1"
clients:
  - client_id: shop
    name: Cửa hàng
    redirect_uris: ["https://shop.example/cb"]
    purpose: thử
    auth_method: client_secret_basic
    claims:
      - {claim: name, needed: true, reason: thử}
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("kind: clients", "kind: members", ":1: "),
        ("https://shop.example/cb", "http://shop.example/cb", ":4: http://shop.example/cb: register a whole https address"),
        ("client_id: shop", "client_id: Shop", ":4: client_id: "),
        ("claim: name", "claim: number", ":4: claims: number needs a legal_basis"),
        ("claim: name", "claim: religion", ":4: claims: religion is not offered"),
        ("needed: true", "needed: maybe", ":10: "),
        ("client_secret_basic", "private_key_jwt", ":4: private_key_jwt: give either jwks"),
        ("purpose: thử", "colour: red", ":4: "),
        ("purpose: thử", "purpose: [", ": "),
        ('["https://shop.example/cb"]', "[]", ":4: redirect_uris: "),
        ("purpose: thử", "purpose: thử\n    minimum_acr: high", ":4: minimum_acr: "),
        ("purpose: thử", "purpose: thử\n    consent_days: 0", ":4: consent_days: "),
    ],
)
def test_a_pack_with_a_fault_is_refused_with_its_line_and_a_remedy(tmp_path, old, new, said):
    pack = tmp_path / "shop.yaml"
    pack.write_text(GOOD_PACK.replace(old, new))

    with pytest.raises(errors.BadClientPack) as caught:
        load_clients(pack)

    assert said in caught.value.detail
    assert caught.value.detail.startswith("shop.yaml:")


def test_a_pack_is_text_of_a_size_that_exists(tmp_path):
    bad, large, twice = tmp_path / "bad.yaml", tmp_path / "large.yaml", tmp_path / "twice.yaml"
    bad.write_bytes(b"\xff\xfe")
    large.write_bytes(b"#" * 2_000_000)
    twice.write_text(GOOD_PACK + GOOD_PACK.partition("clients:\n  ")[2].replace("- client_id", "  - client_id", 1))
    for path in (bad, large, twice, tmp_path / "absent.yaml"):
        with pytest.raises(errors.BadClientPack):
            load_clients(path)


def test_a_changed_pack_counts_at_the_next_load(tmp_path, browser):
    pack = tmp_path / "shop.yaml"
    pack.write_text(GOOD_PACK)
    load_clients(pack)
    assert authorize(browser, "shop", redirect_uri="https://shop.example/cb").status_code == 303

    pack.write_text(GOOD_PACK.replace("/cb", "/new"))
    load_clients(pack)
    forget_parties()

    assert authorize(browser, "shop", redirect_uri="https://shop.example/cb").status_code == 422


def test_what_is_dead_is_deleted_and_history_stays(browser):
    holder = a_holder()
    redeem(Visitor(browser).code_for(holder))
    refused(browser, holder, password="sai")

    with time_machine.travel(clock.now() + timedelta(days=2)):
        delete_what_is_dead()

    assert not any(model.objects.exists() for model in (AuthorizationCode, AccessToken, Interaction))
    assert SignInEvent.objects.filter(account=holder.account).count() == 2
