"""How fast an agreement may ask: a rate by GCRA, a quota by the day. Clocks and counters come from outside.

GCRA, the generic cell rate algorithm (ITU-T I.371, annex A), keeps one number: the theoretical arrival time of the next call. A call
that comes earlier than the tolerance before it is refused, and the difference says exactly when to come back.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from dean06.core.clock import LEGAL_TIME_ZONE

DAY_SECONDS: Final = 86_400
LARGEST_BLOCK: Final = 200
BLOCKS_A_DAY: Final = 50
ROUNDING: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls a second on average, and so many at once after a pause.

    Attributes:
        per_second: sustained calls a second.
        burst: calls that may come at once; at least one.
    """

    per_second: float
    burst: int = 1

    @property
    def interval(self) -> float:
        """Return the seconds between two calls at the sustained rate."""
        return 1 / self.per_second

    @property
    def tolerance(self) -> float:
        """Return how many seconds early a call may come."""
        return self.interval * max(self.burst - 1, 0)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a limiter says of one call.

    Attributes:
        allowed: whether the call may pass.
        arrival: the state after it.
        remaining: calls that may follow at once.
        retry_after: seconds until the next call may pass; 0 when one may pass now.
    """

    allowed: bool
    arrival: float
    remaining: int
    retry_after: float


def gcra(rate: Rate, *, arrival: float, now: float) -> Verdict:
    """Decide on a call.

    Args:
        rate: what is allowed.
        arrival: theoretical arrival time, 0 before the first call; seconds of the same clock as ``now``.
        now: seconds of a clock that never goes back.
    """
    due = max(arrival, now)
    early = due - now
    if early > rate.tolerance + ROUNDING:
        return Verdict(allowed=False, arrival=arrival, remaining=0, retry_after=early - rate.tolerance)
    after = due + rate.interval
    room = rate.tolerance - (after - now)
    remaining = int(room / rate.interval + ROUNDING) + 1 if room > -ROUNDING else 0
    return Verdict(allowed=True, arrival=after, remaining=remaining, retry_after=0.0 if remaining else max(0.0, -room))


def block_size(quota: int) -> int:
    """Return how many calls of a day's quota a process takes at a time.

    What a process has taken and not used is lost when it is killed, so a block is a fiftieth of the quota at most.
    """
    return max(1, min(LARGEST_BLOCK, quota // BLOCKS_A_DAY))


@dataclass(slots=True)
class Lease:
    """The part of a day's quota that one process holds.

    Attributes:
        day: ordinal of the legal day that it is for.
        left: calls that are left of it.
        exhausted: the database had nothing left for this day.
    """

    day: int = 0
    left: int = 0
    exhausted: bool = False

    def take(self, day: int) -> bool:
        """Use one call if there is one for this day; an older day's lease is worth nothing."""
        if self.day != day:
            self.day, self.left, self.exhausted = day, 0, False
        if not self.left:
            return False
        self.left -= 1
        return True

    def add(self, day: int, granted: int) -> None:
        """Put a block that the database granted to the lease."""
        if day == self.day:
            self.left += granted
            self.exhausted = granted == 0


def seconds_to_next_day(instant: datetime) -> int:
    """Return the seconds until the legal day ends (UTC+7), at least one."""
    legal = instant.astimezone(LEGAL_TIME_ZONE)
    midnight = (legal + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return max(1, int((midnight - legal).total_seconds()))
