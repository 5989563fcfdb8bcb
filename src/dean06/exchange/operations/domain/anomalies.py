"""What stands out in a day of calls: an invitation to look into the evidence, never a judgement of anybody."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final, Literal

from dean06.exchange.operations.domain.figures import Figures

LEAST_HISTORY_DAYS: Final = 5
"""A client with fewer days behind it has no usual day: our own choice."""

Kind = Literal["browsing", "volume", "refusals"]


@dataclass(frozen=True, slots=True)
class Anomaly:
    """One thing that stands out.

    Attributes:
        client: whose calls.
        calls: how many calls it is about.
        usual: of ``volume``: the median day; of the others: all calls of the client, or the threshold.
        user_key: of ``browsing``: the end user's pseudonym.
    """

    kind: Kind
    client: str
    calls: int
    usual: float
    user_key: str = ""


def browsing(counts: Iterable[tuple[str, str, int]], *, least: int) -> list[Anomaly]:
    """Find end users who ask much without naming a dossier.

    Args:
        counts: client, pseudonym of the end user and calls without a dossier on one day.
        least: calls from which on it stands out.
    """
    found = [Anomaly("browsing", client, calls, least, user) for client, user, calls in counts if user and calls >= least]
    return sorted(found, key=lambda one: (-one.calls, one.client, one.user_key))


def unusual_volume(days: Mapping[str, Sequence[int]], *, factor: float, least: int) -> list[Anomaly]:
    """Find clients whose last day is far above their own usual one.

    Args:
        days: of each client its calls by day, the last day first, then back to its first; days without calls are 0.
        factor: times the median of the days before.
        least: calls below which no day stands out.
    """
    found = []
    for client, (last, *before) in days.items():
        if len(before) < LEAST_HISTORY_DAYS or last < least:
            continue
        usual = median(before)
        if last >= factor * usual:
            found.append(Anomaly("volume", client, last, usual))
    return sorted(found, key=lambda one: (-one.calls, one.client))


def piling_refusals(clients: Mapping[str, Figures], *, least: int, share: float) -> list[Anomaly]:
    """Find clients that are refused often, and often for what they ask."""
    found = [
        Anomaly("refusals", client, figures.refused, figures.calls)
        for client, figures in clients.items()
        if figures.refused >= least and figures.refused >= share * figures.calls
    ]
    return sorted(found, key=lambda one: (-one.calls, one.client))
