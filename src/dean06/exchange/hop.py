"""Mutual TLS on the hop between gateways: the key and certificate of this installation's gateway.

TLS keeps strangers from the provider's gateway: who has no certificate of the gateways' authority, and none that the configuration
names, is not heard at all. Which member asks is what the message's signature says (``domain/signatures.py``); the certificate must be
one that the configuration names for that member (``peers.py``).

A certificate is prepared before it is shown, so that gateways elsewhere know it by then.
"""

from datetime import UTC, datetime, timedelta
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.conf import settings

from dean06.core.clock import now
from dean06.core.config import config
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import Signer, TlsIdentity, ensure_key, rotate, signer, take_over, tls_identity, write_tls_files

KEY: Final = "gateway"
NEXT: Final = "gateway.next"
ORGANISATION: Final = "dean06"
PREPARED_BEFORE: Final = timedelta(days=37)
SHOWN_BEFORE: Final = timedelta(days=7)
"""Before the end of the certificate: time for the registry's operator to name the one that was prepared."""


def is_own_tls() -> bool:
    """Say whether gateways speak TLS themselves; otherwise a proxy in front of each does."""
    return bool(settings.DEAN06_HOP_TLS == "own")


def ensure_identity() -> Signer:
    """Return the gateway's key; made where it is missing, renewed where its certificate ends soon or names another host."""
    host = config().host
    made = _present(KEY) or ensure_key(KEY, common_name=host, organisation=ORGANISATION, usage="gateway")
    if made.certificate is None or not _names(made.certificate, host):
        return rotate(KEY, common_name=host)
    left = made.certificate.not_valid_after_utc - now()
    if left <= SHOWN_BEFORE:
        prepare(instead_of=made)
        try:
            return switch()
        except KeyNotFound:  # another process was first
            return signer(KEY)
    if left <= PREPARED_BEFORE:
        prepare(instead_of=made)
    return made


def prepare(*, instead_of: Signer | None = None) -> Signer:
    """Return the key that is to follow, made first where none waits; its certificate is named by the configuration before it is shown."""
    host = config().host
    shown = instead_of or ensure_identity()
    waiting = _present(NEXT)
    if waiting is None:
        return ensure_key(NEXT, common_name=host, organisation=ORGANISATION, usage="gateway")
    is_good = waiting.certificate is not None and _names(waiting.certificate, host) and waiting.kid != shown.kid
    if is_good and _ends(waiting) >= max(_ends(shown), now() + SHOWN_BEFORE):
        return waiting
    return rotate(NEXT, common_name=host)


def switch() -> Signer:
    """Show the certificate that was prepared from now on.

    Raises:
        KeyNotFound: none was.
    """
    return take_over(KEY, prepared=NEXT)


def _present(name: str) -> Signer | None:
    try:
        return signer(name)
    except KeyNotFound:
        return None


def _ends(made: Signer) -> datetime:
    return made.certificate.not_valid_after_utc if made.certificate is not None else datetime.min.replace(tzinfo=UTC)


def _names(certificate: x509.Certificate, host: str) -> bool:
    names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    return host in known


def certificate_pem(made: Signer) -> str:
    """Return the certificate of a gateway's key, for the operator of the registry."""
    return made.certificate.public_bytes(Encoding.PEM).decode() if made.certificate is not None else ""


def identity() -> TlsIdentity:
    """Return what the client of the hop needs."""
    ensure_identity()
    return tls_identity(KEY)


def write_files() -> None:
    """Write certificate, key in the clear (ADR 12) and trusted authority where the server of the provider's gateway reads them."""
    ensure_identity()
    files = config().hop_files
    write_tls_files(KEY, certificate=files.certificate, key=files.key, authorities=files.authorities)


def renew_files() -> bool:
    """Write those files anew where they hold another certificate than is to be shown; say whether they did.

    Only where they are: an installation whose gateways stand behind a proxy, or on another machine, has none.
    """
    written = config().hop_files.certificate
    if not is_own_tls() or not written.exists() or written.read_text() == certificate_pem(ensure_identity()):
        return False
    write_files()
    return True
