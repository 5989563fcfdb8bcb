"""Figures of calls: how many, how they ended, how long they took; numerators and denominators, never averaged shares."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from dean06.core.clock import legal
from dean06.exchange.domain.metering import ANSWERED, METADATA, PROBLEM
from dean06.exchange.operations.domain.histogram import quantile_ms

SUCCEEDED: Final = frozenset({ANSWERED, PROBLEM, METADATA})
"""The exchange did its part: a service's own error is the service's answer, as in X-Road's health figures."""
TIMED: Final = frozenset({ANSWERED, PROBLEM})
"""What quantiles are made of: refusals and metadata are quick and would flatter them."""


@dataclass(frozen=True, slots=True)
class Cell:
    """Calls that share client, service, end and duration.

    Attributes:
        bucket: of the duration (``histogram``).
        hour: of the legal day, where cells are split by hour.
    """

    client: str
    service: str
    outcome: str
    bucket: int
    calls: int
    hour: int | None = None


@dataclass(slots=True)
class Figures:
    """Calls of one thing: a member, a service, everything."""

    calls: int = 0
    succeeded: int = 0
    problems: int = 0
    durations: Counter[int] = field(default_factory=Counter, repr=False)

    def add(self, cell: Cell) -> None:
        """Count the calls of a cell."""
        self.calls += cell.calls
        if cell.outcome in SUCCEEDED:
            self.succeeded += cell.calls
        if cell.outcome == PROBLEM:
            self.problems += cell.calls
        if cell.outcome in TIMED:
            self.durations[cell.bucket] += cell.calls

    @property
    def refused(self) -> int:
        """Return how many calls a gateway refused or could not finish."""
        return self.calls - self.succeeded

    @property
    def share(self) -> float | None:
        """Return which part succeeded; None if there were no calls."""
        return self.succeeded / self.calls if self.calls else None

    @property
    def p50_ms(self) -> float | None:
        """Return the median duration of the answers."""
        return quantile_ms(self.durations, 0.5)

    @property
    def p99_ms(self) -> float | None:
        """Return the duration that one answer in a hundred exceeded."""
        return quantile_ms(self.durations, 0.99)


def figures_by(cells: Iterable[Cell], key: Callable[[Cell], str]) -> dict[str, Figures]:
    """Return the figures of each group of cells, the group with most calls first."""
    groups: dict[str, Figures] = {}
    for cell in cells:
        groups.setdefault(key(cell), Figures()).add(cell)
    return dict(sorted(groups.items(), key=lambda item: (-item[1].calls, item[0])))


def refusals(cells: Iterable[Cell]) -> dict[str, int]:
    """Return how often each code refused, the most frequent first."""
    counts: Counter[str] = Counter()
    for cell in cells:
        if cell.outcome not in SUCCEEDED:
            counts[cell.outcome] += cell.calls
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))


@dataclass(frozen=True, slots=True)
class Agreed:
    """An agreement in force, since when it may have been used, and when it last was."""

    code: str
    client: str
    service: str
    usable_since: date
    last_used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A service, or the gateway before it, that did not answer and was not asked for a while.

    Attributes:
        service: identifier.
        is_gateway: whether the provider's gateway did not answer, or the service behind ours.
        calls: calls that were turned away.
        first_at: when the first was.
        last_at: when the last was.
        answered_since: whether a call was answered after that.
    """

    service: str
    is_gateway: bool
    calls: int
    first_at: datetime
    last_at: datetime
    answered_since: bool


def unused(agreements: Iterable[Agreed], *, now: datetime, days: int) -> list[Agreed]:
    """Return the agreements that were usable so long without a call, the longest first."""
    before = now - timedelta(days=days)
    found = [
        one for one in agreements if one.usable_since <= legal(before).date() and (one.last_used_at is None or one.last_used_at < before)
    ]
    return sorted(found, key=lambda one: (legal(one.last_used_at).date() if one.last_used_at else one.usable_since, one.code))
