"""GovStack's published scenarios for an Information Mediator, as our own: its addresses, its header, its shapes.

The scenarios (listClients, listMethods, allowedMethods, getOpenAPI) prove shapes; beside them stand what they leave out: the answers
are about this installation, and a call under a GovStack address is held to the same agreement as one under ``/r1``.
"""

import json

import jsonschema_rs
import pytest

from exchange_gateways import CLIENT, POPULATION, TOKEN_CLIENT, refusal

pytestmark = pytest.mark.xdist_group("exchange_gateways")

PROVIDER = "/VN/GOV/G01/POPULATION"
TEXT = {"type": "string"}
ENDPOINTS = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "member": {
            "type": "array",
            "items": {"type": "object", "additionalProperties": False, "properties": {"method": TEXT, "path": TEXT}},
        }
    },
}
ROW = {
    "objectType": {
        "type": "object",
        "additionalProperties": False,
        "properties": {"object_type": {"enum": ["MEMBER", "SUBSYSTEM", "SERVICE"]}},
    },
    **dict.fromkeys(
        ["serviceType", "GovStackInstance", "memberClass", "memberCode", "applicationCode", "serviceCode", "serviceVersion"], TEXT
    ),
    "endpointList": ENDPOINTS,
}
LIST = jsonschema_rs.validator_for(
    {
        "type": "object",
        "required": ["member"],
        "additionalProperties": False,
        "properties": {"member": {"type": "array", "items": {"type": "object", "additionalProperties": False, "properties": ROW}}},
    }
)


def ask(gateways, path, *options, client=CLIENT, **more):
    named = ["-H", f"Information-Mediator-Client: {client}"] if client else []
    return gateways.curl(path, *named, *options, **{"data": None, "client": "", "purpose": "", "kind": "", **more})


def rows(answered):
    assert answered.status == 200, answered
    assert answered.headers["content-type"] == "application/json; charset=utf-8"
    LIST.validate(answered.json)
    return answered.json["member"]


@pytest.mark.parametrize("query", ["?serviceId=a&instanceId=VN", "?instanceId=VN", "?instanceId="])
def test_the_clients_are_listed_in_the_shape_of_the_mediator(gateways, query):
    found = rows(ask(gateways, f"/listClients{query}", client=""))

    wanted = {"GovStackInstance": "VN", "memberClass": "COM", "memberCode": "DEMOBANK", "applicationCode": "CUSTOMERS"}
    assert {"objectType": {"object_type": "SUBSYSTEM"}, **wanted} in found


def test_the_clients_of_another_instance_are_none(gateways):
    assert rows(ask(gateways, "/listClients?instanceId=XX", client="")) == []


def test_the_methods_of_a_provider_are_listed_to_anybody_on_this_machine(gateways):
    found = {row["serviceCode"]: row for row in rows(ask(gateways, f"{PROVIDER}/listMethods?serviceId=x", client=""))}

    assert found["population"]["serviceType"] == "OPENAPI"
    assert found["population"]["endpointList"]["member"] == [{"method": "POST", "path": "/v1/persons/look-up"}]


def test_the_methods_that_a_client_may_use_are_its_own(gateways):
    mine = {row["serviceCode"] for row in rows(ask(gateways, f"{PROVIDER}/allowedMethods"))}
    others = rows(ask(gateways, f"{PROVIDER}/allowedMethods", client="VN/GOV/H49/SERVICES"))

    assert {"population", "guarded"} <= mine
    assert others == []


@pytest.mark.parametrize("client", ["", "VN/GOV", "VN/COM/NOBODY/X"])
def test_allowed_methods_of_nobody_are_refused(gateways, client):
    assert ask(gateways, f"{PROVIDER}/allowedMethods", client=client).status == 400


def test_a_description_is_one_json_string_without_internal_addresses(gateways):
    answered = ask(gateways, f"{PROVIDER}/getOpenAPI?serviceCode=population")

    assert answered.headers["content-type"] == "application/json; charset=utf-8"
    assert json.loads(answered.json)["openapi"] == "3.1.0"
    assert b"10.0.0." not in answered.body


@pytest.mark.parametrize(
    "path",
    [
        "/1nval1d/GOV/G01/POPULATION/getOpenAPI?serviceCode=population",
        "/VN/1nval1d/G01/POPULATION/getOpenAPI?serviceCode=population",
        "/VN/GOV/_invalid/POPULATION/getOpenAPI?serviceCode=population",
        "/VN/GOV/G01/_invalid/getOpenAPI?serviceCode=population",
        "/1nval1d/1nval1d/_invalid/_invalid/getOpenAPI?serviceCode=population",
        f"{PROVIDER}/getOpenAPI?serviceCode=_invalid",
        f"{PROVIDER}/getOpenAPI?serviceCode=",
        f"{PROVIDER}/getOpenAPI?serviceCode=nothing",
        f"{PROVIDER}/getOpenAPI",
    ],
)
def test_a_description_of_nothing_is_400_and_a_json_string(gateways, path):
    answered = ask(gateways, path)

    assert answered.status == 400
    assert isinstance(answered.json, str)
    assert "x-road-error" in answered.headers


def test_a_call_under_the_mediator_s_address_is_held_to_the_same_agreement(gateways, recorded):
    path = POPULATION.removeprefix("/r1") + "/v1/persons/look-up"
    call = {"data": "{}", "purpose": "kyc", "kind": "application/json"}
    right = ask(gateways, path, **call)
    wrong = ask(gateways, path, **{**call, "purpose": "marketing"})
    guarded = ask(gateways, path, client=TOKEN_CLIENT, **call)

    assert right.json["echo"]["client"] == CLIENT
    assert refusal(wrong)[1] == "exchange.purpose_not_covered"
    assert refusal(guarded)[1] == "exchange.client_not_authenticated"
    assert "exchange.answered" in {entry["kind"] for entry in recorded()}


def test_the_mediator_s_header_wins_over_another_that_stands_beside_it(gateways):
    path = POPULATION.removeprefix("/r1") + "/v1/persons/look-up"
    answered = ask(gateways, path, "-H", "X-Road-Client: VN/GOV/H49/SERVICES", data="{}", purpose="kyc", kind="application/json")

    assert answered.json["echo"]["client"] == CLIENT
