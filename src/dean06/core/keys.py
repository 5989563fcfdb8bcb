"""Opaque keys: what modules use to refer to each other's records."""

import secrets
import time
from typing import NewType
from uuid import UUID

PersonKey = NewType("PersonKey", UUID)
"""A person, inside: opaque, never re-used, never shown across a border."""


def new_key() -> UUID:
    """Make a key that sorts by time of creation (UUID version 7, RFC 9562 sec. 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & 0xFFFF_FFFF_FFFF) << 80 | 0x7 << 76 | secrets.randbits(12) << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))
