"""Small things that the portal keeps for a session only, encrypted under a key derived from this installation's secret."""

import base64
from functools import cache

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings


@cache
def _box() -> Fernet:
    key = HKDF(SHA256(), 32, salt=None, info=b"dean06 portal session").derive(settings.SECRET_KEY.encode())
    return Fernet(base64.urlsafe_b64encode(key))


def seal(text: str) -> bytes:
    """Encrypt and authenticate."""
    return _box().encrypt(text.encode())


def open_sealed(sealed: bytes | memoryview) -> str | None:
    """Return the text, or None if it was sealed under another secret or altered."""
    try:
        return _box().decrypt(bytes(sealed)).decode()
    except InvalidToken:
        return None
