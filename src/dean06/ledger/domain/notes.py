"""Checkpoints as signed notes, so that anyone's tools for transparency logs can read them.

Sources: C2SP signed-note (text, blank line, signature lines with a four-byte key ID; Ed25519, signature type 1) and
C2SP tlog-checkpoint (origin, size, root, extension lines).
"""

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Final

ORIGIN_PREFIX: Final = "dean06.ledger/"
KEY_NAME: Final = "dean06.ledger"
KEY_ID_BYTES: Final = 4
ED25519: Final = b"\x01"  # C2SP signed-note, signature types
SIGNATURE_MARK: Final = "\N{EM DASH} "
CHAIN_MARK: Final = "chain "


class MalformedNote(ValueError):
    """The text is not a signed checkpoint."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log states about itself: so many entries, this root, this end of the chain."""

    log: str
    size: int
    root: bytes
    chain_head: bytes

    def text(self) -> str:
        """Return the text that is signed."""
        root, chain = (base64.b64encode(value).decode() for value in (self.root, self.chain_head))
        return f"{ORIGIN_PREFIX}{self.log}\n{self.size}\n{root}\n{CHAIN_MARK}{chain}\n"

    @classmethod
    def parse(cls, text: str) -> "Checkpoint":
        """Read the signed text.

        Raises:
            MalformedNote: not a checkpoint of ours.
        """
        match text.split("\n"):
            case [origin, size, root, chain, ""] if origin.startswith(ORIGIN_PREFIX) and chain.startswith(CHAIN_MARK):
                try:
                    hashes = [base64.b64decode(value, validate=True) for value in (root, chain.removeprefix(CHAIN_MARK))]
                    return cls(origin.removeprefix(ORIGIN_PREFIX), int(size), *hashes)
                except (ValueError, binascii.Error) as exc:
                    raise MalformedNote from exc
            case _:
                raise MalformedNote


@dataclass(frozen=True, slots=True)
class Note:
    """A text and the signatures under it: (key ID, signature) pairs."""

    text: str
    signatures: tuple[tuple[bytes, bytes], ...]

    def __str__(self) -> str:
        lines = [f"{SIGNATURE_MARK}{KEY_NAME} {base64.b64encode(key + signature).decode()}\n" for key, signature in self.signatures]
        return f"{self.text}\n{''.join(lines)}"

    @classmethod
    def parse(cls, note: str) -> "Note":
        """Take a note apart.

        Raises:
            MalformedNote: no blank line, or a signature line of another form.
        """
        text, blank, lines = note.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise MalformedNote
        return cls(text + "\n", tuple(_signature(line) for line in lines[:-1].split("\n")))


def _signature(line: str) -> tuple[bytes, bytes]:
    mark, name, value = [*line.split(" "), "", ""][:3]
    if mark + " " != SIGNATURE_MARK or not name:
        raise MalformedNote
    try:
        decoded = base64.b64decode(value, validate=True)
    except binascii.Error as exc:
        raise MalformedNote from exc
    if len(decoded) <= KEY_ID_BYTES or base64.b64encode(decoded).decode() != value:  # one form only: no bit of a note is loose
        raise MalformedNote
    return decoded[:KEY_ID_BYTES], decoded[KEY_ID_BYTES:]


def key_id(public_key: bytes) -> bytes:
    """Return the key ID of an Ed25519 key (32 bytes) under our key name."""
    return hashlib.sha256(KEY_NAME.encode() + b"\n" + ED25519 + public_key).digest()[:KEY_ID_BYTES]
