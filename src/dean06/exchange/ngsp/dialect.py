"""How systems speak to NGSP and LGSPs, as data: names of headers, the token's answer, envelopes, addresses and what stands behind them.

No specification is public; what was seen stands in ``dialect.yaml`` with its certainty, and a pack of ``kind: ngsp`` may say otherwise.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from dean06.exchange.domain.identifiers import ServiceId
from dean06.exchange.packs import read_document

SHIPPED: Final = Path(__file__).with_name("dialect.yaml")


@dataclass(frozen=True, slots=True)
class Envelope:
    """What an answer is wrapped in.

    Attributes:
        ok, failed: value of ``status``.
        nothing_wrong: value of ``error_code`` beside an answer.
        errors: our code, or an HTTP status as text, to the number that the system knows.
        otherwise: that number for everything else.
    """

    ok: int | str
    failed: int | str
    nothing_wrong: str
    errors: Mapping[str, str]
    otherwise: str

    def error(self, code: str, status: int) -> str:
        """Return the number of an error."""
        return self.errors.get(code) or self.errors.get(str(status)) or self.otherwise


@dataclass(frozen=True, slots=True)
class Address:
    """An address of the older platform and the service that stands behind it.

    Attributes:
        prefix: ``/context/version``.
        service: who answers.
        path: what stands before the rest of the address at the service; may be empty.
        envelope: what its answers are wrapped in; None: they are as they are.
    """

    prefix: str
    service: ServiceId
    path: str
    envelope: Envelope | None


@dataclass(frozen=True, slots=True)
class Dialect:
    """Everything that the front goes by.

    Attributes:
        token_scope, token_seconds: what ``/token`` answers.
        headers: name in lower case to what it means.
        secrets: names in lower case that never leave this gateway.
        addresses: the longest prefix first.
    """

    token_scope: str
    token_seconds: int
    headers: Mapping[str, str]
    secrets: frozenset[str]
    addresses: tuple[Address, ...]

    def address_of(self, raw_path: str) -> Address | None:
        """Return the address that a path lies under, compared sign by sign; none for any other writing of it."""
        return next((one for one in self.addresses if raw_path == one.prefix or raw_path.startswith(f"{one.prefix}/")), None)


@cache
def shipped() -> Mapping[str, Any]:
    """Return the document that is shipped."""
    return read_document(SHIPPED).document


def dialect_of(documents: Sequence[Mapping[str, Any]]) -> Dialect:
    """Put checked packs together: addresses and envelopes add up, of all else the last pack that says it counts, then what is shipped."""
    said = {**shipped()}
    for document in documents:
        said |= document
    envelopes = {one["name"]: _envelope(one) for document in (shipped(), *documents) for one in document.get("envelopes", ())}
    addresses = [
        Address(one["address"], ServiceId.parse(one["service"]), one.get("path", ""), envelopes.get(one.get("envelope", "")))
        for document in documents
        for one in document["addresses"]
    ]
    return Dialect(
        token_scope=said["token"]["scope"],
        token_seconds=said["token"]["seconds"],
        headers={one["name"].lower(): one["means"] for one in said["headers"]},
        secrets=frozenset(one["name"].lower() for one in said["secrets"]),
        addresses=tuple(sorted(addresses, key=lambda one: len(one.prefix), reverse=True)),
    )


def _envelope(document: Mapping[str, Any]) -> Envelope:
    errors = {one["when"]: one["is"] for one in document["errors"]}
    return Envelope(document["ok"], document["failed"], document["nothing_wrong"], errors, document["otherwise"])
