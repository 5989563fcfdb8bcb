"""Token requests, client authentication, tokens, claims, subjects, one-time codes."""

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.identity import errors
from dean06.identity.domain import assurance, attempts, claims, subjects, tokens, totp
from dean06.identity.domain.assurance import LevelOfAssurance
from dean06.identity.domain.clients import ClaimGrant, Client
from dean06.identity.domain.discovery import discovery_document
from dean06.identity.domain.encoding import compact_jws, random_token, stored_hash
from dean06.identity.domain.tokens import CodeFacts, PresentedAssertion, PresentedSecret, TokenRequest

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
REQUEST = TokenRequest("c", "https://bank.example/cb", VERIFIER)
CODE = CodeFacts("bank", "https://bank.example/cb", CHALLENGE, NOW + timedelta(seconds=1))
FORM = {"grant_type": "authorization_code", "code": "c", "redirect_uri": "https://bank.example/cb", "code_verifier": VERIFIER}


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def test_a_token_request_is_read():
    assert tokens.parse_token_request(FORM) == REQUEST


@pytest.mark.parametrize("missing", FORM)
def test_a_token_request_lacks_nothing(missing):
    with pytest.raises(errors.InvalidRequest):
        tokens.parse_token_request({name: value for name, value in FORM.items() if name != missing})


def test_other_grants_are_refused():
    with pytest.raises(errors.UnsupportedGrantType):
        tokens.parse_token_request({**FORM, "grant_type": "password"})


def test_the_right_redemption_passes():
    tokens.check_redemption(CODE, REQUEST, client_id="bank", now=NOW)


@pytest.mark.parametrize(
    ("code", "request_", "client_id", "now"),
    [
        (CODE, REQUEST, "other", NOW),
        (CODE, REQUEST, "bank", NOW + timedelta(seconds=1)),
        (CODE, replace(REQUEST, redirect_uri="https://bank.example/cb/"), "bank", NOW),
        (CODE, replace(REQUEST, redirect_uri="https://bank.example/ć"), "bank", NOW),
        (CODE, replace(REQUEST, code_verifier="x" * 43), "bank", NOW),
    ],
)
def test_a_code_is_worth_nothing_to_others_later_or_elsewhere(code, request_, client_id, now):
    with pytest.raises(errors.InvalidGrant):
        tokens.check_redemption(code, request_, client_id=client_id, now=now)


def test_a_secret_in_the_header_is_read_form_decoded():
    shown = tokens.presented_credentials({}, basic("ba%3Ank:se+cret%2F"))

    assert shown == PresentedSecret("ba:nk", "se cret/")


def test_a_secret_is_compared_with_its_hash():
    assert PresentedSecret("bank", "s").matches(stored_hash("s"))
    assert not PresentedSecret("bank", "t").matches(stored_hash("s"))
    assert not PresentedSecret("bank", "s").matches("")


@pytest.mark.parametrize("header", ["", "Bearer x", "Basic", "Basic ***", basic("nocolon"), basic(":secret"), basic("bank:"), "Basic /w=="])
def test_a_broken_header_authenticates_nobody(header):
    with pytest.raises(errors.InvalidClient):
        tokens.presented_credentials({}, header)


def test_the_form_may_repeat_the_client_but_not_name_another():
    assert tokens.presented_credentials({"client_id": "bank"}, basic("bank:s")).client_id == "bank"
    with pytest.raises(errors.InvalidClient):
        tokens.presented_credentials({"client_id": "other"}, basic("bank:s"))


def test_one_way_of_authentication_at_a_time():
    with pytest.raises(errors.InvalidRequest):
        tokens.presented_credentials({"client_secret": "s", "client_id": "bank"}, "")
    with pytest.raises(errors.InvalidRequest):
        tokens.presented_credentials({"client_assertion": "a", "client_assertion_type": tokens.ASSERTION_TYPE}, basic("bank:s"))


def test_an_assertion_names_its_client():
    form = {"client_assertion": "a", "client_assertion_type": tokens.ASSERTION_TYPE}

    assert tokens.presented_credentials(form, "", claimed_subject="bank") == PresentedAssertion("bank", "a")
    for bad, subject in ((form, ""), ({**form, "client_id": "other"}, "bank"), ({"client_assertion": "a"}, "bank")):
        with pytest.raises(errors.InvalidClient):
            tokens.presented_credentials(bad, "", claimed_subject=subject)


STAMP = int(NOW.timestamp())
ASSERTION = {"iss": "bank", "sub": "bank", "aud": "https://id.example", "iat": STAMP, "exp": STAMP + 60, "jti": "j"}


def checked(claims_):
    return tokens.check_assertion_claims(claims_, client_id="bank", audiences=frozenset({"https://id.example"}), now=NOW)


def test_a_good_assertion_gives_its_jti_and_a_time_after_which_it_may_be_forgotten():
    assert checked(ASSERTION) == ("j", NOW + timedelta(seconds=70))
    assert checked({**ASSERTION, "aud": ["https://id.example"]})[0] == "j"
    assert checked({**ASSERTION, "iat": STAMP + 8})[0] == "j"  # a clock that runs eight seconds fast


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "other"},
        {"sub": "other"},
        {"aud": "https://other.example"},
        {"aud": ["https://id.example", "https://other.example"]},
        {"aud": []},
        {"aud": None},
        {"exp": STAMP - 11},
        {"exp": STAMP + 400},
        {"exp": "soon"},
        {"exp": True},
        {"exp": 10**400},
        {"iat": STAMP + 60},
        {"iat": 1.5},
        {"jti": ""},
        {"jti": "x" * 257},
        {"jti": 7},
    ],
)
def test_a_bad_assertion_authenticates_nobody(changed):
    with pytest.raises(errors.InvalidClient):
        checked({**ASSERTION, **changed})


ACCOUNT = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
AUTHENTICATION = tokens.Authentication(ACCOUNT, NOW - timedelta(seconds=30), "urn:dean06:loa:2.2", ("pwd", "otp", "mfa"))


def test_an_id_token_says_who_for_whom_when_and_how_and_nothing_personal():
    made = tokens.id_token_claims(
        AUTHENTICATION, issuer="https://id.example", client_id="bank", sub="s", nonce="n", access_token="t", now=NOW
    )

    assert made == {
        "iss": "https://id.example",
        "sub": "s",
        "aud": "bank",
        "iat": STAMP,
        "exp": STAMP + 600,
        "auth_time": STAMP - 30,
        "acr": "urn:dean06:loa:2.2",
        "amr": ["pwd", "otp", "mfa"],
        "at_hash": tokens.at_hash("t"),
        "nonce": "n",
    }
    assert "nonce" not in tokens.id_token_claims(AUTHENTICATION, issuer="i", client_id="bank", sub="s", nonce="", access_token="t", now=NOW)


def test_at_hash_of_the_standards_example():
    # OpenID Connect Core, appendix A.3: this access token has this at_hash (SHA-256).
    assert tokens.at_hash("jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y") == "77QmUPtjPfzWtF2AnpK9RQ"


def test_a_token_response_has_the_five_members():
    response = tokens.token_response(access_token="t", id_token="i", scopes=("openid", "profile"))

    assert response == {"access_token": "t", "token_type": "Bearer", "expires_in": 600, "scope": "openid profile", "id_token": "i"}


def test_a_compact_jws_is_signed_over_both_parts():
    seen = []

    def sign(data: bytes) -> bytes:
        seen.append(data)
        return b"\xff\xfe"

    token = compact_jws({"alg": "ES256"}, {"sub": "đ"}, sign)

    head, body, signature = token.split(".")
    assert seen == [f"{head}.{body}".encode()]
    assert signature == "__4"
    assert json.loads(base64.urlsafe_b64decode(body + "==")) == {"sub": "đ"}


def test_random_tokens_have_256_bits_and_are_kept_as_hashes():
    token = random_token()

    assert len(token) == 43
    assert len(stored_hash(token)) == 64
    assert token != random_token()


# -- pairwise subjects

accounts = st.uuids()
sectors = st.text(min_size=1, max_size=40)
salts = st.binary(min_size=32, max_size=32)


@given(accounts, sectors, salts)
def test_a_subject_is_stable(account, sector, salt):
    assert subjects.pairwise_sub(sector=sector, account=account, salt=salt) == subjects.pairwise_sub(
        sector=sector, account=account, salt=salt
    )


@given(accounts, st.lists(sectors, min_size=2, max_size=6, unique=True), salts)
def test_no_two_sectors_see_the_same_subject(account, several, salt):
    seen = {subjects.pairwise_sub(sector=sector, account=account, salt=salt) for sector in several}

    assert len(seen) == len(several)


@given(st.lists(accounts, min_size=2, max_size=6, unique=True), sectors, salts)
def test_no_two_accounts_share_a_subject(several, sector, salt):
    assert len({subjects.pairwise_sub(sector=sector, account=account, salt=salt) for account in several}) == len(several)


@given(accounts, sectors, st.lists(salts, min_size=2, max_size=2, unique=True))
def test_who_lacks_the_salt_cannot_compute_a_subject(account, sector, two):
    real, guessed = two
    subject = subjects.pairwise_sub(sector=sector, account=account, salt=real)

    assert subject != subjects.pairwise_sub(sector=sector, account=account, salt=guessed)
    assert account.hex not in subject
    assert len(subject) == 43


def test_the_number_finds_an_account_only_through_the_key():
    hashed = subjects.keyed_username("022185000017", key=b"k" * 32)

    assert len(hashed) == 64
    assert "022185000017" not in hashed
    assert hashed != subjects.keyed_username("022185000017", key=b"l" * 32)


# -- one-time codes


RFC_4226 = ["755224", "287082", "359152", "969429", "338314", "254676", "287922", "162583", "399871", "520489"]


@pytest.mark.parametrize("counter", range(10))
def test_the_vectors_of_rfc_4226(counter):
    assert totp.hotp(b"12345678901234567890", counter) == RFC_4226[counter]


@pytest.mark.parametrize(
    ("seconds", "sha1", "sha256", "sha512"),
    [
        (59, "94287082", "46119246", "90693936"),
        (1111111109, "07081804", "68084774", "25091201"),
        (1111111111, "14050471", "67062674", "99943326"),
        (1234567890, "89005924", "91819424", "93441116"),
        (2000000000, "69279037", "90698825", "38618901"),
        (20000000000, "65353130", "77737706", "47863826"),
    ],
)
def test_the_vectors_of_rfc_6238(seconds, sha1, sha256, sha512):
    step = totp.step_of(datetime.fromtimestamp(seconds, UTC))

    assert totp.hotp(b"12345678901234567890", step, digits=8) == sha1
    assert totp.hotp(b"12345678901234567890123456789012", step, digits=8, algorithm="sha256") == sha256
    assert totp.hotp((b"1234567890" * 7)[:64], step, digits=8, algorithm="sha512") == sha512


SECRET = b"12345678901234567890"


def test_a_code_is_good_a_step_early_or_late_and_only_once():
    present = totp.step_of(NOW)

    for drift in (-1, 0, 1):
        assert totp.matching_step(SECRET, totp.hotp(SECRET, present + drift), now=NOW, last_step=0) == present + drift
    for drift in (-2, 2):
        assert totp.matching_step(SECRET, totp.hotp(SECRET, present + drift), now=NOW, last_step=0) is None
    assert totp.matching_step(SECRET, totp.hotp(SECRET, present), now=NOW, last_step=present) is None
    assert totp.matching_step(SECRET, totp.hotp(SECRET, present - 1), now=NOW, last_step=present) is None


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "12 34", "-12345"])
def test_what_is_not_six_digits_is_no_code(code):
    assert totp.matching_step(SECRET, code, now=NOW, last_step=0) is None


def test_a_code_may_be_typed_in_groups():
    code = totp.hotp(SECRET, totp.step_of(NOW))

    assert totp.matching_step(SECRET, f"{code[:3]} {code[3:]}", now=NOW, last_step=0) is not None


@given(st.binary(min_size=16, max_size=40))
def test_secrets_survive_the_way_to_an_app(secret):
    assert totp.decode_secret(totp.encode_secret(secret)) == secret
    assert totp.decode_secret(totp.encode_secret(secret).lower() + "==") == secret
    assert totp.encode_secret(secret) in totp.provisioning_uri(secret, issuer="dean06", label="e-ID")


@pytest.mark.parametrize("text", ["", "MZXW6YTB", "1" * 32, "không phải"])
def test_a_secret_too_short_or_not_base32_is_refused(text):
    with pytest.raises(errors.MalformedTotpSecret):
        totp.decode_secret(text)


# -- assurance


def test_levels_are_read_and_written_back():
    assert [str(LevelOfAssurance.parse(acr)) for acr in assurance.supported()] == list(assurance.supported())


@pytest.mark.parametrize("acr", ["", "urn:dean06:loa:3.1", "urn:dean06:loa:2.5", "urn:dean06:loa:2.2 ", "2"])
def test_what_is_not_ours_is_no_level(acr):
    assert LevelOfAssurance.parse(acr) is None


def test_both_axes_count():
    assert LevelOfAssurance(2, 2).meets(LevelOfAssurance(1, 2))
    assert not LevelOfAssurance(1, 2).meets(LevelOfAssurance(2, 1))
    assert not LevelOfAssurance(2, 1).meets(LevelOfAssurance(1, 2))
    assert LevelOfAssurance(1, 1).meets_any(())


def test_the_level_follows_what_was_really_done():
    assert assurance.authentication_level(assurance.methods_of_password(with_code=False)) == 1
    assert assurance.authentication_level(assurance.methods_of_password(with_code=True)) == 2
    assert assurance.authentication_level(assurance.methods_of_passkey(is_synced=True)) == 2
    assert assurance.methods_of_passkey(is_synced=True)[0] == "swk"
    assert assurance.methods_of_passkey(is_synced=False)[0] == "hwk"


# -- pauses

POLICY = attempts.PausePolicy(3, timedelta(seconds=2), timedelta(seconds=60), timedelta(hours=1))


def test_pauses_grow_from_nothing_to_a_limit():
    assert [POLICY.pause_after(n).total_seconds() for n in (1, 3, 4, 5, 6, 8, 9, 10_000)] == [0, 0, 2, 4, 8, 32, 60, 60]


def test_old_failures_are_forgotten():
    assert POLICY.failures_counted(9, NOW - timedelta(minutes=59), NOW) == 9
    assert POLICY.failures_counted(9, NOW - timedelta(hours=1), NOW) == 0


# -- claims

PERSON = {
    "full_name": "Vũ Thị Minh Hà",
    "born_on": "1985-03-14",
    "sex": "female",
    "personal_id": "022185000017",
    "permanent_residence": {"unit_code": "06649", "unit_name": "Phường Hồng Gai", "address": "Số 1"},
}


def test_claims_come_in_the_standards_form():
    assert claims.userinfo_claims(PERSON, ["name", "birthdate", "gender", "address", "number"]) == {
        "name": "Vũ Thị Minh Hà",
        "birthdate": "1985-03-14",
        "gender": "female",
        "address": {"formatted": "Số 1, Phường Hồng Gai", "country": "VN"},
        "number": "022185000017",
    }


def test_only_named_claims_come_and_unknown_facts_are_left_out():
    assert claims.userinfo_claims(PERSON, ["name", "surprise"]) == {"name": "Vũ Thị Minh Hà"}
    assert claims.userinfo_claims({"permanent_residence": None, "born_on": None}, ["name", "birthdate", "address"]) == {}
    assert claims.userinfo_claims({"permanent_residence": {}}, ["address"]) == {}


@pytest.mark.parametrize(("born_on", "birthdate"), [("1990-05-02", "1990-05-02"), ("1990-05", "1990"), ("1990", "1990")])
def test_an_imprecise_birth_date_becomes_its_year(born_on, birthdate):
    assert claims.userinfo_claims({"born_on": born_on}, ["birthdate"]) == {"birthdate": birthdate}


def test_claims_know_their_registry_fields():
    assert claims.registry_fields(["number", "name", "other"]) == ("personal_id", "full_name")


def test_a_bearer_token_is_read_from_its_header():
    assert claims.bearer_token("Bearer abc ") == "abc"
    assert claims.bearer_token("bearer abc") == "abc"
    assert claims.bearer_token("Basic abc") == ""


def test_a_clients_scopes_follow_from_its_claims():
    client = Client("c", "C", ("https://c.example/",), "c.example", claims={"number": ClaimGrant("number", is_needed=True)})

    assert client.scopes == {"openid", "number"}
    assert [claim.name for claim in client.claims_of(("openid", "profile", "number", "else"))] == ["number"]


def test_discovery_names_both_origins_and_only_what_is_offered():
    document = discovery_document(web_origin="https://id.example", protocol_origin="https://api.example")

    assert document["issuer"] == "https://id.example"
    assert document["token_endpoint"].startswith("https://api.example/")
    assert document["response_types_supported"] == ["code"]
    assert document["subject_types_supported"] == ["pairwise"]
    assert document["code_challenge_methods_supported"] == ["S256"]


def test_every_refusal_has_a_code_of_its_own_and_a_sentence_in_both_languages():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]

    assert len({kind.code for kind in kinds}) == len(kinds)
    for kind in kinds:
        assert kind.message_vi.endswith(".")
        assert kind().detail.isascii()
        assert uuid4().hex not in kind().detail
