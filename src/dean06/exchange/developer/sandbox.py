"""The developers' sandbox: one client that asks the real way, through the consumer's gateway, about invented people only."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final

from pyreqwest.client import SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from dean06.core.errors import Invalid, NotFound, Unavailable
from dean06.exchange.developer.snippets import Call

WAIT_SECONDS: Final = 20
LARGEST_BODY: Final = 4096
NUMBERS: Final = re.compile(r"[0-9]{9,}")
PERSONAL_LENGTHS: Final = frozenset({9, 12})
INVENTED_PREFIX: Final = "000"

People = Callable[[], tuple[tuple[str, str], ...]]
"""Numbers and names of the people who may be asked about."""


class NoSandbox(NotFound):
    """This installation has no sandbox: it holds no invented people."""

    code = "exchange.no_sandbox"
    message_vi = "Nơi này không có môi trường thử vì không có dân số bịa ra."


class NotInvented(Invalid):
    """The question names a number that is none of the sandbox's people."""

    code = "exchange.not_invented"
    message_vi = "Chỉ thử được với những người bịa ra có trong danh sách."


class MalformedTrial(Invalid):
    """The question is no JSON object of at most 4096 bytes."""

    code = "exchange.malformed_trial"
    message_vi = "Nội dung phải là một đối tượng JSON, nhiều nhất 4096 byte."


class GatewayAway(Unavailable):
    """The consumer's gateway does not answer."""

    code = "exchange.gateway_away"
    message_vi = "Cổng trao đổi dữ liệu chưa trả lời. Hãy thử lại sau ít phút."


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Who asks, why, and about whom."""

    client: str
    purpose: str
    people: People


@dataclass(frozen=True, slots=True)
class Tried:
    """What came back.

    Attributes:
        status: number and phrase.
        headers: as received.
        body: text, JSON made readable.
        request_hash: X-Road-Request-Hash.
        refusal: code of the gateway that refused, or empty.
    """

    status: str
    headers: tuple[tuple[str, str], ...]
    body: str = field(repr=False)
    request_hash: str
    refusal: str


_registered: list[Sandbox] = []


def register_sandbox(*, client: str, purpose: str, people: People) -> None:
    """Open a sandbox; called by ``site`` where the installation holds invented people."""
    _registered[:] = [Sandbox(client, purpose, people)]


def sandbox() -> Sandbox:
    """Return the sandbox.

    Raises:
        NoSandbox: there is none, or nobody is in it.
    """
    if not _registered or not _registered[0].people():
        raise NoSandbox
    return _registered[0]


def has_sandbox() -> bool:
    """Say whether there is one with somebody in it."""
    return bool(_registered and _registered[0].people())


def checked_body(text: str, *, known: frozenset[str]) -> str:
    """Return a question that may be asked, as compact JSON; empty stays empty.

    Raises:
        MalformedTrial: not a JSON object, or too long.
        NotInvented: nine or twelve digits that are none of the sandbox's people.
    """
    if not text.strip():
        return ""
    if len(text.encode()) > LARGEST_BODY:
        raise MalformedTrial
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise MalformedTrial from exc
    if not isinstance(document, dict):
        raise MalformedTrial
    compact = json.dumps(document, ensure_ascii=False)
    for digits in NUMBERS.findall(compact.replace(" ", "")):
        if len(digits) in PERSONAL_LENGTHS and digits not in known and not digits.startswith(INVENTED_PREFIX):
            raise NotInvented
    return compact


def ask(call: Call) -> Tried:
    """Send a call to the consumer's gateway.

    Raises:
        GatewayAway: no answer.
    """
    try:
        with SyncClientBuilder().timeout(timedelta(seconds=WAIT_SECONDS)).follow_redirects(False).no_proxy().build() as http:
            request = http.request(call.method, call.address).headers(dict(call.headers))
            response = (request.body_bytes(call.body.encode()) if call.body else request).build().send()
            body = response.text()
            headers = tuple((name, value) for name, value in response.headers.items() if name != "date")
    except PyreqwestError as exc:
        raise GatewayAway from exc
    found = dict(headers)
    status = f"{response.status} {HTTPStatus(response.status).phrase}"
    return Tried(status, headers, _readable(body), found.get("x-road-request-hash", ""), found.get("x-exchange-error", ""))


def _readable(body: str) -> str:
    try:
        return json.dumps(json.loads(body), ensure_ascii=False, indent=2)
    except ValueError:
        return body
