"""Metadata services: who takes part, what they offer, what a client may use.

Source: X-Road "Service Metadata Protocol for REST" (PR-MREST) and "Service Metadata Protocol" (PR-META). Answers come from
the packs that this gateway knows; the metadata services themselves are not listed.
"""

import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final
from xml.sax.saxutils import escape

from dean06.exchange.domain.agreements import ANY_METHOD
from dean06.exchange.domain.faults import wants_xml
from dean06.exchange.domain.identifiers import ClientId, ServiceId, identifier
from dean06.exchange.errors import BadRequest, UnknownService
from dean06.exchange.providing import provider_of
from dean06.exchange.snapshot import ServiceEntry, Snapshot

XROAD: Final = "http://x-road.eu/xsd/xroad.xsd"
IDENTIFIERS: Final = "http://x-road.eu/xsd/identifiers"
JSON: Final = "application/json; charset=utf-8"
XML: Final = "text/xml; charset=utf-8"
OPERATIONS: Final = frozenset({"get", "put", "post", "delete", "options", "head", "patch", "trace"})

Rendered = tuple[str, bytes]


def list_clients(state: Snapshot, *, instance: str, accept: str) -> Rendered:
    """Return members and subsystems: XML unless JSON is asked for."""
    rows = [
        {"id": _member_id(ClientId.parse(member.id)), "name": member.name}
        for member in sorted(state.members.values(), key=lambda member: member.id)
        if not member.is_revoked
    ]
    rows += [
        {"id": _member_id(entry.id), "name": state.members[entry.id.member].name, "subsystem_name": entry.name}
        for entry in sorted(state.subsystems.values(), key=lambda entry: entry.id)
        if not state.members[entry.id.member].is_revoked
    ]
    rows = [row for row in rows if not instance or row["id"]["xroad_instance"] == instance]  # type: ignore[index]  # a mapping by construction
    if "json" in accept and not wants_xml(accept):
        return JSON, _json({"member": rows})
    return XML, _client_list(rows)


def _member_id(identifier: ClientId) -> dict[str, str]:
    subsystem = {"subsystem_code": identifier.subsystem_code} if identifier.subsystem_code else {}
    return {
        "object_type": "SUBSYSTEM" if subsystem else "MEMBER",
        "xroad_instance": identifier.instance,
        "member_class": identifier.member_class,
        "member_code": identifier.member_code,
        **subsystem,
    }


def _client_list(rows: Iterable[Mapping[str, Any]]) -> bytes:
    names = {
        "xroad_instance": "xRoadInstance",
        "member_class": "memberClass",
        "member_code": "memberCode",
        "subsystem_code": "subsystemCode",
    }
    members = []
    for row in rows:
        parts = "".join(f"<id:{tag}>{escape(row['id'][name])}</id:{tag}>" for name, tag in names.items() if name in row["id"])
        kind = row["id"]["object_type"]
        members.append(
            f'<xrd:member><xrd:id id:objectType="{kind}">{parts}</xrd:id><xrd:name>{escape(row["name"])}</xrd:name></xrd:member>'
        )
    head = f'<?xml version="1.0" encoding="UTF-8"?><xrd:clientList xmlns:xrd="{XROAD}" xmlns:id="{IDENTIFIERS}">'
    return f"{head}{''.join(members)}</xrd:clientList>".encode()


def list_methods(state: Snapshot, provider: ClientId) -> Rendered:
    """Return all services of a subsystem with their endpoints.

    Raises:
        UnknownMember: no such subsystem.
    """
    state.client(provider)
    return JSON, _json({"service": [_described(entry, endpoints_of(entry)) for entry in _offered(state, provider)]})


def allowed_methods(state: Snapshot, provider: ClientId, *, client: ClientId, day: date) -> Rendered:
    """Return the services of a subsystem that a client has an agreement for today, with the endpoints it covers.

    Raises:
        UnknownMember: no such subsystem.
    """
    state.client(provider)
    found = []
    for entry in _offered(state, provider):
        agreements = [agreement for agreement in state.between(client, entry.id) if agreement.is_in_force(day)]
        endpoints = sorted({(endpoint.method, endpoint.path) for agreement in agreements for endpoint in agreement.endpoints})
        if endpoints:
            found.append(_described(entry, endpoints))
    return JSON, _json({"service": found})


def open_api(state: Snapshot, provider: ClientId, *, service_code: str) -> Rendered:
    """Return a service's OpenAPI document without the addresses of its servers.

    Raises:
        BadRequest: no service code given.
        UnknownService: no such service, or it has no description here.
    """
    if not service_code:
        raise BadRequest("Name the service: ?serviceCode=…")
    entry = state.service(ServiceId(provider, identifier(service_code)))
    openapi = description_of(entry)
    if not openapi:
        raise UnknownService(service=str(entry.id))
    return JSON, _json(without_addresses(openapi))


def description_of(entry: ServiceEntry) -> Mapping[str, Any]:
    """Return a service's OpenAPI document: that of the handler in this process, else the one it was registered with; may be empty."""
    provider = provider_of(str(entry.id))
    return provider.openapi if provider is not None and provider.openapi else entry.openapi


def without_addresses(openapi: Mapping[str, Any]) -> dict[str, Any]:
    """Return a description without the addresses of servers: they are inside a network that the reader does not reach.

    OpenAPI 3.1 allows ``servers`` in the document, in a path and in an operation, and ``server`` in a link; a schema may
    have a property of that name, which stays.
    """
    document = {name: value for name, value in openapi.items() if name != "servers"}
    for place in ("paths", "webhooks"):
        if place in document:
            document[place] = {path: _path_item(item) for path, item in document[place].items()}
    if "components" in document:
        parts = {"pathItems": _path_item, "responses": _response, "links": _link}
        document["components"] = {
            kind: {name: parts[kind](value) for name, value in values.items()} if kind in parts else values
            for kind, values in document["components"].items()
        }
    return document


def _path_item(item: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _operation(value) if name in OPERATIONS else value for name, value in item.items() if name != "servers"}


def _operation(operation: Mapping[str, Any]) -> dict[str, Any]:
    kept = {name: value for name, value in operation.items() if name != "servers"}
    if "responses" in kept:
        kept["responses"] = {status: _response(response) for status, response in kept["responses"].items()}
    return kept


def _response(response: Mapping[str, Any]) -> dict[str, Any]:
    if "links" not in response:
        return dict(response)
    return {**response, "links": {name: _link(link) for name, link in response["links"].items()}}


def _link(link: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in link.items() if name != "server"}


def _offered(state: Snapshot, provider: ClientId) -> list[ServiceEntry]:
    return sorted((entry for entry in state.services.values() if entry.id.provider == provider), key=lambda entry: entry.id)


def endpoints_of(entry: ServiceEntry) -> list[tuple[str, str]]:
    """Return the method and the pattern of each endpoint as registered, or as the description says; else one that is anything."""
    if entry.endpoints:
        return list(entry.endpoints)
    paths = description_of(entry).get("paths", {})
    return [(method.upper(), path) for path, item in paths.items() for method in item if method in OPERATIONS] or [(ANY_METHOD, "/**")]


def _described(entry: ServiceEntry, endpoints: Iterable[tuple[str, str]]) -> dict[str, Any]:
    provider = entry.id.provider
    return {
        "object_type": "SERVICE",
        "xroad_instance": provider.instance,
        "member_class": provider.member_class,
        "member_code": provider.member_code,
        "subsystem_code": provider.subsystem_code,
        "service_code": entry.id.service_code,
        "service_type": "OPENAPI" if description_of(entry) else "REST",
        "endpoint_list": [{"method": method, "path": path} for method, path in endpoints],
    }


def _json(document: object) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()
