"""The bytes of a message head and the hashes over head and body.

Source: PR-REST 1.0.4, sec. 4.4 (X-Road-Request-Hash): ``base64(SHA512(SHA512(head) || SHA512(body)))``, without a body
``base64(SHA512(head))``. The head is ``METHOD CRLF path[?query] CRLF`` and, for each kept header in order,
``Name:Value CRLF``. Names stand in lower case here, as HTTP servers deliver them (HTTP/2 sends no other).
"""

import base64
import hashlib
from collections.abc import Iterable

Header = tuple[str, str]


def head_bytes(method: str, target: str, headers: Iterable[Header]) -> bytes:
    """Return the head of a request: ``target`` is the path with its query, headers in order."""
    lines = [method, target, *(f"{name}:{value}" for name, value in headers), ""]
    return "\r\n".join(lines).encode("utf-8")


def request_hash(head: bytes, body: bytes) -> str:
    """Return X-Road-Request-Hash of a request; an empty body counts as none."""
    digest = hashlib.sha512(head).digest()
    if body:
        digest = hashlib.sha512(digest + hashlib.sha512(body).digest()).digest()
    return base64.b64encode(digest).decode("ascii")


def content_digest(body: bytes) -> str:
    """Return the value of Content-Digest (RFC 9530, sec. 2) with SHA-256."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode('ascii')}:"
