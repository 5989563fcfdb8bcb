"""Keys in files, encrypted at rest.

``keystore.json`` holds the parameters of the key derivation; ``<name>.json`` one key with its versions. The passphrase
goes through scrypt once a process (RFC 7914); the result wraps each PKCS#8 private key with AES-256-GCM and seals each
file with an HMAC, so that opening the fortieth key costs microseconds and no line of a file can be changed unnoticed.
"""

import base64
import fcntl
import hashlib
import hmac
import json
import os
import re
import secrets
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final, get_args

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_der_private_key

from dean06.signing.backend import USAGES, Algorithm, KeyRecord, KeyVersion, PrivateKey
from dean06.signing.errors import KeyDamaged, KeyNameInvalid, KeyNotFound, KeystoreLocked

FORMAT: Final = 1
KEY_NAME: Final = re.compile(r"[a-z][A-Za-z0-9._-]{0,119}")
RESERVED: Final = "keystore"
LARGEST_FILE_BYTES: Final = 1024 * 1024  # some 500 versions of one key; more is no key file
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 3  # OWASP Password Storage Cheat Sheet: 32 MiB, one of its equal choices
LARGEST_SCRYPT_MEMORY_BYTES, LARGEST_SCRYPT_P = 1024**3, 16  # a header that asks for more was not written by us
NONCE_BYTES: Final = 12  # NIST SP 800-38D, sec. 8.2


def _encode(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _canonical(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def write_atomically(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace a file so that a crash at any moment leaves the old one or the new one, whole."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            temporary.unlink()
        raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)


@dataclass(frozen=True, slots=True, repr=False)
class _Secrets:
    """What the passphrase opens: one key that wraps, one that seals."""

    wrapping: AESGCM
    sealing: bytes

    def seal(self, document: Mapping[str, Any]) -> str:
        return hmac.new(self.sealing, _canonical(document), hashlib.sha256).hexdigest()


@dataclass(slots=True, repr=False)
class _Opened:
    """One key file as read: ``stamp`` tells whether the file on disk is still that one."""

    stamp: tuple[int, int, int]
    record: KeyRecord
    wrapped: Mapping[str, bytes]
    private: dict[str, PrivateKey] = field(default_factory=dict)


class FileKeyStore:
    """A ``KeyBackend`` on a directory that only its owner may read.

    Reading takes no lock: files are replaced whole. A change made by another process is seen at the next call, as each
    call compares the file's identity with what is cached.
    """

    def __init__(self, directory: Path, passphrase: str) -> None:
        self._directory = directory
        self._passphrase = passphrase
        self._secrets: _Secrets | None = None
        self._opened: dict[str, _Opened] = {}
        self._mutex = threading.RLock()
        self._depth = 0
        self._lock_handle = -1

    # -- reading

    def names(self) -> tuple[str, ...]:
        """Return all key names, sorted."""
        return tuple(sorted(path.stem for path in self._directory.glob("[a-z]*.json") if path.stem != RESERVED))

    def record(self, name: str) -> KeyRecord:
        """Return the versions of a key as they are now."""
        return self._open(name).record

    def private_key(self, name: str, kid: str) -> PrivateKey:
        """Return one version's private key, decrypted once a process."""
        opened = self._open(name)
        known = opened.private.get(kid)
        if known is not None:
            return known
        if kid not in opened.wrapped:
            raise KeyNotFound(name=name, kid=kid)
        key = self._unwrap(name, kid, opened.wrapped[kid])
        opened.private[kid] = key
        return key

    def _path(self, name: str) -> Path:
        if name == RESERVED or not KEY_NAME.fullmatch(name):
            raise KeyNameInvalid(name=name[:120])
        return self._directory / f"{name}.json"

    def _open(self, name: str) -> _Opened:
        path = self._path(name)
        try:
            status = path.stat()
        except FileNotFoundError:
            raise KeyNotFound(name=name) from None
        stamp = (status.st_ino, status.st_mtime_ns, status.st_size)
        known = self._opened.get(name)
        if known is not None and known.stamp == stamp:
            return known
        opened = self._parse(name, path, stamp)
        self._opened[name] = opened
        return opened

    def _parse(self, name: str, path: Path, stamp: tuple[int, int, int]) -> _Opened:
        unlocked = self._unlock()
        document = _read_json(path)
        seal = document.pop("seal", "")
        if not isinstance(seal, str) or not hmac.compare_digest(seal.encode(), unlocked.seal(document).encode()):
            raise KeyDamaged(f"The key file {path.name} was altered or cut short; restore it from a backup.", file=path.name)
        try:
            record, wrapped = _record_of(document)
        except (KeyError, TypeError, ValueError) as error:  # sealed by us, yet not of this format
            raise KeyDamaged(f"The key file {path.name} has an unknown format.", file=path.name) from error
        if record.name != name:
            raise KeyDamaged(f"The key file {path.name} holds the key of another name.", file=path.name)
        return _Opened(stamp=stamp, record=record, wrapped=wrapped)

    # -- writing

    def generate(self, algorithm: Algorithm) -> PrivateKey:
        """Make a key pair that has no name yet."""
        return Ed25519PrivateKey.generate() if algorithm == "Ed25519" else ec.generate_private_key(ec.SECP256R1())

    def save(self, record: KeyRecord, *, new: PrivateKey | None = None) -> None:
        """Replace the record at once or not at all."""
        path = self._path(record.name)
        with self.exclusive():
            wrapped = dict(self._open(record.name).wrapped) if path.exists() else {}
            if new is not None:
                wrapped[record.current.kid] = self._wrap(record.name, record.current.kid, new)
            document = _document_of(record, wrapped)
            document["seal"] = self._unlock().seal(document)
            write_atomically(path, json.dumps(document, indent=1, ensure_ascii=False).encode())

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        """Hold off every other thread and process that would change keys; may be nested."""
        with self._mutex:
            if self._depth == 0:
                self._directory.mkdir(parents=True, exist_ok=True, mode=0o700)
                self._lock_handle = os.open(self._directory / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
                fcntl.flock(self._lock_handle, fcntl.LOCK_EX)
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    os.close(self._lock_handle)  # closing releases the lock

    # -- secrets

    def _wrap(self, name: str, kid: str, key: PrivateKey) -> bytes:
        plain = key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._unlock().wrapping.encrypt(nonce, plain, f"{name}\n{kid}".encode())

    def _unwrap(self, name: str, kid: str, wrapped: bytes) -> PrivateKey:
        try:
            plain = self._unlock().wrapping.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], f"{name}\n{kid}".encode())
            key = load_der_private_key(plain, None)
        except (InvalidTag, ValueError) as error:
            raise KeyDamaged(f"The private key {name} cannot be decrypted; restore its file from a backup.", name=name) from error
        if not isinstance(key, PrivateKey):
            raise KeyDamaged(f"The private key {name} is of a kind that this store does not hold.", name=name)
        return key

    def _unlock(self) -> _Secrets:
        """Derive the secrets from the passphrase: once a process, as it costs some 0.2 s by intent."""
        if self._secrets is None:
            with self._mutex:
                if self._secrets is None:
                    self._secrets = self._derive()
        return self._secrets

    def _derive(self) -> _Secrets:
        path = self._directory / f"{RESERVED}.json"
        if not path.exists():
            with self.exclusive():
                if not path.exists():
                    return self._begin(path)
        header = _read_json(path)
        check, checksum = str(header.pop("check", "")), str(header.pop("checksum", ""))
        if checksum != hashlib.sha256(_canonical(header)).hexdigest():
            raise KeyDamaged("The file keystore.json was altered or cut short; restore it from a backup.", file=path.name)
        unlocked = _stretch(self._passphrase, header)
        if not hmac.compare_digest(check.encode(), unlocked.seal(header).encode()):
            raise KeystoreLocked
        return unlocked

    def _begin(self, path: Path) -> _Secrets:
        """Write the header of a new store; refused where keys without a header lie, as they could never be opened again."""
        if self.names():
            raise KeyDamaged("The file keystore.json is missing beside the key files; restore it from a backup.", file=path.name)
        header: dict[str, Any] = {
            "format": FORMAT,
            "kdf": "scrypt",
            "n": SCRYPT_N,
            "r": SCRYPT_R,
            "p": SCRYPT_P,
            "salt": _encode(os.urandom(16)),
        }
        unlocked = _stretch(self._passphrase, header)
        sums = {"check": unlocked.seal(header), "checksum": hashlib.sha256(_canonical(header)).hexdigest()}
        write_atomically(path, json.dumps({**header, **sums}, indent=1).encode())
        return unlocked


def _stretch(passphrase: str, header: Mapping[str, Any]) -> _Secrets:
    try:
        n, r, p, salt = int(header["n"]), int(header["r"]), int(header["p"]), base64.b64decode(header["salt"], validate=True)
        is_ours = header["format"] == FORMAT and header["kdf"] == "scrypt"
        is_bounded = 128 * n * r <= LARGEST_SCRYPT_MEMORY_BYTES and p <= LARGEST_SCRYPT_P  # RFC 7914, sec. 2
        both = Scrypt(salt=salt, length=64, n=n, r=r, p=p).derive(passphrase.encode()) if is_ours and is_bounded else b""
    except (KeyError, TypeError, ValueError):
        both = b""
    if not both:
        raise KeyDamaged("The file keystore.json has an unknown format; restore it from a backup.", file=f"{RESERVED}.json")
    return _Secrets(wrapping=AESGCM(both[:32]), sealing=both[32:])


def _read_json(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE_BYTES + 1)
        document = json.loads(data) if len(data) <= LARGEST_FILE_BYTES else None
    except ValueError as error:
        raise KeyDamaged(f"The key file {path.name} is no JSON; restore it from a backup.", file=path.name) from error
    if not isinstance(document, dict):
        raise KeyDamaged(f"The key file {path.name} is no key file; restore it from a backup.", file=path.name)
    return document


def _document_of(record: KeyRecord, wrapped: Mapping[str, bytes]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": record.name,
        "usage": record.usage,
        "common_name": record.common_name,
        "organisation": record.organisation,
        "versions": [
            {
                "kid": version.kid,
                "algorithm": version.algorithm,
                "public": _encode(version.public_der),
                "certificate": _encode(version.certificate_der) if version.certificate_der else None,
                "made_at": version.made_at.isoformat(),
                "retired_at": version.retired_at.isoformat() if version.retired_at else None,
                "published_until": version.published_until.isoformat() if version.published_until else None,
                "private": _encode(wrapped[version.kid]) if version.holds_private else None,
            }
            for version in record.versions
        ],
    }


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _record_of(document: Mapping[str, Any]) -> tuple[KeyRecord, Mapping[str, bytes]]:
    """Read a sealed document; raises KeyError, TypeError or ValueError when it is of another format."""
    rows = document["versions"]
    if document["format"] != FORMAT or document["usage"] not in USAGES or not rows:
        raise ValueError(document["format"])
    if any(row["algorithm"] not in get_args(Algorithm) for row in rows):
        raise ValueError("algorithm")
    versions = tuple(
        KeyVersion(
            kid=row["kid"],
            algorithm=row["algorithm"],
            public_der=base64.b64decode(row["public"]),
            certificate_der=base64.b64decode(row["certificate"]) if row["certificate"] else None,
            made_at=datetime.fromisoformat(row["made_at"]),
            retired_at=_instant(row["retired_at"]),
            published_until=_instant(row["published_until"]),
            holds_private=row["private"] is not None,
        )
        for row in rows
    )
    record = KeyRecord(
        name=document["name"],
        usage=document["usage"],
        common_name=document["common_name"],
        organisation=document["organisation"],
        versions=versions,
    )
    return record, {row["kid"]: base64.b64decode(row["private"]) for row in rows if row["private"]}
