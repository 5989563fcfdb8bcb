"""What a gateway counts of its calls, by registered client and service: X-Road's health figures, and Prometheus text.

Nothing here says whose data was asked for, nor who asked on whose behalf: labels are identifiers of registered subsystems and
services, our own codes, and nothing that a caller could choose freely, so the number of series is bounded by the configuration.

Sources: X-Road "Protocol for Downloading Monitoring Data" and its health metrics (last success, counts, duration and sizes as min,
average, max and deviation); Prometheus text exposition format 0.0.4.
"""

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from dean06.core.tracing import Trace
from dean06.exchange.domain.r1 import Message

CONTENT_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"
BOUNDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Upper bounds of the buckets of a duration, in seconds."""
UNKNOWN: Final = "unknown"
ANSWERED: Final = "answered"
PROBLEM: Final = "problem"
METADATA: Final = "metadata"
FIRST_PROBLEM_STATUS: Final = 400


@dataclass(slots=True)
class Seen:
    """One call while it passes through a gateway.

    Attributes:
        began: seconds of a clock that never goes back.
        client: a registered subsystem, or ``unknown``.
        service: a registered service, or ``unknown``.
        outcome: ``answered``, ``problem`` (the service's own error), ``metadata``, or our code of a refusal; empty while nobody knows.
        request_bytes: of the body.
        answer_bytes: of the body.
        status: the service's HTTP status; 0 if it did not answer.
        method: of the message.
        path: canonical, after the service code; may hold what a caller chose.
        message_id: X-Road-Id.
        user: X-Road-UserId; never kept as it is.
        has_issue: whether a dossier was named.
        transaction_id: X-Road-Request-Id.
        trace: to which trace it belongs.
    """

    began: float
    client: str = UNKNOWN
    service: str = UNKNOWN
    outcome: str = ""
    request_bytes: int = 0
    answer_bytes: int = 0
    status: int = 0
    method: str = ""
    path: str = field(default="", repr=False)
    message_id: str = ""
    user: str = field(default="", repr=False)
    has_issue: bool = False
    transaction_id: str = ""
    trace: Trace | None = None

    def asks(self, message: Message, *, size_bytes: int) -> None:
        """Note what a registered client asks."""
        self.client, self.request_bytes = str(message.client), size_bytes
        self.method, self.path, self.message_id = message.method, message.path, message.message_id
        self.user, self.has_issue = message.user, bool(message.issue)

    def answered(self, status: int, size_bytes: int) -> None:
        """Note that the service answered."""
        self.outcome = ANSWERED if status < FIRST_PROBLEM_STATUS else PROBLEM
        self.status, self.answer_bytes = status, size_bytes


@dataclass(slots=True)
class Spread:
    """Least, mean, most and deviation of a figure, without keeping its values (Welford, 1962)."""

    count: int = 0
    least: float = math.inf
    most: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0

    def add(self, value: float) -> None:
        """Count a value."""
        self.count += 1
        self.least, self.most = min(self.least, value), max(self.most, value)
        difference = value - self.mean
        self.mean += difference / self.count
        self.squares += difference * (value - self.mean)

    def told(self) -> dict[str, float]:
        """Return the figures; nothing where nothing was counted."""
        if not self.count:
            return {}
        return {"min": self.least, "average": self.mean, "max": self.most, "stddev": math.sqrt(self.squares / self.count)}


@dataclass(slots=True)
class OfService:
    """Figures of one service since the process started."""

    buckets: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: Spread = field(default_factory=Spread)
    request_bytes: Spread = field(default_factory=Spread)
    answer_bytes: Spread = field(default_factory=Spread)
    last_success: float = 0.0
    last_failure: float = 0.0
    successes: int = 0
    failures: int = 0


class Meter:
    """Counts the calls of one process.

    Args:
        side: ``consumer`` or ``provider``.
    """

    def __init__(self, side: str) -> None:
        self._side = side
        self._calls: dict[tuple[str, str, str], int] = {}
        self._services: dict[str, OfService] = {}

    def note(self, seen: Seen, *, ended: float, at: float) -> None:
        """Count a call.

        Args:
            seen: the call.
            ended: of the same clock as ``seen.began``.
            at: seconds since 1970.
        """
        place = (seen.client, seen.service, seen.outcome or "exchange.error")
        self._calls[place] = self._calls.get(place, 0) + 1
        if (mine := self._services.get(seen.service)) is None:
            mine = self._services[seen.service] = OfService()
        seconds = max(0.0, ended - seen.began)
        mine.buckets[bisect_left(BOUNDS, seconds)] += 1
        mine.seconds.add(seconds)
        if seen.outcome not in (ANSWERED, PROBLEM, METADATA):
            mine.failures, mine.last_failure = mine.failures + 1, at
            return
        mine.successes, mine.last_success = mine.successes + 1, at
        mine.request_bytes.add(seen.request_bytes)
        mine.answer_bytes.add(seen.answer_bytes)

    def health(self) -> list[dict[str, object]]:
        """Return X-Road's health figures of each service; times are seconds since 1970, 0 for never."""
        return [
            {
                "service": service,
                "lastSuccessfulRequestTimestamp": mine.last_success,
                "lastUnsuccessfulRequestTimestamp": mine.last_failure,
                "successfulRequestCount": mine.successes,
                "unsuccessfulRequestCount": mine.failures,
                "requestDuration": mine.seconds.told(),
                "requestSize": mine.request_bytes.told(),
                "responseSize": mine.answer_bytes.told(),
            }
            for service, mine in sorted(self._services.items())
        ]

    def prometheus(self, gauges: Mapping[str, float], circuits: Mapping[str, str], *, asked: str = "service") -> str:
        """Return everything as Prometheus text.

        Args:
            gauges: figures of the moment by the last part of their name.
            circuits: phase of the circuit before each who is asked.
            asked: who that is: a service, or another gateway.
        """
        lines = [
            "# HELP dean06_exchange_calls_total Calls by client, service and how they ended.",
            "# TYPE dean06_exchange_calls_total counter",
        ]
        for (client, service, outcome), count in sorted(self._calls.items()):
            lines.append(f"dean06_exchange_calls_total{self._labels(client=client, service=service, outcome=outcome)} {count}")
        lines += ["# HELP dean06_exchange_call_seconds Duration of calls by service.", "# TYPE dean06_exchange_call_seconds histogram"]
        for service, mine in sorted(self._services.items()):
            lines += self._histogram(service, mine)
        lines += [
            "# HELP dean06_exchange_circuit_open Whether it is left alone.",
            "# TYPE dean06_exchange_circuit_open gauge",
        ]
        lines += [
            f"dean06_exchange_circuit_open{self._labels(**{asked: name})} {int(phase != 'closed')}"
            for name, phase in sorted(circuits.items())
        ]
        for name, value in sorted(gauges.items()):
            lines += [f"# TYPE dean06_exchange_{name} gauge", f"dean06_exchange_{name}{self._labels()} {value:g}"]
        return "\n".join(lines) + "\n"

    def _histogram(self, service: str, mine: OfService) -> Iterable[str]:
        total = 0
        for bound, count in zip((*map(str, BOUNDS), "+Inf"), mine.buckets, strict=True):
            total += count
            yield f"dean06_exchange_call_seconds_bucket{self._labels(service=service, le=bound)} {total}"
        yield f"dean06_exchange_call_seconds_sum{self._labels(service=service)} {mine.seconds.mean * mine.seconds.count:g}"
        yield f"dean06_exchange_call_seconds_count{self._labels(service=service)} {mine.seconds.count}"

    def _labels(self, **labels: str) -> str:
        escaped = {name: value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n") for name, value in labels.items()}
        return "{" + ",".join(f'{name}="{value}"' for name, value in {"side": self._side, **escaped}.items()) + "}"
