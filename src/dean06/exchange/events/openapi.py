"""OpenAPI 3.1 description of the service of events, the same behind each provider's gateway. Examples are invented."""

from collections.abc import Mapping
from typing import Any, Final

from dean06.core.problems import PROBLEM_CONTENT_TYPE
from dean06.exchange.events.asking import MOST_EVENTS, MOST_SUBJECTS

Schema = dict[str, Any]

ID_EXAMPLE: Final = "0190a000-0000-7000-8000-000000000001"
TYPE_EXAMPLE: Final = "vn.gov.dancu.residence.changed"
NUMBER_EXAMPLE: Final = "000190000017"
ONE: Final = "/v1/subscriptions/{id}"
KEY: Final[Schema] = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "format": "uuid"}, "example": ID_EXAMPLE}
PLACE: Final[Schema] = {"type": "integer", "minimum": 0}
SEQUENCE: Final[Schema] = {"type": "integer", "minimum": 1}
LIMIT: Final[Schema] = {"type": "integer", "minimum": 0, "maximum": MOST_EVENTS}
SUBSCRIBE: Final[Schema] = {
    "type": {"type": "string", "description": "Loại sự kiện"},
    "mode": {"enum": ["push", "pull"], "description": "Được gửi đến (push) hay tự lấy (pull)"},
    "target": {"type": "string", "description": "Địa chỉ nhận, khi được gửi đến"},
    "from_sequence": {"type": ["integer", "null"], "minimum": 1, "description": "Bắt đầu từ số thứ tự này"},
}
SUBJECTS: Final[Schema] = {
    "personal_ids": {
        "type": "array",
        "minItems": 1,
        "maxItems": MOST_SUBJECTS,
        "items": {"type": "string", "maxLength": 20},
        "description": "Số định danh của những người mình phục vụ",
    },
    "until": {"type": ["string", "null"], "format": "date", "description": "Nghe đến hết ngày"},
}
SUBSCRIPTION: Final[Schema] = {"id": ID_EXAMPLE, "type": TYPE_EXAMPLE, "mode": "pull", "state": "active", "position": 7}
EVENT_TYPE: Final[Schema] = {
    "type": TYPE_EXAMPLE,
    "title": "Đổi nơi thường trú",
    "about_subject": True,
    "retention_days": 30,
    "last_sequence": 7,
}
EVENT: Final[Schema] = {
    "specversion": "1.0",
    "id": ID_EXAMPLE,
    "source": "/VN/GOV/G01/POPULATION",
    "type": TYPE_EXAMPLE,
    "subject": "VN-9c1d",
    "data": {"changed": ["permanent_residence"]},
}


def events_openapi() -> Schema:
    """Return the description as an OpenAPI 3.1 document."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Sự kiện",
            "version": "1.0.0",
            "description": "Đăng ký nghe sự kiện về những người mình phục vụ, lấy sự kiện, xác nhận đã nhận, nghe lại.",
        },
        "paths": {
            "/v1/event-types": {"get": _asks("listEventTypes", "Các loại sự kiện mà thỏa thuận cho nghe", {"event_types": [EVENT_TYPE]})},
            "/v1/keys": {"get": _asks("listSigningKeys", "Các khóa ký thông báo gửi đến (JWKS)", {"keys": []})},
            "/v1/events": {"post": TELL},
            "/v1/subscriptions": {
                "get": _asks("listSubscriptions", "Các đăng ký nghe của mình", {"subscriptions": [SUBSCRIPTION]}),
                "post": _sends("subscribe", "Đăng ký nghe một loại sự kiện", SUBSCRIPTION, SUBSCRIBE, {"type": TYPE_EXAMPLE}, status="201"),
            },
            ONE: {
                "parameters": [KEY],
                "get": _asks("showSubscription", "Xem một đăng ký nghe", SUBSCRIPTION),
                "delete": _asks("endSubscription", "Thôi nghe", {"state": "ended"}),
            },
            f"{ONE}/subjects": {
                "parameters": [KEY],
                "post": _sends(
                    "watchSubjects",
                    "Cho biết mình phục vụ những ai",
                    {"subjects": [{"subject": "VN-9c1d"}], "new": 1},
                    SUBJECTS,
                    {"personal_ids": [NUMBER_EXAMPLE]},
                ),
            },
            f"{ONE}/forget-subjects": {
                "parameters": [KEY],
                "post": _sends(
                    "forgetSubjects", "Cho biết thôi phục vụ những ai", {"removed": 1}, SUBJECTS, {"personal_ids": [NUMBER_EXAMPLE]}
                ),
            },
            f"{ONE}/events": {
                "parameters": [KEY],
                "get": {
                    **_asks("pullEvents", "Lấy các sự kiện tiếp theo", {"events": [EVENT], "position": 7, "more": False}),
                    "parameters": [
                        {"name": "after", "in": "query", "schema": PLACE, "example": 0},
                        {"name": "limit", "in": "query", "schema": LIMIT, "example": 100},
                    ],
                },
            },
            f"{ONE}/confirm": {
                "parameters": [KEY],
                "post": _sends("confirmPosition", "Xác nhận đã nhận đến một vị trí", {"position": 7}, {"position": PLACE}, {"position": 7}),
            },
            f"{ONE}/replay": {
                "parameters": [KEY],
                "post": _sends(
                    "replayEvents", "Nghe lại từ một số thứ tự", {"position": 0}, {"from_sequence": SEQUENCE}, {"from_sequence": 1}
                ),
            },
        },
    }


def _asks(name: str, summary: str, answer: Schema, *, status: str = "200") -> Schema:
    problem = {"description": "Lời từ chối (RFC 9457)", "content": {PROBLEM_CONTENT_TYPE: {"schema": {"type": "object"}}}}
    document = {"description": summary, "content": {"application/json": {"schema": {"type": "object"}, "example": answer}}}
    return {"operationId": name, "summary": summary, "responses": {status: document, "default": problem}}


def _sends(name: str, summary: str, answer: Schema, asked: Mapping[str, Schema], example: Schema, *, status: str = "200") -> Schema:
    schema = {"type": "object", "additionalProperties": False, "properties": dict(asked), "required": list(example)}
    body = {"required": True, "content": {"application/json": {"schema": schema, "example": example}}}
    return {**_asks(name, summary, answer, status=status), "requestBody": body}


TELL: Final[Schema] = {
    **_asks("tellEvent", "Báo một sự kiện (chỉ hệ thống của bên cung cấp)", {"id": ID_EXAMPLE, "is_new": True}, status="202"),
    "requestBody": {
        "required": True,
        "content": {
            "application/cloudevents+json": {"schema": {"type": "object"}, "example": EVENT | {"subject": NUMBER_EXAMPLE}},
        },
    },
}
