"""Guards in a gateway's process: rates and quotas of agreements, a gate and a circuit before each service, refusals worth a record.

The decisions are pure and stand in ``domain`` (``limits``, ``circuits``, ``budgets``); here is what holds their state. A call under an
agreement without limits, to a service that answers, costs a few dictionary look-ups and no trip to the database.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Hashable
from typing import Final, Generic, TypeVar

from django.db import connections, transaction

from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.exchange.domain.agreements import Agreement
from dean06.exchange.domain.circuits import Circuit, Phase
from dean06.exchange.domain.limits import Lease, Rate, block_size, gcra, seconds_to_next_day
from dean06.exchange.errors import (
    GatewayNotNamed,
    PeerBusy,
    PeerResting,
    ProviderUnreachable,
    QuotaExhausted,
    RateExceeded,
    ServiceBusy,
    ServiceResting,
    ServiceSilent,
    TryLater,
)

MOST_AT_ONCE: Final = 64
MOST_WAITING: Final = 4_000
MOST_AT_A_GATEWAY: Final = 384
"""Of the connections that a link opens (``links.MOST_CONNECTIONS``), so that a silent gateway leaves some for the others."""
MOST_FOR_A_GATEWAY: Final = 3_000
"""Of the requests inside (``edge.MOST_INSIDE``), for the same reason."""
RECORD_EVERY_SECONDS: Final = 10.0

Result = TypeVar("Result")
Asked = TypeVar("Asked", bound=Hashable)
InThread = Callable[[Callable[[], int]], Awaitable[int]]


class Limits:
    """Rates and daily quotas as one process counts them.

    Args:
        in_thread: runs something that uses the database in a thread.
        clock: seconds that never go back.
    """

    def __init__(self, in_thread: InThread, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._in_thread = in_thread
        self._clock = clock
        self._arrivals: dict[str, float] = {}
        self._leases: dict[str, Lease] = {}
        self._locks: dict[str, asyncio.Lock] = {}

    async def admit(self, agreement: Agreement) -> str:
        """Count a call and return the value of its RateLimit header; empty where the agreement has no limits.

        Raises:
            RateExceeded: too soon after the calls before it.
            QuotaExhausted: the day's calls are used up.
        """
        if not agreement.is_limited:
            return ""
        told = self._within_rate(agreement) if agreement.rate_per_second else ""
        if agreement.daily_quota and not await self._within_quota(agreement):
            seconds = seconds_to_next_day(now())
            raise QuotaExhausted(retry_after=seconds, limits=f'"day";r=0;t={seconds}', agreement=agreement.code)
        return told

    def _within_rate(self, agreement: Agreement) -> str:
        rate = Rate(agreement.rate_per_second, burst=agreement.rate_per_second)
        verdict = gcra(rate, arrival=self._arrivals.get(agreement.code, 0.0), now=self._clock())
        if not verdict.allowed:
            raise RateExceeded(retry_after=verdict.retry_after, limits='"rate";r=0;t=1', agreement=agreement.code)
        self._arrivals[agreement.code] = verdict.arrival
        return f'"rate";r={verdict.remaining};t=1'

    async def _within_quota(self, agreement: Agreement) -> bool:
        day = today().toordinal()
        lease = self._leases.setdefault(agreement.code, Lease())
        if lease.take(day):
            return True
        async with self._locks.setdefault(agreement.code, asyncio.Lock()):
            if lease.take(day):  # another call fetched a block while this one waited
                return True
            if lease.exhausted:
                return False
            lease.add(day, await self._in_thread(lambda: lease_block(agreement.code, day=day, quota=agreement.daily_quota)))
            return lease.take(day)


def lease_block(agreement: str, *, day: int, quota: int) -> int:
    """Take a block of a day's quota from the database and return its size; 0 when nothing is left.

    What is taken counts as used: a process that dies takes its block along, so the quota is never exceeded.
    """
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True), connections[using].cursor() as cursor:
        cursor.execute(
            "INSERT INTO exchange_quotause (agreement, day, taken) VALUES (%s, %s, 0) ON CONFLICT (agreement, day) DO NOTHING",
            [agreement, day],
        )
        cursor.execute(
            "UPDATE exchange_quotause AS mine SET taken = GREATEST(old.taken, LEAST(%s, old.taken + %s))"
            " FROM (SELECT id, taken FROM exchange_quotause WHERE agreement = %s AND day = %s FOR UPDATE) AS old"
            " WHERE mine.id = old.id RETURNING mine.taken - old.taken",
            [quota, block_size(quota), agreement, day],
        )
        return int(cursor.fetchone()[0])


class Guard:
    """A gate with a bounded queue and a circuit before one service, or before another gateway.

    Args:
        most: calls at once.
        waiting: calls that may wait for their turn.
        resting: what is raised where the circuit is open.
        busy: what is raised where the turn does not come.
    """

    def __init__(
        self,
        *,
        most: int = MOST_AT_ONCE,
        waiting: int = MOST_WAITING,
        resting: type[TryLater] = ServiceResting,
        busy: type[TryLater] = ServiceBusy,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.circuit = Circuit()
        self._resting = resting
        self._busy = busy
        self._turns = asyncio.Semaphore(most)
        self._most_waiting = waiting
        self._waiting = 0
        self._clock = clock

    async def ask(self, question: Callable[[], Awaitable[Result]], *, patience: float) -> Result:
        """Ask the service when it is this call's turn.

        Args:
            question: asks; how it ends tells the circuit whether the service can be reached.
            patience: seconds to wait for the turn.

        Raises:
            ServiceResting: the circuit is open, or opened while this call waited.
            ServiceBusy: too many wait already, or the turn did not come in time.
        """
        is_probe = self.phase is Phase.HALF_OPEN
        if not self.circuit.admits(self._clock()):
            raise self._rests()
        try:
            await self._take_turn(patience)
        except BaseException:
            self.circuit.gave_up()
            raise
        try:
            if (
                not is_probe and self.phase is not Phase.CLOSED
            ):  # who waited would otherwise find out one by one, each for as long as its patience
                raise self._rests()
            return await self._asked(question)
        finally:
            self._turns.release()

    def _rests(self) -> TryLater:
        return self._resting(retry_after=self.circuit.retry_after(self._clock()))

    async def _asked(self, question: Callable[[], Awaitable[Result]]) -> Result:
        try:
            answer = await question()
        except GatewayNotNamed:
            self.circuit.gave_up()  # somebody answers there: who calls is told each time why this is not whom it should be
            raise
        except (ProviderUnreachable, ServiceSilent):
            self.circuit.failed(self._clock())
            raise
        except BaseException:
            self.circuit.gave_up()  # it broke, refused or ran out of the caller's time: no sign that it is out of reach
            raise
        self.circuit.succeeded()
        return answer

    async def _take_turn(self, patience: float) -> None:
        if not self._turns.locked():
            await self._turns.acquire()
            return
        if self._waiting >= self._most_waiting:
            raise self._busy(retry_after=1.0, waiting=self._waiting)
        self._waiting += 1
        try:
            async with asyncio.timeout(patience):  # unlike wait_for it makes no task of its own
                await self._turns.acquire()
        except TimeoutError as exc:
            raise self._busy(retry_after=1.0, waiting=self._waiting) from exc
        finally:
            self._waiting -= 1

    @property
    def phase(self) -> Phase:
        """Say whether the circuit is closed, open or half open now."""
        return self.circuit.phase(self._clock())


class Guards(Generic[Asked]):
    """The guard of each service or gateway that is asked, made when it is first asked."""

    def __init__(self, make: Callable[..., Guard] = Guard) -> None:
        self._make = make
        self._guards: dict[Asked, Guard] = {}

    def before(self, asked: Asked, *, most: int = 0) -> Guard:
        """Return the guard of who is asked."""
        if (guard := self._guards.get(asked)) is None:
            guard = self._guards[asked] = self._make(most=most) if most else self._make()
        return guard

    def phases(self) -> dict[str, str]:
        """Return the phase of each circuit."""
        return {str(asked): guard.phase.value for asked, guard in self._guards.items()}


def before_a_gateway() -> Guard:
    """Return the guard before another gateway: it may hold some of this gateway's places and connections, never all."""
    return Guard(most=MOST_AT_A_GATEWAY, waiting=MOST_FOR_A_GATEWAY, resting=PeerResting, busy=PeerBusy)


class Refusals:
    """Decides which refusals are recorded: each, but of those that only say "later" one in ten seconds for each reason and caller.

    Otherwise who asks too fast could write as fast into the log. How many were left out stands in the next one that is recorded.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last: dict[tuple[str, str, str], tuple[float, int]] = {}

    def left_out(self, error: Exception, *, client: str, service: str, code: str = "") -> int | None:
        """Say how many like this one were left out since the last that was recorded; nothing if this one is left out too."""
        if not isinstance(error, TryLater) and not code:
            return 0
        place, instant = (code or type(error).__name__, client, service), self._clock()
        recorded, count = self._last.get(place, (-RECORD_EVERY_SECONDS, 0))
        if instant - recorded < RECORD_EVERY_SECONDS:
            self._last[place] = (recorded, count + 1)
            return None
        self._last[place] = (instant, 0)
        return count
