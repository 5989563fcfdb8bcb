"""How a body is locked: under the key of its day and side, and under a salt that lies in the readable part of its entry.

So a body goes in two ways: with the key of its day, and with the key of the person whose entry it belongs to (``ledger``
removes a person's text by destroying her key, and the salt goes with it).
"""

import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from dean06.core.instance import kept_secret
from dean06.core.keys import PersonKey

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12  # NIST SP 800-38D, sec. 8.2
SALT_BYTES: Final = 32
SECRET: Final = "exchange-bodies"  # noqa: S105 -- the name of a file
PURPOSE: Final = b"dean06 exchange kept body 1"


@dataclass(frozen=True, slots=True)
class Bodies:
    """What is kept of one call on one side.

    Attributes:
        day: of the legal calendar, under whose key it is locked.
        side: ``provider`` or ``consumer``.
        salt: that the entry holds.
        parts: ``request`` and ``answer``; one that is empty or too large is not here.
        subjects: whose data the answer holds, where the side knows.
    """

    day: date
    side: str
    salt: bytes = field(repr=False)
    parts: Mapping[str, bytes] = field(repr=False)
    subjects: tuple[PersonKey, ...] = ()


@dataclass(frozen=True, slots=True)
class Unsealed:
    """A body that was opened, and whom it concerns."""

    parts: Mapping[str, bytes] = field(repr=False)
    subjects: tuple[PersonKey, ...]


def new_day_key() -> bytes:
    """Make the key of a day."""
    return secrets.token_bytes(KEY_BYTES)


def new_salt() -> bytes:
    """Make the salt of one body."""
    return secrets.token_bytes(SALT_BYTES)


def wrap(day_key: bytes, *, key_id: UUID) -> bytes:
    """Lock the key of a day under the installation's secret, bound to its row."""
    return _encrypted(_master(), day_key, bound_to=key_id.bytes)


def unwrap(wrapped: bytes, *, key_id: UUID) -> bytes | None:
    """Open the key of a day; none if it was altered or belongs to another installation."""
    return _decrypted(_master(), wrapped, bound_to=key_id.bytes)


def seal(bodies: Bodies, *, day_key: bytes, entry_id: UUID) -> bytes:
    """Encrypt what is kept of a call, bound to its entry."""
    text = msgspec.msgpack.encode({"parts": dict(bodies.parts), "subjects": [one.bytes for one in bodies.subjects]})
    return _encrypted(_cipher(day_key, bodies.salt), text, bound_to=entry_id.bytes)


def unseal(sealed: bytes, *, day_key: bytes, salt: bytes, entry_id: UUID) -> Unsealed | None:
    """Decrypt what was kept of a call; none if a key, the salt or the entry is another one, or a byte was altered."""
    text = _decrypted(_cipher(day_key, salt), sealed, bound_to=entry_id.bytes)
    if text is None:
        return None
    found = msgspec.msgpack.decode(text)
    return Unsealed(found["parts"], tuple(PersonKey(UUID(bytes=one)) for one in found["subjects"]))


def _cipher(day_key: bytes, salt: bytes) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt=salt, info=PURPOSE).derive(day_key))


def _encrypted(cipher: AESGCM, text: bytes, *, bound_to: bytes) -> bytes:
    nonce = secrets.token_bytes(NONCE_BYTES)
    return nonce + cipher.encrypt(nonce, text, bound_to)


def _decrypted(cipher: AESGCM, sealed: bytes, *, bound_to: bytes) -> bytes | None:
    try:
        return cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
    except (InvalidTag, ValueError):
        return None


def _master() -> AESGCM:
    return _master_in(settings.DEAN06_DATA_DIR)


@cache
def _master_in(data_dir: Path) -> AESGCM:
    return AESGCM(hashlib.sha256(kept_secret(Path(data_dir) / "secrets" / SECRET).encode()).digest())
