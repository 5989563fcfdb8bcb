"""Base64url without padding (RFC 7515 appendix C), random tokens and the hash under which they are stored."""

import base64
import hashlib
import json
import secrets
from collections.abc import Callable, Mapping
from typing import Any


def base64url(data: bytes) -> str:
    """Encode without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def random_token() -> str:
    """Make 256 random bits as 43 characters: codes, access tokens, cookies."""
    return secrets.token_urlsafe(32)


def stored_hash(token: str) -> str:
    """Return the SHA-256 (hex) under which a random token is kept; 256 random bits need no salt."""
    return hashlib.sha256(token.encode()).hexdigest()


def compact_jws(header: Mapping[str, Any], claims: Mapping[str, Any], sign: Callable[[bytes], bytes]) -> str:
    """Serialise a signed JWT (RFC 7515 sec. 7.1); ``sign`` may stand for a key that never leaves its token."""
    parts = (base64url(json.dumps(part, ensure_ascii=False, separators=(",", ":")).encode()) for part in (header, claims))
    signing_input = ".".join(parts)
    return f"{signing_input}.{base64url(sign(signing_input.encode()))}"
