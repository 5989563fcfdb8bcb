"""One call of an NGSP or LGSP client in the words of r1: the same message that any other client would have sent.

Who asks is what the token proves; an agency code can only agree with it or be refused. Everything that decides (agreement, purpose,
path, mask) comes after, on the r1 message.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.identifiers import ClientId, identifier
from dean06.exchange.domain.r1 import encoded_text
from dean06.exchange.errors import BadRequest, UnknownService
from dean06.exchange.ngsp.dialect import Dialect
from dean06.exchange.ngsp.errors import AgencyNotYours
from dean06.exchange.wire import Incoming

BEARER: Final = "bearer"
COUNTRY: Final = "VN"
R1_HEADERS: Final = {
    "request": "x-road-id",
    "purpose": "x-exchange-purpose",
    "dossier": "x-road-issue",
    "officer": "x-road-userid",
    "agency": "x-road-represented-party",
}


def is_call(request: Incoming) -> bool:
    """Say whether a request is the front's: it carries a bearer token and its address is not one of r1."""
    return bearer_of(request) != "" and not request.raw_path.startswith(("/r1/", "/listClients"))


def bearer_of(request: Incoming) -> str:
    """Return the bearer token (RFC 6750, sec. 2.1), or nothing."""
    scheme, _, token = request.value("authorization").partition(" ")
    return token.strip(" ") if scheme.lower() == BEARER else ""


def as_r1(request: Incoming, *, client: ClientId, dialect: Dialect) -> Incoming:
    """Return the call as the r1 message of the client that its token proves.

    Raises:
        UnknownService: nothing stands behind the address.
        AgencyNotYours: the agency code is another member's.
        BadRequest: a header stands twice, or two names of one meaning differ.
    """
    if (address := dialect.address_of(request.raw_path)) is None:
        raise UnknownService("No service stands behind this address.")
    said = dict(_said(request.headers, dialect, client))
    mine = {"authorization", "x-road-client", *dialect.secrets, *dialect.headers, *said}
    others = [header for header in request.headers if header[0] not in mine]
    raw_path = f"/r1/{address.service.encoded}{address.path}{request.raw_path.removeprefix(address.prefix)}"
    return replace(request, raw_path=raw_path, headers=(*others, *said.items(), ("x-road-client", client.encoded)), proven=str(client))


def _said(headers: Iterable[Header], dialect: Dialect, client: ClientId) -> Iterable[Header]:
    """Yield the headers of r1 that the client's own amount to."""
    found: dict[str, str] = {}
    seen: set[str] = set()
    for name, value in headers:
        meaning = dialect.headers.get(name, "")
        if not meaning:
            continue
        if name in seen or found.get(meaning, value) != value:
            raise BadRequest(f"The header {name} stands twice, or contradicts another. Send it once.")
        seen.add(name)
        found[meaning] = value
    for meaning, value in found.items():
        if meaning == "agency" and value == client.member_code:
            continue
        if value:
            yield R1_HEADERS[meaning], _in_r1(meaning, value, client)


def _in_r1(meaning: str, value: str, client: ClientId) -> str:
    if meaning == "agency":
        return encoded_text(_unit(value, client))
    if meaning == "officer" and not value.startswith(COUNTRY):
        value = f"{COUNTRY}{value}"  # PR-REST: an end user begins with the country
    return encoded_text(value)


def _unit(code: str, client: ClientId) -> str:
    """Return an agency code that names the member itself or a unit below it.

    Codes read from the top (``H49.06649``) or, in the older way, from the bottom (``000.00.19.H49``); domain.md D.2.
    """
    levels = code.split(".")
    if client.member_code not in (levels[0], levels[-1]):
        raise AgencyNotYours(client=str(client))
    return identifier(code)
