"""What the portal demands of an answer of the identity provider."""

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.portal.domain import login
from dean06.portal.errors import LoginNotStarted, LoginRefused, ProviderAway, TokenRefused

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
ISSUER = "https://dean06.example"
ENDPOINTS = {name: f"{ISSUER}/{name}" for name in login.NEEDED_ADDRESSES}


def claims(**changes):
    at_hash = login.base64url(hashlib.sha256(b"at").digest()[:16])
    second = int(NOW.timestamp())
    whole = {"iss": ISSUER, "aud": "portal", "sub": "s", "exp": second + 300, "iat": second, "auth_time": second - 5, "nonce": "n"}
    return {name: value for name, value in ({**whole, "at_hash": at_hash} | changes).items() if value is not None}


def check(**changes):
    return login.check_id_token(claims(**changes), issuer=ISSUER, client_id="portal", nonce="n", access_token="at", now=NOW)


def test_a_good_token_is_taken():
    assert check(acr="urn:dean06:loa:2.2") == login.LoggedIn("s", "urn:dean06:loa:2.2", NOW - timedelta(seconds=5))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://other.example"},
        {"aud": "bank"},
        {"aud": ["portal", "bank"]},
        {"nonce": "other"},
        {"nonce": None},
        {"at_hash": "other"},
        {"at_hash": None},
        {"exp": int(NOW.timestamp()) - 61},
        {"iat": int(NOW.timestamp()) + 61},
        {"iat": int(NOW.timestamp()) - 3600},
        {"exp": True},
        {"sub": ""},
        {"sub": 7},
        {"auth_time": None},
    ],
)
def test_a_token_with_a_wrong_claim_is_refused(changes):
    with pytest.raises(TokenRefused):
        check(**changes)


def test_the_challenge_of_rfc_7636_appendix_b():
    attempt = login.Attempt(verifier="dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk")

    assert attempt.challenge == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_the_address_asks_for_a_code_with_pkce_and_repeats_no_secret():
    attempt = login.Attempt()
    provider = login.Provider(ISSUER, **ENDPOINTS)

    address = login.authorization_address(provider, attempt, client_id="portal", redirect_uri=f"{ISSUER}/oidc/callback", language="vi")

    asked = parse_qs(urlsplit(address).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid profile number"]
    assert attempt.verifier not in address


def test_an_answer_of_another_issuer_is_refused():
    with pytest.raises(LoginNotStarted):
        login.returned_code({"code": "c", "iss": "https://other.example"}, issuer=ISSUER)


def test_a_refusal_of_the_provider_is_told():
    with pytest.raises(LoginRefused):
        login.returned_code({"error": "access_denied", "iss": ISSUER}, issuer=ISSUER)


@pytest.mark.parametrize("document", [{}, {"issuer": "https://other.example", **ENDPOINTS}, {"issuer": ISSUER}])
def test_a_discovery_document_of_someone_else_is_refused(document):
    with pytest.raises(ProviderAway):
        login.Provider.parse(document, issuer=ISSUER)


@pytest.mark.parametrize("path", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", "me", "/a\nb"])
def test_no_path_leads_away(path):
    assert login.safe_path(path) == ""


@given(st.text(max_size=40))
def test_a_safe_path_always_begins_with_one_slash(text):
    path = login.safe_path("/" + text)

    assert path == "" or (path[0] == "/" and path[1:2] not in ("/", "\\"))
