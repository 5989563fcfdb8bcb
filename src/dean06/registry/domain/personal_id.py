"""The numbers that the state gives a person: twelve digits today, nine digits until 2024."""

import re
from dataclasses import dataclass
from typing import Final, Self

from dean06.registry.errors import MalformedOldNumber, MalformedPersonalId

TWELVE_DIGITS: Final = re.compile(r"[0-9]{12}")
NINE_DIGITS: Final = re.compile(r"[0-9]{9}")


@dataclass(frozen=True, slots=True, repr=False)
class PersonalId:
    """Twelve digits that the state gives one person (số định danh cá nhân).

    An attribute of a person, not her key: people without a number exist and numbers are replaced.
    There is no check digit: a well-formed number may be nobody's, so only the registry can say.
    Numbers issued until 2024 encode ``PPP C YY``: place of birth registration, century and sex,
    year; that encoding is no longer law, so it may only raise a doubt (``plausible_birth_year``).

    Source: domain facts A.1 (Law on Identification 26/2023/QH15, art. 12).
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as people type it: spaces may group the digits.

        Raises:
            MalformedPersonalId: anything but twelve ASCII digits is left.
        """
        digits = text.replace(" ", "")
        if not TWELVE_DIGITS.fullmatch(digits):
            raise MalformedPersonalId
        return cls(digits)

    @property
    def plausible_birth_year(self) -> int:
        """Year of birth that the historic encoding suggests; for doubts, never for facts."""
        return 1900 + 100 * (int(self.value[3]) // 2) + int(self.value[4:6])

    @property
    def plausible_sex(self) -> str:
        """Sex that the historic encoding suggests: even digits for men; for doubts, never for facts."""
        return "female" if int(self.value[3]) % 2 else "male"

    def __repr__(self) -> str:
        return f"PersonalId({self.value[:3]}*******{self.value[-2:]})"  # never whole in a log

    __str__ = __repr__


@dataclass(frozen=True, slots=True, repr=False)
class OldNumber:
    """Nine digits of the former identity card (số chứng minh nhân dân), without inner structure.

    Provinces numbered on their own, so two people may have held the same one. It has not identified anybody since
    31/12/2024, but older records still carry it.

    Source: domain facts A.1 (Law on Identification 26/2023/QH15, art. 46).
    """

    value: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a number as people type it: spaces may group the digits.

        Raises:
            MalformedOldNumber: anything but nine ASCII digits is left.
        """
        digits = text.replace(" ", "")
        if not NINE_DIGITS.fullmatch(digits):
            raise MalformedOldNumber
        return cls(digits)

    def __repr__(self) -> str:
        return f"OldNumber({self.value[:2]}*****{self.value[-2:]})"

    __str__ = __repr__


def parse_number(text: str) -> PersonalId | OldNumber:
    """Read a number of either kind; what is neither is refused as a malformed twelve-digit number."""
    return OldNumber.parse(text) if NINE_DIGITS.fullmatch(text.replace(" ", "")) else PersonalId.parse(text)
