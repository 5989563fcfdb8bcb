"""OpenAPI 3.1 description of the registry's services, for catalogues, clients and the gateway's field mask.

Examples are invented: the numbers carry the prefix 000, which no province has.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from dean06.core.problems import PROBLEM_CONTENT_TYPE
from dean06.registry.provider import LookUp, Relation, Search, Verify

VERSION: Final = "1.0.0"
NUMBER_EXAMPLE: Final = "000190000017"
OTHER_NUMBER_EXAMPLE: Final = "000065000025"

Schema = dict[str, Any]


def provider_openapi() -> Mapping[str, Any]:
    """Return the description as an OpenAPI 3.1 document."""
    _, requests = msgspec.json.schema_components([LookUp, Search, Verify, Relation], ref_template="#/components/schemas/{name}")
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cơ sở dữ liệu quốc gia về dân cư",
            "version": VERSION,
            "description": "Look-up, search and verification of persons, households and kinship. Numbers stand in request bodies only. "
            "The gateway removes the fields that the agreement does not release.",
        },
        "paths": {
            "/v1/persons/look-up": _post(
                "lookUpPerson",
                "Tra cứu một công dân",
                asked="LookUp",
                answered="Person",
                request={"personal_id": NUMBER_EXAMPLE},
                response=PERSON_EXAMPLE,
            ),
            "/v1/persons/search": _post(
                "searchPersons",
                "Tìm công dân theo họ tên, năm sinh, nơi thường trú",
                asked="Search",
                answered="Matches",
                request=SEARCH_EXAMPLE,
                response=MATCHES_EXAMPLE,
            ),
            "/v1/persons/verify": _post(
                "verifyPerson",
                "Xác minh thông tin công dân",
                asked="Verify",
                answered="Verdict",
                request=VERIFY_EXAMPLE,
                response=VERDICT_EXAMPLE,
            ),
            "/v1/households/look-up": _post(
                "lookUpHousehold",
                "Tra cứu hộ gia đình của một công dân",
                asked="LookUp",
                answered="Household",
                request={"personal_id": NUMBER_EXAMPLE},
                response=HOUSEHOLD_EXAMPLE,
            ),
            "/v1/relationships/check": _post(
                "checkRelationship",
                "Kiểm tra quan hệ của người thứ hai với người thứ nhất",
                asked="Relation",
                answered="Relationship",
                request={"personal_id": NUMBER_EXAMPLE, "other_personal_id": OTHER_NUMBER_EXAMPLE},
                response={"relation": "parent"},
            ),
        },
        "components": {"schemas": {**requests, **RESPONSES}},
    }


def _post(operation: str, summary: str, *, asked: str, answered: str, request: Schema, response: Schema) -> Schema:
    return {
        "post": {
            "operationId": operation,
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(asked), "example": request}}},
            "responses": {
                "200": {"description": "OK", "content": {"application/json": {"schema": _ref(answered), "example": response}}},
                "404": _problem("Nobody has this number, or the person belongs to no household"),
                "409": _problem("Several people held this nine-digit number"),
                "422": _problem("The body or the number is malformed"),
            },
        }
    }


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}


def _problem(description: str) -> Schema:
    return {"description": description, "content": {PROBLEM_CONTENT_TYPE: {"schema": _ref("Problem")}}}


def _object(properties: Schema, *, optional: tuple[str, ...] = ()) -> Schema:
    return {"type": "object", "properties": properties, "required": [name for name in properties if name not in optional]}


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


TEXT: Final[Schema] = {"type": "string"}
NUMBER: Final[Schema] = {"type": ["string", "null"], "pattern": "^[0-9]{12}$", "description": "Null for a person without a number"}
BIRTH: Final[Schema] = {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}){0,2}$", "description": "As exactly as it is known"}
SEX: Final[Schema] = {"type": "string", "enum": ["male", "female"]}
STATUS: Final[Schema] = {"type": "string", "enum": ["alive", "dead", "missing"]}
DAY: Final[Schema] = {"type": "string", "format": "date"}
PLACE: Final = _object({"unit_code": TEXT, "unit_name": TEXT})
SOMEONE: Final = _object({"full_name": TEXT, "personal_id": NUMBER})
RESIDENCE: Final = _object({"unit_code": TEXT, "unit_name": TEXT, "address": TEXT, "since": DAY})

RESPONSES: Final[Schema] = {
    "Person": _object(
        {
            "personal_id": NUMBER,
            "old_number": {"type": ["string", "null"], "pattern": "^[0-9]{9}$"},
            "full_name": TEXT,
            "born_on": BIRTH,
            "birth_precision": {"type": "string", "enum": ["day", "month", "year"]},
            "sex": SEX,
            "ethnic_group": {"type": "string", "description": "Code list ethnic_groups"},
            "religion": {"type": "string", "description": "Code list religions; empty for none"},
            "nationality": {"type": "string", "description": "ISO 3166-1 alpha-3"},
            "marital_state": TEXT,
            "status": STATUS,
            "died_on": _nullable(DAY),
            "permanent_residence": _nullable(RESIDENCE),
            "temporary_residence": _nullable(RESIDENCE),
            "household": _nullable(_object({"code": TEXT, "relation": TEXT, "head": _nullable(SOMEONE)})),
            "father": _nullable(SOMEONE),
            "mother": _nullable(SOMEONE),
            "spouse": _nullable(SOMEONE),
            "born_in": _nullable(PLACE),
            "native_place": TEXT,
        }
    ),
    "Matches": _object(
        {
            "matches": {
                "type": "array",
                "items": _object(
                    {
                        "personal_id": NUMBER,
                        "full_name": TEXT,
                        "born_on": BIRTH,
                        "sex": SEX,
                        "status": STATUS,
                        "permanent_residence": _nullable(PLACE),
                    }
                ),
            },
            "is_complete": {"type": "boolean", "description": "False when there are more than the limit"},
        }
    ),
    "Verdict": _object(
        {
            "agrees": {"type": "boolean", "description": "True when every field asked agrees"},
            "fields": _object(
                {"full_name": {"type": "boolean"}, "born_on": {"type": "boolean"}, "sex": {"type": "boolean"}},
                optional=("full_name", "born_on", "sex"),
            ),
        }
    ),
    "Household": _object(
        {
            "code": TEXT,
            "unit_code": TEXT,
            "unit_name": TEXT,
            "address": TEXT,
            "head": _nullable(SOMEONE),
            "members": {
                "type": "array",
                "items": _object({"personal_id": NUMBER, "full_name": TEXT, "born_on": BIRTH, "sex": SEX, "relation": TEXT}),
            },
        }
    ),
    "Relationship": _object(
        {
            "relation": {
                "type": "string",
                "enum": ["spouse", "parent", "child", "sibling", "none"],
                "description": "What the other person is to the first: parent means that the other is the first one's father or mother",
            }
        }
    ),
    "Problem": _object({"type": TEXT, "code": TEXT, "title": TEXT, "detail": TEXT, "status": {"type": "integer"}, "instance": TEXT}),
}

RESIDENCE_EXAMPLE: Final[Schema] = {
    "unit_code": "00004",
    "unit_name": "Phường Ba Đình, thành phố Hà Nội",
    "address": "Số 1, ngõ Thí Dụ",
    "since": "2019-04-01",
}
SOMEONE_EXAMPLE: Final[Schema] = {"full_name": "Trần Thí Dụ", "personal_id": OTHER_NUMBER_EXAMPLE}
PERSON_EXAMPLE: Final[Schema] = {
    "personal_id": NUMBER_EXAMPLE,
    "old_number": None,
    "full_name": "Trần Thị Thí Dụ",
    "born_on": "1990-05-02",
    "birth_precision": "day",
    "sex": "female",
    "ethnic_group": "01",
    "religion": "",
    "nationality": "VNM",
    "marital_state": "",
    "status": "alive",
    "died_on": None,
    "permanent_residence": RESIDENCE_EXAMPLE,
    "temporary_residence": None,
    "household": {"code": "00004-1", "relation": "child", "head": SOMEONE_EXAMPLE},
    "father": SOMEONE_EXAMPLE,
    "mother": None,
    "spouse": None,
    "born_in": {"unit_code": "00004", "unit_name": "Phường Ba Đình, thành phố Hà Nội"},
    "native_place": "Phường Ba Đình, thành phố Hà Nội",
}
SEARCH_EXAMPLE: Final[Schema] = {"name": "thi du tran", "birth_year": 1990, "unit_code": "00004", "limit": 10}
MATCHES_EXAMPLE: Final[Schema] = {
    "matches": [
        {
            "personal_id": NUMBER_EXAMPLE,
            "full_name": "Trần Thị Thí Dụ",
            "born_on": "1990-05-02",
            "sex": "female",
            "status": "alive",
            "permanent_residence": {"unit_code": "00004", "unit_name": "Phường Ba Đình, thành phố Hà Nội"},
        }
    ],
    "is_complete": True,
}
VERIFY_EXAMPLE: Final[Schema] = {"personal_id": NUMBER_EXAMPLE, "full_name": "Tran Thi Thi Du", "born_on": "1990-05-02", "sex": "female"}
VERDICT_EXAMPLE: Final[Schema] = {"agrees": True, "fields": {"full_name": True, "born_on": True, "sex": True}}
HOUSEHOLD_EXAMPLE: Final[Schema] = {
    "code": "00004-1",
    "unit_code": "00004",
    "unit_name": "Phường Ba Đình, thành phố Hà Nội",
    "address": "Số 1, ngõ Thí Dụ",
    "head": SOMEONE_EXAMPLE,
    "members": [
        {"personal_id": OTHER_NUMBER_EXAMPLE, "full_name": "Trần Thí Dụ", "born_on": "1965", "sex": "male", "relation": "head"},
        {"personal_id": NUMBER_EXAMPLE, "full_name": "Trần Thị Thí Dụ", "born_on": "1990-05-02", "sex": "female", "relation": "child"},
    ],
}
