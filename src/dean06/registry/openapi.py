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
            "description": "Tra cứu, tìm và xác minh công dân, hộ gia đình, quan hệ. Số định danh chỉ nằm trong nội dung yêu cầu; "
            "bên cung cấp bỏ những trường mà thỏa thuận không cho nhận.",
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
                "200": {
                    "description": "Câu trả lời; chỉ có những trường mà thỏa thuận cho phép",
                    "content": {"application/json": {"schema": _ref(answered), "example": response}},
                },
                "404": _problem("Không có ai mang số này, hoặc người này không thuộc hộ nào"),
                "409": _problem("Nhiều người từng mang số chín chữ số này"),
                "422": _problem("Nội dung yêu cầu hoặc số không đúng mẫu"),
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


def _said(words: str, schema: Schema) -> Schema:
    """Return a schema with what it means in the place where it stands, as a person reads it who is to release it."""
    return {**schema, "description": words}


TEXT: Final[Schema] = {"type": "string"}
BOOLEAN: Final[Schema] = {"type": "boolean"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
FULL_NAME: Final = _said("Họ, chữ đệm và tên", TEXT)
NUMBER: Final = _said("Số định danh cá nhân; null khi chưa được cấp", {"type": ["string", "null"], "pattern": "^[0-9]{12}$"})
BIRTH: Final = _said("Ngày, tháng, năm sinh, đúng đến mức đã biết", {"type": "string", "pattern": "^[0-9]{4}(-[0-9]{2}){0,2}$"})
SEX: Final = _said("Giới tính", {"type": "string", "enum": ["male", "female"]})
STATUS: Final = _said("Tình trạng: còn sống, đã chết, mất tích", {"type": "string", "enum": ["alive", "dead", "missing"]})
UNIT_CODE: Final = _said("Mã đơn vị hành chính cấp xã", TEXT)
UNIT_NAME: Final = _said("Tên đơn vị hành chính", TEXT)
ADDRESS: Final = _said("Số nhà, đường, tổ, thôn", TEXT)
HOUSEHOLD_CODE: Final = _said("Mã hộ", TEXT)
ROLE_AT_HOME: Final = _said("Quan hệ với chủ hộ", TEXT)
PLACE: Final = _object({"unit_code": UNIT_CODE, "unit_name": UNIT_NAME})
SOMEONE: Final = _object({"full_name": FULL_NAME, "personal_id": NUMBER})
RESIDENCE: Final = _object({"unit_code": UNIT_CODE, "unit_name": UNIT_NAME, "address": ADDRESS, "since": _said("Từ ngày", DAY)})

RESPONSES: Final[Schema] = {
    "Person": _object(
        {
            "personal_id": NUMBER,
            "old_number": _said("Số chứng minh nhân dân cũ", {"type": ["string", "null"], "pattern": "^[0-9]{9}$"}),
            "full_name": FULL_NAME,
            "born_on": BIRTH,
            "birth_precision": _said("Ngày sinh đúng đến ngày, tháng hay năm", {"type": "string", "enum": ["day", "month", "year"]}),
            "sex": SEX,
            "ethnic_group": _said("Dân tộc, mã của danh mục ethnic_groups", TEXT),
            "religion": _said("Tôn giáo, mã của danh mục religions; trống nếu không có", TEXT),
            "nationality": _said("Quốc tịch, ISO 3166-1 alpha-3", TEXT),
            "marital_state": _said("Tình trạng hôn nhân", TEXT),
            "status": STATUS,
            "died_on": _said("Ngày chết", _nullable(DAY)),
            "permanent_residence": _said("Nơi thường trú", _nullable(RESIDENCE)),
            "temporary_residence": _said("Nơi tạm trú", _nullable(RESIDENCE)),
            "household": _said(
                "Hộ gia đình",
                _nullable(_object({"code": HOUSEHOLD_CODE, "relation": ROLE_AT_HOME, "head": _said("Chủ hộ", _nullable(SOMEONE))})),
            ),
            "father": _said("Cha", _nullable(SOMEONE)),
            "mother": _said("Mẹ", _nullable(SOMEONE)),
            "spouse": _said("Vợ hoặc chồng", _nullable(SOMEONE)),
            "born_in": _said("Nơi sinh", _nullable(PLACE)),
            "native_place": _said("Quê quán", TEXT),
        }
    ),
    "Matches": _object(
        {
            "matches": {
                "description": "Những người khớp",
                "type": "array",
                "items": _object(
                    {
                        "personal_id": NUMBER,
                        "full_name": FULL_NAME,
                        "born_on": BIRTH,
                        "sex": SEX,
                        "status": STATUS,
                        "permanent_residence": _said("Nơi thường trú", _nullable(PLACE)),
                    }
                ),
            },
            "is_complete": _said("Đã liệt kê hết; false khi còn người khớp ngoài giới hạn", BOOLEAN),
        }
    ),
    "Verdict": _object(
        {
            "agrees": _said("Mọi mục được hỏi đều khớp", BOOLEAN),
            "fields": _said(
                "Từng mục khớp hay không",
                _object(
                    {
                        "full_name": _said("Họ tên khớp", BOOLEAN),
                        "born_on": _said("Ngày sinh khớp", BOOLEAN),
                        "sex": _said("Giới tính khớp", BOOLEAN),
                    },
                    optional=("full_name", "born_on", "sex"),
                ),
            ),
        }
    ),
    "Household": _object(
        {
            "code": HOUSEHOLD_CODE,
            "unit_code": UNIT_CODE,
            "unit_name": UNIT_NAME,
            "address": ADDRESS,
            "head": _said("Chủ hộ", _nullable(SOMEONE)),
            "members": {
                "description": "Thành viên hộ",
                "type": "array",
                "items": _object({"personal_id": NUMBER, "full_name": FULL_NAME, "born_on": BIRTH, "sex": SEX, "relation": ROLE_AT_HOME}),
            },
        }
    ),
    "Relationship": _object(
        {
            "relation": _said(
                "Người thứ hai là gì của người thứ nhất; parent: người thứ hai là cha hoặc mẹ của người thứ nhất",
                {"type": "string", "enum": ["spouse", "parent", "child", "sibling", "none"]},
            )
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
