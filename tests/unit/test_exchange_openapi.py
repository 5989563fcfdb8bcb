"""What the description of a service must hold, and what a new version breaks."""

import copy

import pytest

from dean06.demo.registers.country import REGISTERS
from dean06.exchange.openapi.compare import breaking_changes
from dean06.exchange.openapi.lint import lint
from dean06.registry.public import provider_openapi

ADDRESS = "/v1/permits/look-up"


@pytest.fixture
def document():
    return {
        "openapi": "3.1.0",
        "info": {"title": "Giấy phép", "version": "1.0.0"},
        "paths": {
            ADDRESS: {
                "post": {
                    "operationId": "lookUpPermit",
                    "summary": "Tra cứu giấy phép",
                    "parameters": [{"name": "page", "in": "query", "schema": {"type": "integer", "maximum": 50}}],
                    "requestBody": {
                        "required": True,
                        "content": {
                            "application/json": {
                                "schema": {"$ref": "#/components/schemas/Question"},
                                "example": {"personal_id": "000190000017"},
                            }
                        },
                    },
                    "responses": {
                        "200": {
                            "description": "OK",
                            "content": {
                                "application/json": {
                                    "schema": {"$ref": "#/components/schemas/Permit"},
                                    "example": {"number": "7", "kind": "fishing", "until": None},
                                }
                            },
                        },
                        "404": {"description": "Nobody", "content": {"application/problem+json": {"schema": {"type": "object"}}}},
                    },
                }
            }
        },
        "components": {
            "schemas": {
                "Question": {
                    "type": "object",
                    "required": ["personal_id"],
                    "properties": {
                        "personal_id": {"type": "string", "maxLength": 20},
                        "kind": {"type": "string", "enum": ["fishing", "hunting"]},
                        "year": {"type": ["integer", "string"]},
                    },
                },
                "Permit": {
                    "type": "object",
                    "required": ["number", "kind", "until"],
                    "properties": {
                        "number": {"type": "string"},
                        "kind": {"type": "string", "enum": ["fishing", "hunting"]},
                        "until": {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]},
                    },
                },
            }
        },
    }


def operation(document):
    return document["paths"][ADDRESS]["post"]


def question(document):
    return document["components"]["schemas"]["Question"]


def permit(document):
    return document["components"]["schemas"]["Permit"]


def test_a_whole_description_has_no_findings(document):
    assert lint(document) == []


@pytest.mark.parametrize("described", [provider_openapi(), *(one.openapi() for one in REGISTERS)], ids=lambda one: one["info"]["title"])
def test_every_description_of_ours_passes_and_breaks_nothing_of_itself(described):
    assert [finding.text for finding in lint(described)] == []
    assert breaking_changes(described, described) == []


FAULTS = {
    "an older format": (lambda d: d.update(openapi="3.0.3"), "openapi", "3.1"),
    "no title": (lambda d: d["info"].pop("title"), "info", "title"),
    "nothing described": (lambda d: d.update(paths={}), "paths", "no operation"),
    "no operationId": (lambda d: operation(d).pop("operationId"), f"paths.{ADDRESS}.post", "operationId"),
    "no summary": (lambda d: operation(d).pop("summary"), f"paths.{ADDRESS}.post", "summary"),
    "an English summary": (lambda d: operation(d).update(summary="Look up a permit"), f"paths.{ADDRESS}.post.summary", "not Vietnamese"),
    "no refusal": (lambda d: operation(d)["responses"].pop("404"), f"paths.{ADDRESS}.post.responses", "no refusal"),
    "no success": (lambda d: operation(d)["responses"].pop("200"), f"paths.{ADDRESS}.post.responses", "no success"),
    "an error of its own form": (
        lambda d: operation(d)["responses"]["404"].update(content={"application/json": {"schema": {}}}),
        f"paths.{ADDRESS}.post.responses.404",
        "application/json",
    ),
    "a number in the query": (
        lambda d: operation(d)["parameters"].append({"name": "personal_id", "in": "query", "schema": {"type": "string"}}),
        f"paths.{ADDRESS}.post.parameters.1",
        "in the query",
    ),
    "a number by its pattern": (
        lambda d: operation(d)["parameters"].append(
            {"name": "who", "in": "header", "schema": {"type": "string", "pattern": "^[0-9]{12}$"}}
        ),
        f"paths.{ADDRESS}.post.parameters.1",
        "in the header",
    ),
    "a number in the path": (
        lambda d: d["paths"].update({"/v1/permits/{so_dinh_danh}": d["paths"].pop(ADDRESS)}),
        "paths./v1/permits/{so_dinh_danh}",
        "in the path",
    ),
    "no example of the question": (
        lambda d: operation(d)["requestBody"]["content"]["application/json"].pop("example"),
        f"paths.{ADDRESS}.post.requestBody",
        "example is missing",
    ),
    "an example of somebody": (
        lambda d: operation(d)["requestBody"]["content"]["application/json"].update(example={"personal_id": "022190000017"}),
        f"paths.{ADDRESS}.post.requestBody.example",
        "somebody",
    ),
    "an example that does not fit": (
        lambda d: operation(d)["responses"]["200"]["content"]["application/json"]["example"].update(kind="other"),
        f"paths.{ADDRESS}.post.responses.200.example",
        "kind does not fit",
    ),
    "a reference to nowhere": (
        lambda d: operation(d)["requestBody"]["content"]["application/json"].update(schema={"$ref": "#/components/schemas/Gone"}),
        f"paths.{ADDRESS}.post.requestBody.content.application/json.schema.$ref",
        "leads nowhere",
    ),
    "a word of 3.0": (lambda d: permit(d)["properties"]["number"].update(minLength=True), "components.schemas.Permit", "JSON Schema"),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_named_with_place_and_remedy(document, name):
    spoil, place, words = FAULTS[name]
    spoil(document)

    found = [finding for finding in lint(document) if finding.text.startswith(f"{place}: ") and words in finding.text]
    assert found, [finding.text for finding in lint(document)]
    assert found[0].remedy


BREAKS = {
    "path_removed": lambda d: d["paths"].update({"/v2/permits": d["paths"].pop(ADDRESS)}),
    "method_removed": lambda d: d["paths"].update({ADDRESS: {"put": d["paths"][ADDRESS].pop("post")}}),
    "answer_removed": lambda d: operation(d)["responses"].update({"201": operation(d)["responses"].pop("200")}),
    "field_removed": lambda d: permit(d)["properties"].pop("until"),
    "field_optional": lambda d: permit(d)["required"].remove("until"),
    "type_changed": lambda d: permit(d)["properties"]["number"].update(type="integer"),
    "type_narrowed": lambda d: question(d)["properties"]["year"].update(type="integer"),
    "input_required": lambda d: question(d).update(required=["personal_id", "year"]),
}


@pytest.mark.parametrize("kind", BREAKS)
def test_what_breaks_callers_is_named(document, kind):
    changed = copy.deepcopy(document)
    BREAKS[kind](changed)

    assert kind in [change.kind for change in breaking_changes(document, changed)]


@pytest.mark.parametrize(
    "change",
    [
        lambda d: question(d)["properties"]["personal_id"].update(maxLength=12),
        lambda d: question(d)["properties"]["kind"].update(enum=["fishing"]),
        lambda d: question(d)["properties"]["personal_id"].update(pattern="^[0-9]+$"),
        lambda d: question(d)["required"].append("reason"),
        lambda d: operation(d)["parameters"][0].update(required=True),
        lambda d: operation(d)["parameters"].append({"name": "tenant", "in": "query", "required": True}),
        lambda d: operation(d)["parameters"][0]["schema"].update(maximum=10),
        lambda d: permit(d)["properties"]["kind"].update(enum=["fishing", "hunting", "sailing"]),
        lambda d: permit(d)["properties"]["number"].update(type=["string", "null"]),
    ],
    ids=["shorter", "fewer", "pattern", "required", "parameter", "new_parameter", "smaller", "more_values", "nullable"],
)
def test_further_changes_that_break_callers(document, change):
    changed = copy.deepcopy(document)
    change(changed)

    assert len(breaking_changes(document, changed)) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda d: d["paths"].update({"/v1/other": copy.deepcopy(d["paths"][ADDRESS])}),
        lambda d: question(d)["properties"].update(note={"type": "string"}),
        lambda d: question(d)["required"].clear(),
        lambda d: question(d)["properties"]["kind"].pop("enum"),
        lambda d: question(d)["properties"]["personal_id"].update(maxLength=40),
        lambda d: permit(d)["properties"].update(more={"type": "string"}),
        lambda d: permit(d)["properties"]["kind"].update(enum=["fishing"]),
        lambda d: permit(d)["properties"]["until"].update(anyOf=[{"type": "string"}]),
        lambda d: operation(d).update(summary="Tra cứu giấy phép còn hạn"),
    ],
    ids=["new_path", "optional_field", "less_required", "any_value", "longer", "new_field", "fewer_values", "never_null", "words"],
)
def test_what_breaks_nobody_is_not_named(document, change):
    changed = copy.deepcopy(document)
    change(changed)

    assert breaking_changes(document, changed) == []


def test_schemas_that_name_themselves_come_to_an_end(document):
    permit(document)["properties"]["next"] = {"$ref": "#/components/schemas/Permit"}
    changed = copy.deepcopy(document)
    permit(changed)["properties"]["number"]["type"] = "integer"

    assert lint(document) == []
    assert breaking_changes(document, changed)


@pytest.mark.parametrize(
    "nonsense", [{}, {"paths": []}, {"paths": {"/x": None}}, {"openapi": "3.1.0", "paths": {"/x": {"post": {"responses": 7}}}}]
)
def test_nonsense_is_found_faulty_and_nothing_breaks_on_it(nonsense):
    assert lint(nonsense)
    assert breaking_changes(nonsense, nonsense) == []
