"""Values that pages hand to the design system's tags."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the main navigation."""

    label: str
    url: str
    icon: str = ""
    is_current: bool = False


@dataclass(frozen=True, slots=True)
class Fact:
    """One name and its value, with where the value was taken from.

    ``value`` may be safe HTML made by ``format_html``; anything else is escaped. An empty value reads "chưa có".
    """

    name: str
    value: object
    source: str = ""
    note: str = ""
    is_number: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One of the signed steps of a dossier as people see it.

    Attributes:
        state: ``done`` signed, ``now`` being worked on, ``wait`` to come.
        at: when it was done.
        text: what happened, one sentence.
        signed_by: whose signature; empty before it is signed.
        signature_url: where the signature can be inspected.
    """

    name: str
    state: Literal["done", "now", "wait"] = "wait"
    at: datetime | None = None
    text: str = ""
    signed_by: str = ""
    signature_url: str = ""


@dataclass(frozen=True, slots=True)
class ClockDay:
    """One cell of the legal clock's calendar; ``kinds`` from: start past today off due."""

    day: date
    text: str = ""
    kinds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LegalClock:
    """The legal clock of a dossier: the day, the days left, and which days count.

    ``days`` run without gaps from the day of reception to the due day; ``reasons`` are pairs of what and why.
    """

    due_on: date
    days_left: int
    is_paused: bool = False
    days: Sequence[ClockDay] = ()
    reasons: Sequence[tuple[str, str]] = ()

    @property
    def blanks(self) -> range:
        """Cells before the first day, so that Mondays stand under each other."""
        return range(self.days[0].day.weekday() if self.days else 0)


@dataclass(frozen=True, slots=True)
class TileValue:
    """What one province shows on the tile map.

    ``level`` is its class: 1 (far below) to 5 (at the aim or above), 0 for "không xác định".
    """

    text: str
    level: int
    url: str = ""
    detail: str = field(default="")
