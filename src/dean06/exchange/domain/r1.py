"""The REST message protocol r1, consumer side: what an information system asks of its own gateway.

``{METHOD} /r1/{instance}/{class}/{member}/{subsystem}/{service}[/path][?query]`` with ``X-Road-Client``.
Source: PR-REST 1.0.4; ours are ``X-Exchange-Purpose`` and ``X-Exchange-Legal-Basis`` (UXP's ``Uxp-Purpose-Ids`` is an alias).
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from urllib.parse import quote
from uuid import uuid4

from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.headers import kept
from dean06.exchange.domain.identifiers import (
    LONGEST_TARGET,
    ClientId,
    MalformedIdentifier,
    ServiceId,
    identifier,
    parse_client,
    parse_service,
    percent_decode,
)
from dean06.exchange.domain.paths import canonical_path, canonical_query
from dean06.exchange.errors import (
    BadRequest,
    MalformedClient,
    MalformedPath,
    MethodNotAllowed,
    PurposeMissing,
    UnsupportedProtocolVersion,
)

METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE", "TRACE"})
IDENTIFIER_SEGMENTS: Final = 5
LONGEST_VALUE: Final = 255
SERVER_CODE: Final = "gateway"
"""Last part of a security server's identifier: each member has one gateway address, behind which there may be many processes."""
METADATA: Final = frozenset({"listMethods", "allowedMethods", "getOpenAPI"})
NOT_OFFERED: Final = frozenset(
    {"listClients", "getWsdl", "getSecurityServerMetrics", "getSecurityServerOperationalData", "getSecurityServerHealthData"}
)
RESERVED: Final = METADATA | NOT_OFFERED
"""Service codes that no member may take (PR-MREST, PR-META)."""
PROTOCOL_VALUES: Final = (
    "x-road-id",
    "x-road-issue",
    "x-road-userid",
    "x-road-represented-party",
    "x-exchange-purpose",
    "x-exchange-legal-basis",
    "x-exchange-role",
)
_VERSION: Final = re.compile(r"r[0-9]+")
_PROTOCOL_VALUE: Final = re.compile(r"[\x20-\x7e]{0,255}")


@dataclass(frozen=True)
class Message:
    """A request of the message protocol, parsed and canonical.

    Attributes:
        method: upper-case method.
        service: what is asked.
        client: who asks.
        path: canonical path after the service code.
        query: canonical query without ``?``.
        headers: kept headers in order, one line a name.
        body: raw bytes.
    """

    method: str
    service: ServiceId
    client: ClientId
    path: str
    query: str
    headers: tuple[Header, ...] = field(repr=False)
    body: bytes = field(repr=False)

    @cached_property
    def values(self) -> dict[str, str]:
        """Return the kept headers by name."""
        return dict(self.headers)

    @property
    def message_id(self) -> str:
        """Return X-Road-Id."""
        return self.values["x-road-id"]

    @property
    def purpose(self) -> str:
        """Return the purpose, decoded."""
        return percent_decode(self.values["x-exchange-purpose"])

    @property
    def legal_basis(self) -> str:
        """Return the legal basis, decoded; empty if the caller leaves it to the agreement."""
        return percent_decode(self.values.get("x-exchange-legal-basis", ""))

    @property
    def issue(self) -> str:
        """Return X-Road-Issue: the case or dossier."""
        return self.values.get("x-road-issue", "")

    @property
    def user(self) -> str:
        """Return X-Road-UserId."""
        return self.values.get("x-road-userid", "")

    @property
    def security_server(self) -> str:
        """Return X-Road-Security-Server, decoded: the one gateway of the provider that is to be asked; or nothing.

        Raises:
            BadRequest: not ``instance/class/member/server``.
        """
        if not (pinned := self.values.get("x-road-security-server", "")):
            return ""
        parts = [identifier(part) for part in pinned.split("/")]
        if len(parts) != 4:  # noqa: PLR2004 -- instance, class, member, server
            raise BadRequest("X-Road-Security-Server reads instance/class/member/server.")
        return "/".join(parts)

    @property
    def role(self) -> str:
        """Return X-Exchange-Role: in which role the end user asks."""
        return self.values.get("x-exchange-role", "")

    @property
    def represented_party(self) -> str:
        """Return X-Road-Represented-Party."""
        return self.values.get("x-road-represented-party", "")

    @cached_property
    def address(self) -> str:
        """Return service identifier, path and query as they stand behind ``/r1/`` and ``/x1/``."""
        return f"{self.service.encoded}{self.path}{'?' + self.query if self.query else ''}"


def encoded_text(text: str) -> str:
    """Percent-encode a purpose or legal basis for a header."""
    return quote(text, safe="/,.-_~ ()'+:")


def split_target(raw_path: str) -> tuple[ServiceId, str]:
    """Split ``/r1/…`` into the service and the canonical path after it.

    Raises:
        UnsupportedProtocolVersion: another protocol version.
        BadRequest: not an address of the protocol.
    """
    if len(raw_path) > LONGEST_TARGET:
        raise MalformedPath
    version, _, rest = raw_path.removeprefix("/").partition("/")
    if version != "r1":
        raise UnsupportedProtocolVersion if _VERSION.fullmatch(version) else BadRequest("The address does not begin with /r1/.")
    return split_service(rest)


def split_service(rest: str) -> tuple[ServiceId, str]:
    """Split what follows ``/r1/`` into the service and the canonical path.

    Raises:
        BadRequest: fewer than five identifiers, or a malformed one.
        MalformedPath: the path is not canonical and cannot be made so.
    """
    parts = rest.split("/", IDENTIFIER_SEGMENTS)
    if len(parts) < IDENTIFIER_SEGMENTS:
        raise BadRequest("The address needs instance, class, member, subsystem and service.")
    service = parse_service("/".join(parts[:IDENTIFIER_SEGMENTS]))
    path = canonical_path(f"/{parts[IDENTIFIER_SEGMENTS]}" if len(parts) > IDENTIFIER_SEGMENTS else "")
    return service, path


def parse_request(*, method: str, raw_path: str, query: str, headers: Sequence[Header], body: bytes) -> Message:
    """Read a request of an information system.

    Args:
        method: as received.
        raw_path: the path with its percent-encoding.
        query: the query without ``?``.
        headers: decoded and bounded (``headers.checked``).
        body: bounded.

    Raises:
        BadRequest: something does not follow the protocol; the subclass says what.
    """
    if method not in METHODS:
        raise MethodNotAllowed
    service, path = split_target(raw_path)
    lines = dict(kept(headers))
    client = parse_client(lines.get("x-road-client", ""))
    if not client.subsystem_code:
        raise MalformedClient("X-Road-Client names a member; name one of its subsystems.")
    lines.setdefault("accept", "application/json")
    lines.setdefault("x-road-id", f"{client.instance}-{uuid4()}")
    if "x-exchange-purpose" not in lines and (alias := lines.get("uxp-purpose-ids", "")):
        lines["x-exchange-purpose"] = alias
    _check_values(lines, service)
    return Message(method, service, client, path, canonical_query(query), tuple(lines.items()), body)


def _check_values(lines: dict[str, str], service: ServiceId) -> None:
    for name in PROTOCOL_VALUES:
        if not _PROTOCOL_VALUE.fullmatch(lines.get(name, "")):
            raise BadRequest(f"The header {name} is too long or holds signs outside ASCII.")
    if not lines["x-road-id"]:
        raise BadRequest("The header x-road-id is empty.")
    try:
        purpose = percent_decode(lines.get("x-exchange-purpose", ""))
        percent_decode(lines.get("x-exchange-legal-basis", ""))
    except MalformedIdentifier as exc:
        raise BadRequest("Purpose and legal basis are percent-encoded UTF-8.") from exc
    if not purpose and service.service_code not in METADATA:
        raise PurposeMissing


def compose(
    *,
    client: str,
    service: str,
    method: str,
    path: str,
    body: bytes,
    purpose: str,
    legal_basis: str = "",
    issue: str = "",
    user: str = "",
    role: str = "",
) -> Message:
    """Build the message that an in-process caller would have sent over HTTP.

    Raises:
        BadRequest: as ``parse_request``.
    """
    headers = [
        ("accept", "application/json"),
        *([("content-type", "application/json")] if body else []),
        ("x-road-client", ClientId.parse(client).encoded),
        ("x-exchange-purpose", encoded_text(purpose)),
        *([("x-exchange-legal-basis", encoded_text(legal_basis))] if legal_basis else []),
        *([("x-road-issue", encoded_text(issue))] if issue else []),
        *([("x-road-userid", encoded_text(user))] if user else []),
        *([("x-exchange-role", encoded_text(role))] if role else []),
    ]
    target, _, query = path.partition("?")
    raw_path = f"/r1/{ServiceId.parse(service).encoded}{target}"
    return parse_request(method=method.upper(), raw_path=raw_path, query=query, headers=headers, body=body)
