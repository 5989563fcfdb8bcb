"""Keys of this installation that identity alone uses, each derived from one kept secret for one use."""

import hashlib
import hmac
import os
from functools import cache
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings

from dean06.core.instance import kept_secret

NONCE_BYTES: Final = 12  # NIST SP 800-38D, sec. 8.2


@cache
def _root(directory: Path) -> bytes:
    return kept_secret(directory / "secrets" / "identity").encode()


def _derived(use: str) -> bytes:
    return hmac.digest(_root(Path(settings.DEAN06_DATA_DIR)), f"dean06.identity.{use}".encode(), hashlib.sha256)


def pairwise_salt() -> bytes:
    """Return the salt of pairwise subjects; it is never rotated, or relying parties would lose their people."""
    return _derived("pairwise")


def username_key() -> bytes:
    """Return the key under which twelve-digit numbers are hashed."""
    return _derived("username")


def attempt_name(kind: str, value: str) -> str:
    """Return the name under which attempts by an account name or an address are counted."""
    return hmac.digest(_derived("attempts"), f"{kind}:{value}".encode(), hashlib.sha256).hex()


def seal(plain: bytes, *, bound_to: bytes) -> bytes:
    """Encrypt a secret at rest (AES-256-GCM), bound to its owner so that rows cannot be swapped."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(_derived("totp")).encrypt(nonce, plain, bound_to)


def unseal(sealed: bytes, *, bound_to: bytes) -> bytes:
    """Decrypt what ``seal`` made for this owner."""
    return AESGCM(_derived("totp")).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
