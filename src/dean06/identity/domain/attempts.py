"""How long the next try has to wait: growing pauses instead of a lock that a stranger could close."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class PausePolicy:
    """Some free tries, then pauses that double; forgotten after a quiet time."""

    free_tries: int
    first_pause: timedelta
    longest_pause: timedelta
    forgotten_after: timedelta

    def pause_after(self, failures: int) -> timedelta:
        """Return the pause that follows the n-th failure in a row."""
        extra = failures - self.free_tries
        if extra <= 0:
            return timedelta(0)
        doublings = min(extra - 1, 32)  # beyond any longest pause
        return min(self.first_pause * (1 << doublings), self.longest_pause)

    def failures_counted(self, failures: int, last_failure_at: datetime, now: datetime) -> int:
        """Return how many earlier failures still count."""
        return failures if now - last_failure_at < self.forgotten_after else 0


BY_ACCOUNT: Final = PausePolicy(5, timedelta(seconds=2), timedelta(minutes=15), timedelta(hours=24))
# About a hundred guesses a day at one account, however many machines guess.
BY_SOURCE: Final = PausePolicy(50, timedelta(seconds=1), timedelta(minutes=5), timedelta(hours=1))
# Many people share one address (offices, mobile carriers), so a source gets ten times the tries.
