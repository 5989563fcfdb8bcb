"""What a witness says under a checkpoint: I have seen this log grow up to here, and never otherwise.

Sources: C2SP tlog-cosignature (cosignature/v1: Ed25519 over a header, a time and the checkpoint's text; signature type 4),
C2SP signed-note (verifier keys ``name+id+key``), C2SP tlog-witness (the request ``add-checkpoint``).
"""

import base64
import binascii
import hashlib
import struct
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from dean06.ledger.domain.leaves import HASH_BYTES
from dean06.ledger.domain.notes import KEY_ID_BYTES, SIGNATURE_MARK, MalformedNote, Note

COSIGNATURE: Final = b"\x04"  # C2SP signed-note, signature types
HEADER: Final = "cosignature/v1"
OLD_MARK: Final = "old "
LONGEST_PROOF: Final = 63  # C2SP tlog-witness
TIME_BYTES: Final = 8
KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64


def cosigned_bytes(note_text: str, *, at: int) -> bytes:
    """Return what a witness signs; ``at`` in seconds since 1970."""
    return f"{HEADER}\ntime {at}\n{note_text}".encode()


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a witness: its name and an Ed25519 key of 32 bytes."""

    name: str
    public_key: bytes

    @property
    def id(self) -> bytes:
        """Return the four bytes that stand before each of its signatures."""
        return hashlib.sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public_key).digest()[:KEY_ID_BYTES]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(COSIGNATURE + self.public_key).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """Read ``name+id+key``.

        Raises:
            MalformedNote: not a witness's key, or its id is not the key's.
        """
        name, _, rest = text.strip().partition("+")
        stated, _, encoded = rest.partition("+")
        try:
            raw = base64.b64decode(encoded, validate=True)
        except binascii.Error as exc:
            raise MalformedNote from exc
        key = cls(name, raw[1:])
        if not name or " " in name or raw[:1] != COSIGNATURE or len(key.public_key) != KEY_BYTES or key.id.hex() != stated:
            raise MalformedNote
        return key

    def line(self, signature: bytes, *, at: int) -> str:
        """Return the signature line that goes under the note."""
        return f"{SIGNATURE_MARK}{self.name} {base64.b64encode(self.id + struct.pack('>Q', at) + signature).decode()}\n"

    def time_under(self, note: Note) -> int | None:
        """Return when this witness cosigned the note; none if it did not."""
        for known, value in note.signatures:
            if known == self.id and len(value) == TIME_BYTES + SIGNATURE_BYTES:
                at = int.from_bytes(value[:TIME_BYTES], "big")
                try:
                    Ed25519PublicKey.from_public_bytes(self.public_key).verify(value[TIME_BYTES:], cosigned_bytes(note.text, at=at))
                except InvalidSignature:
                    continue
                return at
        return None


@dataclass(frozen=True, slots=True)
class Submission:
    """``add-checkpoint``: from which size the proof starts, the proof, and the signed note."""

    old_size: int
    proof: tuple[bytes, ...]
    note: str

    def __str__(self) -> str:
        hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in self.proof)
        return f"{OLD_MARK}{self.old_size}\n{hashes}\n{self.note}"

    @classmethod
    def parse(cls, text: str) -> "Submission":
        """Read a request.

        Raises:
            MalformedNote: not of the form.
        """
        head, blank, note = text.partition("\n\n")
        first, *hashes = head.split("\n")
        number = first.removeprefix(OLD_MARK)
        if not blank or not first.startswith(OLD_MARK) or not (number.isascii() and number.isdigit()) or len(hashes) > LONGEST_PROOF:
            raise MalformedNote
        try:
            proof = tuple(base64.b64decode(value, validate=True) for value in hashes)
        except binascii.Error as exc:
            raise MalformedNote from exc
        if any(len(value) != HASH_BYTES for value in proof):
            raise MalformedNote
        return cls(int(number), proof, note)
