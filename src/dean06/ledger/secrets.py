"""Who a subject is to the log, and how the readable part beside it is locked.

Two secrets of the installation are made at first start and kept in the data directory: one turns person keys into
pseudonyms, one wraps data keys. Losing the first makes entries unfindable by person, losing the second makes them
unreadable; neither touches a proof.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable, Iterable
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from dean06.core.instance import kept_secret
from dean06.core.keys import PersonKey
from dean06.ledger.domain.leaves import SALT_BYTES
from dean06.ledger.domain.packing import packed, unpacked

NONCE_BYTES: Final = 12  # NIST SP 800-38D, sec. 8.2
KEY_BYTES: Final = 32
DERIVATION: Final = b"dean06 ledger reading v2"
ONLY_NONCE: Final = bytes(NONCE_BYTES)
"""A key that encrypts one text needs no other (NIST SP 800-38D, sec. 8.3)."""
Packs = Callable[[bytes], bytes]
"""Packs a text or opens one: ``Packer``, ``Unpacker`` where there are words or many texts."""


def pseudonym(person: PersonKey) -> bytes:
    """Return the name under which the log knows a person: 32 bytes that mean nothing without our secret."""
    return pseudonyms((person,))[0]


def pseudonyms(people: Iterable[PersonKey]) -> list[bytes]:
    """Return the names under which the log knows people, in their order."""
    secret = _secret("ledger-pseudonyms")
    return [hmac.digest(secret, person.bytes, hashlib.sha256) for person in people]


def new_data_key() -> bytes:
    """Make a data key."""
    return secrets.token_bytes(KEY_BYTES)


def wrap(data_key: bytes, *, key_id: UUID) -> bytes:
    """Lock a data key under the master key, bound to its row."""
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + _cipher().encrypt(nonce, data_key, key_id.bytes)


def unwrap(wrapped: bytes, *, key_id: UUID) -> bytes | None:
    """Open a data key; none if it was altered or belongs to another installation."""
    try:
        return _cipher().decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], key_id.bytes)
    except (InvalidTag, ValueError):
        return None


def lock(payload: bytes, *, data_key: bytes, entry_id: UUID, pack: Packs = packed) -> tuple[bytes, bytes]:
    """Pack and encrypt an entry's readable part, bound to the entry; return its salt, which is stored nowhere, and the ciphertext."""
    salt, key = _derived(data_key, entry_id)
    return salt, AESGCM(key).encrypt(ONLY_NONCE, pack(payload), entry_id.bytes)


def unlock(ciphertext: bytes, *, data_key: bytes, entry_id: UUID, unpack: Packs = unpacked) -> bytes | None:
    """Return an entry's salt and readable part, none if it was altered; ``unpack`` knows the words of its database."""
    salt, key = _derived(data_key, entry_id)
    try:
        return salt + unpack(AESGCM(key).decrypt(ONLY_NONCE, ciphertext, entry_id.bytes))
    except (InvalidTag, ValueError):
        return None


def _derived(data_key: bytes, entry_id: UUID) -> tuple[bytes, bytes]:
    """Return the salt of one entry and the key that encrypts nothing but its readable part; both go with the data key."""
    derived = hmac.digest(data_key, DERIVATION + entry_id.bytes, "sha512")
    return derived[:SALT_BYTES], derived[SALT_BYTES:]


def _cipher() -> AESGCM:
    return _cipher_in(settings.DEAN06_DATA_DIR)


@cache
def _cipher_in(data_dir: Path) -> AESGCM:
    return AESGCM(_secret_in(data_dir, "ledger-readings"))


def _secret(name: str) -> bytes:
    return _secret_in(settings.DEAN06_DATA_DIR, name)


@cache
def _secret_in(data_dir: Path, name: str) -> bytes:
    return hashlib.sha256(kept_secret(Path(data_dir) / "secrets" / name).encode()).digest()
