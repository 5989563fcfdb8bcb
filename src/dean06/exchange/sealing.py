"""What the exchange itself signs: canonical JSON as a compact JWS (RFC 7515), ES256, by the key of the central registry."""

import base64
import json
from collections.abc import Mapping
from typing import Any, Final

from dean06.signing.public import Signer, ensure_key

REGISTRY_KEY: Final = "exchange.registry"
REGISTRY_NAME: Final = "Nền tảng chia sẻ dữ liệu dean06"


def registry_signer() -> Signer:
    """Return the central registry's signing key, made at first use; its certificate hangs on the installation's root."""
    return ensure_key(REGISTRY_KEY, common_name=REGISTRY_NAME, organisation="dean06", usage="seal")


def canonical(document: Mapping[str, Any]) -> bytes:
    """Return the one byte form of a document: names sorted, no spaces, UTF-8 (RFC 8785 for values without fractions)."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def sealed(document: Mapping[str, Any], *, kind: str, header: Mapping[str, Any] | None = None) -> str:
    """Sign a document.

    Args:
        document: JSON without fractions.
        kind: media subtype of what is signed (``typ``), so that a signature over one kind never passes for another.
        header: more protected headers, such as ``x5c``.

    Returns:
        A compact JWS.
    """
    key = registry_signer()
    protected = canonical({"alg": "ES256", "kid": key.kid, "typ": kind, **(header or {})})
    signed = f"{_base64url(protected)}.{_base64url(canonical(document))}"
    return f"{signed}.{_base64url(key.sign_raw(signed.encode()))}"


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
