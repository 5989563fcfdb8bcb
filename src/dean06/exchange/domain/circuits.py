"""A circuit breaker and a gate before one service: who cannot answer is not asked, who is busy is asked by a few at a time.

Only what means "out of reach" opens a circuit: no connection, no answer in time. An answer that tells of a problem closes it,
so that nobody can shut a service for others by sending it what it cannot digest.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final

FAILURES_TO_OPEN: Final = 5
FIRST_REST_SECONDS: Final = 5.0
LONGEST_REST_SECONDS: Final = 60.0


class Phase(Enum):
    """Where a circuit is."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(slots=True)
class Circuit:
    """The state before one service; all times are seconds of a clock that never goes back, given by the caller.

    Attributes:
        failures: consecutive failures.
        opened_at: when it opened last.
        rest: seconds that it stays open; doubled each time that a probe fails.
        probing: a probe is on its way.
    """

    failures: int = 0
    opened_at: float = 0.0
    rest: float = 0.0
    probing: bool = False

    def phase(self, now: float) -> Phase:
        """Say whether calls pass, none passes, or one may try."""
        if not self.rest:
            return Phase.CLOSED
        return Phase.OPEN if now < self.opened_at + self.rest else Phase.HALF_OPEN

    def admits(self, now: float) -> bool:
        """Say whether a call may pass; in the half-open phase the first one that asks is the probe."""
        phase = self.phase(now)
        if phase is Phase.HALF_OPEN and not self.probing:
            self.probing = True
            return True
        return phase is Phase.CLOSED

    def retry_after(self, now: float) -> float:
        """Return the seconds until a call may pass again; a second when a probe is on its way."""
        return max(1.0, self.opened_at + self.rest - now)

    def succeeded(self) -> None:
        """Close: the service answered."""
        self.failures, self.rest, self.probing = 0, 0.0, False

    def failed(self, now: float) -> None:
        """Count a failure; open after five in a row, or again and for longer after a probe that failed."""
        self.failures += 1
        if self.probing:
            self.rest = min(LONGEST_REST_SECONDS, self.rest * 2)
        elif self.failures >= FAILURES_TO_OPEN and not self.rest:
            self.rest = FIRST_REST_SECONDS
        else:
            return  # too few yet, or a call that was on its way when the circuit opened
        self.opened_at, self.probing = now, False

    def gave_up(self) -> None:
        """Forget a probe that ended without saying anything about the service."""
        self.probing = False
