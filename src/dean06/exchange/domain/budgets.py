"""Time budgets: what is left of the time that a consumer gave for a call, handed on from gateway to gateway to service.

An information system says how long it will wait (``X-Exchange-Timeout``, milliseconds, part of the signed head). Each hop hands on
what is left (``X-Exchange-Budget``), so no clock has to agree with another. That header is not signed: who can change it could as
well cut the line.
"""

import re
from dataclasses import dataclass
from typing import Final

from dean06.exchange.errors import BadRequest, BudgetSpent

ASKED: Final = "x-exchange-timeout"
LEFT: Final = "x-exchange-budget"
LONGEST_MS: Final = 300_000
TIMER_SECONDS: Final = 0.005
_MILLISECONDS: Final = re.compile("[0-9]{1,6}")


@dataclass(frozen=True, slots=True)
class Budget:
    """The moment after which nobody waits for the answer any more; seconds of a clock that never goes back."""

    ends: float

    @classmethod
    def of(cls, header: str, *, now: float) -> "Budget | None":
        """Read a header of whole milliseconds; nothing where there is none.

        Raises:
            BadRequest: not a number from 1 to 300000.
        """
        if not header:
            return None
        if not _MILLISECONDS.fullmatch(header) or not 1 <= int(header) <= LONGEST_MS:
            raise BadRequest(f"A time budget is a number of milliseconds from 1 to {LONGEST_MS}.")
        return cls(now + int(header) / 1000)

    def left(self, now: float) -> float:
        """Return the seconds that are left.

        Raises:
            BudgetSpent: none.
        """
        if (seconds := self.ends - now) <= 0:
            raise BudgetSpent
        return seconds

    def check_over(self, now: float) -> None:
        """Ask, after a wait that a timer ended, whether it was this budget's end.

        Raises:
            BudgetSpent: it was; timers of an event loop that counts whole milliseconds ring a little early.
        """
        self.left(now + TIMER_SECONDS)

    def header(self, now: float) -> tuple[str, str]:
        """Return the line that hands the rest on: rounded down, at least a millisecond."""
        return LEFT, str(max(1, int(self.left(now) * 1000)))


def shorter(seconds: float, budget: Budget | None, *, now: float) -> float:
    """Return how long to wait: our own patience, or what is left of the budget if that is less.

    Raises:
        BudgetSpent: nothing is left.
    """
    return seconds if budget is None else min(seconds, budget.left(now))
