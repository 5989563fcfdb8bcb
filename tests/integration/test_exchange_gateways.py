"""Two running gateways, asked by curl as a foreign client would, and by raw sockets as an attacker would."""

import base64
import hashlib
import json
import re
import time

import pytest

from exchange_gateways import CLIENT, POPULATION, SYSTEM, TOKEN, TOKEN_CLIENT, refusal

pytestmark = pytest.mark.xdist_group("exchange_gateways")


# -- answers


def test_curl_gets_the_released_fields_and_the_headers_of_the_protocol(gateways):
    answered = gateways.curl(f"{POPULATION}/v1/persons/look-up", "-H", "X-Road-Id: my-id-1", "-H", "X-Road-Issue: KH-7")

    assert answered.status == 200, answered
    assert answered.json["full_name"] == "Nguyễn Thị Mẫu"
    assert "religion" not in answered.json
    assert answered.headers["x-road-client"] == CLIENT
    assert answered.headers["x-road-id"] == "my-id-1"
    assert answered.headers["x-road-service"] == "VN/GOV/G01/POPULATION/population"
    assert re.fullmatch("[0-9a-f-]{36}", answered.headers["x-road-request-id"])
    assert answered.headers["content-type"] == "application/json"
    assert "x-road-error" not in answered.headers
    assert "signature" not in answered.headers


def test_the_request_hash_is_over_the_head_and_body_that_were_sent(gateways):
    body = '{"personal_id": "000190000017"}'
    answered = gateways.curl(f"{POPULATION}/v1/persons/look-up?a=1", "-H", "X-Road-Id: my-id-2", "-H", "Accept: */*", data=body)
    head = (
        "POST\r\n/r1/VN/GOV/G01/POPULATION/population/v1/persons/look-up?a=1\r\n"
        "accept:*/*\r\ncontent-type:application/json\r\nx-road-client:VN/COM/DEMOBANK/CUSTOMERS\r\nx-exchange-purpose:kyc\r\n"
        f"x-road-id:my-id-2\r\nx-road-request-id:{answered.headers['x-road-request-id']}\r\n"
    )
    lines = head.split("\r\n")
    candidates = set()  # servers deliver headers in an order of their own: the hash is over the order received
    from itertools import permutations

    for order in permutations(lines[2:7]):
        text = "\r\n".join([*lines[:2], *order, *lines[7:]]).encode()
        inner = hashlib.sha512(text).digest() + hashlib.sha512(body.encode()).digest()
        candidates.add(base64.b64encode(hashlib.sha512(inner).digest()).decode())

    assert answered.headers["x-road-request-hash"] in candidates


def test_each_side_keeps_one_entry_and_the_provider_s_is_the_disclosure(gateways, recorded):
    answered = gateways.curl(f"{POPULATION}/v1/persons/look-up", "-H", "X-Road-Issue: KH-8")

    provider, consumer = sorted(recorded(), key=lambda entry: entry["log"], reverse=True)
    assert (provider["kind"], provider["log"], provider["subjects"]) == ("exchange.answered", "exchange.provider", 1)
    assert (consumer["kind"], consumer["log"], consumer["subjects"]) == ("exchange.received", "exchange.consumer", 0)
    for entry in (provider, consumer):
        assert entry["who"] == "Ngân hàng trình diễn"
        assert (entry["purpose"], entry["dossier"]) == ("kyc", "KH-8")
        assert entry["detail"]["transaction_id"] == answered.headers["x-road-request-id"]
        assert entry["detail"]["request_hash"] == answered.headers["x-road-request-hash"]
    assert provider["legal_basis"] == "91/2025/QH15, Điều 9"
    assert provider["fields"] == ["full_name", "echo"]
    assert provider["detail"]["request"] == consumer["detail"]["request"]
    assert provider["detail"]["answer"] == consumer["detail"]["answer"]


def test_values_of_gateways_sent_by_a_client_are_replaced(gateways):
    answered = gateways.curl(
        f"{POPULATION}/v1/persons/look-up", "-H", "X-Road-Request-Id: mine", "-H", "X-Road-Request-Hash: mine", "-H", "Signature: mine"
    )

    assert answered.status == 200
    assert answered.headers["x-road-request-id"] != "mine"
    assert answered.headers["x-road-request-hash"] != "mine"


def test_an_external_caller_is_not_inside(gateways):
    assert gateways.curl(f"{POPULATION}/v1/persons/look-up").json["echo"]["inside"] is False


def test_a_problem_of_the_service_passes_without_x_road_error(gateways):
    answered = gateways.curl(f"{POPULATION}/v1/persons/missing")

    assert answered.status == 404
    assert answered.headers["content-type"] == "application/problem+json"
    assert "x-road-error" not in answered.headers


def test_repeated_headers_survive_as_one_line(gateways):
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "X-Own: 1", "-H", "X-Own: 2")

    assert answered.json["headers"]["x-own"] == "1, 2"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
def test_other_methods_pass(gateways, method):
    answered = gateways.curl(f"{SYSTEM}/x?q=1", "-X", method, data=None if method in ("GET", "TRACE") else "{}")

    assert (answered.status, answered.json["method"], answered.json["query"]) == (200, method, "q=1")


def test_head_is_answered_without_a_body(gateways):
    answered = gateways.curl(f"{SYSTEM}/x", "--head", data=None)

    assert answered.status == 200
    assert "x-road-request-hash" in answered.headers


def test_an_information_system_behind_http_sees_path_query_and_headers_but_not_the_transport_s(gateways):
    answered = gateways.curl(f"{SYSTEM}/v1/a%20b/c?x='y'&z=%20", "-H", "Authorization: Bearer of-the-client", "-H", "Accept-Encoding: gzip")

    asked = answered.json
    assert (asked["path"], asked["query"]) == ("/base/v1/a%20b/c", "x=%27y%27&z=%20")
    assert asked["headers"]["authorization"] == "Bearer of-the-client"
    assert asked["headers"]["x-road-client"] == CLIENT
    assert asked["body"] == '{"personal_id": "000190000017"}'
    assert not {"signature", "x-exchange-head", "x-exchange-kept", "te", "expect"} & set(asked["headers"])
    assert asked["headers"].get("accept-encoding", "identity") != "gzip"


def test_headers_of_the_service_pass_but_not_those_that_gateways_make(gateways):
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Id: my-id-3")

    assert answered.headers["x-own"] == "kept"
    assert answered.headers["x-road-id"] == "my-id-3"
    assert "x-road-error" not in answered.headers
    assert "set-cookie" not in answered.headers


def test_redirects_empty_and_plain_answers_pass_and_are_not_followed(gateways):
    redirect, empty, plain = (gateways.curl(f"{SYSTEM}/{name}") for name in ("redirect", "empty", "text"))

    assert (redirect.status, redirect.headers["location"]) == (302, "http://127.0.0.1:9/elsewhere")
    assert (empty.status, empty.body) == (204, b"")
    assert (plain.status, plain.body, plain.headers["content-type"]) == (200, b"plain", "text/plain")


def test_an_error_of_an_information_system_passes_as_its_own(gateways):
    answered = gateways.curl(f"{SYSTEM}/fails")

    assert answered.status == 503
    assert "x-road-error" not in answered.headers


def test_an_information_system_names_its_subjects(gateways, recorded):
    gateways.curl(f"{SYSTEM}/subject")

    [entry] = [entry for entry in recorded() if entry["kind"] == "exchange.answered"]
    assert entry["subjects"] == 1


# -- refusals: each with code and sentence, each recorded


REFUSED = [
    ("an expired agreement", {"path": f"{POPULATION}/v1/expired/x"}, "Server.ServerProxy.AccessDenied", "exchange.agreement_expired"),
    ("an absent agreement", {"path": f"{POPULATION}/v1/households/x"}, "Server.ServerProxy.AccessDenied", "exchange.agreement_missing"),
    ("another client", {"client": "VN/GOV/H49/SERVICES"}, "Server.ServerProxy.AccessDenied", "exchange.agreement_missing"),
    ("another purpose", {"purpose": "marketing"}, "Server.ServerProxy.AccessDenied", "exchange.purpose_not_covered"),
    ("no purpose", {"purpose": ""}, "Client.MissingHeader", "exchange.purpose_missing"),
    ("no client", {"client": ""}, "Client.InvalidClientIdentifier", "exchange.malformed_client"),
    ("an unknown client", {"client": "VN/COM/NOBODY/X"}, "Server.ClientProxy.UnknownMember", "exchange.unknown_member"),
    ("an unknown service", {"path": "/r1/VN/GOV/G01/POPULATION/other/x"}, "Server.ServerProxy.UnknownService", "exchange.unknown_service"),
    ("an unknown provider", {"path": "/r1/VN/GOV/G99/X/x/x"}, "Server.ClientProxy.UnknownMember", "exchange.unknown_member"),
    (
        "a paused service",
        {"path": "/r1/VN/GOV/G01/POPULATION/paused/v1/x"},
        "Server.ServerProxy.ServiceDisabled",
        "exchange.service_disabled",
    ),
    (
        "an unreachable system",
        {"path": "/r1/VN/GOV/G01/POPULATION/away/x"},
        "Server.ServerProxy.NetworkError",
        "exchange.provider_unreachable",
    ),
    ("a broken handler", {"path": f"{POPULATION}/v1/persons/broken"}, "Server.ServerProxy.ServiceFailed", "exchange.service_failed"),
    ("a slow handler", {"path": f"{POPULATION}/v1/persons/slow"}, "Server.ServerProxy.ServiceFailed", "exchange.service_failed"),
    ("nonsense subjects", {"path": f"{SYSTEM}/nonsense"}, "Server.ServerProxy.ServiceFailed", "exchange.service_failed"),
    ("an encoded traversal", {"path": f"{POPULATION}/v1/persons/%2e%2e/households/x"}, "Client.BadRequest", "exchange.malformed_path"),
    ("a plain traversal", {"path": f"{POPULATION}/v1/persons/../households/x"}, "Client.BadRequest", "exchange.malformed_path"),
    ("an encoded slash", {"path": f"{POPULATION}/v1/persons%2Flook-up"}, "Client.BadRequest", "exchange.malformed_path"),
    ("a double slash", {"path": f"{POPULATION}/v1//persons"}, "Client.BadRequest", "exchange.malformed_path"),
    ("a semicolon", {"path": f"{POPULATION}/v1/persons;x/look-up"}, "Client.BadRequest", "exchange.malformed_path"),
    ("bytes that are not UTF-8", {"path": f"{POPULATION}/v1/%ff%fe"}, "Client.BadRequest", "exchange.malformed_path"),
    ("another version", {"path": POPULATION.replace("r1", "r2")}, "Client.InvalidProtocolVersion", "exchange.unsupported_protocol_version"),
    ("a reserved service", {"path": "/r1/VN/GOV/G01/POPULATION/getWsdl"}, "Server.ClientProxy.UnknownService", "exchange.unknown_service"),
    ("a body above the limit", {"data": b"x" * (10 * 1024 * 1024 + 1)}, "Client.BadRequest", "exchange.body_too_large"),
]


@pytest.mark.parametrize(("call", "fault", "code"), [row[1:] for row in REFUSED], ids=[row[0].replace(" ", "-") for row in REFUSED])
def test_what_is_refused_names_its_reason_and_is_recorded(gateways, recorded, call, fault, code):
    call = dict(call)
    answered = gateways.curl(call.pop("path", f"{POPULATION}/v1/persons/look-up"), **call)

    assert refusal(answered) == (fault, code, 400 if fault.startswith("Client.") else 500)
    assert answered.json["type"] == fault
    assert answered.json["message"].endswith((".", "r1.", "subsystem."))
    assert "000190000017" not in answered.body.decode()
    entries = recorded()
    assert {entry["kind"] for entry in entries} == {"exchange.refused"}
    assert code in {entry["detail"]["code"] for entry in entries}
    if fault.startswith("Server.ServerProxy"):
        assert {entry["log"] for entry in entries} == {"exchange.provider", "exchange.consumer"}


def test_a_fault_is_xml_for_a_client_that_accepts_it(gateways):
    answered = gateways.curl(f"{POPULATION}/v1/expired/x", "-H", "Accept: application/xml")

    assert answered.headers["content-type"].startswith("text/xml")
    assert b"<type>Server.ServerProxy.AccessDenied</type>" in answered.body


def test_headers_that_are_not_utf_8_are_refused(gateways):
    got = gateways.raw(
        f"POST {POPULATION}/v1/persons/look-up HTTP/1.1\r\nHost: x\r\nX-Road-Client: {CLIENT}\r\nX-Own: ".encode()
        + b"\xff\xfe\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    )

    assert b" 400 " in got.split(b"\r\n")[0]


HIDDEN = b"GET /listClients HTTP/1.1\r\nHost: x\r\n\r\n"
ASKED = f"POST {POPULATION}/v1/persons/look-up HTTP/1.1\r\nHost: x\r\nX-Road-Client: {CLIENT}\r\nX-Exchange-Purpose: kyc\r\n".encode()


@pytest.mark.parametrize("gateway", ["consumer", "provider"])
@pytest.mark.parametrize(
    "framing",
    [b"Content-Length: 40\r\nTransfer-Encoding: chunked\r\n", b"Transfer-Encoding: chunked\r\nContent-Length: 40\r\n"],
)
def test_a_request_framed_twice_is_refused_and_hides_no_second_one(gateways, gateway, framing):
    got = gateways.raw(ASKED + framing + b"\r\n0\r\n\r\n" + HIDDEN, gateway=gateway)

    assert got.startswith(b"HTTP/1.1 400 ")
    assert got.count(b"HTTP/1.1 ") == 1
    assert b"connection: close" in got
    assert b"clientList" not in got


@pytest.mark.parametrize("offer", ["Upgrade: h2c", "Upgrade: websocket"])
def test_a_body_with_an_offer_to_speak_another_protocol_reaches_the_service(gateways, offer):
    """What stock clients of Java and ``curl --http2`` send; RFC 9110, sec. 7.8: a server may ignore the offer."""
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "Connection: Upgrade", "-H", offer, data="abc")

    assert (answered.status, answered.json["body"]) == (200, "abc")


def test_curl_that_would_rather_speak_http_2_is_answered(gateways):
    asked = gateways.curl(f"{SYSTEM}/x", "--http2", data="abc").json

    assert asked["body"] == "abc"
    assert not {"upgrade", "http2-settings"} & set(asked["headers"])


@pytest.mark.parametrize("gateway", ["consumer", "provider"])
def test_a_body_behind_an_offer_is_no_second_request(gateways, gateway):
    offered = b"Connection: Upgrade, close\r\nUpgrade: h2c\r\nContent-Length: %d\r\n\r\n" % len(HIDDEN)
    got = gateways.raw(ASKED + offered + HIDDEN, gateway=gateway)

    assert got.count(b"HTTP/1.1 ") == 1
    assert b"clientList" not in got


def test_trailers_become_no_headers_of_the_request(gateways):
    got = gateways.raw(
        f"POST {SYSTEM}/x HTTP/1.1\r\nHost: x\r\nX-Road-Client: {CLIENT}\r\nX-Exchange-Purpose: kyc\r\n".encode()
        + b"Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n3\r\nabc\r\n0\r\nX-Road-Issue: forged\r\n\r\n"
    )

    assert got.startswith(b"HTTP/1.1 200 ")
    assert b"forged" not in got


@pytest.mark.parametrize("gateway", ["consumer", "provider"])
def test_trailers_without_end_are_cut_off(gateways, gateway):
    head = ASKED + b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n"
    got = gateways.raw(head + b"X-Trailer: aaaa\r\n" * 100_000, gateway=gateway)

    assert got == b"" or got.startswith(b"HTTP/1.1 400 ")


def test_two_different_lengths_are_refused(gateways):
    got = gateways.raw(ASKED + b"Content-Length: 0\r\nContent-Length: 40\r\n\r\n" + HIDDEN)

    assert got.startswith(b"HTTP/1.1 400 ")
    assert got.count(b"HTTP/1.1 ") == 1


@pytest.mark.parametrize("count", [200, 2000])
def test_too_many_headers_are_refused(gateways, count):
    lines = b"".join(b"X-%d: %s\r\n" % (number, b"v" * 200) for number in range(count))
    got = gateways.raw(
        f"GET {POPULATION}/x HTTP/1.1\r\nHost: x\r\nX-Road-Client: {CLIENT}\r\n".encode() + lines + b"Connection: close\r\n\r\n"
    )

    assert got == b"" or re.match(rb"HTTP/1.1 4\d\d ", got)


@pytest.mark.parametrize("head", [b"GET /listClients HTTP/1.1\r\nX-Long: ", b"GET /"], ids=["a header", "an address"])
def test_a_head_without_end_is_cut_off(gateways, head):
    got = gateways.raw(head + b"a" * (2 * 1024 * 1024))

    assert got == b"" or got.startswith(b"HTTP/1.1 400 ")


def test_what_is_no_http_is_refused_in_the_words_of_the_protocol(gateways):
    got = gateways.raw(b"HELO there\r\n\r\n")

    assert got.startswith(b"HTTP/1.1 400 ")
    assert b"\r\nx-road-error: Client." in got
    assert b"connection: close" in got
    assert b"\r\nx-road-error: Server.ServerProxy." in gateways.raw(b"HELO there\r\n\r\n", gateway="provider")


def test_a_body_that_grows_beyond_the_limit_without_saying_so_is_refused(gateways):
    answered = gateways.curl(
        f"{POPULATION}/v1/persons/look-up", "-H", "Transfer-Encoding: chunked", "-H", "Expect:", data=b"x" * (10 * 1024 * 1024 + 1)
    )

    assert refusal(answered)[1] == "exchange.body_too_large"


# -- the information system proves who it is


def test_a_subsystem_with_a_token_is_refused_without_it(gateways):
    path = f"{POPULATION}/v1/persons/look-up"
    missing = gateways.curl(path, client=TOKEN_CLIENT)
    wrong = gateways.curl(path, "-H", "X-Exchange-Token: guess", client=TOKEN_CLIENT)
    right = gateways.curl(path, "-H", f"X-Exchange-Token: {TOKEN}", client=TOKEN_CLIENT)

    assert [refusal(answered)[1] for answered in (missing, wrong)] == ["exchange.client_not_authenticated"] * 2
    assert right.status == 200


# -- the hop between gateways


def signed_hop(gateways, *, age=0):
    return gateways.help("/sign", client=CLIENT, path="/v1/persons/look-up", body="{}", age=age)


def send_hop(gateways, hop, *, body=b"{}", headers=None, target=None):
    options = [part for name, value in {**dict(hop["headers"]), **(headers or {})}.items() for part in ("-H", f"{name}: {value}")]
    return gateways.curl(target or hop["target"], *options, data=body, client="", purpose="", gateway="provider", kind="")


def test_a_signed_request_is_answered_once_and_its_replay_refused_and_recorded(gateways, recorded):
    hop = signed_hop(gateways)

    assert send_hop(gateways, hop).status == 200
    replay = send_hop(gateways, hop)

    assert refusal(replay) == ("Server.ServerProxy.InvalidSignatureValue", "exchange.message_replayed", 500)
    assert [entry["detail"].get("code") for entry in recorded()] == [None, "exchange.message_replayed"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"body": b'{"other": 1}'}, "exchange.invalid_signature"),
        ({"headers": {"x-exchange-purpose": "marketing"}}, "exchange.invalid_signature"),
        ({"headers": {"x-road-client": "VN/GOV/H49/SERVICES"}}, "exchange.invalid_signature"),
        ({"headers": {"accept": "text/plain"}}, "exchange.invalid_signature"),
        ({"headers": {"signature": "x1=:AAAA:"}}, "exchange.invalid_signature"),
        ({"headers": {"x-road-issue": "KH-9"}}, "exchange.invalid_signature"),
        ({"target": "/x1/VN/GOV/G01/POPULATION/population/v1/persons/search"}, "exchange.invalid_signature"),
        ({"target": "/x1/VN/GOV/G01/POPULATION/population/v1/persons/%6cook-up"}, "exchange.bad_request"),
        ({"target": "/elsewhere"}, "exchange.bad_request"),
    ],
)
def test_a_request_changed_between_the_gateways_is_refused(gateways, change, code):
    answered = send_hop(gateways, signed_hop(gateways), **change)

    assert refusal(answered)[1] == code


def test_a_header_that_is_not_in_the_signed_head_does_not_reach_the_service(gateways):
    assert send_hop(gateways, signed_hop(gateways), headers={"x-smuggled": "1"}).status == 200


@pytest.mark.parametrize("age", [90, -90])
def test_a_message_signed_too_long_ago_or_ahead_is_refused(gateways, age):
    answered = send_hop(gateways, signed_hop(gateways, age=age))

    assert refusal(answered)[1] == "exchange.stale_message"


# -- metadata services


def test_list_clients_tells_members_and_subsystems_as_json_and_xml(gateways):
    as_json = gateways.curl("/listClients", "-H", "Accept: application/json", data=None).json["member"]
    as_xml = gateways.curl("/listClients", data=None)

    ids = [row["id"] for row in as_json]
    assert {"object_type": "MEMBER", "xroad_instance": "VN", "member_class": "GOV", "member_code": "G01"} in ids
    assert any(row["id"].get("subsystem_code") == "CUSTOMERS" and row["subsystem_name"] == "Khách hàng" for row in as_json)
    assert as_xml.headers["content-type"].startswith("text/xml")
    assert b"<id:memberCode>G01</id:memberCode>" in as_xml.body
    assert gateways.curl("/listClients?xRoadInstance=XX", "-H", "Accept: application/json", data=None).json == {"member": []}


def test_list_methods_tells_all_and_allowed_methods_what_the_client_may(gateways):
    listed = gateways.curl("/r1/VN/GOV/G01/POPULATION/listMethods", data=None, purpose="").json["service"]
    allowed = gateways.curl("/r1/VN/GOV/G01/POPULATION/allowedMethods", data=None, purpose="").json["service"]
    nothing = gateways.curl("/r1/VN/GOV/G01/POPULATION/allowedMethods", data=None, purpose="", client="VN/GOV/H49/SERVICES").json["service"]

    assert {row["service_code"] for row in listed} == {"population", "system", "away", "guarded", "limited", "fragile", "paused"}
    [population] = [row for row in allowed if row["service_code"] == "population"]
    assert sorted(endpoint["path"] for endpoint in population["endpoint_list"]) == ["/v1/kept/**", "/v1/persons/**"]
    assert {endpoint["method"] for endpoint in population["endpoint_list"]} == {"*"}
    assert population["service_type"] == "OPENAPI"
    assert nothing == []


def test_get_open_api_returns_the_description_without_internal_addresses(gateways):
    answered = gateways.curl("/r1/VN/GOV/G01/POPULATION/getOpenAPI?serviceCode=population", data=None, purpose="")

    assert answered.json["info"]["title"] == "Dân cư"
    assert "servers" not in answered.json


@pytest.mark.parametrize(("query", "code"), [("", "exchange.bad_request"), ("?serviceCode=nothing", "exchange.unknown_service")])
def test_get_open_api_of_nothing_is_refused(gateways, query, code):
    answered = gateways.curl(f"/r1/VN/GOV/G01/POPULATION/getOpenAPI{query}", data=None, purpose="")

    assert refusal(answered)[1] == code


# -- operation


def asked(gateways, *, until=None, seconds=90):
    """Ask until the answer is refused with a code (None: answered): gateways look at agreements once a second."""
    ends = time.monotonic() + seconds
    while refusal(answered := gateways.curl(f"{POPULATION}/v1/persons/look-up"))[1] != until and time.monotonic() < ends:
        time.sleep(0.2)
    return answered


def test_a_changed_agreement_is_in_force_in_running_gateways(gateways):
    packs = gateways.folder / "packs"
    text = (packs / "agreements.yaml").read_text()
    assert gateways.curl(f"{POPULATION}/v1/persons/look-up").status == 200
    try:
        (packs / "agreements.yaml").write_text(text.replace("purposes: [kyc]", "purposes: [other]", 1))
        gateways.run("exchange", "load", str(packs))
        assert refusal(asked(gateways, until="exchange.purpose_not_covered"))[1] == "exchange.purpose_not_covered"
    finally:
        (packs / "agreements.yaml").write_text(text)
        gateways.run("exchange", "load", str(packs))
    assert asked(gateways).status == 200


def test_the_command_line_asks_through_the_gateway(gateways):
    arguments = ["exchange", "call", "--client", CLIENT, "--purpose", "kyc", "--body", "-", "POST"]
    done = gateways.run(*arguments, "VN/GOV/G01/POPULATION/population/v1/persons/look-up", stdin="{}")
    refused = gateways.run(*arguments, "VN/GOV/G01/POPULATION/population/v1/expired/x", stdin="{}", check=False)

    assert json.loads(done.stdout)["full_name"] == "Nguyễn Thị Mẫu"
    assert refused.returncode == 3
    assert "exchange.agreement_expired" in refused.stderr


def test_the_command_line_lists_agreements(gateways):
    rows = json.loads(gateways.run("exchange", "agreements", "--json").stdout)

    assert [(row["code"], row["is_in_force"]) for row in rows][:2] == [("A-1", True), ("A-2", False)]
    assert "A-1 v" in gateways.run("exchange", "agreements").stdout


def test_the_logs_of_the_gateways_hold_no_personal_number(gateways):
    for log in gateways.folder.glob("*.log"):
        assert not re.search(r"(?<![0-9])[0-9]{12}(?![0-9])", log.read_text()), log
