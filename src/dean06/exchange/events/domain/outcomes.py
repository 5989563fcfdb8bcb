"""What the answer of a webhook means, and how long to wait before the next try.

Source: CloudEvents "HTTP 1.1 Web Hooks for Event Delivery" 1.0.2, sec. 2.2: 2xx accepted, 410 retired, 415 not understood, 429
with Retry-After; redirects are not followed. RFC 9110, sec. 10.2.3 (Retry-After) and 15.6.4 (503).
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import Final

FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 900.0
LONGEST_RETRY_AFTER_SECONDS: Final = 86_400.0  # a target may ask for a day; more is an operator's matter
GIVE_UP_SECONDS: Final = 3 * 86_400  # a weekend without the consumer loses nothing
_MOST_DOUBLINGS: Final = 20
OK: Final = range(200, 300)
GONE: Final = 410
TIMEOUT: Final = 408
TOO_EARLY: Final = 425
TOO_MANY: Final = 429
UNAVAILABLE: Final = 503
SERVER_ERRORS: Final = range(500, 600)


class Outcome(StrEnum):
    """What becomes of a delivery."""

    DELIVERED = "delivered"
    LATER = "later"
    """This event again, after a pause of its own: the subject's later events wait for it, others do not."""
    PAUSED = "paused"
    """The target asks for a pause: nothing more goes there until then."""
    DEAD = "dead"
    """Refused for good: to the dead letters, and the subject's later events go on."""
    STOPPED = "stopped"
    """The target is retired: the subscription stops."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome, and for a pause how long it lasts (None: by the back-off)."""

    outcome: Outcome
    seconds: float | None = None


def verdict_on(status: int, *, retry_after: str = "", now: datetime) -> Verdict:
    """Judge the answer of a target.

    Args:
        status: of the answer; 0 if there was none (no connection, no answer in time).
        retry_after: the header's value, empty if absent.
        now: aware instant that a date in ``retry_after`` is measured from.
    """
    if status in OK:
        return Verdict(Outcome.DELIVERED)
    if status == GONE:
        return Verdict(Outcome.STOPPED)
    if status == 0:
        return Verdict(Outcome.PAUSED)
    asked = seconds_asked(retry_after, now=now)
    if status in (TOO_MANY, UNAVAILABLE):
        return Verdict(Outcome.PAUSED, asked)
    if status in (TIMEOUT, TOO_EARLY) or status in SERVER_ERRORS:
        return Verdict(Outcome.LATER, asked)
    return Verdict(Outcome.DEAD)


def seconds_asked(retry_after: str, *, now: datetime) -> float | None:
    """Read Retry-After: seconds or a date; None where it says nothing that can be used."""
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return min(float(text[:9]), LONGEST_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_RETRY_AFTER_SECONDS)


def pause_after(failures: int, *, chance: float) -> float:
    """Return how long to wait after the n-th failure in a row: doubled each time, half of it left to chance.

    Args:
        failures: from 1.
        chance: from 0 to 1; spreads those who failed together.
    """
    whole: float = min(FIRST_PAUSE_SECONDS * 2 ** min(failures - 1, _MOST_DOUBLINGS), LONGEST_PAUSE_SECONDS)
    return whole / 2 + whole / 2 * chance
