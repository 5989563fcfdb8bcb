"""Time-based one-time passwords (RFC 6238 on RFC 4226)."""

import base64
import binascii
import hashlib
import hmac
import re
from datetime import datetime
from typing import Final, Literal
from urllib.parse import quote

from dean06.identity.errors import MalformedTotpSecret

STEP_SECONDS: Final = 30  # RFC 6238 sec. 5.2
DIGITS: Final = 6
DRIFT_STEPS: Final = 1  # one step back and one ahead: RFC 6238 sec. 6
SHORTEST_SECRET_BYTES: Final = 16  # RFC 4226 sec. 4, R6
_CODE: Final = re.compile(r"[0-9]{6}")


def hotp(secret: bytes, counter: int, *, digits: int = DIGITS, algorithm: Literal["sha1", "sha256", "sha512"] = "sha1") -> str:
    """Return the one-time password of a counter (RFC 4226 sec. 5.3)."""
    digest = hmac.digest(secret, counter.to_bytes(8, "big"), getattr(hashlib, algorithm))
    offset = digest[-1] & 0x0F
    number = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
    return str(number % 10**digits).zfill(digits)


def step_of(instant: datetime) -> int:
    """Return the time step of an instant."""
    return int(instant.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, code: str, *, now: datetime, last_step: int) -> int | None:
    """Return the step that a code belongs to, or None.

    Steps up to ``last_step`` are spent: a code seen by a bystander cannot be used again (RFC 6238 sec. 5.2).
    """
    digits = code.replace(" ", "")
    if not _CODE.fullmatch(digits):
        return None
    present = step_of(now)
    steps = range(present - DRIFT_STEPS, present + DRIFT_STEPS + 1)
    matches = [step for step in steps if hmac.compare_digest(hotp(secret, step), digits)]
    return next((step for step in matches if step > last_step), None)


def decode_secret(text: str) -> bytes:
    """Read a secret as authenticator apps show it: base32, any case, spaces allowed, padding optional.

    Raises:
        MalformedTotpSecret: not base32 or shorter than 128 bits.
    """
    compact = text.replace(" ", "").rstrip("=").upper()
    try:
        secret = base64.b32decode(compact + "=" * (-len(compact) % 8))
    except (binascii.Error, ValueError) as exc:
        raise MalformedTotpSecret from exc
    if len(secret) < SHORTEST_SECRET_BYTES:
        raise MalformedTotpSecret
    return secret


def encode_secret(secret: bytes) -> str:
    """Write a secret as authenticator apps read it."""
    return base64.b32encode(secret).decode().rstrip("=")


def provisioning_uri(secret: bytes, *, issuer: str, label: str) -> str:
    """Return the ``otpauth`` address that an authenticator app reads from a QR code."""
    return f"otpauth://totp/{quote(issuer)}:{quote(label)}?secret={encode_secret(secret)}&issuer={quote(issuer)}&digits={DIGITS}&period={STEP_SECONDS}"
