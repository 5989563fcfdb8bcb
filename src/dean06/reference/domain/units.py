"""Administrative units (đơn vị hành chính): a code means a unit only together with a day.

Source: domain.md H. Seven province codes changed owner on 01/07/2025 (80 was Long An and is Tây Ninh), so nothing here
takes a code without a day; the day is today where the caller gives none.
"""

from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

Level = Literal["province", "district", "commune"]

TWO_TIERS_SINCE: Final = date(2025, 7, 1)  # Resolution 202/2025/QH15 and sister resolutions: no districts from this day
OLDEST_DAY: Final = date(1900, 1, 1)
"""Start of the units before ``TWO_TIERS_SINCE``: the source doesn't say since when, so the last list reads all older records."""


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit while its name, type and parent stay the same.

    Attributes:
        code: two digits (province), three (district, until 30/06/2025) or five (commune), leading zeros kept.
        name: without the type: "Hồng Gai".
        kind: type in lower case: tỉnh, thành phố, quận, huyện, thị xã, phường, xã, thị trấn, đặc khu.
        parent_code: empty for provinces.
        valid_from: first day.
        valid_to: first day on which it no longer holds; ``None`` while it holds.
        legal_note: resolutions as the source gives them; dates in it are of adoption, not of effect.
        path_name: with its parents as they were on the day asked about: "Phường Hồng Gai, thành phố Quảng Ninh".
    """

    code: str
    name: str
    kind: str
    level: Level
    parent_code: str
    valid_from: date
    valid_to: date | None
    legal_note: str = field(default="", repr=False)
    path_name: str = field(default="", repr=False, compare=False)

    @property
    def full_name(self) -> str:
        """Type and name: "Phường Hồng Gai"."""
        return f"{self.kind[0].upper()}{self.kind[1:]} {self.name}"

    def holds_on(self, day: date) -> bool:
        """Tell whether the unit existed in this form on the day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


@dataclass(frozen=True, slots=True)
class Successor:
    """A unit in force into which an old unit went.

    Attributes:
        code: of the unit after 01/07/2025.
        is_whole: the old unit lies in this one alone; otherwise it was split and a person must decide.
        is_default: the one that the source suggests when nothing more is known.
    """

    code: str
    is_whole: bool
    is_default: bool
