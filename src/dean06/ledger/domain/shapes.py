"""Shapes of texts (khuôn văn bản): what many packed texts have in common, so that each of them costs little more than its values.

Without its values the evidence of one transaction is that of the next one between the same two: the same deflated bytes. So both ways
remember what they deflated or inflated, and whoever packs or opens many texts does that once for each shape. What is written
is what ``packing`` writes and reads. Only shapes with many values are remembered: evidence has them, and names nobody.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from operator import itemgetter
from struct import Struct
from typing import Any, Final, Self

from dean06.ledger.domain.packing import FORMS, MARKS, NO_WORDS, Inflated, WordAt, Words, inflated, is_packed, packed, unknown

LEAST_VALUES: Final = 6
MOST_SHAPES: Final = 1_000
FIRST_VALUE: Final = b"sha-256=:"
"""What stands before it (who asks, by which agreement) and the text's length tell which shape to try; a text without it has none."""
_MARKS: Final = re.compile(b"([" + re.escape(b"".join(MARKS)) + b"])")


@dataclass(frozen=True, slots=True)
class Shape:
    """A text without its values.

    Attributes:
        start: what all packed texts of this shape begin with; only their values follow.
        size: how many bytes the values take.
        cut: takes the values' bytes apart.
        write: for each value how it is written as letters.
        template: the text, ``%b`` wherever a value stands.
        order: picks for each ``%b`` its value.
        places: for each value where it stands first, and how it is read.
    """

    start: bytes
    size: int
    cut: Struct
    write: tuple[Callable[[bytes], bytes], ...]
    template: bytes
    order: Callable[[list[bytes]], Any]
    places: tuple[tuple[slice, Callable[[bytes], bytes]], ...]

    @classmethod
    def of(cls, stored: bytes, opened: Inflated) -> Self | None:
        """Return the shape of a packed text and of what it inflates to; none if it has few values."""
        marks = [mark for mark in MARKS if mark in opened.text]
        if len(marks) < LEAST_VALUES:
            return None
        pieces = _MARKS.split(opened.text)
        forms = {mark: FORMS[MARKS.index(mark)] for mark in marks}
        lengths = [forms[piece].letters if at % 2 else len(piece) for at, piece in enumerate(pieces)]
        begins = [0, *accumulate(lengths)]
        first = {mark: begins[pieces.index(mark)] for mark in marks}
        return cls(
            start=stored[: len(stored) - len(opened.values)],
            size=len(opened.values),
            cut=Struct("".join(f"{form.size}s" for form in forms.values())),
            write=tuple(form.write for form in forms.values()),
            template=b"".join(b"%b" if at % 2 else piece.replace(b"%", b"%%") for at, piece in enumerate(pieces)),
            order=itemgetter(*(marks.index(mark) for mark in pieces[1::2])),
            places=tuple((slice(first[mark], first[mark] + form.letters), form.read) for mark, form in forms.items()),
        )

    def text(self, values: bytes) -> bytes:
        """Return the text with these values."""
        letters = [write(value) for write, value in zip(self.write, self.cut.unpack(values), strict=True)]
        filled: bytes = self.template % self.order(letters)
        return filled

    def packed(self, text: bytes) -> bytes | None:
        """Return a text packed; none if it is not of this shape."""
        try:
            values = b"".join([read(text[place]) for place, read in self.places])
        except ValueError:
            return None
        return self.start + values if len(values) == self.size and self.text(values) == text else None


class Packer:
    """Packs many texts with the same words; a shape is remembered when it comes for the second time."""

    def __init__(self, words: Words = NO_WORDS) -> None:
        self.words = words
        self._by_number = {number: word for word, number in words.items()}
        self._shapes: dict[tuple[int, bytes], Shape | None] = {}

    def __call__(self, text: bytes) -> bytes:
        """Return the text packed, or as it is where that is shorter."""
        at = text.find(FIRST_VALUE)
        if at < 0:
            return packed(text, self.words)
        key = len(text), text[:at]
        shape = self._shapes.get(key)
        if shape is not None and (short := shape.packed(text)) is not None:
            return short
        short = packed(text, self.words)
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes.clear()
        opened = inflated(short, self._by_number.__getitem__) if key in self._shapes else None
        self._shapes[key] = Shape.of(short, opened) if opened is not None else None
        return short


class Unpacker:
    """Opens many texts of one database."""

    def __init__(self, word_at: WordAt = unknown) -> None:
        self._word_at = word_at
        self._shapes: dict[bytes, Shape] = {}
        self._sizes: dict[int, None] = {}

    def __call__(self, stored: bytes) -> bytes:
        """Return the text of either form; nothing if it is neither."""
        for size in self._sizes:
            if (shape := self._shapes.get(stored[:-size])) is not None and shape.size == size:
                return shape.text(stored[-size:])
        if not is_packed(stored):
            return stored
        if (opened := inflated(stored, self._word_at)) is None:
            return b""
        if (text := opened.written()) and (shape := Shape.of(stored, opened)) is not None:
            self._remember(shape)
        return text

    def _remember(self, shape: Shape) -> None:
        if len(self._shapes) >= MOST_SHAPES:
            self._shapes.clear()
            self._sizes.clear()
        self._shapes[shape.start] = shape
        self._sizes[shape.size] = None
