"""What a register is to the exchange: operations with schema, example and answer, and the OpenAPI 3.1 document made of them.

Examples are invented: their numbers carry the prefix 000, which no province has.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

import msgspec

from dean06.core.keys import PersonKey
from dean06.core.problems import PROBLEM_CONTENT_TYPE, problem
from dean06.demo.registers.errors import MalformedQuestion, NotInRegister

Schema = dict[str, Any]

NUMBER_EXAMPLE: Final = "000190000017"
OTHER_NUMBER_EXAMPLE: Final = "000065000025"
NAME_EXAMPLE: Final = "Trần Thị Thí Dụ"
OTHER_NAME_EXAMPLE: Final = "Trần Thí Dụ"
REQUEST_ID_EXAMPLE: Final = "5f0e2c1a-7f0b-4f0e-9d55-0d7a3c1b2e4f"

TEXT: Final[Schema] = {"type": "string"}
DAY: Final[Schema] = {"type": "string", "format": "date"}
FLAG: Final[Schema] = {"type": "boolean"}
COUNT: Final[Schema] = {"type": "integer", "minimum": 0}
NUMBER: Final[Schema] = {"type": "string", "pattern": "^[0-9]{12}$", "description": "Số định danh cá nhân"}


def shape(pattern: str, description: str) -> Schema:
    """Return a text of a form."""
    return {"type": "string", "pattern": pattern, "description": description}


def one_of(*values: str, description: str = "") -> Schema:
    """Return a text from a list."""
    return {"type": "string", "enum": list(values), **({"description": description} if description else {})}


def record(**properties: Schema) -> Schema:
    """Return an object that always has all its properties."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def nullable(schema: Schema) -> Schema:
    """Return what may also be null."""
    return {"anyOf": [schema, {"type": "null"}]}


def list_of(schema: Schema) -> Schema:
    """Return a list."""
    return {"type": "array", "items": schema}


HOLDER: Final = {"personal_id": NUMBER, "full_name": TEXT}


@dataclass(frozen=True, slots=True)
class Disclosure:
    """What a register answers and whose data is in it."""

    document: Mapping[str, Any] = field(repr=False)
    subjects: tuple[PersonKey, ...]


PersonNumber = Annotated[str, msgspec.Meta(pattern="^[0-9]{12}$")]


class ByPerson(msgspec.Struct, forbid_unknown_fields=True):
    """Ask by a person's twelve-digit number."""

    personal_id: PersonNumber


PERSON_QUESTION: Final = record(personal_id=NUMBER)


@dataclass(frozen=True, slots=True)
class Operation:
    """One question that a register answers, always by POST: the number stands in the body.

    Attributes:
        name: operationId.
        path: after the service code.
        summary: Vietnamese, for people who look for a service.
        question: schema of the body.
        parse: type of the body.
        answer_schema: of the answer.
        example: of the body and of the answer.
        answer: from the parsed body to the answer.
    """

    name: str
    path: str
    summary: str
    question: Schema = field(repr=False)
    parse: type[msgspec.Struct]
    answer_schema: Schema = field(repr=False)
    example: tuple[Schema, Schema] = field(repr=False)
    answer: Callable[[Any], Disclosure]


@dataclass(frozen=True, slots=True)
class Register:
    """One service of the invented country.

    Attributes:
        service: identifier at the exchange.
        title: Vietnamese.
        description: whose role it shows and how sure the forms of its numbers are.
        operations: what it answers.
    """

    service: str
    title: str
    description: str
    operations: tuple[Operation, ...]

    def openapi(self) -> Mapping[str, Any]:
        """Return the description as an OpenAPI 3.1 document."""
        schemas: Schema = {"Problem": PROBLEM}
        for operation in self.operations:
            stem = operation.name[0].upper() + operation.name[1:]
            schemas |= {f"{stem}Question": operation.question, f"{stem}Answer": operation.answer_schema}
        return {
            "openapi": "3.1.0",
            "info": {"title": self.title, "version": "1.0.0", "description": f"{self.description} {INVENTED}"},
            "paths": {operation.path: {"post": _described(operation)} for operation in self.operations},
            "components": {"schemas": schemas},
        }


INVENTED: Final = "Mọi dữ liệu đều được bịa ra từ dân số trình diễn; không có người thật."
PROBLEM: Final = {
    "type": "object",
    "properties": {
        "type": TEXT,
        "code": TEXT,
        "title": TEXT,
        "detail": TEXT,
        "status": {"type": "integer"},
        "instance": TEXT,
    },
    "required": ["type", "code", "title", "detail", "status"],
}


def _described(operation: Operation) -> Schema:
    stem = operation.name[0].upper() + operation.name[1:]
    question, answer = operation.example
    return {
        "operationId": operation.name,
        "summary": operation.summary,
        "requestBody": {"required": True, "content": {"application/json": {"schema": _ref(f"{stem}Question"), "example": question}}},
        "responses": {
            "200": {
                "description": "Câu trả lời; bên cung cấp chỉ gửi những trường mà thỏa thuận cho phép",
                "content": {"application/json": {"schema": _ref(f"{stem}Answer"), "example": answer}},
            },
            "404": _refused("Không có ai hoặc không có gì mang số này", NotInRegister()),
            "422": _refused("Nội dung yêu cầu không đúng mẫu", MalformedQuestion()),
        },
    }


def _refused(description: str, error: NotInRegister | MalformedQuestion) -> Schema:
    example = problem(error, request_id=REQUEST_ID_EXAMPLE)
    return {"description": description, "content": {PROBLEM_CONTENT_TYPE: {"schema": _ref("Problem"), "example": example}}}


def _ref(name: str) -> Schema:
    return {"$ref": f"#/components/schemas/{name}"}
