"""Certificate and key with which a gateway meets other gateways."""

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from dean06.core import clock
from dean06.signing.errors import KeyInOtherUse, KeyNotFound
from dean06.signing.keys import GATEWAYS, Signer, backend, retired, signer, signer_of
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


@dataclass(frozen=True, slots=True)
class ShownCertificate:
    """A certificate that a gateway's key has or had: DER, when it was made, when another one took its place."""

    certificate: bytes
    made_at: datetime
    retired_at: datetime | None


def shown_certificates(name: str) -> tuple[ShownCertificate, ...]:
    """Return the certificates of all versions of a gateway's key, the newest first; none where there is no such key."""
    try:
        record = backend().record(name)
    except KeyNotFound:
        return ()
    return tuple(
        ShownCertificate(version.certificate_der, version.made_at, version.retired_at)
        for version in record.versions
        if version.certificate_der is not None
    )


def take_over(name: str, *, prepared: str) -> Signer:
    """Let a gateway's key go on as the one that was prepared under another name, with the certificate that others know by now.

    Raises:
        KeyNotFound: nothing is prepared, or it was taken over before.
        KeyInOtherUse: one of them is no gateway's key.
    """
    store = backend()
    with store.exclusive():
        record, waiting = store.record(name), store.record(prepared)
        if {record.usage, waiting.usage} != {"gateway"}:
            raise KeyInOtherUse(name=name, usage=record.usage)
        if waiting.current.kid in {version.kid for version in record.versions}:
            raise KeyNotFound(name=prepared)
        former = retired(record, at=clock.now())
        renewed = replace(record, versions=(waiting.current, *former), common_name=waiting.common_name)
        store.save(renewed, new=store.private_key(prepared, waiting.current.kid))
        return signer_of(store.record(name), store)


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
