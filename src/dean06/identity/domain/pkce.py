"""Proof Key for Code Exchange (RFC 7636), S256 only."""

import hashlib
import hmac
import re
from typing import Final

from dean06.identity.domain.encoding import base64url
from dean06.identity.errors import InvalidGrant, InvalidRequest

METHOD: Final = "S256"
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9_-]{43}")  # base64url of a SHA-256
_VERIFIER: Final = re.compile(r"[A-Za-z0-9._~-]{43,128}")  # RFC 7636 sec. 4.1


def check_challenge(challenge: str, method: str) -> str:
    """Return the challenge of an authorization request.

    Raises:
        InvalidRequest: absent, malformed, or a method other than S256 (an absent method would mean "plain").
    """
    if not challenge:
        raise InvalidRequest("The parameter code_challenge is missing: PKCE is mandatory.")
    if method != METHOD:
        raise InvalidRequest("The parameter code_challenge_method must be S256.")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("The parameter code_challenge is not the base64url form of a SHA-256 hash.")
    return challenge


def challenge_of(verifier: str) -> str:
    """Return the S256 challenge of a verifier (RFC 7636 sec. 4.2)."""
    return base64url(hashlib.sha256(verifier.encode()).digest())


def check_verifier(verifier: str, challenge: str) -> None:
    """Compare in constant time.

    Raises:
        InvalidGrant: the verifier is malformed or does not belong to the challenge.
    """
    if not _VERIFIER.fullmatch(verifier) or not hmac.compare_digest(challenge_of(verifier), challenge):
        raise InvalidGrant("The code_verifier does not belong to the code.")
