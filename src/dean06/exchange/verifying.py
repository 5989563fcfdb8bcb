"""Believing a configuration: signature, chain to the trust anchor, form, time; without a database."""

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from dean06.exchange.errors import ConfigurationExpired, ConfigurationRefused
from dean06.exchange.sealing import REGISTRY_NAME, canonical
from dean06.signing.errors import ChainNotTrusted
from dean06.signing.public import sealing_key, verify_raw

KIND: Final = "dean06-exchange-configuration+jws"
FORMAT: Final = "dean06-exchange-configuration/1"
LARGEST_BYTES: Final = 32 * 1024 * 1024
CLOCK_SKEW: Final = timedelta(minutes=5)
_REQUIRED: Final = frozenset({"format", "version", "issued_at", "valid_until", "grace_seconds", "content"})
_HEADER: Final = frozenset({"alg", "kid", "typ", "x5c"})


@dataclass(frozen=True, slots=True)
class Configuration:
    """A configuration whose signature is good.

    Attributes:
        version: grows with each publication.
        issued_at: when the registry signed it.
        valid_until: until when gateways go by it without a word.
        grace: how much longer they go by it, with a warning.
        content: members, groups, agreements.
        digest: SHA-256 of the signed text: the same version is the same text.
    """

    version: int
    issued_at: datetime
    valid_until: datetime
    grace: timedelta
    content: Mapping[str, Any] = field(repr=False)
    digest: str

    def check_time(self, at: datetime) -> None:
        """Refuse to go by it any longer.

        Raises:
            ConfigurationExpired: validity and grace are over.
        """
        if at > self.valid_until + self.grace:
            raise ConfigurationExpired(version=self.version, valid_until=self.valid_until.isoformat())


def verified(token: bytes, *, anchors_pem: bytes, at: datetime) -> Configuration:
    """Verify a signed configuration.

    Args:
        token: compact JWS, as it was served.
        anchors_pem: root certificates that this gateway trusts, brought to it by hand.
        at: the present.

    Raises:
        ConfigurationRefused: any byte differs from what the registry signed, the chain does not lead to an anchor, or the
            document is not of the form or from the future.
        ConfigurationExpired: validity and grace are over.
    """
    if len(token) > LARGEST_BYTES:
        raise ConfigurationRefused(reason="size")
    try:
        text = token.decode("ascii")
        protected, payload, signature = text.split(".")
        header = json.loads(_decoded(protected))
        document = json.loads(_decoded(payload))
        raw_signature = _decoded(signature)
        if not isinstance(header, dict) or header.keys() != _HEADER or header["alg"] != "ES256" or header["typ"] != KIND:
            raise ConfigurationRefused(reason="header")
        chain = [base64.b64decode(one, validate=True) for one in header["x5c"]]
        key = sealing_key(chain, anchors_pem=anchors_pem, common_name=REGISTRY_NAME, at=at)
        if not verify_raw(key, f"{protected}.{payload}".encode(), raw_signature):
            raise ConfigurationRefused(reason="signature")
        configuration = _read(document, hashlib.sha256(token).hexdigest())
        is_canonical = canonical(document) == _decoded(payload)
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError, ChainNotTrusted) as exc:
        raise ConfigurationRefused(reason=type(exc).__name__) from exc
    if not is_canonical or configuration.issued_at > at + CLOCK_SKEW:
        raise ConfigurationRefused(reason="form")
    configuration.check_time(at)
    return configuration


def _read(document: Mapping[str, Any], digest: str) -> Configuration:
    if document.keys() != _REQUIRED or document["format"] != FORMAT or not isinstance(document["content"], dict):
        raise ConfigurationRefused(reason="format")
    return Configuration(
        version=int(document["version"]),
        issued_at=datetime.fromisoformat(document["issued_at"]),
        valid_until=datetime.fromisoformat(document["valid_until"]),
        grace=timedelta(seconds=int(document["grace_seconds"])),
        content=document["content"],
        digest=digest,
    )


def _decoded(text: str) -> bytes:
    """Decode base64url strictly: one text for the same bytes, so that no byte of the text is free (RFC 4648, sec. 3.5)."""
    try:
        data = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except binascii.Error as exc:
        raise ConfigurationRefused(reason="base64url") from exc
    if base64.urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ConfigurationRefused(reason="base64url")
    return data
