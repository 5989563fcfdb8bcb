"""Logging in at the portal as an ordinary OpenID Connect client."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client
from joserfc.jwk import ECKey

from dean06.core.clock import now
from dean06.portal.models import OwnPage, PendingLogin, PortalSession
from dean06.portal.sessions import COOKIE, LOGIN_COOKIE
from portal_fakes import NAME, PERSON, a_post, install, log_in

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def fake(monkeypatch):
    return install(monkeypatch)[0]


def test_a_person_logs_in_and_is_greeted(client, fake):
    response = log_in(client, fake)

    assert response.status_code == 302
    assert response["Location"] == "/me"
    assert NAME in client.get("/").content.decode()
    session = PortalSession.objects.get()
    assert session.person == PERSON
    assert NAME.encode() not in bytes(session.name)
    assert client.cookies[COOKIE].value not in session.cookie_hash
    assert client.cookies[COOKIE]["httponly"]
    assert not PendingLogin.objects.exists()


def test_the_client_proves_itself_with_a_signed_assertion(client, fake):
    log_in(client, fake)

    form = fake.forms[0]
    assert form["client_assertion_type"].endswith("jwt-bearer")
    assert form["client_assertion"].count(".") == 2
    assert "client_secret" not in form


def test_she_goes_on_to_where_she_wanted(client, fake):
    assert log_in(client, fake, next_path="/me/looks?cursor=x")["Location"] == "/me/looks?cursor=x"
    assert log_in(client, fake, next_path="//evil.example")["Location"] == "/me"


def test_a_replayed_answer_is_refused(client, fake):
    started = client.get("/login")
    cookie = client.cookies[LOGIN_COOKIE].value
    answer = fake.authorize(started["Location"])
    client.get("/oidc/callback", answer)
    client.cookies[LOGIN_COOKIE] = cookie

    assert client.get("/oidc/callback", answer).status_code == 403
    assert PortalSession.objects.count() == 1


def test_an_answer_in_another_browser_is_refused(client, fake):
    started = client.get("/login")

    response = Client().get("/oidc/callback", fake.authorize(started["Location"]))

    assert response.status_code == 403
    assert "Hãy đăng nhập lại" in response.content.decode()
    assert not PortalSession.objects.exists()


def test_an_answer_that_comes_too_late_is_refused(client, fake):
    started = client.get("/login")

    with time_machine.travel(now() + timedelta(minutes=16)):
        assert client.get("/oidc/callback", fake.authorize(started["Location"])).status_code == 403


@pytest.mark.parametrize("change", [{"nonce": "x"}, {"aud": "bank"}, {"iss": "http://x"}, {"exp": 1}, {"at_hash": "x"}])
def test_a_token_that_does_not_hold_opens_no_session(client, fake, change):
    fake.change = change

    assert log_in(client, fake).status_code == 403
    assert not PortalSession.objects.exists()


def test_a_token_under_a_strange_key_opens_no_session(client, fake):
    fake.signing_key = ECKey.generate_key("P-256", {"kid": "k1"})

    assert log_in(client, fake).status_code == 403


def test_a_rotated_key_needs_no_restart(client, fake):
    log_in(client, fake)
    fake.key = ECKey.generate_key("P-256", {"kid": "k1"})

    assert log_in(Client(), fake).status_code == 302


def test_claims_of_someone_else_open_no_session(client, fake):
    fake.userinfo = {**fake.userinfo, "sub": "sub-2"}

    assert log_in(client, fake).status_code == 403


def test_a_number_that_is_nobodys_opens_no_session(client, fake):
    fake.userinfo = {**fake.userinfo, "number": "022185999999"}

    assert log_in(client, fake).status_code == 403


def test_a_provider_that_is_away_gives_a_sentence(client, fake):
    fake.is_away = True

    response = client.get("/login")
    assert response.status_code == 503
    assert "đang gián đoạn" in response.content.decode()


def test_logging_out_ends_the_session_everywhere_it_is_known(client, fake):
    log_in(client, fake)
    client.get("/me")
    cookie = client.cookies[COOKIE].value

    response = client.post("/logout")

    assert response["Location"].startswith("http://localhost:8060/identity/logout?id_token_hint=ey")
    assert bytes(PortalSession.objects.get().id_token) == b""
    client.cookies[COOKIE] = cookie
    assert client.get("/me").status_code == 302
    assert not OwnPage.objects.exists()


@pytest.mark.parametrize("pause", [timedelta(minutes=31), timedelta(hours=13)])
def test_an_idle_or_old_session_is_over(client, fake, pause):
    log_in(client, fake)

    with time_machine.travel(now() + pause):
        assert client.get("/me")["Location"].startswith("/login")


def test_logging_in_again_replaces_the_session(client, fake):
    log_in(client, fake)
    before = client.cookies[COOKIE].value
    log_in(client, fake)

    assert client.cookies[COOKIE].value != before
    assert PortalSession.objects.filter(ended_at=None).count() == 1


def test_posts_become_roles_and_an_ended_post_is_gone_within_a_minute(client, monkeypatch):
    held = [a_post()]
    fake, _asked = install(monkeypatch)
    monkeypatch.setattr("dean06.portal.neighbours.posts_of", lambda _person, _on: held)
    log_in(client, fake)

    actor = client.get("/").wsgi_request.actor
    assert actor.has_role("appraiser")
    assert actor.area == ("06649",)
    held.clear()
    with time_machine.travel(now() + timedelta(seconds=61)):
        assert not client.get("/").wsgi_request.actor.has_role("appraiser")


def test_a_page_without_a_session_cookie_asks_no_database(client, fake, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/about").status_code == 200
