"""Packing the readable part before it is locked: ciphertext does not shrink, and the evidence of an exchange repeats itself.

A packed text begins with the number of its dictionary; an unpacked one is JSON and begins with ``{``. What is committed to is the
text itself, so packing touches no commitment. A dictionary is never changed, only followed by another one.

What is random in a text (digests, signatures, keys' identifiers, UUIDs) stands there in letters, often several times. Each such
value is written once as bytes behind the deflated rest, in which one control character stands for it wherever it stood:
JSON has none. What stands between the values in every transaction is a phrase, and one control character stands for it, too. Words
that many texts repeat (names of members and services, keys' identifiers) may be known by a number, written before the values.
"""

import zlib
from binascii import a2b_base64, a2b_hex, b2a_base64, b2a_hex
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

LEAST_BYTES: Final = 200
LARGEST_SECONDS: Final = (1 << 32) - 1
LARGEST_BYTES: Final = 64 * 1024 * 1024  # what is unpacked comes from behind our own key; this bounds a mistake
WINDOW_BITS: Final = -13  # raw deflate (RFC 1951); 8 KiB hold the dictionary and a usual text
MEMORY_LEVEL: Final = 7
LEVEL: Final = 3
PHRASES: Final = (
    (
        b'{"actor":{"account":"\x12","acting_for":"","assurance":"","posts":[],"unit":""},"detail":{"agreement":"\x13",'
        b'"answer":{"base":"\\"@status\\": '
    ),
    (
        b'\\n\\"content-digest\\": sha-256=:\t:\\n\\"x-road-client\\": \x12\\n\\"x-road-service\\": \x11\\n\\"x-road-id'
        b'\\": \x14\\n\\"x-road-request-id\\": \x02\\n\\"x-road-request-hash\\": \x01\\n\\"x-exchange-agreement\\": '
        b'\x13\\n\\"signature\\";req;key=\\"x1\\": :\x07:\\n\\"signature-input\\";req;key=\\"x1\\": (\\"@method\\" \\"@'
        b'path\\" \\"@query\\" \\"content-digest\\" \\"x-exchange-head\\" \\"x-road-client\\" \\"x-road-id\\" \\"x-road'
        b'-request-id\\" \\"x-exchange-purpose\\");created=\r;keyid=\\"\x10\\";alg=\\"ecdsa-p256-sha256\\";nonce=\\"'
        b'\x08\\";tag=\\"x1\\"\\n\\"@signature-params\\": (\\"@status\\" \\"content-type\\" \\"content-digest\\" \\"x-r'
        b'oad-client\\" \\"x-road-service\\" \\"x-road-id\\" \\"x-road-request-id\\" \\"x-road-request-hash\\" \\"x-exc'
        b'hange-agreement\\" \\"signature\\";req;key=\\"x1\\" \\"signature-input\\";req;key=\\"x1\\");created='
    ),
    b';keyid=\\"\x0f\\";alg=\\"ecdsa-p256-sha256\\";tag=\\"x1\\"","key_id":"\x0f","signature":"x1=:\x06:"},',
    b'"client":"\x12","message_id":"\x14","',
    b'request":{"base":"\\"@method\\": ',
    (
        b'\\n\\"content-digest\\": sha-256=:\n:\\n\\"x-exchange-head\\": sha-256=:\x0b:\\n\\"x-road-client\\": \x12\\n'
        b'\\"x-road-id\\": \x14\\n\\"x-road-request-id\\": \x02\\n\\"x-exchange-purpose\\": '
    ),
    (
        b'\\n\\"@signature-params\\": (\\"@method\\" \\"@path\\" \\"@query\\" \\"content-digest\\" \\"x-exchange-head'
        b'\\" \\"x-road-client\\" \\"x-road-id\\" \\"x-road-request-id\\" \\"x-exchange-purpose\\");created=\r;keyid='
        b'\\"\x10\\";alg=\\"ecdsa-p256-sha256\\";nonce=\\"\x08\\";tag=\\"x1\\"","key_id":"\x10","signature":"x1=:\x07:"'
        b'},"request_'
    ),
    b'hash":"\x01","service":"\x11","status":',
    b',"transaction_id":"\x02"},"dossier":"',
    b'","on_behalf_of":"","purpose":"',
)
"""What the evidence of every transaction repeats around its values; a control character stands for each. They are part of the format."""
FRAGMENTS: Final = (
    b'{"actor":{"account":"system","acting_for":"","assurance":"urn:dean06:loa:2.2","posts":[],"unit":""},"detail":'
    b'{"dossier":"","code":"exchange.","kind":"registry.residence_changed","who":"C\xc3\xb4ng an ph\xc6\xb0'
    b'\xe1\xbb\x9dng ","status","permanent_residence","household",\\n\\"x-road-issue\\": \\n\\"x-road-userid\\": '
    b'\\n\\"x-exchange-legal-basis\\": \\"x-road-request-id\\" \\"x-road-issue\\" \\"x-road-userid\\" \\"x-exchange'
    b'-purpose\\" \\"x-exchange-legal-basis\\")6-sha256\\";nonce=\\"\x08\\";tag=\\"x1\\"","key_id":"\x10","signatur'
    b'e":"x1=:\x07:"},"request_hash":"\x01","service":"\x11","status":200,"transaction_id":"\x02"},"dossier":"","fi'
    b'elds":[],"kind":"exchange.received","legal_basis":"","on_behalf_of":"","purpose":"kyc","version":1,"who":"'
)
TEXTS: Final = (
    b"VN/GOV/H49/SERVICES\x00VN/GOV/G01/POPULATION/population\x00VN/COM/\x00/1\x00\x1f\x00\x1f\x00\x1f\x00\x1f\x00"
    b'\x1f\x00\x1f\x1f\x00\x15200\\n\\"content-type\\": application/json\x16\r\x17\x18\x19POST\\n\\"@path\\": /x1/'
    b'\x11/v1/persons/look-up\\n\\"@query\\": ?\x1akyc\x1b\x1c200\x1d","fields":[],"kind":"exchange.received","lega'
    b'l_basis":"\x1ekyc","version":1,"who":"\x1f\x00\x1f\x00\x1f\x00\x1f\x00\x1f\x00\x1f\x1f\x00\x15200\\n\\"conten'
    b't-type\\": application/json\x16\r\x17"answer_digest":"sha-256=:\t:",\x18notify":"immediate","\x19POST\\n\\"@p'
    b'ath\\": /x1/\x11/v1/persons/look-up\\n\\"@query\\": ?\x1akyc\x1bdigest":"sha-256=:\n:","request_\x1c200\x1d",'
    b'"fields":["personal_id","full_name","born_on","sex"],"kind":"exchange.answered","legal_basis":"91/2025/QH15, '
    b'\xc4\x90i\xe1\xbb\x81u \x1ekyc","version":1,"who":"'
)
NEWEST: Final = 3
DICTIONARIES: Final = {NEWEST: b"".join((FRAGMENTS, *PHRASES, TEXTS))}
"""Numbers 1 and 2 were in use before the first release."""


# -- values that are written as bytes

URLSAFE: Final = bytes.maketrans(b"+/", b"-_")
STANDARD: Final = bytes.maketrans(b"-_", b"+/")


@dataclass(frozen=True, slots=True)
class Form:
    """How bytes are written as letters."""

    letters: int
    size: int
    read: Callable[[bytes], bytes]
    write: Callable[[bytes], bytes]


def _base64(value: bytes) -> bytes:
    return b2a_base64(value, newline=False)


def _from_base64(letters: bytes) -> bytes:
    return a2b_base64(letters)


@lru_cache(maxsize=1000)
def _thumbprint(value: bytes) -> bytes:
    return _urlsafe(value)


@lru_cache(maxsize=1000)
def _from_thumbprint(letters: bytes) -> bytes:
    return _from_urlsafe(letters)


def _urlsafe(value: bytes) -> bytes:
    return b2a_base64(value, newline=False).rstrip(b"=\n").translate(URLSAFE)


def _from_urlsafe(letters: bytes) -> bytes:
    return a2b_base64(letters.translate(STANDARD) + bytes(-len(letters) % 4 * b"="))


def _uuid(value: bytes) -> bytes:
    digits = b2a_hex(value)
    return b"-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def _from_uuid(letters: bytes) -> bytes:
    return a2b_hex(letters.replace(b"-", b""))


def _digits(value: bytes) -> bytes:
    return b"%010d" % int.from_bytes(value, "big")


def _from_digits(letters: bytes) -> bytes:
    if not letters.isdigit():  # int() would also read a sign, blanks and underscores
        raise ValueError
    return min(int(letters), LARGEST_SECONDS).to_bytes(4, "big")


SHA512: Final = Form(88, 64, _from_base64, _base64)
SHA256: Final = Form(44, 32, _from_base64, _base64)
SIGNATURE: Final = SHA512  # r || s of P-256 is as long
THUMBPRINT: Final = Form(43, 32, _from_thumbprint, _thumbprint)  # RFC 7638, of few keys
NONCE: Final = Form(22, 16, _from_urlsafe, _urlsafe)
SECONDS: Final = Form(10, 4, _from_digits, _digits)
NAME: Final = Form(36, 16, _from_uuid, _uuid)
PLACES: Final = (
    (b'"request_hash":"', SHA512, 1),
    (b'"transaction_id":"', NAME, 1),
    (b'"message_id":"', NAME, 1),
    (b'"key_id":"', THUMBPRINT, 2),
    (b'"signature":"x1=:', SIGNATURE, 2),
    (b';nonce=\\"', NONCE, 1),
    (b"sha-256=:", SHA256, 4),
    (b";created=", SECONDS, 2),
)
"""What stands before a value, its form, and how many different ones there are at most; the order is part of the format."""
WORDS: Final = (b'"service":"', b'"client":"', b'"agreement":"', b'"message_id":"')
"""What stands before a word that the text repeats; a service's name begins with one that may be a client's."""
KEY_PLACE: Final = b'"key_id":"'
MOST_KEYS: Final = 2
"""Keys' identifiers are words where they are known, and values where they are not."""
FORMS: Final = tuple(form for _, form, count in PLACES for _ in range(count))
MARKS: Final = tuple(bytes([number]) for number in range(1, len(FORMS) + 1))
WORD_MARKS: Final = tuple(bytes([number]) for number in range(len(FORMS) + 1, len(FORMS) + MOST_KEYS + len(WORDS) + 1))
END_OF_WORD: Final = b"\0"
PHRASE_MARKS: Final = tuple(
    bytes([number]) for number in range(len(FORMS) + len(WORD_MARKS) + 1, len(FORMS) + len(WORD_MARKS) + len(PHRASES) + 1)
)
KNOWN: Final = b"\x1f"
USUAL: Final = 2 * KNOWN
"""Stands for a message's name that is its instance and a UUID."""
MESSAGE_MARK: Final = MARKS[2]
CONTROLS: Final = bytes(range(32))
SEVEN_BITS: Final = 0x7F

Words = Mapping[bytes, int]
"""Numbers of words."""
NO_WORDS: Final[Words] = {}
WordAt = Callable[[int], bytes]
"""Returns the word of a number, or raises ``KeyError``."""


def unknown(number: int) -> bytes:
    """Know no word."""
    raise KeyError(number)


def packed(text: bytes, words: Words = NO_WORDS) -> bytes:
    """Return the text in the shorter of its two forms.

    Args:
        text: JSON.
        words: that whoever unpacks will know, too.
    """
    if len(text) < LEAST_BYTES or len(text.translate(None, CONTROLS)) < len(text):
        return text
    rest, values = _taken_out(text, words)
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, WINDOW_BITS, MEMORY_LEVEL, zdict=DICTIONARIES[NEWEST])
    short = b"".join((bytes([NEWEST]), packer.compress(rest), packer.flush(), *values))
    return short if len(short) < len(text) else text


def unpacked(stored: bytes, word_at: WordAt = unknown) -> bytes:
    """Return the text of either form; nothing if it is neither.

    Args:
        stored: what ``packed`` returned.
        word_at: returns the word of a number.
    """
    if not is_packed(stored):
        return stored
    opened = inflated(stored, word_at)
    return opened.written() if opened is not None else b""


def is_packed(stored: bytes) -> bool:
    """Say whether a text is stored in its packed form."""
    return bool(stored) and stored[0] in DICTIONARIES


@dataclass(frozen=True, slots=True)
class Inflated:
    """A text with marks where its values stand, and the values in the order of their marks."""

    text: bytes
    values: bytes

    def written(self) -> bytes:
        """Return the text with its values in letters; nothing if there are more or fewer bytes than its marks stand for."""
        rest, values, at = self.text, self.values, 0
        for mark, form in zip(MARKS, FORMS, strict=True):
            if mark in rest:
                rest = rest.replace(mark, form.write(values[at : at + form.size]))
                at += form.size
        return rest if at == len(values) else b""


def inflated(stored: bytes, word_at: WordAt = unknown) -> Inflated | None:
    """Return what was deflated, its words written out; none if it was not packed or is broken."""
    if not is_packed(stored):
        return None
    opener = zlib.decompressobj(WINDOW_BITS, zdict=DICTIONARIES[stored[0]])
    try:
        rest = opener.decompress(stored[1:], LARGEST_BYTES)
        return _with_words(rest, opener.unused_data, word_at) if opener.eof else None
    except (zlib.error, ValueError, LookupError):
        return None


def _taken_out(text: bytes, known: Words) -> tuple[bytes, list[bytes]]:
    """Put a mark wherever a value, a word or a phrase stands; return that text, the words' numbers and the values."""
    keys = [key for key in _keys_in(text) if key in known]
    keys += [b""] * (MOST_KEYS - len(keys))
    rest, values = _without_values(_marked(text, keys, WORD_MARKS[:MOST_KEYS]))
    names = [_word_behind(before, text) for before in WORDS[:-1]]
    names.append(_word_behind(WORDS[-1], rest))  # the UUID in a message's name is a mark by now
    rest = _marked(_marked(rest, names, WORD_MARKS[MOST_KEYS:]), PHRASES, PHRASE_MARKS)
    words = keys + names
    numbers = [_number(known[word]) for word in words if word in known]
    written = [KNOWN if word in known else word for word in words]
    if written[-1] == _usual_message(words[MOST_KEYS]):
        written[-1] = USUAL
    return END_OF_WORD.join((*written, rest)), numbers + values


def _marked(text: bytes, parts: Iterable[bytes], marks: Iterable[bytes]) -> bytes:
    """Put each part's mark wherever the part stands; an empty part stands nowhere."""
    for part, mark in zip(parts, marks, strict=True):
        if part:
            text = mark.join(text.split(part))  # twice as quick as replace
    return text


def _without_values(text: bytes) -> tuple[bytes, list[bytes]]:
    """Put a mark wherever a value stands; return the text with marks, and the values in the order of their marks."""
    values, first = [], 0
    for before, form, count in PLACES:
        found, at = 0, text.find(before)
        while at >= 0 and found < count:
            at += len(before)
            if text[at : at + 1] not in CONTROLS and (value := _read(letters := _letters(text, at, form), form)):
                text = MARKS[first + found].join(text.split(letters))
                values.append(value)
                found, at = found + 1, 0 if count > 1 else at  # what stood before the place may be shorter now
            at = text.find(before, at)
        first += count
    return text, values


def _usual_message(service: bytes) -> bytes:
    """Return the message's name, as a word, that begins with the same instance as a service's."""
    return service.partition(b"/")[0] + b"-" + MESSAGE_MARK


def _number(number: int) -> bytes:
    """Write a number in bytes of seven bits, the lowest first; all but the last have their highest bit set."""
    written = bytearray()
    while number > SEVEN_BITS:
        written.append(number & SEVEN_BITS | SEVEN_BITS + 1)
        number >>= 7
    return bytes((*written, number))


def _number_at(data: bytes, at: int) -> tuple[int, int]:
    """Return the number that begins at a place, and where it ends."""
    number = shift = 0
    while data[at] > SEVEN_BITS:
        number |= (data[at] & SEVEN_BITS) << shift
        at, shift = at + 1, shift + 7
    return number | data[at] << shift, at + 1


def _keys_in(text: bytes) -> list[bytes]:
    """Return the first keys' identifiers of a text."""
    keys: list[bytes] = []
    at = 0
    while len(keys) < MOST_KEYS and (at := text.find(KEY_PLACE, at)) >= 0:
        at += len(KEY_PLACE)
        if (key := _word(text, at)) not in keys:
            keys.append(key)
    return keys


def _word_behind(before: bytes, text: bytes) -> bytes:
    """Return the word that stands behind the first ``before``; nothing if that stands nowhere."""
    at = text.find(before)
    return _word(text, at + len(before)) if at >= 0 else b""


def _word(text: bytes, at: int) -> bytes:
    """Return what stands from a place to the end of its string."""
    return text[at : text.find(b'"', at)]


def _letters(text: bytes, at: int, form: Form) -> bytes:
    """Return what may be a value: at the place itself, a UUID at the end of the string that begins there."""
    if form is NAME:
        end = text.find(b'"', at)
        return text[max(at, end - NAME.letters) : end]
    return text[at : at + form.letters]


def _read(letters: bytes, form: Form) -> bytes:
    """Return the bytes that letters stand for; nothing unless they are written in the one form that we write."""
    if len(letters) != form.letters:
        return b""
    try:
        value = form.read(letters)
        return value if len(value) == form.size and form.write(value) == letters else b""
    except ValueError:
        return b""


def _with_words(rest: bytes, values: bytes, word_at: WordAt) -> Inflated:
    """Write out phrases and words; the words' numbers stand before the values."""
    *words, rest = rest.split(END_OF_WORD, len(WORD_MARKS))
    at = 0
    for place, word in enumerate(words):
        if word == KNOWN:
            number, at = _number_at(values, at)
            words[place] = word_at(number)
    if words[-1] == USUAL:
        words[-1] = _usual_message(words[MOST_KEYS])
    for mark, phrase in zip(PHRASE_MARKS, PHRASES, strict=True):
        rest = rest.replace(mark, phrase)
    for mark, word in zip(WORD_MARKS[::-1], words[::-1], strict=True):  # a later word may hold an earlier one
        rest = rest.replace(mark, word)
    return Inflated(rest, values[at:])
