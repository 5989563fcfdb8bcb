"""X-Road's message protocol for REST, r1 (PR-REST 1.0.4), rule by rule: asked by curl and by bytes on a socket.

Each test is one rule and carries it as its name; ``docs/reference/r1-parity.md`` lists them. Pure parts of the rules (alphabets,
bounds, signature bases) have tests of their own in ``tests/unit/test_exchange_protocol.py``.
"""

import base64
import hashlib
import json
import re
import xml.etree.ElementTree as ET

import pytest

from exchange_gateways import CLIENT, LIAR, POPULATION, SYSTEM, TOKEN_CLIENT, refusal

pytestmark = pytest.mark.xdist_group("exchange_gateways")

LOOK_UP = f"{POPULATION}/v1/persons/look-up"
BODY = '{"personal_id": "000190000017"}'
METADATA = "/r1/VN/GOV/G01/POPULATION"


def sha512(data):
    return hashlib.sha512(data).digest()


def head(answered, method, target, *lines):
    """Write down the bytes of a head as the protocol describes them."""
    request_id = answered.headers["x-road-request-id"]
    return "\r\n".join([method, target, *lines, f"x-road-request-id:{request_id}", ""]).encode()


def bare_head(gateways, path, *, purpose="kyc"):
    """Ask with HEAD and return every byte that comes back: curl would not show a body that must not be there."""
    lines = [f"HEAD {path} HTTP/1.1", "Host: x", f"X-Road-Client: {CLIENT}", f"X-Exchange-Purpose: {purpose}", "Connection: close", "", ""]
    return gateways.raw("\r\n".join(lines).encode())


# -- addresses and identifiers


def test_the_address_is_r1_instance_class_member_subsystem_service_and_the_rest_goes_to_the_service(gateways):
    asked = gateways.curl(f"{SYSTEM}/v1/bar/zyggy?quu=1").json

    assert (asked["path"], asked["query"]) == ("/base/v1/bar/zyggy", "quu=1")


def test_a_path_is_joined_to_the_base_address_with_one_slash(gateways):
    assert gateways.curl(f"{SYSTEM}/x").json["path"] == "/base/x"
    assert gateways.curl(f"{SYSTEM}/x/").json["path"] == "/base/x/"
    assert gateways.curl(SYSTEM).json["path"] == "/base/"


def test_segments_of_the_address_are_percent_decoded_one_by_one(gateways):
    encoded = SYSTEM.replace("POPULATION", "P%4FPULATION").replace("G01", "G%301")

    assert gateways.curl(f"{encoded}/x").headers["x-road-service"] == "VN/GOV/G01/POPULATION/system"


def test_an_encoded_slash_separates_no_segments(gateways):
    assert refusal(gateways.curl("/r1/VN/GOV%2FG01/POPULATION/system/x")) == ("Client.BadRequest", "exchange.malformed_identifier", 400)


@pytest.mark.parametrize("sign", ["_", "!", "*", "%20", "%C4%90", "~", "@", ":"])
def test_an_identifier_holds_only_the_signs_of_version_1_0_3(gateways, sign):
    assert refusal(gateways.curl(f"/r1/VN/GOV/G{sign}/POPULATION/system/x"))[::2] == ("Client.BadRequest", 400)


def test_an_address_with_fewer_identifiers_is_refused(gateways):
    assert refusal(gateways.curl("/r1/VN/GOV/G01/POPULATION"))[::2] == ("Client.BadRequest", 400)


@pytest.mark.parametrize("version", ["r0", "r2", "r10"])
def test_another_major_version_is_refused_as_such(gateways, version):
    assert refusal(gateways.curl(LOOK_UP.replace("r1", version)))[::2] == ("Client.InvalidProtocolVersion", 400)


def test_an_address_beyond_two_thousand_signs_is_refused(gateways):
    assert refusal(gateways.curl(f"{SYSTEM}/{'a' * 2000}"))[::2] == ("Client.BadRequest", 400)


# -- X-Road-Client


def test_a_request_without_a_client_is_refused(gateways):
    assert refusal(gateways.curl(LOOK_UP, client=""))[::2] == ("Client.InvalidClientIdentifier", 400)


@pytest.mark.parametrize("client", ["VN/COM", "VN/COM/DEMOBANK/CUSTOMERS/x", "VN//DEMOBANK/CUSTOMERS", "VN/COM/DEMO_BANK/CUSTOMERS"])
def test_a_client_identifier_has_three_or_four_segments_of_the_alphabet(gateways, client):
    assert refusal(gateways.curl(LOOK_UP, client=client))[::2] == ("Client.InvalidClientIdentifier", 400)


def test_a_client_s_segments_are_percent_decoded_and_echoed_as_they_came(gateways):
    answered = gateways.curl(LOOK_UP, client="VN/COM/DEMO%42ANK/CUSTOMERS")

    assert answered.status == 200
    assert answered.json["echo"]["client"] == CLIENT
    assert answered.headers["x-road-client"] == "VN/COM/DEMO%42ANK/CUSTOMERS"


def test_of_several_clients_the_last_one_wins(gateways):
    answered = gateways.curl(LOOK_UP, "-H", f"X-Road-Client: {CLIENT}", client="VN/GOV/H49/SERVICES")

    assert answered.json["echo"]["client"] == CLIENT
    assert answered.headers["x-road-client"] == CLIENT


def test_the_last_client_is_also_the_one_that_must_prove_itself(gateways):
    answered = gateways.curl(LOOK_UP, "-H", f"X-Road-Client: {TOKEN_CLIENT}")

    assert refusal(answered)[1] == "exchange.client_not_authenticated"


def test_header_names_are_case_insensitive(gateways):
    answered = gateways.curl(LOOK_UP, "-H", f"x-ROAD-cLIENT: {CLIENT}", "-H", "X-EXCHANGE-purpose: kyc", client="", purpose="")

    assert answered.status == 200


# -- the other headers of the protocol


def test_a_message_id_is_echoed(gateways):
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Id: my own id 1")

    assert answered.headers["x-road-id"] == answered.json["headers"]["x-road-id"] == "my own id 1"


def test_a_message_id_is_made_of_instance_and_uuid_when_absent(gateways):
    answered = gateways.curl(f"{SYSTEM}/x")

    assert re.fullmatch(r"VN-[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}", answered.headers["x-road-id"])
    assert answered.json["headers"]["x-road-id"] == answered.headers["x-road-id"]


@pytest.mark.parametrize("name", ["X-Road-UserId", "X-Road-Issue", "X-Road-Represented-Party"])
def test_user_issue_and_represented_party_reach_the_service(gateways, name):
    asked = gateways.curl(f"{SYSTEM}/x", "-H", f"{name}: GOV/H49-7").json

    assert asked["headers"][name.lower()] == "GOV/H49-7"


def test_a_pinned_security_server_is_asked_or_nobody(gateways):
    right = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Security-Server: VN/GOV/G01/gateway")
    wrong = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Security-Server: VN/GOV/G01/another")
    malformed = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Security-Server: nonsense")

    assert right.status == 200
    assert refusal(wrong) == ("Server.ClientProxy.UnknownMember", "exchange.unknown_security_server", 500)
    assert refusal(malformed)[::2] == ("Client.BadRequest", 400)


def test_the_service_is_named_in_full_in_the_answer(gateways):
    assert gateways.curl(LOOK_UP).headers["x-road-service"] == "VN/GOV/G01/POPULATION/population"


def test_a_request_id_is_the_gateway_s_own_and_what_the_client_sends_is_dropped(gateways):
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Request-Id: 11111111-1111-4111-8111-111111111111")

    assert re.fullmatch("[0-9a-f-]{36}", answered.headers["x-road-request-id"])
    assert answered.headers["x-road-request-id"] == answered.json["headers"]["x-road-request-id"] != "11111111-1111-4111-8111-111111111111"


def test_a_request_id_is_shared_by_the_records_of_both_sides(gateways, recorded):
    answered = gateways.curl(LOOK_UP)

    assert {entry["detail"]["transaction_id"] for entry in recorded()} == {answered.headers["x-road-request-id"]}
    assert {entry["log"] for entry in recorded()} == {"exchange.provider", "exchange.consumer"}


# -- X-Road-Request-Hash


def test_the_request_hash_is_sha512_over_the_hashes_of_head_and_body(gateways):
    lines = ["accept:*/*", "content-type:application/json", f"x-road-client:{CLIENT}", "x-exchange-purpose:kyc", "x-road-id:h-1"]
    answered = gateways.curl(f"{LOOK_UP}?a=1", "-H", "X-Road-Id: h-1", data=BODY)
    digest = sha512(sha512(head(answered, "POST", f"{LOOK_UP}?a=1", *lines)) + sha512(BODY.encode()))

    assert answered.headers["x-road-request-hash"] == base64.b64encode(digest).decode()


def test_the_request_hash_without_a_body_is_the_hash_of_the_head(gateways):
    lines = ["accept:*/*", f"x-road-client:{CLIENT}", "x-exchange-purpose:kyc", "x-road-id:h-2"]
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Id: h-2", data=None, kind="")

    assert answered.headers["x-road-request-hash"] == base64.b64encode(sha512(head(answered, "GET", f"{SYSTEM}/x", *lines))).decode()


def test_the_request_hash_covers_the_message_id_that_the_gateway_made(gateways):
    lines = ["accept:*/*", f"x-road-client:{CLIENT}", "x-exchange-purpose:kyc"]
    answered = gateways.curl(f"{SYSTEM}/x", data=None, kind="")
    digest = sha512(head(answered, "GET", f"{SYSTEM}/x", *lines, f"x-road-id:{answered.headers['x-road-id']}"))

    assert answered.headers["x-road-request-hash"] == base64.b64encode(digest).decode()


def test_a_request_hash_of_the_client_is_ignored(gateways):
    answered = gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Request-Hash: mine")

    assert "x-road-request-hash" not in answered.json["headers"]
    assert len(base64.b64decode(answered.headers["x-road-request-hash"])) == 64


@pytest.mark.parametrize(
    "lie", ["x-road-client", "x-road-id", "x-road-service", "x-road-request-id", "x-road-request-hash", "content-digest", "signature"]
)
def test_an_answer_that_belongs_to_another_request_in_one_point_is_withheld(gateways, lie):
    answered = gateways.curl(f"{LIAR}/{lie}")

    assert refusal(answered) == ("Server.ClientProxy.InconsistentResponse", "exchange.inconsistent_response", 500)


# -- what travels and what does not

FILTERED = {
    "Keep-Alive": "timeout=5",
    "Proxy-Authenticate": "Basic",
    "Proxy-Authorization": "Basic eDp5",
    "TE": "trailers",
    "Trailer": "X-Own",
    "Upgrade": "h2c",
    "User-Agent": "a-foreign-client/1",
    "Server": "x",
    "X-Road-Request-Hash": "mine",
}


@pytest.mark.parametrize("name", FILTERED)
def test_a_header_of_the_transport_is_not_forwarded_to_the_service(gateways, name):
    asked = gateways.curl(f"{SYSTEM}/x", "-H", f"{name}: {FILTERED[name]}").json

    assert asked["headers"].get(name.lower(), "") in ("", "dean06-exchange")


@pytest.mark.parametrize("encoding", ["chunked", ""])
def test_framing_of_the_client_s_connection_ends_at_the_gateway(gateways, encoding):
    asked = gateways.curl(f"{SYSTEM}/x", *(["-H", "Transfer-Encoding: chunked"] if encoding else []), data="abc").json

    assert asked["body"] == "abc"
    assert "transfer-encoding" not in asked["headers"]
    assert asked["headers"]["content-length"] == "3"


def test_headers_of_the_service_s_transport_do_not_reach_the_client(gateways):
    answered = gateways.curl(f"{SYSTEM}/hop", "-H", "X-Road-Id: t-1")

    assert answered.status == 200
    assert "of-the-service" not in answered.headers.values()
    assert answered.headers["x-road-id"] == "t-1"
    assert answered.headers["x-own"] == "kept"


PASSED = {
    "Authorization": "Bearer of-the-client",
    "Accept-Language": "vi",
    "If-None-Match": '"v0"',
    "If-Modified-Since": "Sun, 01 Nov 2026 00:00:00 GMT",
    "Cache-Control": "no-cache",
    "Content-Type": "application/x-own; v=1",
    "Accept": "application/x-own;q=0.5, */*;q=0.1",
    "Origin": "https://example.org",
    "X-Own-Header": "Đề án 06",
}


@pytest.mark.parametrize("name", PASSED)
def test_every_other_header_of_the_client_passes_unmodified(gateways, name):
    asked = gateways.curl(f"{SYSTEM}/x", "-H", f"{name}: {PASSED[name]}", kind="").json

    assert (
        asked["headers"][name.lower()].encode("latin-1" if asked["headers"][name.lower()].isascii() else "utf-8").decode() == PASSED[name]
    )


def test_accept_is_json_when_the_client_says_nothing(gateways):
    assert gateways.curl(f"{SYSTEM}/x", "-H", "Accept:").json["headers"]["accept"] == "application/json"


def test_cache_headers_of_the_service_pass(gateways):
    answered = gateways.curl(f"{SYSTEM}/cached", data=None)

    assert (answered.headers["etag"], answered.headers["cache-control"], answered.headers["vary"]) == ('"v1"', "max-age=60", "accept")
    assert answered.headers["last-modified"] == "Sun, 01 Nov 2026 00:00:00 GMT"


def test_not_modified_passes_without_a_body(gateways):
    answered = gateways.curl(f"{SYSTEM}/cached", "-H", 'If-None-Match: "v1"', data=None)

    assert (answered.status, answered.body) == (304, b"")


def test_any_payload_passes_byte_for_byte(gateways):
    payload = bytes(range(256)) * 40

    asked = gateways.curl(f"{SYSTEM}/x", data=payload, kind="application/octet-stream").json

    assert asked["body"].encode("latin-1") == payload


def test_a_redirect_is_passed_and_never_followed(gateways):
    answered = gateways.curl(f"{SYSTEM}/redirect")

    assert (answered.status, answered.headers["location"]) == (302, "http://127.0.0.1:9/elsewhere")


def test_no_cors_headers_are_made_by_the_gateway(gateways):
    answered = gateways.curl(
        f"{SYSTEM}/x", "-X", "OPTIONS", "-H", "Origin: https://example.org", "-H", "Access-Control-Request-Method: POST", data=None
    )

    assert answered.json["method"] == "OPTIONS"
    assert not [name for name in answered.headers if name.startswith("access-control-")]


def test_a_client_that_asks_for_leave_before_a_long_body_gets_its_answer(gateways):
    payload = b"x" * 200_000

    answered = gateways.curl(f"{SYSTEM}/x", "-H", "Expect: 100-continue", data=payload, kind="text/plain")

    assert len(answered.json["body"]) == len(payload)
    assert "expect" not in answered.json["headers"]


# -- methods


@pytest.mark.parametrize("method", ["GET", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_each_method_of_the_protocol_reaches_the_service(gateways, method):
    answered = gateways.curl(f"{SYSTEM}/x", "-X", method, data=None if method in ("GET", "TRACE") else "{}")

    assert answered.json["method"] == method


def test_head_reaches_the_service_and_is_answered_without_a_body(gateways, recorded):
    head, _, body = bare_head(gateways, f"{SYSTEM}/x").partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 200 ")
    assert b"x-road-service: VN/GOV/G01/POPULATION/system" in head
    assert body == b""
    assert len(recorded()) == 2


@pytest.mark.parametrize("method", ["BREW", "LINK"])
def test_another_method_is_refused(gateways, method):
    assert refusal(gateways.curl(f"{SYSTEM}/x", "-X", method)) == ("Client.InvalidHttpMethod", "exchange.method_not_allowed", 400)


# -- errors


@pytest.mark.parametrize("status", ["404", "500"])
def test_an_error_of_the_service_is_returned_as_it_is_without_x_road_error(gateways, status):
    place = f"{POPULATION}/v1/persons/missing" if status == "404" else f"{SYSTEM}/fails"
    answered = gateways.curl(place)

    assert answered.status == (404 if status == "404" else 503)
    assert "x-road-error" not in answered.headers
    assert answered.headers["x-road-request-hash"]


FAULTS = [
    ("what the client sent amiss is Client. and 400", LOOK_UP.replace("v1", "v1//x"), {}, "Client.BadRequest", 400),
    ("what the consumer's gateway refuses is Server.ClientProxy. and 500", LOOK_UP, {"client": "VN/COM/NOBODY/X"}, "Server.ClientProxy.UnknownMember", 500),
    ("an unknown service is the provider's gateway's to refuse", f"{METADATA}/other/x", {}, "Server.ServerProxy.UnknownService", 500),
    ("a missing right is AccessDenied", f"{POPULATION}/v1/households/x", {}, "Server.ServerProxy.AccessDenied", 500),
    ("a service that is off is ServiceDisabled", f"{METADATA}/paused/v1/x", {}, "Server.ServerProxy.ServiceDisabled", 500),
    ("a service that is off tells only those with a right", f"{METADATA}/paused/v2/x", {}, "Server.ServerProxy.AccessDenied", 500),
    ("an unreachable service is NetworkError", f"{METADATA}/away/x", {}, "Server.ServerProxy.NetworkError", 500),
    ("a service that breaks is ServiceFailed", f"{POPULATION}/v1/persons/broken", {}, "Server.ServerProxy.ServiceFailed", 500),
]  # fmt: skip


@pytest.mark.parametrize(("path", "call", "fault", "status"), [row[1:] for row in FAULTS], ids=[row[0].replace(" ", "-") for row in FAULTS])
def test_the_type_of_an_error_says_whose_fault_it_is(gateways, path, call, fault, status):
    answered = gateways.curl(path, **call)

    assert (answered.headers["x-road-error"], answered.status) == (fault, status)
    assert answered.json["type"] == fault


def test_the_notice_of_a_service_that_is_off_is_returned(gateways):
    assert "Bảo trì" in gateways.curl(f"{METADATA}/paused/v1/x").json["message"]


def test_an_error_is_json_with_type_message_and_detail(gateways, recorded):
    answered = gateways.curl(LOOK_UP, purpose="marketing")

    assert answered.headers["content-type"].startswith("application/json")
    assert set(answered.json) == {"type", "message", "detail"}
    assert answered.json["detail"] in {entry["detail"].get("reference") for entry in recorded()}


@pytest.mark.parametrize("accept", ["text/xml", "application/xml", "text/*", "application/json;q=0.1, application/xml", "TEXT/XML"])
def test_an_error_is_xml_for_who_accepts_xml(gateways, accept):
    answered = gateways.curl(LOOK_UP, "-H", f"Accept: {accept}", purpose="marketing")

    document = ET.fromstring(answered.body)
    assert answered.headers["content-type"].startswith("text/xml")
    assert [child.tag for child in document] == ["type", "message", "detail"]
    assert document.findtext("type") == answered.headers["x-road-error"] == "Server.ServerProxy.AccessDenied"


@pytest.mark.parametrize("accept", ["*/*", "text/html", "application/json", "application/xhtml+xml", ""])
def test_an_error_is_json_for_everybody_else(gateways, accept):
    answered = gateways.curl(LOOK_UP, "-H", f"Accept: {accept}" if accept else "Accept:", purpose="marketing")

    assert answered.headers["content-type"].startswith("application/json")
    assert answered.json["type"] == "Server.ServerProxy.AccessDenied"


def test_an_error_of_a_head_request_has_no_body_but_its_type(gateways):
    head, _, body = bare_head(gateways, LOOK_UP, purpose="marketing").partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 500 ")
    assert b"x-road-error: Server.ServerProxy.AccessDenied" in head
    assert body == b""


def test_no_header_of_a_service_can_look_like_a_gateway_s_error(gateways):
    assert "x-road-error" not in gateways.curl(f"{SYSTEM}/x").headers


# -- metadata services


def test_list_clients_stands_outside_r1_and_is_xml_unless_json_is_asked_for(gateways):
    as_xml = gateways.curl("/listClients", data=None, client="", purpose="", kind="")
    as_json = gateways.curl("/listClients", "-H", "Accept: application/json", data=None, client="", purpose="", kind="")

    root = ET.fromstring(as_xml.body)
    assert as_xml.headers["content-type"].startswith("text/xml")
    assert root.tag == "{http://x-road.eu/xsd/xroad.xsd}clientList"
    assert len(root) == len(as_json.json["member"])


def test_list_clients_as_json_has_id_and_name_of_members_and_subsystems(gateways):
    rows = gateways.curl("/listClients", "-H", "Accept: application/json", data=None).json["member"]

    [subsystem] = [row for row in rows if row["id"].get("subsystem_code") == "CUSTOMERS"]
    assert subsystem["id"] == {
        "object_type": "SUBSYSTEM",
        "xroad_instance": "VN",
        "member_class": "COM",
        "member_code": "DEMOBANK",
        "subsystem_code": "CUSTOMERS",
    }
    assert (subsystem["name"], subsystem["subsystem_name"]) == ("Ngân hàng trình diễn", "Khách hàng")


def test_list_clients_is_limited_to_an_instance(gateways):
    here, elsewhere = (
        gateways.curl(f"/listClients?xRoadInstance={code}", "-H", "Accept: application/json", data=None).json for code in ("VN", "XX")
    )

    assert len(here["member"]) > 5
    assert elsewhere == {"member": []}


def test_list_methods_tells_all_services_and_no_metadata_service(gateways):
    rows = gateways.curl(f"{METADATA}/listMethods", data=None, purpose="").json["service"]

    assert {row["service_code"] for row in rows} == {"population", "system", "away", "guarded", "limited", "fragile", "paused"}
    for row in rows:
        assert {"member_class", "member_code", "object_type", "service_code", "service_type", "subsystem_code", "xroad_instance"} < set(row)
        assert row["service_type"] in ("REST", "OPENAPI")
        assert all(set(endpoint) == {"method", "path"} for endpoint in row["endpoint_list"])


def test_allowed_methods_tells_what_this_client_may(gateways):
    mine, others = (
        gateways.curl(f"{METADATA}/allowedMethods", data=None, purpose="", client=client).json["service"]
        for client in (CLIENT, "VN/GOV/H49/SERVICES")
    )

    guarded = {row["service_code"]: row["endpoint_list"] for row in mine}["guarded"]
    assert guarded == [{"method": "GET", "path": "/v1/units/**"}, {"method": "POST", "path": "/v1/persons/*"}]
    assert others == []


def test_metadata_services_need_a_client(gateways):
    assert refusal(gateways.curl(f"{METADATA}/listMethods", data=None, client=""))[::2] == ("Client.InvalidClientIdentifier", 400)


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH"])
def test_metadata_services_are_read_only(gateways, method):
    answered = gateways.curl(f"{METADATA}/listMethods", "-X", method)

    assert answered.status == 500
    assert answered.headers["x-road-error"].endswith(".UnknownService")


def test_get_open_api_returns_the_description(gateways):
    answered = gateways.curl(f"{METADATA}/getOpenAPI?serviceCode=population", data=None, purpose="")

    assert answered.headers["content-type"].startswith("application/json")
    assert answered.json["openapi"] == "3.1.0"
    assert "/v1/persons/look-up" in answered.json["paths"]


def test_get_open_api_tells_no_internal_address(gateways):
    answered = gateways.curl(f"{METADATA}/getOpenAPI?serviceCode=population", data=None, purpose="")

    assert b"10.0.0." not in answered.body
    assert answered.json["components"]["schemas"]["Rack"]["properties"]["servers"] == {"type": "array"}


@pytest.mark.parametrize(("query", "fault"), [("", "Client.BadRequest"), ("?serviceCode=", "Client.BadRequest"), ("?serviceCode=_x", "Client.BadRequest"), ("?serviceCode=nothing", "Server.ClientProxy.UnknownService")])  # fmt: skip
def test_get_open_api_of_nothing_is_refused(gateways, query, fault):
    answered = gateways.curl(f"{METADATA}/getOpenAPI{query}", data=None, purpose="")

    assert answered.headers["x-road-error"] == fault


@pytest.mark.parametrize("code", ["getWsdl", "getSecurityServerMetrics", "getSecurityServerOperationalData", "getSecurityServerHealthData"])
def test_reserved_service_codes_belong_to_no_member(gateways, code):
    assert refusal(gateways.curl(f"{METADATA}/{code}"))[::2] == ("Server.ClientProxy.UnknownService", 500)


def test_nothing_of_a_call_is_lost_between_the_two_records(gateways, recorded):
    gateways.curl(f"{SYSTEM}/x", "-H", "X-Road-Id: both-1")

    provider, consumer = sorted(recorded(), key=lambda entry: entry["log"], reverse=True)
    assert provider["detail"]["message_id"] == consumer["detail"]["message_id"] == "both-1"
    assert json.dumps(provider["detail"]["answer"]) == json.dumps(consumer["detail"]["answer"])
