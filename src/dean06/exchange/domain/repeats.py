"""Idempotency keys: a request that is sent again under the same key is answered again, and done once.

Source: draft-ietf-httpapi-idempotency-key-header-07: the key is the client's, a fingerprint tells another request under the same key,
and a request that is still being answered is a conflict.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Final
from uuid import UUID, uuid4

from dean06.exchange.domain.r1 import Message
from dean06.exchange.errors import BadRequest

HEADER: Final = "idempotency-key"
KEPT: Final = timedelta(hours=24)
SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # RFC 9110, sec. 9.2.1: these change nothing, so nothing is remembered
_KEY: Final = re.compile(r"[\x21-\x7e]{1,200}")


class Found(Enum):
    """What a key meets."""

    NEW = "new"
    ANSWERED = "answered"
    IN_FLIGHT = "in_flight"
    OTHER_REQUEST = "other_request"


@dataclass(frozen=True, slots=True)
class Repeatable:
    """A request that carries a key.

    Attributes:
        digest: what is remembered of client, service and key.
        fingerprint: SHA-256 over what makes the request what it is.
        key: as sent, without quotes; it is part of what opens the stored answer.
        claim: tells this try from any other.
    """

    digest: UUID
    fingerprint: bytes
    key: str
    claim: UUID


def repeatable(message: Message) -> Repeatable | None:
    """Return what to remember of a message, if it carries a key and its method may change something.

    Raises:
        BadRequest: the key is empty, longer than 200 signs or outside ASCII.
    """
    if message.method in SAFE or (raw := message.values.get(HEADER)) is None:
        return None
    key = raw[1:-1] if len(raw) > 1 and raw[0] == raw[-1] == '"' else raw  # the draft writes a string of structured fields
    if not _KEY.fullmatch(key):
        raise BadRequest("Idempotency-Key is 1 to 200 visible ASCII signs.")
    whose = f"{message.client}\n{message.service}\n{key}".encode()
    return Repeatable(UUID(bytes=hashlib.sha256(whose).digest()[:16]), fingerprint(message), key, uuid4())


def fingerprint(message: Message) -> bytes:
    """Return a digest of method, path, query, purpose, legal basis, dossier, content type and body; ids may differ between tries."""
    names = ("x-exchange-purpose", "x-exchange-legal-basis", "x-road-issue", "x-road-represented-party", "content-type")
    parts = [message.method, message.path, message.query, *(message.values.get(name, "") for name in names)]
    head = "\n".join(parts).encode()
    return hashlib.sha256(hashlib.sha256(head).digest() + hashlib.sha256(message.body).digest()).digest()


def compare(*, known: bytes, mine: bytes, is_answered: bool, is_leased: bool) -> Found:
    """Say what a remembered key means for a request.

    Args:
        known: fingerprint that is remembered.
        mine: fingerprint of the request.
        is_answered: an answer is stored.
        is_leased: the first try may still be on its way.
    """
    if known != mine:
        return Found.OTHER_REQUEST
    if is_answered:
        return Found.ANSWERED
    return Found.IN_FLIGHT if is_leased else Found.NEW
