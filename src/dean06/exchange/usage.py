"""The Estonian Data Tracker's three questions, for any register behind the gateway: who used a person's data, since when, is it well.

Every register answers them by construction, because the gateway makes the log. Looks that the agreement delays or exempts
are neither listed nor counted here; the person's own page counts them.

Source: e-gov/AJ (Andmejälgija) v1.6: ``GET /v2/findUsage``, ``/v2/usagePeriod``, ``/v2/heartbeat``; X-Road-UserId mandatory.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final
from urllib.parse import parse_qs

from django.db import DatabaseError

from dean06.core.clock import legal, now, today
from dean06.core.databases import database_of
from dean06.core.errors import Dean06Error
from dean06.core.keys import PersonKey
from dean06.exchange.domain.answering import Handler, ProviderRequest, ProviderResponse
from dean06.exchange.domain.telling import is_told
from dean06.exchange.evidence import PROVIDER_LOG
from dean06.exchange.models import EvidenceIndex
from dean06.ledger.public import Look, looks_at

SERVICE_CODE: Final = "findUsage"
MOST_USAGES: Final = 1000
ANSWERED: Final = "exchange.answered"
COUNTRY: Final = "VN"
CODE: Final = re.compile(f"{COUNTRY}[0-9]{{9,12}}")
END_USER: Final = re.compile(r"[A-Z]{2}[0-9A-Za-z]{1,62}")
AT_ONCE: Final = 500
FIRST_PROBLEM_STATUS: Final = 400


TIME_EXAMPLE: Final = "2026-11-23T09:30:00.000+07:00"
USAGE_EXAMPLE: Final = {
    "logtime": TIME_EXAMPLE,
    "action": "kyc; 91/2025/QH15, Điều 9",
    "receiverCode": "DEMOBANK",
    "receiverName": "Ngân hàng trình diễn",
    "receiverSystem": "CUSTOMERS",
}


class BadQuestion(Exception):
    """The question is not one of the protocol; the text says what to send."""


def usage_provider(system: str, *, person_key_of: Callable[[str], PersonKey]) -> Handler:
    """Return the handler of a register's ``findUsage`` service.

    Args:
        system: subsystem of the register, ``VN/GOV/G01/POPULATION``.
        person_key_of: finds a person by her number; raises a ``Dean06Error`` for nobody's.
    """

    def find(request: ProviderRequest) -> ProviderResponse:
        try:
            return _find_usage(system, request, person_key_of)
        except BadQuestion as exc:
            return _problem(400, str(exc))

    answers: dict[str, Handler] = {
        "/v2/findUsage": find,
        "/v2/usagePeriod": lambda _request: ProviderResponse(200, _period(system)),
        "/v2/heartbeat": lambda _request: ProviderResponse(200, _heartbeat()),
    }

    def handle(request: ProviderRequest) -> ProviderResponse:
        if request.method != "GET":
            return _problem(400, "Ask with GET.")
        if not END_USER.fullmatch(request.user):
            return _problem(400, "X-Road-UserId is mandatory: the end user who asks, with the country before the number.")
        answer = answers.get(request.path)
        return answer(request) if answer else _problem(404, f"There are {', '.join(answers)}.")

    return handle


def _find_usage(system: str, request: ProviderRequest, person_key_of: Callable[[str], PersonKey]) -> ProviderResponse:
    asked = {name: values[-1] for name, values in parse_qs(request.query).items()}
    start, end = _instant(asked, "periodStart"), _instant(asked, "periodEnd")
    offset, limit = _number(asked, "offset", 0), _number(asked, "limit", MOST_USAGES)
    if limit > MOST_USAGES:
        raise BadQuestion(f"limit is at most {MOST_USAGES}.")
    code = asked.get("userCode", "")
    if not CODE.fullmatch(code):
        raise BadQuestion("userCode is mandatory: the country before the number, VN079…")
    try:
        person = person_key_of(code.removeprefix(COUNTRY))
    except Dean06Error:
        return ProviderResponse(200, {"totalUsages": 0, "usages": []})  # nobody's number was used by nobody
    found = [look for look in _usages(system, person) if (start is None or look.at >= start) and (end is None or look.at <= end)]
    usages = [_described(look) for look in found[offset : offset + limit]]
    return ProviderResponse(200, {"totalUsages": len(found), "usages": usages}, (person,))


def _usages(system: str, person: PersonKey) -> Iterator[Look]:
    """Yield the register's disclosures of a person's data that she is to be told of, newest first."""
    cursor = ""
    while True:
        page = looks_at(person, kinds=(ANSWERED,), cursor=cursor, size=AT_ONCE)
        for look in page.rows:
            service, status = str(look.detail.get("service", "")), look.detail.get("status", 0)
            is_ours = service.startswith(f"{system}/") and not service.endswith(f"/{SERVICE_CODE}")
            if is_ours and isinstance(status, int) and status < FIRST_PROBLEM_STATUS and is_told(look.detail, on=today()):
                yield look
        cursor = page.next_cursor
        if not cursor:
            return


def _described(look: Look) -> dict[str, str]:
    parts = [*str(look.detail.get("client", "")).split("/"), "", "", "", ""]
    why = "; ".join(text for text in (look.purpose, look.legal_basis, look.dossier) if text)
    return {
        "logtime": legal(look.at).isoformat(timespec="milliseconds"),
        "action": why,
        "receiverCode": parts[2],
        "receiverName": look.who,
        "receiverSystem": parts[3],
    }


def _period(system: str) -> dict[str, str]:
    rows = EvidenceIndex.objects.using(database_of("exchange")).filter(log=PROVIDER_LOG, service__startswith=f"{system}/")
    first = rows.order_by("entry_id").first()
    return {"periodStart": legal(first.recorded_at if first else now()).isoformat(timespec="milliseconds")}


def _heartbeat() -> dict[str, str]:
    try:
        EvidenceIndex.objects.using(database_of("exchange")).exists()
    except DatabaseError as exc:
        return {"status": "FAIL", "message": type(exc).__name__}
    return {"status": "OK", "message": ""}


def _instant(asked: Mapping[str, str], name: str) -> datetime | None:
    """Read a time of RFC 3339; a plus sign that came as a space is put back."""
    if not (text := asked.get(name, "")):
        return None
    try:
        instant = datetime.fromisoformat(text.replace(" ", "+") if "T" in text else text)
    except ValueError as exc:
        raise BadQuestion(f"{name} is no time of RFC 3339.") from exc
    if instant.tzinfo is None:
        raise BadQuestion(f"{name} needs a time zone.")
    return instant


def _number(asked: Mapping[str, str], name: str, default: int) -> int:
    text = asked.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) <= len("1000000")):
        raise BadQuestion(f"{name} is no number from 0 on.")
    return int(text)


def _problem(status: int, detail: str) -> ProviderResponse:
    return ProviderResponse(status, {"type": "about:blank", "title": "findUsage", "status": status, "detail": detail})


def usage_openapi() -> dict[str, Any]:
    """Describe the service (OpenAPI 3.1)."""
    user = {"name": "X-Road-UserId", "in": "header", "required": True, "schema": {"type": "string", "pattern": f"^{END_USER.pattern}$"}}
    time = {"type": "string", "format": "date-time"}
    count = {"type": "integer", "minimum": 0}
    number = {"name": "userCode", "in": "query", "required": True, "schema": {"type": "string", "pattern": f"^{CODE.pattern}$"}}

    def asked(name: str, schema: Mapping[str, Any]) -> dict[str, Any]:
        return {"name": name, "in": "query", "schema": dict(schema)}

    def described(
        identifier: str, summary: str, example: Mapping[str, Any], properties: Mapping[str, Any], required: list[str], *parameters: Any
    ) -> Any:
        schema = {"type": "object", "properties": dict(properties), "required": required}
        problem = {"description": "Câu hỏi không đúng (RFC 9457)", "content": {"application/problem+json": {"schema": {"type": "object"}}}}
        answer = {"description": summary, "content": {"application/json": {"schema": schema, "example": dict(example)}}}
        return {
            "get": {
                "operationId": identifier,
                "summary": summary,
                "parameters": [user, *parameters],
                "responses": {"200": answer, "400": problem, "default": problem},
            }
        }

    text = {"type": "string"}
    usage = dict.fromkeys(("action", "receiverCode", "receiverName", "receiverSystem"), text)
    usages = {"type": "array", "items": {"type": "object", "properties": {"logtime": time, **usage}, "required": ["logtime", "action"]}}
    limit = asked("limit", {"type": "integer", "minimum": 0, "maximum": MOST_USAGES})
    period = (asked("periodStart", time), asked("periodEnd", time))
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Ai đã dùng dữ liệu của tôi",
            "version": "2.0.0",
            "description": "Data Tracker: findUsage, usagePeriod, heartbeat.",
        },
        "paths": {
            "/v2/findUsage": described(
                "findUsage",
                "Ai đã dùng dữ liệu của một người, mới nhất trước",
                {"totalUsages": 1, "usages": [USAGE_EXAMPLE]},
                {"totalUsages": count, "usages": usages},
                ["totalUsages", "usages"],
                *(number, *period, asked("offset", count), limit),
            ),
            "/v2/usagePeriod": described(
                "usagePeriod",
                "Từ khi nào việc dùng dữ liệu được ghi lại",
                {"periodStart": TIME_EXAMPLE},
                {"periodStart": time, "periodEnd": time},
                ["periodStart"],
            ),
            "/v2/heartbeat": described(
                "heartbeat",
                "Dịch vụ có hoạt động hay không",
                {"status": "OK", "message": ""},
                {"status": {"enum": ["OK", "FAIL"]}, "message": text},
                ["status", "message"],
            ),
        },
    }
