"""Vietnamese personal names: family name first, given name last, compared without marks."""

from dataclasses import dataclass
from typing import Final, Self

from dean06.core.vietnamese import fold, sort_key

LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True, repr=False)
class PersonName:
    """Full name at birth registration (họ, chữ đệm và tên khai sinh).

    The last word is taken as the given name and the first as the family name. Double family names and two-word given
    names exist and no rule tells them apart, so the parts serve order and search, never a form.
    """

    family: str
    middle: str
    given: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Split a full name at its spaces; a single word is a given name (some peoples use no family name)."""
        words = text.split()
        if len(words) < 2:  # noqa: PLR2004 -- family and given
            return cls("", "", "".join(words))
        return cls(words[0], " ".join(words[1:-1]), words[-1])

    @property
    def full(self) -> str:
        """The name as written, with single spaces."""
        return " ".join(part for part in (self.family, self.middle, self.given) if part)

    @property
    def folded(self) -> str:
        """Lower case without marks: ``nguyen van an``."""
        return fold(self.full)

    @property
    def given_first(self) -> str:
        """Folded with the given name first, as many people search: ``an nguyen van``."""
        return fold(" ".join(part for part in (self.given, self.family, self.middle) if part))

    @property
    def order(self) -> tuple[str, str, str]:
        """Order of a Vietnamese list of people: by given name, then family name, then the middle."""
        return sort_key(self.given), sort_key(self.family), sort_key(self.middle)

    def __repr__(self) -> str:
        return "PersonName(…)"


def same_name(one: str, other: str) -> bool:
    """Say whether two names are equal but for marks, case and spaces (Hoà = Hòa = HOA)."""
    return fold(one) == fold(other)
