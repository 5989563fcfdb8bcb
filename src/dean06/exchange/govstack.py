"""The Information Mediator of GovStack: the same exchange under its addresses, header and shapes.

``/{instance}/{class}/{member}/{application}/{service}…`` without ``/r1``, the client in ``Information-Mediator-Client``, lists as
``{"member": […]}`` in camelCase, an OpenAPI document as one JSON string. Source: GovStack, Information Mediator building block,
Directory Services API; the shapes are those that its published conformance scenarios expect.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Final
from urllib.parse import parse_qs

from dean06.core.clock import today
from dean06.exchange import metadata
from dean06.exchange.domain.identifiers import parse_client, parse_service
from dean06.exchange.domain.r1 import METADATA
from dean06.exchange.errors import BadRequest, MalformedClient
from dean06.exchange.metadata import JSON, Rendered
from dean06.exchange.snapshot import Snapshot
from dean06.exchange.wire import Incoming

CLIENT_HEADER: Final = "information-mediator-client"
SEGMENTS: Final = 5


def asks_for_clients(request: Incoming) -> bool:
    """Say whether a question for the list of clients is GovStack's: it names ``instanceId`` or its own client header."""
    return bool(request.value(CLIENT_HEADER)) or "instanceId" in parse_qs(request.query, keep_blank_values=True)


def metadata_code(request: Incoming) -> str:
    """Return which metadata service is asked for under a GovStack address; empty for anything else."""
    parts = request.raw_path.split("/")[1:]
    return parts[-1] if len(parts) == SEGMENTS and parts[-1] in METADATA and not request.raw_path.startswith("/r1/") else ""


def is_call(request: Incoming) -> bool:
    """Say whether a service is called under a GovStack address."""
    return bool(request.value(CLIENT_HEADER)) and not request.raw_path.startswith(("/r1/", "/listClients"))


def as_r1(request: Incoming) -> Incoming:
    """Return the same call in the words of r1."""
    others = [header for header in request.headers if header[0] not in (CLIENT_HEADER, "x-road-client")]
    return replace(request, raw_path=f"/r1{request.raw_path}", headers=(*others, ("x-road-client", request.value(CLIENT_HEADER))))


def list_clients(state: Snapshot, request: Incoming) -> Rendered:
    """Return the applications that take part."""
    instance = parse_qs(request.query).get("instanceId", [""])[-1]
    rows = [_named("SUBSYSTEM", str(entry.id).split("/")) for entry in sorted(state.subsystems.values(), key=lambda entry: entry.id)]
    return _members(row for row in rows if instance in ("", row["GovStackInstance"]))


def directory(code: str, state: Snapshot, request: Incoming) -> Rendered:
    """Answer listMethods, allowedMethods and getOpenAPI.

    Raises:
        BadRequest: an identifier is malformed.
        UnknownMember, UnknownService: it names nothing that is there.
        MalformedClient: allowedMethods without the client whose rights are asked for.
    """
    provider = parse_service(request.raw_path.removeprefix("/")).provider
    if code == "listMethods":
        _, body = metadata.list_methods(state, provider)
        return _methods(body)
    if code == "allowedMethods":
        if not request.value(CLIENT_HEADER):
            raise MalformedClient("Name the client in Information-Mediator-Client.")
        client = parse_client(request.value(CLIENT_HEADER))
        state.client(client)
        _, body = metadata.allowed_methods(state, provider, client=client, day=today())
        return _methods(body)
    query = parse_qs(request.query)
    if not (service_code := query.get("serviceCode", [""])[-1]):
        raise BadRequest("Name the service: ?serviceCode=…")
    _, body = metadata.open_api(state, provider, service_code=service_code)
    return JSON, json.dumps(body.decode()).encode()


def _methods(body: bytes) -> Rendered:
    return _members(
        {
            **_named("SERVICE", [row[name] for name in ("xroad_instance", "member_class", "member_code", "subsystem_code")]),
            "serviceCode": row["service_code"],
            "serviceType": row["service_type"],
            "endpointList": {"member": row["endpoint_list"]},
        }
        for row in json.loads(body)["service"]
    )


def _named(kind: str, parts: list[str]) -> dict[str, Any]:
    names = ("GovStackInstance", "memberClass", "memberCode", "applicationCode")
    return {"objectType": {"object_type": kind}, **dict(zip(names, parts, strict=True))}


def _members(rows: Iterable[Mapping[str, Any]]) -> Rendered:
    return JSON, json.dumps({"member": list(rows)}, ensure_ascii=False).encode()


def refusal_body(message: str) -> bytes:
    """Return what the directory says when it refuses: one JSON string, as its OpenAPI document."""
    return json.dumps(message, ensure_ascii=False).encode()
