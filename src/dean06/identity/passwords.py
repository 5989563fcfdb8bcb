"""Password hashing: Argon2id, a bounded number at once, the same work whether an account exists or not."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from threading import BoundedSemaphore
from typing import Final

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from dean06.identity.errors import LoginBusy, WeakPassword

# OWASP Password Storage Cheat Sheet: Argon2id with 19 MiB, two passes, one lane.
HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
AT_ONCE: Final = 4
WAIT_SECONDS: Final = 5.0
SHORTEST: Final = 10
LONGEST: Final = 128

_places = BoundedSemaphore(AT_ONCE)


@contextmanager
def _place() -> Iterator[None]:
    if not _places.acquire(timeout=WAIT_SECONDS):
        raise LoginBusy
    try:
        yield
    finally:
        _places.release()


def hash_password(password: str) -> str:
    """Return the Argon2id string of a new password.

    Raises:
        WeakPassword: too short or too long.
        LoginBusy: too many others are hashing.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise WeakPassword
    with _place():
        return HASHER.hash(password)


@cache
def _nobodys_hash() -> str:
    return HASHER.hash("the password of nobody")


def is_password(stored: str, password: str) -> bool:
    """Say whether a password belongs to a stored hash; an empty one takes as long and never matches.

    Raises:
        LoginBusy: too many others are signing in.
    """
    with _place():
        try:
            HASHER.verify(stored or _nobodys_hash(), password[: LONGEST + 1])
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)
