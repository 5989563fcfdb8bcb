"""No request reaches a service that the agreement does not cover, and what was authorised is byte for byte what is forwarded.

Bytes go to the running consumer's gateway over a socket, as an attacker would send them; the information system behind the
provider's gateway tells what reached it. What may reach it is decided here by a reader of its own: it takes every reading of a
path that servers are known to make, and asks of each whether the agreement covers it. It shares no code with the gateways.
"""

import json
import re
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exchange_gateways import CLIENT, GUARDED, TOKEN, TOKEN_CLIENT
from exchange_readings import Wire, covered, paths, readings, said

pytestmark = pytest.mark.xdist_group("exchange_gateways")


@pytest.fixture(scope="module")
def wire(gateways):
    opened = Wire(gateways.consumer_port)
    yield opened
    opened.close()


PREFIXES = [GUARDED] * 9 + [
    GUARDED.replace("/r1/", "//r1/"), GUARDED.replace("/r1/", "/R1/"), GUARDED.replace("/r1/", "/r1//"), GUARDED.replace("G01", "g01"),
    GUARDED.replace("G01", "G%301"), GUARDED.replace("guarded", "guarded%2f.."), "http://elsewhere" + GUARDED, GUARDED + "/../population", "/x1/" + GUARDED[4:],
    GUARDED.replace("/r1/", "/r1/x/../"), GUARDED.replace("POPULATION", "POPULATION;x"), GUARDED.replace("guarded", "GUARDED"), GUARDED.replace("/r1/", "/%721/"),
]  # fmt: skip
CLIENTS = [CLIENT] * 6 + [
    TOKEN_CLIENT,
    "VN/GOV/H49/SERVICES",
    CLIENT.lower(),
    "VN/COM/DEMO%42ANK/CUSTOMERS",
    "VN/COM/DEMOBANK",
    f"{CLIENT}, {TOKEN_CLIENT}",
    f"{CLIENT}/",
    "",
]
PURPOSES = ["kyc"] * 6 + ["audit", "KYC", "kyc,audit", "kyc, kyc", "*", "%6byc", "", "k%79c", "kyc%00", " kyc", "kyc;audit", "\xe9"]
headers = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["X-Road-Client", "x-road-client"]), st.sampled_from(CLIENTS)),
        st.tuples(st.sampled_from(["X-Exchange-Purpose", "x-exchange-purpose", "X_Exchange_Purpose", "Uxp-Purpose-Ids"]), st.sampled_from(PURPOSES)),
        st.tuples(st.sampled_from(["X-Exchange-Token"]), st.sampled_from([TOKEN, "guess"])),
        st.tuples(st.sampled_from(["X-Original-URL", "X-Rewrite-URL", "X-HTTP-Method-Override", "X-Forwarded-Prefix", "X-Road-Service", "X-Exchange-Agreement", "Connection"]),
                  st.sampled_from(["/v1/admin", "DELETE", "A-4/1", "x-road-client, x-exchange-purpose"])),
    ),
    max_size=3,
)  # fmt: skip
requests = st.fixed_dictionaries(
    {
        "method": st.sampled_from(["GET", "GET", "POST", "POST", "PUT", "DELETE", "get", "OPTIONS"]),
        "prefix": st.sampled_from(PREFIXES),
        "path": paths,
        "query": st.sampled_from(["", "", "", "?q=1", "?path=/v1/admin", "?a=%2e%2e", "?;", "?%0d%0a", "??", "?q='"]),
        "client": st.sampled_from(CLIENTS),
        "purpose": st.sampled_from(PURPOSES),
        "more": headers,
    }
)


def judge(asked, lines, told):
    """Say what is wrong with what reached the service; nothing if it is covered however it is read."""
    client = unquote(said(lines, "x-road-client")[-1])
    purposes = said(lines, "x-exchange-purpose") or said(lines, "uxp-purpose-ids")
    forwarded = told["path"].removeprefix("/base")
    assert told["path"].startswith("/base/"), "outside the base address"
    assert told["method"] == asked["method"], "another method"
    assert len(purposes) == 1, "a purpose that stood twice"
    purpose = unquote(purposes[0])
    assert client != TOKEN_CLIENT or said(lines, "x-exchange-token")[-1:] == [TOKEN], "a client that proved nothing"
    assert re.fullmatch("(https?://[^/]+)?" + re.escape(GUARDED), unquote(asked["prefix"])), "another service"
    path, _, query = (asked["path"] + asked["query"]).partition("#")[0].partition("?")
    assert unquote(forwarded) == unquote(path), "another path"
    for reading in readings(forwarded):
        slashed = {reading, reading.rstrip("/") + "/"}  # "/units/**" is meant to cover "/units/", which is the same place for many servers
        assert any(covered(client, asked["method"], purpose, one) for one in slashed), f"read as {reading!r}"
    assert covered(client, asked["method"], purpose, unquote(forwarded)), "not covered"
    assert told["headers"]["x-road-client"] == said(lines, "x-road-client")[-1]
    assert told["query"].replace("%27", "'") == query, "another query"


@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(asked=requests)
def test_nothing_reaches_the_service_that_the_agreement_does_not_cover(wire, asked):
    pairs = [("X-Road-Client", asked["client"]), ("X-Exchange-Purpose", asked["purpose"]), *asked["more"]]
    lines = [f"{name}: {value}".encode("latin-1") for name, value in pairs if value]
    target = (asked["prefix"] + asked["path"] + asked["query"]).encode("latin-1")

    answered = wire.ask(target, lines, method=asked["method"].encode())

    if answered is None or "x-road-service" not in answered[1]:
        return  # refused, by the server's parser or by a gateway
    status, _, body = answered
    assert status == 200
    judge(asked, lines, json.loads(body))


def test_the_property_saw_both_kinds_of_requests(wire):
    """A property over refused requests alone would show nothing."""
    for path, client, purpose, method in (
        ("/v1/persons/look-up", CLIENT, "kyc", "POST"),
        ("/v1/units/a/b", CLIENT, "kyc", "GET"),
        ("/v1/units/caf%c3%a9", CLIENT, "k%79c", "GET"),
        ("/v1/audit", TOKEN_CLIENT, "audit", "PUT"),
    ):
        lines = [f"X-Road-Client: {client}".encode(), f"X-Exchange-Purpose: {purpose}".encode(), f"X-Exchange-Token: {TOKEN}".encode()]
        status, _, body = wire.ask((GUARDED + path).encode(), lines, method=method.encode())
        assert status == 200, (path, body)
        judge({"method": method, "path": path, "prefix": GUARDED, "query": ""}, lines, json.loads(body))


UNCOVERED = [
    ("case", "/V1/persons/look-up"),
    ("a deeper path", "/v1/persons/look-up/x"),
    ("the collection", "/v1/persons/"),
    ("the parent", "/v1/persons"),
    ("dot segments", "/v1/persons/../admin"),
    ("dot segments that end inside", "/v1/admin/../persons/look-up"),
    ("encoded dot segments", "/v1/persons/%2e%2e/admin"),
    ("doubly encoded dot segments", "/v1/persons/%252e%252e"),
    ("a double slash", "/v1//persons/look-up"),
    ("a parameter", "/v1/persons/look-up;x=y"),
    ("an encoded parameter", "/v1/persons/look-up%3bx"),
    ("an encoded slash", "/v1/persons/a%2fb"),
    ("a backslash", "/v1/persons/..%5cadmin"),
    ("full-width dots", "/v1/persons/%ef%bc%8e%ef%bc%8e"),
    ("an overlong dot", "/v1/persons/%c0%ae%c0%ae"),
    ("a letter in two forms", "/v1/persons/e%CC%81"),
    ("an end of text", "/v1/persons/look-up%00.json"),
    ("an ended agreement", "/v1/ended/x"),
]


@pytest.mark.parametrize("path", [row[1] for row in UNCOVERED], ids=[row[0].replace(" ", "-") for row in UNCOVERED])
def test_a_path_outside_the_agreement_reaches_nobody(wire, path):
    lines = [f"X-Road-Client: {CLIENT}".encode(), b"X-Exchange-Purpose: kyc"]

    answered = wire.ask((GUARDED + path).encode(), lines, method=b"POST")

    assert answered is None or answered[1].get("x-road-error") in ("Client.BadRequest", "Server.ServerProxy.AccessDenied")


@pytest.mark.parametrize("purpose", ["marketing", "KYC", "audit", "kyc, audit", "kyc, kyc", "*", "kyc%00", "%ff", "kyc;audit"])
def test_a_purpose_outside_the_agreement_reaches_nobody(wire, purpose):
    lines = [f"X-Road-Client: {CLIENT}".encode(), f"X-Exchange-Purpose: {purpose}".encode()]

    _, headers, _ = wire.ask(f"{GUARDED}/v1/units/x".encode(), lines)

    assert headers["x-exchange-error"] in ("exchange.purpose_not_covered", "exchange.bad_request")


def test_what_was_signed_authorised_and_kept_is_what_reached_the_service(gateways, recorded):
    for path in ("/v1/persons/%6cook-up", "/v1/persons/caf%c3%a9", "/v1/persons/a%20b"):
        told = gateways.curl(f"{GUARDED}{path}?x=%2e").json
        [entry] = [
            entry
            for entry in recorded()
            if entry["log"] == "exchange.provider" and entry["detail"]["message_id"] == told["headers"]["x-road-id"]
        ]
        signed = dict(re.findall('^"(@[a-z]+)": (.*)$', entry["detail"]["request"]["base"], re.MULTILINE))

        assert told["path"] == "/base" + signed["@path"].removeprefix(GUARDED.replace("/r1/", "/x1/"))
        assert (told["method"], "?" + told["query"]) == (signed["@method"], signed["@query"])


def test_the_reader_of_paths_finds_the_classic_tricks():
    """The oracle itself: each trick has a reading that lies outside."""
    for path in (
        "/v1/persons/%2e%2e",
        "/v1/persons/%252e%252e/x",
        "/v1/persons/..;/x",
        "/v1/persons/%ef%bc%8e%ef%bc%8e",
        "/v1/persons/..%5cx",
    ):
        assert not all(covered(CLIENT, "POST", "kyc", reading) for reading in readings(path)), path
    assert all(covered(CLIENT, "POST", "kyc", reading) for reading in readings("/v1/persons/look-up"))
