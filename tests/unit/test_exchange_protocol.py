"""The message protocol r1, rule by rule."""

import base64
import hashlib
import json

import pytest

from dean06.exchange.domain import digests, faults, globs
from dean06.exchange.domain.headers import MOST_HEADERS, checked, kept
from dean06.exchange.domain.identifiers import ClientId, MalformedIdentifier, ServiceId
from dean06.exchange.domain.r1 import compose, encoded_text, parse_request
from dean06.exchange.errors import (
    AgreementMissing,
    BadRequest,
    HeadersTooLarge,
    MalformedClient,
    MalformedPath,
    MethodNotAllowed,
    PurposeMissing,
    UnsupportedProtocolVersion,
)

CLIENT = ("x-road-client", "VN/COM/DEMOBANK/CUSTOMERS")
PURPOSE = ("x-exchange-purpose", "kyc")
SERVICE = "/r1/VN/GOV/G01/POPULATION/population"


def ask(path="/v1/persons/verify", *extra, method="POST", query="", headers=(CLIENT, PURPOSE), body=b"{}", service=SERVICE):
    return parse_request(method=method, raw_path=service + path, query=query, headers=[*headers, *extra], body=body)


# -- address and identifiers


def test_the_address_names_instance_class_member_subsystem_service_and_path():
    message = ask("/v1/bar/zyggy", query="quu=1")

    assert str(message.service) == "VN/GOV/G01/POPULATION/population"
    assert message.service.provider.member == "VN/GOV/G01"
    assert (message.path, message.query) == ("/v1/bar/zyggy", "quu=1")
    assert message.address == "VN/GOV/G01/POPULATION/population/v1/bar/zyggy?quu=1"


def test_an_address_without_a_path_means_the_root_of_the_service():
    assert ask("").path == "/"


def test_each_segment_is_percent_decoded_on_its_own():
    assert str(ask("/x", service="/r1/VN/GOV/G%301/POPULATION/population").service) == "VN/GOV/G01/POPULATION/population"


@pytest.mark.parametrize("segment", ["a%2Fb", "a b", "%C4%90", "a;b", "", "..", "%", "%zz", "a" * 101, "Đ", "%FF", "a:b"])
def test_an_identifier_outside_the_alphabet_is_refused(segment):
    with pytest.raises(BadRequest):
        ask("/x", service=f"/r1/VN/GOV/{segment}/POPULATION/population")


def test_identifiers_hold_the_signs_of_version_1_0_3():
    assert str(ServiceId.parse("V/G/A'()+,-.=?/S/x")) == "V/G/A'()+,-.=?/S/x"


def test_an_identifier_is_encoded_again_for_the_wire():
    service = ServiceId.parse("V/G/A%3F/S/x")

    assert str(service) == "V/G/A?/S/x"
    assert service.encoded == "V/G/A%3F/S/x"


def test_an_address_with_fewer_than_five_identifiers_is_refused():
    with pytest.raises(BadRequest):
        ask("", service="/r1/VN/GOV/G01/POPULATION")


def test_a_service_identifier_has_five_parts():
    with pytest.raises(MalformedIdentifier):
        ServiceId.parse("VN/GOV/G01/POPULATION")


@pytest.mark.parametrize("version", ["r2", "r0", "r10"])
def test_another_version_of_the_protocol_is_refused_as_such(version):
    with pytest.raises(UnsupportedProtocolVersion):
        ask("/x", service=SERVICE.replace("r1", version))


def test_an_address_outside_the_protocol_is_refused():
    with pytest.raises(BadRequest):
        ask("/x", service="/elsewhere/VN/GOV/G01/POPULATION/population")


def test_an_address_longer_than_two_thousand_signs_is_refused():
    with pytest.raises(MalformedPath):
        ask("/" + "a" * 2000)


@pytest.mark.parametrize("method", ["CONNECT", "get", "BREW"])
def test_only_the_eight_methods_are_spoken(method):
    with pytest.raises(MethodNotAllowed):
        ask(method=method)


# -- headers of a request


def test_a_request_without_a_client_is_refused():
    with pytest.raises(MalformedClient):
        ask(headers=(PURPOSE,))


@pytest.mark.parametrize("client", ["VN/GOV", "VN/GOV/H49", "VN/GOV/H49/SERVICES/x", "VN//H49/SERVICES", "VN/GOV/H49/a%2Fb"])
def test_the_client_is_a_subsystem(client):
    with pytest.raises(MalformedClient):
        ask(headers=(("x-road-client", client), PURPOSE))


def test_a_member_identifier_has_three_parts_and_a_subsystem_four():
    assert ClientId.parse("VN/GOV/H49").subsystem_code == ""
    assert str(ClientId.parse("VN/GOV/H49")) == "VN/GOV/H49"
    assert ClientId.parse("VN/GOV/H49/SERVICES").encoded == "VN/GOV/H49/SERVICES"


def test_of_several_clients_the_last_one_wins():
    assert str(ask("/x", ("x-road-client", "VN/GOV/H49/PORTAL")).client) == "VN/GOV/H49/PORTAL"


def test_a_message_id_is_made_when_the_client_gives_none():
    one, other = ask(), ask()

    assert one.message_id.startswith("VN-")
    assert one.message_id != other.message_id


def test_the_clients_message_id_issue_user_and_party_are_kept():
    message = ask(
        "/x",
        ("x-road-id", "abc-1"),
        ("x-road-issue", "H49.06649-261122-0001"),
        ("x-road-userid", "VNofficer"),
        ("x-road-represented-party", "GOV/G01"),
    )

    assert (message.message_id, message.issue, message.user) == ("abc-1", "H49.06649-261122-0001", "VNofficer")
    assert message.represented_party == "GOV/G01"


@pytest.mark.parametrize("header", [("x-road-id", "a" * 256), ("x-road-id", ""), ("x-road-issue", "á"), ("x-exchange-purpose", "%ff")])
def test_values_of_the_protocol_are_bounded_ascii(header):
    with pytest.raises(BadRequest):
        ask("/x", header, headers=(CLIENT,))


def test_a_call_names_its_purpose():
    with pytest.raises(PurposeMissing):
        ask(headers=(CLIENT,))


def test_the_purpose_of_a_uxp_client_is_understood():
    assert ask("/x", ("uxp-purpose-ids", "kyc"), headers=(CLIENT,)).purpose == "kyc"


def test_metadata_services_need_no_purpose():
    assert ask("", headers=(CLIENT,), service="/r1/VN/GOV/G01/POPULATION/listMethods", method="GET").legal_basis == ""


def test_purpose_and_legal_basis_travel_percent_encoded():
    text = "91/2025/QH15, Điều 19.1.c"

    assert encoded_text(text).isascii()
    assert ask("/x", ("x-exchange-legal-basis", encoded_text(text))).legal_basis == text


def test_accept_is_json_unless_the_client_says_otherwise():
    assert ask().values["accept"] == "application/json"
    assert ask("/x", ("accept", "text/csv")).values["accept"] == "text/csv"


@pytest.mark.parametrize(
    "name",
    [
        "transfer-encoding",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "upgrade",
        "connection",
        "user-agent",
        "host",
        "content-length",
        "server",
        "expect",
        "x-road-request-id",
        "x-road-request-hash",
        "signature",
    ],
)
def test_headers_of_the_transport_and_of_gateways_are_never_forwarded(name):
    assert name not in ask("/x", (name, "1")).values


@pytest.mark.parametrize("name", ["authorization", "content-type", "cache-control", "x-own"])
def test_all_other_headers_pass_unmodified(name):
    assert ask("/x", (name, "as is")).values[name] == "as is"


def test_repeated_headers_are_joined_in_order_because_servers_regroup_them():
    lines = dict(kept([("x-own", "1"), ("cookie", "a=1"), ("x-own", "2"), ("cookie", "b=2")]))

    assert lines == {"x-own": "1, 2", "cookie": "a=1; b=2"}


# -- headers from a socket


def test_header_names_are_case_insensitive():
    assert checked([(b"X-Road-Client", b" VN/GOV/H49/PORTAL ")]) == [("x-road-client", "VN/GOV/H49/PORTAL")]


@pytest.mark.parametrize(
    "headers",
    [
        [(b"content-length", b"1"), (b"transfer-encoding", b"chunked")],
        [(b"content-length", b"1"), (b"content-length", b"2")],
        [(b"x-own", b"\xff\xfe")],
        [(b"x-own", b"a\x00b")],
        [(b"x-road-id", "số".encode())],
        [(b"bad name", b"1")],
        [(b"", b"1")],
    ],
)
def test_headers_that_servers_may_read_differently_are_refused(headers):
    with pytest.raises(BadRequest):
        checked(headers)


def test_headers_are_bounded_in_number_and_size():
    checked([(b"a", b"1")] * MOST_HEADERS)
    for headers in ([(b"a", b"1")] * (MOST_HEADERS + 1), [(b"a", b"x" * 40_000)]):
        with pytest.raises(HeadersTooLarge):
            checked(headers)


# -- head and hash


def test_the_head_is_method_address_and_headers_in_order_without_a_blank_after_the_colon():
    head = digests.head_bytes("POST", "/r1/A/B/C/D/e/f?g=1", [("accept", "*/*"), ("x-road-id", "1")])

    assert head == b"POST\r\n/r1/A/B/C/D/e/f?g=1\r\naccept:*/*\r\nx-road-id:1\r\n"


def test_the_request_hash_is_sha512_over_the_hashes_of_head_and_body():
    def inner(data):
        return hashlib.sha512(data).digest()

    assert digests.request_hash(b"head", b"body") == base64.b64encode(inner(inner(b"head") + inner(b"body"))).decode()


def test_without_a_body_the_request_hash_is_the_hash_of_the_head():
    assert digests.request_hash(b"head", b"") == base64.b64encode(hashlib.sha512(b"head").digest()).decode()


def test_content_digest_is_the_structured_field_of_rfc_9530():
    assert digests.content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


# -- faults


def test_what_the_information_system_did_wrong_is_a_client_error_with_400():
    fault = faults.fault_of(BadRequest(), gateway=faults.CONSUMER_GATEWAY, detail="1")

    assert (fault.type, fault.status, fault.code) == ("Client.BadRequest", 400, "exchange.bad_request")


def test_what_a_gateway_refuses_is_a_server_error_with_500():
    fault = faults.fault_of(AgreementMissing(), gateway=faults.PROVIDER_GATEWAY, detail="1")

    assert (fault.type, fault.status) == ("Server.ServerProxy.AccessDenied", 500)


def test_an_error_of_another_module_becomes_an_internal_error():
    from dean06.core.errors import Unavailable

    assert faults.fault_of(Unavailable(), gateway=faults.PROVIDER_GATEWAY, detail="").type == "Server.ServerProxy.InternalError"


def test_a_fault_is_json_with_type_message_and_detail():
    fault = faults.fault_of(AgreementMissing(), gateway=faults.PROVIDER_GATEWAY, detail="id")
    kind, body = faults.rendered(fault)

    assert kind.startswith("application/json")
    assert json.loads(body) == {
        "type": fault.type,
        "message": "No agreement lets this client call this service, method and path.",
        "detail": "id",
    }


@pytest.mark.parametrize("accept", ["text/xml", "application/xml;q=0.9", "text/*, application/json"])
def test_a_fault_is_xml_when_the_client_accepts_it(accept):
    kind, body = faults.rendered(faults.Fault("Client.BadRequest", "c", "a < b", "id"), accept=accept)

    assert kind.startswith("text/xml")
    assert body == b"<error><type>Client.BadRequest</type><message>a &lt; b</message><detail>id</detail></error>"


# -- patterns


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("/v1/persons/look-up", "/v1/persons/look-up", True),
        ("/v1/persons/look-up", "/v1/persons/look-up/", False),
        ("/v1/*", "/v1/persons", True),
        ("/v1/*", "/v1/persons/x", False),
        ("/v1/*", "/v1/", False),
        ("/v1/p*", "/v1/p", True),
        ("/v1/**", "/v1/", True),
        ("/v1/*/x", "/v1/persons/x", True),
        ("/v1/**", "/v1/persons/x", True),
        ("/**", "/", True),
        ("**", "/a/b", True),
        ("/a.c", "/abc", False),
        (r"/a\*c", "/a*c", True),
        (r"/a\*c", "/abc", False),
        ("/a\\", "/a\\", True),
        ("/v1/p*s/look-*", "/v1/persons/look-up", True),
        ("/***", "/a/b", True),
    ],
)
def test_patterns_of_endpoints(pattern, path, fits):
    assert globs.matches(pattern, path) is fits


# -- in-process callers


def test_an_in_process_call_is_the_message_that_would_have_been_sent():
    message = compose(
        client="VN/GOV/H49/SERVICES",
        service="VN/GOV/G01/POPULATION/population",
        method="post",
        path="/v1/persons/look-up?a=1",
        body=b"{}",
        purpose="đăng ký",
        legal_basis="68/2020/QH14, Điều 20",
        issue="H49.1",
        user="officer 1",
    )

    assert (message.method, message.path, message.query) == ("POST", "/v1/persons/look-up", "a=1")
    assert (message.purpose, message.legal_basis) == ("đăng ký", "68/2020/QH14, Điều 20")
    assert (message.issue, message.user, message.body) == ("H49.1", "officer 1", b"{}")
