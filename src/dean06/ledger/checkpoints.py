"""Signing checkpoints and checking who signed them."""

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dean06.ledger.domain.notes import Checkpoint, Note, key_id
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import PublicKey, Signer, ensure_key, published_keys, signer, verify_raw

KEY = "ledger"


def sign(checkpoint: Checkpoint) -> str:
    """Return the checkpoint as a signed note."""
    by = _signer()
    text = checkpoint.text()
    return str(Note(text, ((key_id(raw_key(by.public_key)), by.sign_raw(text.encode())),)))


def _signer() -> Signer:
    try:
        return signer(KEY)
    except KeyNotFound:
        return ensure_key(KEY, common_name="Sổ cái dean06", usage="ledger")


def raw_key(public_key: PublicKey) -> bytes:
    """Return the 32 bytes of the log's key, which is always Ed25519."""
    if not isinstance(public_key, Ed25519PublicKey):
        raise TypeError("the ledger's key is Ed25519")
    return public_key.public_bytes_raw()


def known_keys() -> Mapping[bytes, PublicKey]:
    """Return the log's public keys, current and retired, by key ID."""
    try:
        return {key_id(raw_key(key.public_key)): key.public_key for key in published_keys(KEY)}
    except KeyNotFound:
        return {}


def is_signed(note: Note, keys: Mapping[bytes, PublicKey]) -> bool:
    """Say whether one of the known keys signed the note."""
    return any(
        verify_raw(public_key, note.text.encode(), signature)
        for known, signature in note.signatures
        if (public_key := keys.get(known)) is not None
    )
