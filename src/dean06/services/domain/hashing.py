"""Hashes that bind: the form that a citizen confirms, the chain of a dossier's events."""

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

FIRST: Final = bytes(32)
"""What the first event of a dossier follows."""


def canonical(value: Any) -> bytes:
    """Return the one JSON text of a value: keys sorted, no spaces, UTF-8 (the subset of RFC 8785 without floats)."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def form_hash(procedure: str, pack_digest: str, answers: Mapping[str, Any]) -> str:
    """Return the SHA-256 that stands for everything the citizen confirms, as lower-case hex."""
    return hashlib.sha256(canonical({"procedure": procedure, "pack": pack_digest, "answers": answers})).hexdigest()


def event_hash(
    *, dossier: str, seq: int, kind: str, at: datetime, by: Mapping[str, str], data: Mapping[str, Any], previous: bytes
) -> bytes:
    """Return the SHA-256 of one event, which holds the hash of the one before it."""
    body = {"dossier": dossier, "seq": seq, "kind": kind, "at": at.isoformat(), "by": dict(by), "data": data, "previous": previous.hex()}
    return hashlib.sha256(canonical(body)).digest()
