"""Certificates with which gateways meet: which of them the configuration names for a member, and what TLS must let through for that.

TLS alone cannot say why it refuses. So it lets through whoever some member named, and the gateway decides afterwards, with a reason.
"""

import hashlib
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from cryptography import x509

from dean06.core.clock import now
from dean06.exchange.hop import KEY, NEXT
from dean06.signing.public import ShownCertificate, shown_certificates

log = structlog.get_logger(__name__)

OVERLAP_IN_STORE: Final = timedelta(days=1)
"""How long a certificate of the key store still counts after its key was renewed: connections that showed it end within minutes."""
SAID_EVERY: Final = timedelta(seconds=10)


@dataclass(frozen=True, slots=True)
class GatewayCertificate:
    """A certificate that the configuration names for a member's gateway.

    Attributes:
        certificate: DER.
        not_before: since when it is named.
        not_after: it counts no longer from then on: its own end, or the end of the overlap with its successor.
    """

    certificate: bytes = field(repr=False)
    not_before: datetime
    not_after: datetime

    def counts(self, at: datetime) -> bool:
        """Say whether it counts at an instant."""
        return at < self.not_after


def fingerprint(certificate: bytes) -> str:
    """Return the SHA-256 of a certificate (DER) in lower-case hexadecimal: what ``openssl x509 -fingerprint -sha256`` shows."""
    return hashlib.sha256(certificate).hexdigest()


def shown_by(connection: Any) -> str:
    """Return the fingerprint of what the peer of a TLS connection showed; empty where it showed nothing."""
    certificate = connection.getpeercert(binary_form=True) if connection is not None else None
    return fingerprint(certificate) if certificate else ""


def hosted() -> Mapping[str, GatewayCertificate]:
    """Return the certificates of this installation's own gateway by fingerprint: shown, prepared, and replaced a moment ago."""
    known = {
        fingerprint(one.certificate): one for one in (*shown_certificates(NEXT), *shown_certificates(KEY))
    }  # what was shown is as its key says
    return {name: entry for name, one in known.items() if (entry := _entry(one)).counts(now())}


def _entry(shown: ShownCertificate) -> GatewayCertificate:
    ends = x509.load_der_x509_certificate(shown.certificate).not_valid_after_utc
    not_after = min(ends, shown.retired_at + OVERLAP_IN_STORE) if shown.retired_at else ends
    return GatewayCertificate(shown.certificate, shown.made_at, not_after)


def trust(context: ssl.SSLContext, certificates: Iterable[bytes]) -> None:
    """Let a context trust single certificates (DER); one that OpenSSL cannot read keeps none of the others out."""
    for certificate in certificates:
        try:
            context.load_verify_locations(cadata=certificate)
        except ssl.SSLError as exc:
            log.warning("exchange.gateway_certificate_unreadable", sha256=fingerprint(certificate), reason=exc.reason or str(exc))


class Gatekeeper:
    """What the TLS server of a process lets through beside its own authority; certificates are added while it serves.

    None is taken away before the process ends: who is no longer named is refused by the gateway, with a reason.
    """

    def __init__(self) -> None:
        self._contexts: list[ssl.SSLContext] = []
        self._known: set[bytes] = set()

    def guard(self, context: ssl.SSLContext) -> None:
        """Let a server's context learn of peers from now on, and say whom it did not hear."""
        context.sslobject_class = Heard
        self._contexts.append(context)
        trust(context, self._known)

    def let_in(self, certificates: Iterable[bytes]) -> None:
        """Let more certificates (DER) through."""
        fresh = {*certificates} - self._known
        self._known |= fresh
        for context in self._contexts:
            trust(context, fresh)


gatekeeper: Final = Gatekeeper()
_said_at: datetime | None = None


class Heard(ssl.SSLObject):
    """One TLS connection of a server; the operator learns why a peer was not heard, as the peer cannot be told."""

    def do_handshake(self) -> None:
        """Shake hands."""
        try:
            super().do_handshake()
        except (ssl.SSLWantReadError, ssl.SSLWantWriteError):
            raise
        except ssl.SSLError as exc:
            _say(getattr(exc, "verify_message", "") or exc.reason or type(exc).__name__)
            raise


def _say(reason: str) -> None:
    """Log why a peer was not heard, at most once in ten seconds: anybody may knock."""
    global _said_at  # noqa: PLW0603 -- one log a process
    if _said_at is None or now() - _said_at >= SAID_EVERY:
        _said_at = now()
        log.warning("exchange.gateway_not_heard", reason=reason)
