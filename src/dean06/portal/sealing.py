"""What the portal keeps encrypted: small things of a session, and words that must be readable for as long as they are kept.

The first under a key derived from Django's secret, which may be changed at any time; the second under a secret of their own in the data
directory (``secrets/portal-words``), made at first use and part of each backup.
"""

import base64
from functools import cache
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from dean06.core.instance import kept_secret


def seal(text: str) -> bytes:
    """Encrypt and authenticate something of a session."""
    return _box(settings.SECRET_KEY, b"dean06 portal session").encrypt(text.encode())


def open_sealed(sealed: bytes | memoryview) -> str | None:
    """Return the text, or None if it was sealed under another secret or altered."""
    return _opened(_box(settings.SECRET_KEY, b"dean06 portal session"), sealed)


def seal_words(text: str) -> bytes:
    """Encrypt and authenticate words that outlive every session."""
    return _of_words(settings.DEAN06_DATA_DIR).encrypt(text.encode())


def open_words(sealed: bytes | memoryview) -> str | None:
    """Return the words, or None if they were sealed in another installation or altered."""
    return _opened(_of_words(settings.DEAN06_DATA_DIR), sealed)


@cache
def _of_words(data_dir: Path) -> Fernet:
    return _box(kept_secret(data_dir / "secrets" / "portal-words"), b"dean06 portal words")


@cache
def _box(secret: str, purpose: bytes) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(HKDF(SHA256(), 32, salt=None, info=purpose).derive(secret.encode())))


def _opened(box: Fernet, sealed: bytes | memoryview) -> str | None:
    try:
        return box.decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return None
