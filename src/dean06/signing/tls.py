"""Certificate and key with which a gateway meets other gateways."""

from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dean06.signing.errors import KeyInOtherUse
from dean06.signing.keys import GATEWAYS, signer
from dean06.signing.keystore import write_atomically
from dean06.signing.trust import certificates_named


@dataclass(frozen=True, slots=True, repr=False)
class TlsIdentity:
    """What a TLS server or client of a gateway needs, as PEM.

    Attributes:
        kid: which version of the key.
        certificate: of the key.
        key: PKCS#8, not encrypted.
        authorities: who signs certificates of gateways, all versions.
    """

    kid: str
    certificate: bytes
    key: bytes
    authorities: bytes


def tls_identity(name: str) -> TlsIdentity:
    """Return a gateway's certificate and private key, and the authority whose certificates it trusts.

    Raises:
        KeyInOtherUse: the key is not a gateway's; keys that sign do not leave the store.
    """
    made = signer(name)
    if made.usage != "gateway" or made.certificate is None:
        raise KeyInOtherUse(name=name, usage=made.usage)
    return TlsIdentity(
        kid=made.kid,
        certificate=made.certificate.public_bytes(Encoding.PEM),
        key=made.private_key_for_jose().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
        authorities=b"".join(certificate.public_bytes(Encoding.PEM) for certificate in certificates_named(GATEWAYS)),
    )


def write_tls_files(name: str, *, certificate: Path, key: Path, authorities: Path) -> None:
    """Write a gateway's TLS identity as files that their owner alone may read, the certificate last.

    The key stands there in the clear: a passphrase would have to lie beside it (ADR 12). It signs no message and ends within a year.
    """
    made = tls_identity(name)
    for path, data in ((authorities, made.authorities), (key, made.key), (certificate, made.certificate)):
        write_atomically(path, data)
