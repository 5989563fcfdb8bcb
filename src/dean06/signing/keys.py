"""Named keys: made once, used by name, renewed with a certificate of the authority that they hang on."""

import base64
import hashlib
import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_der_public_key,
)
from django.conf import settings

from dean06.core import clock
from dean06.signing.backend import USAGES, Algorithm, KeyBackend, KeyRecord, KeyVersion, PrivateKey, PublicKey, Usage
from dean06.signing.certificates import PROFILES, Authority, issue
from dean06.signing.errors import KeyCannotSignThis, KeyDamaged, KeyInOtherUse, KeyNotFound
from dean06.signing.keystore import FileKeyStore

ROOT: Final = "ca.root"
ISSUING: Final = "ca.issuing"
GATEWAYS: Final = "ca.gateways"
"""Signs certificates of gateways and nothing else, so that a server that trusts it lets in gateways and nobody else."""
ECDSA_SHA256: Final = ec.ECDSA(SHA256())
COORDINATE_BYTES: Final = 32  # P-256; RFC 7518, sec. 3.4
HIGHEST_POSITIVE: Final = 0x7F  # a number of DER that begins with more is negative (X.690, sec. 8.3)
RENEWED_BEFORE_EXPIRY: Final = timedelta(days=30)
SECONDS_PER_DAY: Final = 86_400

STAYS_PUBLISHED: Final = MappingProxyType[Usage, timedelta]({"oidc": timedelta(days=7)})
"""How long a retired public key is published; usages that are absent: for ever, as what they signed outlives them.
Tokens live for minutes; a week leaves room for relying parties that keep a copy of our key set."""

TRUST: Final[tuple[tuple[str, Usage, str], ...]] = (
    (ROOT, "root", "Chứng thực gốc dean06 (trình diễn)"),
    (ISSUING, "issuing", "Chứng thực cấp phát dean06 (trình diễn)"),
    ("tsa", "tsa", "Dịch vụ cấp dấu thời gian dean06"),
    ("ledger", "ledger", "Sổ cái dean06"),
    ("oidc", "oidc", "Định danh điện tử dean06"),
)
OF_GATEWAYS: Final[tuple[str, Usage, str]] = (GATEWAYS, "issuing", "Chứng thực cổng kết nối dean06 (trình diễn)")
"""Made with the first gateway's certificate: documents and people do not hang on it."""
TRUST_ORGANISATION: Final = "dean06"


@dataclass(frozen=True, slots=True)
class PublishedKey:
    """A public key that others may still meet signatures of; ``not_after`` tells when a retired one leaves publication."""

    kid: str
    public_key: PublicKey
    not_after: datetime | None


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """The current version of a named key, ready to sign."""

    name: str
    kid: str
    usage: Usage
    certificate: x509.Certificate | None
    public_key: PublicKey
    _private_key: PrivateKey

    def sign(self, data: bytes) -> bytes:
        """Return DER ECDSA with SHA-256 over P-256; for Ed25519 the 64 raw bytes (RFC 8032)."""
        if isinstance(self._private_key, Ed25519PrivateKey):
            return self._private_key.sign(data)
        return self._private_key.sign(data, ECDSA_SHA256)

    def sign_raw(self, data: bytes) -> bytes:
        """Return 64 bytes: ``r || s`` of ECDSA (RFC 7518, sec. 3.4), or Ed25519."""
        signature = self.sign(data)
        if isinstance(self._private_key, Ed25519PrivateKey):
            return signature
        r, s = decode_dss_signature(signature)
        return r.to_bytes(COORDINATE_BYTES, "big") + s.to_bytes(COORDINATE_BYTES, "big")

    def private_key_for_jose(self) -> EllipticCurvePrivateKey:
        """Return the signing object for a JOSE library; with a token behind it, ``sign`` still runs in the token.

        Raises:
            KeyCannotSignThis: the key is no P-256 key.
        """
        if not isinstance(self._private_key, EllipticCurvePrivateKey):
            raise KeyCannotSignThis(name=self.name)
        return self._private_key

    def __repr__(self) -> str:
        return f"Signer({self.name}, {self.kid})"


# -- the store of this installation


@cache
def _file_store(directory: Path, passphrase: str) -> FileKeyStore:
    return FileKeyStore(directory, passphrase)


def backend() -> KeyBackend:
    """Return the holder of this installation's keys."""
    return _file_store(Path(settings.DEAN06_KEY_DIR), settings.DEAN06_KEY_PASSPHRASE)


def thumbprint(public_key: PublicKey) -> str:
    """Return the JWK thumbprint of a public key, base64url without padding (RFC 7638, RFC 8037)."""
    if isinstance(public_key, Ed25519PublicKey):
        members = {"crv": "Ed25519", "kty": "OKP", "x": _base64url(public_key.public_bytes_raw())}
    else:
        numbers = public_key.public_numbers()
        x, y = (_base64url(number.to_bytes(COORDINATE_BYTES, "big")) for number in (numbers.x, numbers.y))
        members = {"crv": "P-256", "kty": "EC", "x": x, "y": y}
    return _base64url(hashlib.sha256(json.dumps(members, sort_keys=True, separators=(",", ":")).encode()).digest())


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_key_of(version: KeyVersion) -> PublicKey:
    """Return the public half of a version.

    Raises:
        KeyDamaged: the store holds something else.
    """
    key = load_der_public_key(version.public_der)
    if not isinstance(key, PublicKey):
        raise KeyDamaged(kid=version.kid)
    return key


# -- reading


def signer(name: str) -> Signer:
    """Return the current version of a key.

    Cheap: one ``stat`` of the file, so that a rotation in another process is seen at once.

    Raises:
        KeyNotFound: no such key.
        KeyDamaged, KeystoreLocked: the store cannot be read.
    """
    store = backend()
    record = store.record(name)
    return signer_of(record, store)


_signers: dict[tuple[int, str, str], tuple[KeyVersion, Signer]] = {}


def signer_of(record: KeyRecord, store: KeyBackend) -> Signer:
    """Return the current version of a key, built once for each version."""
    version = record.current
    place = (id(store), record.name, version.kid)
    known = _signers.get(place)
    if known is not None and known[0] is version:
        return known[1]
    public_key = public_key_of(version)
    private_key = store.private_key(record.name, version.kid)
    if private_key.public_key() != public_key:
        raise KeyDamaged(f"The halves of the key {record.name} do not belong together.", name=record.name)
    made = Signer(
        name=record.name,
        kid=version.kid,
        usage=record.usage,
        certificate=x509.load_der_x509_certificate(version.certificate_der) if version.certificate_der else None,
        public_key=public_key,
        _private_key=private_key,
    )
    _signers[place] = (version, made)
    return made


def published_keys(name: str) -> tuple[PublishedKey, ...]:
    """Return the public keys that others may still meet, the current one first."""
    now = clock.now()
    return tuple(
        PublishedKey(kid=version.kid, public_key=public_key_of(version), not_after=version.published_until)
        for version in backend().record(name).versions
        if version.published_until is None or version.published_until > now
    )


@dataclass(frozen=True, slots=True)
class KeyState:
    """What an operator sees of a key."""

    name: str
    usage: Usage
    kid: str
    algorithm: Algorithm
    subject: str
    made_at: datetime
    expires_at: datetime | None
    versions: int


def key_states() -> tuple[KeyState, ...]:
    """Return all keys by name, without their secrets."""
    return tuple(_state(backend().record(name)) for name in backend().names())


def _state(record: KeyRecord) -> KeyState:
    current = record.current
    certificate = x509.load_der_x509_certificate(current.certificate_der) if current.certificate_der else None
    return KeyState(
        name=record.name,
        usage=record.usage,
        kid=current.kid,
        algorithm=current.algorithm,
        subject=", ".join(part for part in (record.common_name, record.organisation) if part),
        made_at=current.made_at,
        expires_at=certificate.not_valid_after_utc if certificate else None,
        versions=len(record.versions),
    )


def is_valid_signature(public_key: PublicKey, data: bytes, signature: bytes) -> bool:
    """Say whether 64 raw bytes are a signature: ``r || s`` of ECDSA P-256 with SHA-256, or Ed25519."""
    if len(signature) != 2 * COORDINATE_BYTES:
        return False
    try:
        if isinstance(public_key, Ed25519PublicKey):
            public_key.verify(signature, data)
        else:
            public_key.verify(_encoded(signature), data, ECDSA_SHA256)
    except InvalidSignature:
        return False
    return True


def _encoded(signature: bytes) -> bytes:
    """Return 64 bytes ``r || s`` as DER (RFC 3279, sec. 2.2.3), without the way over large numbers: this is done for each message."""
    both = _encoded_number(signature[:COORDINATE_BYTES]) + _encoded_number(signature[COORDINATE_BYTES:])
    return b"\x30%c%b" % (len(both), both)


def _encoded_number(number: bytes) -> bytes:
    number = number.lstrip(b"\0") or b"\0"
    if number[0] > HIGHEST_POSITIVE:
        return b"\x02%c\0%b" % (len(number) + 1, number)
    return b"\x02%c%b" % (len(number), number)


# -- making and renewing


def ensure_key(name: str, *, common_name: str, organisation: str = "", usage: Usage) -> Signer:
    """Return the key of this name, making it first where it is missing or its certificate is about to end.

    An existing key keeps its subject; ``rotate`` with a new one changes it.

    Raises:
        KeyInOtherUse: the name belongs to a key of another usage.
        SubjectInvalid: a part of the subject is empty or too long.
    """
    if usage not in USAGES:
        raise KeyInOtherUse(f"There is no key usage {usage!r}; the usages are {', '.join(USAGES)}.")
    store = backend()
    record = _record_or_none(store, name)
    if record is None or _is_ending(record):
        with store.exclusive():
            record = _record_or_none(store, name)  # another process may have been first
            if record is None:
                blank = KeyRecord(name=name, usage=usage, common_name=common_name, organisation=organisation, versions=())
                record = add_version(store, blank)
            elif _is_ending(record):
                record = add_version(store, record)
    if record.usage != usage:
        raise KeyInOtherUse(name=name, usage=record.usage)
    return signer_of(record, store)


def _record_or_none(store: KeyBackend, name: str) -> KeyRecord | None:
    try:
        return store.record(name)
    except KeyNotFound:
        return None


def _is_ending(record: KeyRecord) -> bool:
    if record.current.certificate_der is None:
        return False
    certificate = x509.load_der_x509_certificate(record.current.certificate_der)
    return certificate.not_valid_after_utc - RENEWED_BEFORE_EXPIRY <= clock.now()


def add_version(store: KeyBackend, record: KeyRecord) -> KeyRecord:
    """Make a key pair and its certificate, retire the versions before it, and save all that at once."""
    now = clock.now()
    algorithm: Algorithm = "Ed25519" if record.usage == "ledger" else "P-256"
    private_key = store.generate(algorithm)
    public_key = private_key.public_key()
    version = KeyVersion(
        kid=thumbprint(public_key),
        algorithm=algorithm,
        public_der=public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        certificate_der=_certificate(record, private_key),
        made_at=now,
    )
    renewed = replace(record, versions=(version, *retired(record, at=now)))
    store.save(renewed, new=private_key)
    return store.record(record.name)


def retired(record: KeyRecord, *, at: datetime) -> tuple[KeyVersion, ...]:
    """Return all versions of a key as they stand when another one takes their place."""
    return tuple(_retire(old, record.usage, at) for old in record.versions)


def _retire(version: KeyVersion, usage: Usage, now: datetime) -> KeyVersion:
    if version.retired_at is not None:
        return version
    overlap = STAYS_PUBLISHED.get(usage)
    return replace(
        version,
        retired_at=now,
        published_until=now + overlap if overlap else None,
        holds_private=usage in {"root", "issuing"},
    )


def _certificate(record: KeyRecord, private_key: PrivateKey) -> bytes | None:
    if record.usage not in PROFILES or not isinstance(private_key, EllipticCurvePrivateKey):
        return None
    certificate = issue(
        record.usage,
        public_key=private_key.public_key(),
        common_name=record.common_name,
        organisation=record.organisation,
        authority=None if record.usage == "root" else authority_for(record.usage),
        own_key=private_key,
    )
    return certificate.public_bytes(Encoding.DER)


def authority_for(usage: Usage) -> Authority:
    """Return the authority that signs certificates of a usage, made first where there is none yet."""
    if usage == "issuing":
        return authority_of(ensured_authority(ROOT))
    return authority_of(ensured_authority(GATEWAYS if usage == "gateway" else ISSUING))


def ensured_authority(name: str) -> Signer:
    """Return an authority's key by its name, made first where it is missing."""
    usage, common_name = next((usage, title) for known, usage, title in (*TRUST, OF_GATEWAYS) if known == name)
    return ensure_key(name, common_name=common_name, organisation=TRUST_ORGANISATION, usage=usage)


def authority_of(made: Signer) -> Authority:
    """Return what signs certificates with a key.

    Raises:
        KeyDamaged: the key has no certificate of its own.
    """
    if made.certificate is None:
        raise KeyDamaged(f"The authority {made.name} has no certificate.", name=made.name)
    return Authority(certificate=made.certificate, private_key=made.private_key_for_jose())
