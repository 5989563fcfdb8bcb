"""Mutual TLS on the hop between gateways: the key and certificate of this installation's gateway.

TLS keeps strangers from the provider's gateway: who has no certificate of the gateways' authority is not heard at all. It does
not say which member asks, as one gateway may serve many; that is what the message's signature says (``domain/signatures.py``),
and nothing is decided from the certificate.
"""

from typing import Final

from cryptography import x509
from django.conf import settings

from dean06.core.config import config
from dean06.signing.public import Signer, TlsIdentity, ensure_key, rotate, tls_identity, write_tls_files

KEY: Final = "gateway"
ORGANISATION: Final = "dean06"


def is_own_tls() -> bool:
    """Say whether gateways speak TLS themselves; otherwise a proxy in front of each does."""
    return bool(settings.DEAN06_HOP_TLS == "own")


def ensure_identity() -> Signer:
    """Return the gateway's key; made where it is missing, renewed where its certificate ends soon or names another host."""
    host = config().host
    made = ensure_key(KEY, common_name=host, organisation=ORGANISATION, usage="gateway")
    return made if _names(made, host) else rotate(KEY, common_name=host)


def _names(made: Signer, host: str) -> bool:
    if made.certificate is None:
        return False
    names = made.certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    known = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    return host in known


def identity() -> TlsIdentity:
    """Return what the client of the hop needs."""
    ensure_identity()
    return tls_identity(KEY)


def write_files() -> None:
    """Write certificate, key in the clear (ADR 12) and trusted authority where the server of the provider's gateway reads them."""
    ensure_identity()
    files = config().hop_files
    write_tls_files(KEY, certificate=files.certificate, key=files.key, authorities=files.authorities)
