"""Vietnamese text: folding for search, dictionary order, and the two habits of placing a tone mark.

PostgreSQL's C collation knows nothing of Vietnamese; so columns beside the text hold what is computed here.
"""

import re
import string
import unicodedata
from typing import Final

_LETTERS: Final = "aăâbcdđeêfghijklmnoôơpqrstuưvwxyz"
"""The alphabet in dictionary order, with the foreign letters f j w z in their Latin places."""

_LETTER_CODES: Final = dict(zip(_LETTERS, string.ascii_uppercase + string.ascii_lowercase, strict=False))

_TONES: Final = {"\u0300": "1", "\u0309": "2", "\u0303": "3", "\u0301": "4", "\u0323": "5"}
"""huyền, hỏi, ngã, sắc, nặng, after ngang ("0"): the order of Vietnamese dictionaries and of CLDR's ``vi`` collation."""

_QUALITY_MARKS: Final = {("a", "\u0306"), ("a", "\u0302"), ("e", "\u0302"), ("o", "\u0302"), ("o", "\u031b"), ("u", "\u031b")}
"""Marks that make another letter (ă â ê ô ơ ư), not a tone."""

_OTHER_MARK: Final = "6"
_APOSTROPHES: Final = "\u2018\u2019\u02bc\u02b9\u02bb\u00b4\u0060\u2032\uff07"
_WORD: Final = re.compile(r"[^\W_]+", re.UNICODE)


def _without_marks(text: str) -> str:
    return "".join(sign for sign in unicodedata.normalize("NFD", text) if unicodedata.category(sign) != "Mn")


def _fold_table() -> dict[int, str]:
    table = {ord("đ"): "d", ord("Đ"): "d"}
    for sign in _APOSTROPHES:
        table[ord(sign)] = "'"
    for code in (*range(0x41, 0x5B), *range(0xC0, 0x1B1), *range(0x1EA0, 0x1EFA)):
        plain = _without_marks(chr(code).lower())
        if plain.isascii() and plain.isalpha():
            table[code] = plain
    return table


_FOLD: Final = _fold_table()


def fold(text: str) -> str:
    """Fold a text for search: lower case, no diacritics or tones, đ as d, one kind of apostrophe, single spaces.

    >>> fold("  Phường  Hồng Gai ")
    'phuong hong gai'
    >>> fold("Đắk Lắk"), fold("Cư M’gar")
    ('dak lak', "cu m'gar")
    """
    folded = unicodedata.normalize("NFC", text).translate(_FOLD)
    if not folded.isascii():
        folded = unicodedata.normalize("NFC", _without_marks(folded.lower())).translate(_FOLD)
    return " ".join(folded.split())


def _syllable_key(syllable: str) -> str:
    letters: list[str] = []
    tones: list[str] = []
    base = ""
    for sign in unicodedata.normalize("NFD", syllable.lower()):
        if (base, sign) in _QUALITY_MARKS:
            letters[-1] = _LETTER_CODES[unicodedata.normalize("NFC", base + sign)]
        elif tone := _TONES.get(sign):
            tones.append(tone)
        elif unicodedata.category(sign) == "Mn":
            tones.append(_OTHER_MARK)
        else:
            base = sign
            letters.append(_LETTER_CODES.get(sign) or (sign if sign in "0123456789" else f"~{ord(sign):06x}"))
    return f"{''.join(letters)}.{''.join(tones) or '0'}"


def sort_key(text: str) -> str:
    """Return an ASCII key whose byte order is Vietnamese dictionary order, syllable by syllable.

    In each syllable letters decide first (a ă â b c d đ e ê ...), then the tone (ngang huyền hỏi ngã sắc nặng);
    case, punctuation and the place of the tone mark don't matter.

    >>> sorted(["Đào", "Dũng", "bạ", "Ân", "An", "bá", "bà ba", "ba má", "Ăn"], key=sort_key)
    ['An', 'Ăn', 'Ân', 'ba má', 'bà ba', 'bá', 'bạ', 'Dũng', 'Đào']
    """
    return " ".join(map(_syllable_key, _WORD.findall(unicodedata.normalize("NFC", text))))


_LATE_TONE: Final = re.compile(r"([oO])([àáảãạèéẻẽẹÀÁẢÃẠÈÉẺẼẸ])(?!\w)|(?<![qQ])([uU])([ỳýỷỹỵỲÝỶỸỴ])(?!\w)")


def _move_tone(match: re.Match[str]) -> str:
    first, second = match.group(1) or match.group(3), match.group(2) or match.group(4)
    decomposed = unicodedata.normalize("NFD", second)
    plain, tone = decomposed[0], decomposed[1]
    return unicodedata.normalize("NFC", first + tone) + plain


def fold_tone_placement(text: str) -> str:
    """Write the open rhymes oa, oe, uy with the tone on the first vowel, so that both habits compare equal.

    >>> fold_tone_placement("Thuỷ Hoà, Khoẻ"), fold_tone_placement("Quý hoàn toàn")
    ('Thủy Hòa, Khỏe', 'Quý hoàn toàn')
    """
    return _LATE_TONE.sub(_move_tone, unicodedata.normalize("NFC", text))
