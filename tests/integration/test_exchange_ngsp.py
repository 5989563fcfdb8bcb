"""Systems that were built for NGSP: a token for client credentials, then calls with it, by curl.

What passes is the same r1 message that any client would have sent: the same agreement, mask, signatures and evidence. Nothing that
the agreement does not cover gets through here either.
"""

import base64
import json
import time
import uuid
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_gateways import CLIENT, TOKEN_CLIENT, refusal
from exchange_readings import Wire, covered, paths, readings, said

pytestmark = pytest.mark.xdist_group("exchange_gateways")

FORM = "application/x-www-form-urlencoded"
LOOK_UP = "/dancu/1.0/persons/look-up"
NAMES = ["-H", "MaDVC: kyc", "-H", "MaDonVi: DEMOBANK", "-H", "MaCanBo: CB-0001", "-H", "MaHoSo: HS-7"]


def credential(gateways, client=CLIENT):
    made = json.loads(gateways.run("exchange", "credential", "issue", client).stdout)
    return made["consumer_key"], made["consumer_secret"]


@pytest.fixture(scope="module")
def known(gateways):
    return credential(gateways)


def post(gateways, path, *options, data, user=None):
    named = ["-u", ":".join(user)] if user else []
    return gateways.curl(path, *named, *options, data=data, client="", purpose="", kind=FORM)


def token_of(gateways, user):
    return post(gateways, "/token", data="grant_type=client_credentials", user=user)


@pytest.fixture
def token(gateways, known):
    return token_of(gateways, known).json["access_token"]


def call(gateways, token, path=LOOK_UP, *options, data="{}"):
    return gateways.curl(path, "-H", f"Authorization: Bearer {token}", *options, data=data, client="", purpose="")


# -- tokens


def test_a_token_has_the_shape_that_clients_of_the_older_platform_know(gateways, known):
    answered = token_of(gateways, known)

    assert answered.status == 200
    assert set(answered.json) == {"access_token", "scope", "token_type", "expires_in"}
    assert uuid.UUID(answered.json["access_token"])
    assert (answered.json["token_type"], answered.json["scope"]) == ("Bearer", "am_application_scope default")
    assert answered.json["expires_in"] == 60
    assert answered.headers["cache-control"] == "no-store"


def test_credentials_may_stand_in_the_form_and_not_in_both_places(gateways, known):
    key, secret = known
    form = f"grant_type=client_credentials&client_id={key}&client_secret={secret}"

    assert post(gateways, "/token", data=form).status == 200
    assert post(gateways, "/token", data=form, user=known).json["error"] == "invalid_request"


def test_a_wrong_secret_is_401_in_the_words_of_rfc_6749_and_is_remembered(gateways, known, recorded):
    answered = token_of(gateways, (known[0], "wrong"))

    assert answered.status == 401
    assert answered.json["error"] == "invalid_client"
    assert answered.headers["www-authenticate"].startswith("Basic")
    assert "exchange.refused" in {entry["kind"] for entry in recorded()}


@pytest.mark.parametrize(
    ("data", "error"),
    [
        ("", "invalid_request"),
        ("grant_type=password", "unsupported_grant_type"),
        ("grant_type=client_credentials&grant_type=client_credentials", "invalid_request"),
        ("grant_type", "invalid_request"),
        ("x=" + "a" * 9000, "invalid_request"),
    ],
)
def test_other_questions_are_400_and_say_what_is_wrong(gateways, known, data, error):
    answered = post(gateways, "/token", data=data, user=known)

    assert (answered.status, answered.json["error"]) == (400, error)


def test_a_token_is_asked_for_with_post_and_a_form_alone(gateways, known):
    got = gateways.curl("/token", "-u", ":".join(known), data=None, client="", purpose="", kind="")
    json_body = gateways.curl("/token", "-u", ":".join(known), data='{"grant_type": "client_credentials"}', client="", purpose="")

    assert (got.status, got.headers["allow"]) == (405, "POST")
    assert (json_body.status, json_body.json["error"]) == (400, "invalid_request")


@pytest.mark.parametrize("key", ["a" * 65, "a\0b", "%00", "khóa", ""])
def test_a_key_that_can_be_nobody_s_is_401(gateways, key):
    encoded = base64.b64encode(f"{key}:secret".encode()).decode()

    answered = post(gateways, "/token", "-H", f"Authorization: Basic {encoded}", data="grant_type=client_credentials")

    assert (answered.status, answered.json["error"]) == (401, "invalid_client")


def test_who_sends_wrong_secrets_again_and_again_has_to_wait(gateways):
    key = f"nobody-{uuid.uuid4().hex}"
    found = [token_of(gateways, (key, "wrong")) for _ in range(7)]

    assert found[0].status == 401
    assert found[-1].status == 429
    assert found[-1].json["error"] == "slow_down"
    assert int(found[-1].headers["retry-after"]) >= 1


def test_a_revoked_token_opens_nothing(gateways, known, token):
    assert call(gateways, token, LOOK_UP, *NAMES).status == 200

    assert post(gateways, "/revoke", data=f"token={token}", user=known).status == 200
    assert call(gateways, token, LOOK_UP, *NAMES).status == 401


def test_a_token_of_another_client_is_not_revoked(gateways, token):
    other = credential(gateways, TOKEN_CLIENT)

    post(gateways, "/revoke", data=f"token={token}", user=other)

    assert call(gateways, token, LOOK_UP, *NAMES).status == 200


def test_a_revoked_credential_takes_its_tokens_along(gateways, recorded):
    user = credential(gateways)
    token = token_of(gateways, user).json["access_token"]

    gateways.run("exchange", "credential", "revoke", user[0])

    assert call(gateways, token, LOOK_UP, *NAMES).status == 401
    assert token_of(gateways, user).status == 401
    assert {"exchange.credential_issued", "exchange.credential_revoked"} <= {entry["kind"] for entry in recorded()}


# -- calls


def test_a_call_with_a_token_is_the_same_message_as_any_other(gateways, token, recorded):
    answered = call(gateways, token, LOOK_UP, *NAMES, "-H", "MaYeuCau: YC-000001")

    assert answered.status == 200
    assert answered.json["echo"]["client"] == CLIENT
    assert answered.json["echo"]["path"] == "/v1/persons/look-up"
    assert "religion" not in answered.json
    assert answered.headers["x-road-id"] == "YC-000001"
    provided = [entry for entry in recorded() if entry["kind"] == "exchange.answered"]
    assert [entry["purpose"] for entry in provided] == ["kyc"]
    assert [entry["dossier"] for entry in provided] == ["HS-7"]


def test_without_a_good_token_nothing_is_looked_at_and_the_answer_is_401(gateways):
    answered = call(gateways, str(uuid.uuid4()), LOOK_UP, *NAMES)

    assert refusal(answered)[1:] == ("exchange.front_token_refused", 401)
    assert answered.headers["www-authenticate"].startswith("Bearer")


def test_the_token_says_who_asks_and_no_header_can_say_otherwise(gateways, token):
    answered = call(gateways, token, LOOK_UP, *NAMES, "-H", "X-Road-Client: VN/GOV/H49/SERVICES")

    assert answered.json["echo"]["client"] == CLIENT


def test_an_agency_code_of_another_member_is_refused_and_a_unit_below_the_own_is_named(gateways, token, recorded):
    others = call(gateways, token, LOOK_UP, "-H", "MaDVC: kyc", "-H", "MaDonVi: H49.06649")
    mine = call(gateways, token, LOOK_UP, "-H", "MaDVC: kyc", "-H", "MaDonVi: DEMOBANK.12")

    assert refusal(others)[1:] == ("exchange.agency_not_yours", 403)
    assert mine.status == 200
    assert [entry["on_behalf_of"] for entry in recorded() if entry["kind"] == "exchange.answered"] == ["DEMOBANK.12"]


@pytest.mark.parametrize(
    ("path", "names", "code"),
    [
        (LOOK_UP, ["-H", "MaDVC: marketing"], "exchange.purpose_not_covered"),
        (LOOK_UP, [], "exchange.purpose_missing"),
        (LOOK_UP, ["-H", "MaDVC: kyc", "-H", "MaDVC: audit"], "exchange.bad_request"),
        ("/dancu/1.0/expired/x", NAMES, "exchange.agreement_expired"),
        ("/dancu/1.0/units", NAMES, "exchange.agreement_missing"),
        ("/dancu/1.0/persons/%2e%2e/units", NAMES, "exchange.malformed_path"),
        ("/dancu/1.0/../1.0/persons/look-up", NAMES, "exchange.malformed_path"),
        ("/dancu//1.0/persons/look-up", NAMES, "exchange.unknown_service"),
        ("/DANCU/1.0/persons/look-up", NAMES, "exchange.unknown_service"),
        ("/dancu/1.0persons/look-up", NAMES, "exchange.unknown_service"),
    ],
)
def test_what_the_agreement_does_not_cover_is_refused_under_the_older_address_too(gateways, token, path, names, code):
    assert refusal(call(gateways, token, path, *names))[1] == code


def test_neither_the_token_nor_a_key_of_the_older_bus_leaves_the_gateway(gateways):
    user = credential(gateways, TOKEN_CLIENT)
    token = token_of(gateways, user).json["access_token"]
    keys = base64.b64encode(b'{"AccessKey": "a", "SecretKey": "s"}').decode()

    answered = call(gateways, token, "/hethong/2/v1/audit", "-H", "MaDVC: audit", "-H", f"lgspaccesstoken: {keys}")

    assert answered.status == 200
    reached = json.dumps(answered.json)
    assert token not in reached
    assert keys not in reached
    assert "authorization" not in reached.lower()


def test_an_envelope_is_put_around_answers_and_refusals_where_the_address_says_so(gateways, token):
    right = call(gateways, token, "/dancu/1.0/boc/persons/look-up", *NAMES).json
    wrong = call(gateways, token, "/dancu/1.0/boc/persons/look-up", *NAMES, "-H", "MaDonVi: H49")
    nobody = call(gateways, token, "/dancu/1.0/boc/persons/missing", *NAMES)
    unknown = call(gateways, "x", "/dancu/1.0/boc/persons/look-up", *NAMES)

    assert set(right) == {"code", "status", "correlationId", "response"}
    assert (right["code"], right["status"], right["response"]["error_code"]) == (200, 1, "0")
    assert right["response"]["data"][0]["echo"]["path"] == "/v1/persons/look-up"
    assert right["correlationId"]
    assert wrong.json["status"] == 0
    assert (nobody.status, nobody.json["response"]["error_code"]) == (404, "201")
    assert (unknown.status, unknown.json["response"]["error_code"]) == (401, "100")


# -- nothing passes that is not granted, whatever the address looks like


@pytest.fixture(scope="module")
def wire(gateways):
    opened = Wire(gateways.consumer_port)
    yield opened
    opened.close()


ADDRESS = "/hethong/2"
PREFIXES = [ADDRESS] * 9 + [
    "/HETHONG/2",
    "/hethong//2",
    "/hethong/2/..",
    "/r1/../hethong/2",
    "/hethong%2F2",
    "//hethong/2",
    "/dancu/../hethong/2",
    "/hethong/2;x",
]
PURPOSES = ["kyc"] * 6 + ["audit", "KYC", "kyc,audit", "kyc, kyc", "%6byc", "", " kyc", "kyc;audit"]
headers = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["MaDVC", "madvc", "MaDVC ", "Ma-DVC"]), st.sampled_from(PURPOSES)),
        st.tuples(st.just("MaDonVi"), st.sampled_from(["DEMOBANK", "H49", "", "X.DEMOBANK", "G01.DEMOBANK.x"])),
        st.tuples(st.sampled_from(["X-Road-Client", "Information-Mediator-Client"]), st.sampled_from([TOKEN_CLIENT, CLIENT])),
        st.tuples(st.just("X-Exchange-Purpose"), st.sampled_from(PURPOSES)),
    ),
    max_size=3,
)

requests = st.fixed_dictionaries(
    {
        "prefix": st.sampled_from(PREFIXES),
        "path": paths,
        "method": st.sampled_from(["GET", "POST", "DELETE"]),
        "purpose": st.sampled_from(PURPOSES),
        "more": headers,
    }
)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(asked=requests)
def test_nothing_reaches_a_service_through_the_front_that_no_agreement_covers(gateways, known, wire, asked):
    method = asked["method"]
    pairs = [("Authorization", f"Bearer {living_token(gateways, known)}"), ("MaDVC", asked["purpose"]), *asked["more"]]
    lines = [f"{name}: {value}".encode() for name, value in pairs if value]

    answered = wire.ask((asked["prefix"] + asked["path"]).encode("latin-1"), lines, method=method.encode())

    if answered is None or "x-road-service" not in answered[1]:
        return  # refused, by the server's parser or by a gateway
    told = json.loads(answered[2])
    purposes = said(lines, "madvc") or [unquote(value) for value in said(lines, "x-exchange-purpose")]
    assert len(purposes) == 1, "a purpose that stood twice"
    assert all(CLIENT.split("/")[2] in (code.split(".")[0], code.split(".")[-1]) for code in said(lines, "madonvi")), "another's agency"
    assert told["headers"]["x-road-client"] == CLIENT, "another client than the token's"
    forwarded = told["path"].removeprefix("/base")
    for reading in readings(forwarded):
        slashed = {reading, reading.rstrip("/") + "/"}
        assert any(covered(CLIENT, method, purposes[0], one) for one in slashed), f"read as {reading!r}"


_tokens = {}


def living_token(gateways, known):
    """One token for all examples: they live a minute."""
    if not _tokens or time.monotonic() - _tokens["at"] > 40:
        _tokens.update(token=token_of(gateways, known).json["access_token"], at=time.monotonic())
    return _tokens["token"]
