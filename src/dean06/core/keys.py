"""Opaque keys: what modules use to refer to each other's records."""

import secrets
import threading
import time
from typing import NewType
from uuid import UUID

PersonKey = NewType("PersonKey", UUID)
"""A person, inside: opaque, never re-used, never shown across a border."""


_stepping = threading.Lock()
_last_step = 0


def new_key() -> UUID:
    """Make a key that sorts by time of creation, also among those one process makes within a millisecond.

    UUID version 7 with a sub-millisecond fraction that never repeats or falls (RFC 9562 sec. 5.7 and 6.2, method 3).
    """
    global _last_step  # noqa: PLW0603 -- one clock a process
    nanoseconds = time.time_ns()
    step = nanoseconds // 1_000_000 << 12 | nanoseconds % 1_000_000 * 4096 // 1_000_000
    with _stepping:
        _last_step = step = max(step, _last_step + 1)
    value = (step >> 12) << 80 | 0x7 << 76 | (step & 0xFFF) << 64
    return UUID(int=value | 0b10 << 62 | secrets.randbits(62))
