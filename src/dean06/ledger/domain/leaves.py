"""What is committed to: the content of a leaf, the chain over leaves and the salted hash of the readable part.

Everything is a versioned sequence of length-prefixed fields, so that no two different entries have the same bytes.
``tools/verify_ledger.py`` states the same format a second time, on purpose without sharing this code.
"""

import hashlib
import json
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final
from uuid import UUID

import msgspec

HASH_BYTES: Final = 32
SALT_BYTES: Final = 32
LEAF_PREFIX: Final = b"\x00"  # RFC 9162, sec. 2.1.1
CHAIN_PREFIX: Final = b"\x02"  # a third domain beside RFC 9162's leaf (0x00) and node (0x01)
CHAIN_START: Final = bytes(HASH_BYTES)
CONTENT_VERSION: Final = b"dean06 ledger entry v1"
CONTENT_START: Final = struct.pack(">I", len(CONTENT_VERSION)) + CONTENT_VERSION
SIZE: Final = struct.Struct(">I")
ID_SIZE: Final = SIZE.pack(16)
TIME: Final = struct.Struct(">Iq")
COUNT: Final = struct.Struct(">IQ")
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND: Final = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Entry:
    """What the log says in public: no person, no text, only commitments to both.

    Attributes:
        id: UUID version 7.
        log: name of the log.
        kind: ``module.past_event``.
        recorded_at: aware instant, microseconds.
        subject: pseudonym of the one person concerned; empty if none or many.
        subject_count: people concerned: 0, 1, or the size of the bulk act.
        subjects_root: Merkle root over the pseudonyms of a bulk act; empty otherwise.
        commitment: SHA-256 of salt and canonical payload.
    """

    id: UUID
    log: str
    kind: str
    recorded_at: datetime
    subject: bytes
    subject_count: int
    subjects_root: bytes
    commitment: bytes

    def content(self) -> bytes:
        """Return the bytes that the leaf hashes."""
        return b"".join(
            (
                CONTENT_START,
                sized(self.log),
                ID_SIZE,
                self.id.bytes,
                sized(self.kind),
                TIME.pack(8, microseconds(self.recorded_at)),
                SIZE.pack(len(self.subject)),
                self.subject,
                COUNT.pack(8, self.subject_count),
                SIZE.pack(len(self.subjects_root)),
                self.subjects_root,
                SIZE.pack(len(self.commitment)),
                self.commitment,
            )
        )

    def leaf_hash(self) -> bytes:
        """Return the hash of the entry as a leaf of the log's tree (RFC 9162, sec. 2.1.1)."""
        return hashlib.sha256(LEAF_PREFIX + self.content()).digest()


LEAF_START: Final = LEAF_PREFIX + CONTENT_START


@lru_cache(maxsize=1000)
def sized(text: str) -> bytes:
    """Return a text as a field; names of logs and kinds are few."""
    return fields(text.encode())


def fields(*values: bytes) -> bytes:
    """Join values, each behind its length in four bytes, big-endian."""
    return b"".join(struct.pack(">I", len(value)) + value for value in values)


def microseconds(instant: datetime) -> int:
    """Return microseconds since 1970 without passing through a float."""
    return (instant - EPOCH) // MICROSECOND


POSTGRESQL_EPOCH: Final = microseconds(datetime(2000, 1, 1, tzinfo=UTC))  # its timestamps are sent as microseconds since then


def chain_hash(previous: bytes, leaf: bytes) -> bytes:
    """Return the next link of the hash chain."""
    return hashlib.sha256(CHAIN_PREFIX + previous + leaf).digest()


def canonical_payload(payload: Mapping[str, Any]) -> bytes:
    """Write the readable part as bytes: JSON with sorted keys, no spaces, UTF-8.

    What is committed to are these bytes as they were written; nobody writes them a second time to compare.
    """
    try:
        return msgspec.json.encode(payload, order="sorted")
    except (TypeError, msgspec.MsgspecError):  # a subclass of str or a number that JSON does not know: slowly, or refused
        return _dumped(payload)


def _dumped(payload: Mapping[str, Any]) -> bytes:
    return json.dumps(payload, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


def commitment(salt: bytes, payload: bytes) -> bytes:
    """Commit to a payload; without the salt nobody can test a guess."""
    return hashlib.sha256(salt + payload).digest()


def kind_of(payload: bytes) -> str | None:
    """Return the kind that a payload states; none if it is no payload of ours."""
    try:
        return _kinds.decode(payload).kind
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None


class _Kind(msgspec.Struct):
    kind: str


_kinds: Final = msgspec.json.Decoder(_Kind)
