"""The authorization request: checked, and what has to happen next."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.identity import errors
from dean06.identity.domain import authorize, pkce
from dean06.identity.domain.assurance import LevelOfAssurance
from dean06.identity.domain.authorize import AuthorizationRequest, SessionFacts, Step, next_step, parse_request
from dean06.identity.domain.clients import ClaimGrant, Client, default_sector, is_safe_redirect_uri
from dean06.identity.domain.parameters import LARGEST_BODY_BYTES, LONGEST_VALUE, decode_form, single_values

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
CALLBACK = "https://bank.example/oidc/callback"
BANK = Client(
    client_id="bank",
    name="Ngân hàng",
    redirect_uris=(CALLBACK, "https://bank.example/other?keep=1"),
    sector="bank.example",
    claims={"name": ClaimGrant("name", is_needed=True), "address": ClaimGrant("address", is_needed=False)},
)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"  # RFC 7636 appendix B
GOOD = {
    "client_id": "bank",
    "redirect_uri": CALLBACK,
    "response_type": "code",
    "scope": "openid profile",
    "state": "s",
    "nonce": "n",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
LOA_22 = LevelOfAssurance(2, 2)
LOA_21 = LevelOfAssurance(2, 1)


def parsed(**changed) -> AuthorizationRequest:
    return parse_request({name: value for name, value in {**GOOD, **changed}.items() if value}, BANK)


def test_a_complete_request_is_read_as_it_stands():
    request = parsed(prompt="login consent", max_age="600", acr_values="urn:dean06:loa:2.2 unknown")

    assert request == AuthorizationRequest(
        client_id="bank",
        redirect_uri=CALLBACK,
        scopes=("openid", "profile"),
        code_challenge=CHALLENGE,
        state="s",
        nonce="n",
        prompts=frozenset({"login", "consent"}),
        max_age_seconds=600,
        acr_values=(LOA_22,),
    )


def test_scopes_beyond_the_pack_and_unknown_ones_are_not_granted():
    assert parsed(scope="openid number address surprise openid").scopes == ("openid", "address")


@pytest.mark.parametrize(
    ("changed", "refusal", "told"),
    [
        ({"response_type": ""}, errors.InvalidRequest, "invalid_request"),
        ({"response_type": "token"}, errors.UnsupportedResponseType, "unsupported_response_type"),
        ({"scope": "profile"}, errors.InvalidScope, "invalid_scope"),
        ({"scope": ""}, errors.InvalidScope, "invalid_scope"),
        ({"code_challenge": ""}, errors.InvalidRequest, "invalid_request"),
        ({"code_challenge": CHALLENGE + "A"}, errors.InvalidRequest, "invalid_request"),
        ({"code_challenge": CHALLENGE[:-1] + "="}, errors.InvalidRequest, "invalid_request"),
        ({"code_challenge_method": "plain"}, errors.InvalidRequest, "invalid_request"),
        ({"code_challenge_method": ""}, errors.InvalidRequest, "invalid_request"),
        ({"prompt": "none login"}, errors.InvalidRequest, "invalid_request"),
        ({"prompt": "shout"}, errors.InvalidRequest, "invalid_request"),
        ({"max_age": "-1"}, errors.InvalidRequest, "invalid_request"),
        ({"max_age": "1e3"}, errors.InvalidRequest, "invalid_request"),
        ({"max_age": "١٢"}, errors.InvalidRequest, "invalid_request"),
        ({"state": "x" * 1025}, errors.InvalidRequest, "invalid_request"),
        ({"nonce": "x" * 1025}, errors.InvalidRequest, "invalid_request"),
        ({"response_mode": "form_post"}, errors.InvalidRequest, "invalid_request"),
        ({"request": "e30"}, errors.RequestNotSupported, "request_not_supported"),
        ({"request_uri": "https://x.example"}, errors.RequestUriNotSupported, "request_uri_not_supported"),
        ({"registration": "{}"}, errors.RegistrationNotSupported, "registration_not_supported"),
    ],
)
def test_a_bad_request_is_refused_in_the_words_of_the_standard(changed, refusal, told):
    with pytest.raises(refusal) as caught:
        parsed(**changed)

    assert caught.value.oauth_error == told
    assert caught.value.detail.isascii()


@pytest.mark.parametrize(
    "uri",
    [
        CALLBACK + "/",
        CALLBACK + "?x=1",
        CALLBACK + "#f",
        CALLBACK.upper(),
        "https://bank.example/oidc/..;/callback",
        "https://bank.example/oidc/../oidc/callback",
        "https://bank.example:443/oidc/callback",
        "https://evil@bank.example/oidc/callback",
        "https://bank.example./oidc/callback",
        "https://bank.example/oidc/%63allback",
        "http://bank.example/oidc/callback",
        "https://bаnk.example/oidc/callback",
    ],
)
def test_only_the_exact_registered_address_is_trusted(uri):
    with pytest.raises(errors.RedirectUriMismatch):
        authorize.trusted_redirect_uri({"redirect_uri": uri}, BANK)


@given(st.text(min_size=1, max_size=80))
def test_no_suffix_or_prefix_makes_another_address_trusted(extra):
    for uri in (CALLBACK + extra, extra + CALLBACK):
        with pytest.raises(errors.RedirectUriMismatch):
            authorize.trusted_redirect_uri({"redirect_uri": uri}, BANK)


def test_a_request_without_address_is_refused():
    with pytest.raises(errors.InvalidRequest):
        authorize.trusted_redirect_uri({}, BANK)


@pytest.mark.parametrize(
    ("uri", "safe"),
    [
        ("https://a.example/cb", True),
        ("http://localhost:8060/oidc/callback", True),
        ("http://127.0.0.1/cb", True),
        ("http://a.example/cb", False),
        ("https://a.example/cb#x", False),
        ("https://user@a.example/cb", False),
        ("https://*.example/cb", False),
        ("https://a.example/x/../cb", False),
        ("https://a.example\\@b.example/", False),
        ("https://a.example:99999/", False),
        ("https://a.example:0/", False),
        ("https:///cb", False),
        ("javascript:alert(1)", False),
        ("https://bãi.example/cb", False),
        ("https://a.example/c b", False),
        ("https://[bad/", False),
    ],
)
def test_which_addresses_may_be_registered(uri, safe):
    assert is_safe_redirect_uri(uri) is safe


def test_the_sector_is_by_default_the_host():
    assert default_sector(("https://a.example:8443/cb",)) == "a.example"
    assert default_sector(("nonsense",)) == ""


# -- what has to happen next


def session(*, ago: int = 60, assurance: LevelOfAssurance = LOA_22) -> SessionFacts:
    return SessionFacts(NOW - timedelta(seconds=ago), assurance)


def step(request, *, client=BANK, who=None, consented=("openid", "name"), started=None) -> Step:
    return next_step(request, client, session=who, consented=consented, started_at=started, now=NOW)


def test_nobody_signed_in_leads_to_the_sign_in():
    assert step(parsed()) is Step.LOGIN


def test_a_session_and_consent_lead_straight_to_a_code():
    assert step(parsed(), who=session()) is Step.ISSUE


def test_a_needed_claim_without_consent_leads_to_the_question():
    assert step(parsed(), who=session(), consented=("openid",)) is Step.CONSENT
    assert step(parsed(scope="openid"), who=session(), consented=()) is Step.CONSENT


def test_an_optional_claim_without_consent_is_not_asked_again():
    assert step(parsed(scope="openid profile address"), who=session()) is Step.ISSUE


@pytest.mark.parametrize(
    ("changed", "who", "consented", "refusal"),
    [
        ({}, None, ("openid", "name"), errors.LoginRequired),
        ({"max_age": "10"}, session(ago=11), ("openid", "name"), errors.LoginRequired),
        ({}, session(), ("openid",), errors.ConsentRequired),
        ({"acr_values": "urn:dean06:loa:2.2"}, session(assurance=LOA_21), ("openid", "name"), errors.UnmetAuthenticationRequirements),
    ],
)
def test_prompt_none_never_shows_a_page(changed, who, consented, refusal):
    with pytest.raises(refusal):
        step(parsed(prompt="none", **changed), who=who, consented=consented)


def test_prompt_none_answers_at_once_when_nothing_is_missing():
    assert step(parsed(prompt="none"), who=session()) is Step.ISSUE


def test_prompt_login_is_met_by_a_sign_in_made_for_this_request_only():
    request = parsed(prompt="login")

    assert step(request, who=session()) is Step.LOGIN
    assert step(request, who=session(ago=60), started=NOW - timedelta(seconds=30)) is Step.LOGIN
    assert step(request, who=session(ago=10), started=NOW - timedelta(seconds=30)) is Step.ISSUE
    assert step(parsed(prompt="select_account"), who=session()) is Step.LOGIN


def test_max_age_counts_from_the_sign_in():
    assert step(parsed(max_age="60"), who=session(ago=60)) is Step.ISSUE
    assert step(parsed(max_age="60"), who=session(ago=61)) is Step.LOGIN
    assert step(parsed(max_age="0"), who=session(ago=1), started=NOW - timedelta(seconds=5)) is Step.ISSUE


def test_prompt_consent_asks_even_who_agreed_before():
    assert step(parsed(prompt="consent"), who=session()) is Step.CONSENT


def test_a_session_too_weak_is_stepped_up_once_then_refused():
    request = parsed(acr_values="urn:dean06:loa:2.2")
    weak = session(ago=10, assurance=LOA_21)

    assert step(request, who=weak) is Step.LOGIN
    with pytest.raises(errors.UnmetAuthenticationRequirements):
        step(request, who=weak, started=NOW - timedelta(seconds=30))


def test_a_clients_own_minimum_holds_without_being_asked_for():
    strict = replace(BANK, minimum=LOA_22)

    assert step(parsed(), client=strict, who=session(assurance=LOA_21)) is Step.LOGIN
    assert step(parsed(), client=strict, who=session()) is Step.ISSUE


def test_one_of_several_wanted_levels_is_enough():
    assert step(parsed(acr_values="urn:dean06:loa:2.2 urn:dean06:loa:1.1"), who=session(assurance=LOA_21)) is Step.ISSUE


# -- answers


def test_a_code_goes_back_with_state_and_issuer_and_keeps_the_addresss_own_query():
    request = replace(parsed(), redirect_uri="https://bank.example/other?keep=1")

    query = parse_qs(urlsplit(authorize.code_response(request, code="c", issuer="https://id.example")).query)

    assert query == {"keep": ["1"], "code": ["c"], "state": ["s"], "iss": ["https://id.example"]}


def test_a_refusal_goes_back_with_its_name_and_without_an_empty_state():
    answer = authorize.error_response(CALLBACK, errors.LoginRequired(), state="", issuer="https://id.example")

    query = parse_qs(urlsplit(answer).query)
    assert query["error"] == ["login_required"]
    assert "state" not in query
    assert query["iss"] == ["https://id.example"]


def test_an_overlong_state_is_not_echoed():
    assert authorize.returned_state({"state": "x" * 1025}) == ""
    assert authorize.returned_state({"state": "x"}) == "x"


# -- parameters


def test_a_form_is_read_once_each_and_empty_counts_as_absent():
    assert decode_form(b"a=1&b=&c=%C4%91") == {"a": "1", "c": "đ"}


@pytest.mark.parametrize(
    "raw", [b"a=1&a=2", b"a=&a=", b"a=%ff", b"\xff=1", b"a=%00", b"a=" + b"x" * (LONGEST_VALUE + 1), b"&".join([b"a=1"] * 41)]
)
def test_a_form_that_is_ambiguous_or_not_text_is_refused(raw):
    with pytest.raises(errors.InvalidRequest):
        decode_form(raw)


def test_a_form_is_bounded_before_it_is_read():
    with pytest.raises(errors.RequestTooLarge):
        decode_form(b"a" * (LARGEST_BODY_BYTES + 1))


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(raw):
    try:
        values = decode_form(raw)
    except errors.InvalidRequest:
        return
    assert all(values.values())


def test_pairs_from_elsewhere_follow_the_same_rule():
    with pytest.raises(errors.InvalidRequest):
        single_values([("a", "1"), ("a", "1")])


# -- PKCE


def test_the_vector_of_rfc_7636():
    assert pkce.challenge_of(VERIFIER) == CHALLENGE
    pkce.check_verifier(VERIFIER, CHALLENGE)


@pytest.mark.parametrize("verifier", [VERIFIER[:-1], VERIFIER + "A", "", "x" * 129, VERIFIER[:-1] + "é", CHALLENGE])
def test_another_verifier_is_refused(verifier):
    with pytest.raises(errors.InvalidGrant):
        pkce.check_verifier(verifier, CHALLENGE)
