"""How long a mandate lasts, how far it reaches and who may grant it: pure rules."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal, get_args

COUNTRY: Final = "VN"
"""The area of a post of the centre: it covers every unit."""

Role = Literal[
    "one_stop_officer",
    "appraiser",
    "head",
    "leader",
    "data_steward",
    "operator",
    "bank_teller",
    "exchange_requester",
    "exchange_approver",
    "data_protection_officer",
    "evidence_reader",
]
ROLES: Final[frozenset[str]] = frozenset(get_args(Role))
SENSITIVE_ROLES: Final[frozenset[str]] = frozenset(
    {"head", "leader", "data_steward", "operator", "exchange_approver", "data_protection_officer", "evidence_reader"}
)
"""Roles that sign for the state, see across units or change the rules: granted by two people, never by one."""

UnitKind = Literal["commune_police", "commune_office", "ministry", "province_office", "bank"]
UNIT_KINDS: Final[frozenset[str]] = frozenset({"commune_police", "commune_office", "ministry", "province_office", "bank"})


@dataclass(frozen=True, slots=True)
class Term:
    """The days on which something holds: from ``since`` on, before ``until`` (none: with no end in sight)."""

    since: date
    until: date | None = None

    @property
    def is_possible(self) -> bool:
        """Say whether there is at least one day."""
        return self.until is None or self.since < self.until

    def holds_on(self, day: date) -> bool:
        """Say whether the day is within."""
        return self.since <= day and (self.until is None or day < self.until)

    def overlaps(self, other: "Term") -> bool:
        """Say whether the two share a day."""
        if not (self.is_possible and other.is_possible):
            return False
        return (other.until is None or self.since < other.until) and (self.until is None or other.since < self.until)

    def cut_at(self, day: date) -> "Term":
        """End it before ``day`` unless it ends earlier anyway."""
        return Term(self.since, day if self.until is None or day < self.until else self.until)


def covers(area: Collection[str], unit_code: str, ancestors: Iterable[str] = ()) -> bool:
    """Say whether an area reaches a unit: named itself, by one of the units above it, or by the whole country.

    Args:
        area: unit codes of a post, ``VN`` for the country.
        unit_code: the unit in question.
        ancestors: codes of the units above it; for a commune its province.
    """
    return COUNTRY in area or unit_code in area or any(code in area for code in ancestors)


def needs_two(roles: Collection[str]) -> bool:
    """Say whether an appointment with these roles needs a proposer and another who approves."""
    return not SENSITIVE_ROLES.isdisjoint(roles)
