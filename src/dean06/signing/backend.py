"""What a holder of keys must be able to do: files today, a PKCS#11 token behind the same face later.

A backend hands out private keys as objects of the ``cryptography`` interfaces. The one of a token implements ``sign``
by a call into the token, so that the secret never enters the process; nothing above this line asks for the secret itself.
"""

from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

Algorithm = Literal["P-256", "Ed25519"]
Usage = Literal["root", "issuing", "tsa", "ledger", "oidc", "member", "gateway", "officer", "seal"]
PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey
PublicKey = EllipticCurvePublicKey | Ed25519PublicKey

USAGES: Final[tuple[Usage, ...]] = ("root", "issuing", "tsa", "ledger", "oidc", "member", "gateway", "officer", "seal")


@dataclass(frozen=True, slots=True)
class KeyVersion:
    """One key pair in the life of a key name.

    Attributes:
        kid: RFC 7638 thumbprint of the public key.
        algorithm: P-256 for ECDSA with SHA-256, Ed25519 for the ledger's checkpoints.
        public_der: SubjectPublicKeyInfo.
        certificate_der: X.509 certificate; None for keys that are published bare.
        made_at: when it began to sign.
        retired_at: when its successor took over; None for the current version.
        published_until: when a retired public key leaves publication; None: stays, as what it signed outlives it.
        holds_private: whether the private half is still kept.
    """

    kid: str
    algorithm: Algorithm
    public_der: bytes
    certificate_der: bytes | None
    made_at: datetime
    retired_at: datetime | None = None
    published_until: datetime | None = None
    holds_private: bool = True


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """All versions of one key name, the current one first."""

    name: str
    usage: Usage
    common_name: str
    organisation: str
    versions: tuple[KeyVersion, ...]

    @property
    def current(self) -> KeyVersion:
        """The version that signs."""
        return self.versions[0]


class KeyBackend(Protocol):
    """A holder of keys; every method may be called from many threads and processes."""

    def names(self) -> tuple[str, ...]:
        """Return all key names, sorted."""

    def record(self, name: str) -> KeyRecord:
        """Return the versions of a key as they are now; raises KeyNotFound, KeyDamaged, KeystoreLocked."""

    def private_key(self, name: str, kid: str) -> PrivateKey:
        """Return one version's signing object; raises KeyNotFound once the private half is gone."""

    def generate(self, algorithm: Algorithm) -> PrivateKey:
        """Make a key pair that has no name yet."""

    def save(self, record: KeyRecord, *, new: PrivateKey | None = None) -> None:
        """Replace the record at once or not at all; ``new`` is the private key of its current version."""

    def exclusive(self) -> AbstractContextManager[None]:
        """Hold off every other process that would change keys; may be nested."""
