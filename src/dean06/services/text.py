"""Text and files from outside, bounded before anything reads them."""

import unicodedata
from typing import Final

from dean06.services.errors import FileTooLarge, FileTypeRefused, MalformedReceipt, NotText, ReasonMissing

LARGEST_FILE_BYTES: Final = 5 * 1024 * 1024
SHORTEST_REASON: Final = 10
LONGEST_REASON: Final = 2000
LONGEST_RECEIPT: Final = 40
ALLOWED_CONTROLS: Final = frozenset("\n\t")

SIGNATURES: Final = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)
"""First bytes of the types that are accepted. Sources: ISO 32000-2 sec. 7.5.2, ITU T.81 annex B, PNG sec. 5.2."""


def clean(text: str, *, longest: int) -> str:
    """Bring typed text into one form: NFC, trimmed, one kind of line end; refused when too long.

    Raises:
        NotText: control characters, lone surrogates, or longer than allowed.
    """
    plain = unicodedata.normalize("NFC", text.replace("\r\n", "\n")).strip()
    if len(plain) > longest or any(unicodedata.category(sign) in {"Cc", "Cs"} and sign not in ALLOWED_CONTROLS for sign in plain):
        raise NotText
    return plain


def line(text: str, *, longest: int) -> str:
    """Read one line of typed text; inner white space becomes single spaces."""
    return " ".join(clean(text, longest=longest).split())


def reason(text: str) -> str:
    """Read a reason that people will read.

    Raises:
        ReasonMissing: shorter than ten characters.
    """
    plain = clean(text, longest=LONGEST_REASON)
    if len(plain) < SHORTEST_REASON:
        raise ReasonMissing
    return plain


def receipt_number(text: str) -> str:
    """Read the number printed on a receipt.

    Raises:
        MalformedReceipt: empty, too long, or other signs than letters, digits, ``-`` ``/`` ``.``.
    """
    plain = text.strip().upper()
    if not 1 <= len(plain) <= LONGEST_RECEIPT or not all(sign.isascii() and (sign.isalnum() or sign in "-/.") for sign in plain):
        raise MalformedReceipt
    return plain


def sniffed_type(content: bytes) -> str:
    """Return the media type that the first bytes show, whatever the name says.

    Raises:
        FileTooLarge: larger than 5 MB.
        FileTypeRefused: none of the accepted types.
    """
    if len(content) > LARGEST_FILE_BYTES:
        raise FileTooLarge(size_bytes=len(content))
    for start, media_type in SIGNATURES:
        if content.startswith(start):
            return media_type
    raise FileTypeRefused
