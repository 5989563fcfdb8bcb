"""How often somebody may ask for tokens, counted in one process and in bounded memory."""

import time
from collections.abc import Callable
from typing import Final

from dean06.exchange.domain.limits import Rate, gcra
from dean06.exchange.ngsp.errors import TooManyTokens

MOST_KNOWN: Final = 10_000


class Throttle:
    """A rate for each name; when too many names are known, those whose time is over are forgotten.

    Args:
        rate: of each name.
        clock: seconds that never go back.
    """

    def __init__(self, rate: Rate, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._clock = clock
        self._arrivals: dict[str, float] = {}

    def count(self, name: str) -> None:
        """Count one question.

        Raises:
            TooManyTokens: too soon after those before it, or more names ask than can be told apart.
        """
        now = self._clock()
        if name not in self._arrivals and len(self._arrivals) >= MOST_KNOWN:
            self._arrivals = {known: arrival for known, arrival in self._arrivals.items() if arrival > now}
            if len(self._arrivals) >= MOST_KNOWN:
                raise TooManyTokens(retry_after=1.0)
        verdict = gcra(self._rate, arrival=self._arrivals.get(name, 0.0), now=now)
        if not verdict.allowed:
            raise TooManyTokens(retry_after=verdict.retry_after)
        self._arrivals[name] = verdict.arrival
