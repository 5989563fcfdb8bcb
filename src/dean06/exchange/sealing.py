"""Canonical JSON signed as a compact JWS (RFC 7515), ES256: by the key of the central registry, or by that of a person who decides."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from dean06.signing.public import PublicKey, Signer, ensure_key, verify_raw

REGISTRY_KEY: Final = "exchange.registry"
REGISTRY_NAME: Final = "Nền tảng chia sẻ dữ liệu dean06"


def registry_signer() -> Signer:
    """Return the central registry's signing key, made at first use; its certificate hangs on the installation's root."""
    return ensure_key(REGISTRY_KEY, common_name=REGISTRY_NAME, organisation="dean06", usage="seal")


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one byte form of a document: names sorted, no spaces, UTF-8 (RFC 8785 for values without fractions)."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sealed(document: Mapping[str, Any], *, kind: str, header: Mapping[str, Any] | None = None, by: Signer | None = None) -> str:
    """Sign a document.

    Args:
        document: JSON without fractions.
        kind: media subtype of what is signed (``typ``), so that a signature over one kind never passes for another.
        header: more protected headers, such as ``x5c``.
        by: whose key signs; that of the central registry if nobody's is given.

    Returns:
        A compact JWS.
    """
    key = by or registry_signer()
    protected = canonical({"alg": "ES256", "kid": key.kid, "typ": kind, **(header or {})})
    signed = f"{_base64url(protected)}.{_base64url(canonical(document))}"
    return f"{signed}.{_base64url(key.sign_raw(signed.encode()))}"


def is_sealed(token: str, document: Mapping[str, Any], *, kind: str, keys: Mapping[str, PublicKey]) -> bool:
    """Say whether a token is a signature over exactly this document, as this kind, by one of these keys.

    Args:
        token: compact JWS, from a place that may have been altered.
        document: what it must say.
        kind: ``typ``.
        keys: by their identifiers.
    """
    try:
        protected, payload, signature = token.encode("ascii").split(b".")
        header = json.loads(_unbase64url(protected))
        raw = _unbase64url(signature)
    except (ValueError, RecursionError):
        return False
    if not isinstance(header, dict) or header.get("alg") != "ES256" or header.get("typ") != kind or not isinstance(header.get("kid"), str):
        return False
    if payload.decode() != _base64url(canonical(document)) or signature.decode() != _base64url(raw):
        return False
    key = keys.get(header["kid"])
    return key is not None and verify_raw(key, protected + b"." + payload, raw)


def _unbase64url(text: bytes) -> bytes:
    return base64.b64decode(text + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
