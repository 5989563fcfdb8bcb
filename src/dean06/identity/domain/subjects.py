"""Pairwise subject identifiers (OpenID Connect Core sec. 8.1): no two sectors can compare their people."""

import hashlib
import hmac
from uuid import UUID

from dean06.identity.domain.encoding import base64url


def pairwise_sub(*, sector: str, account: UUID, salt: bytes) -> str:
    """Return the ``sub`` of an account for a sector: stable, unlinkable, not reversible without the salt.

    HMAC-SHA256 keyed with the secret salt over account and sector. The account has a fixed width, so no two pairs share an input.
    """
    return base64url(hmac.digest(salt, account.bytes + sector.encode(), hashlib.sha256))


def keyed_username(number: str, *, key: bytes) -> str:
    """Return the hex hash under which a twelve-digit number finds its account; the number itself is not stored."""
    return hmac.digest(key, number.encode(), hashlib.sha256).hex()
