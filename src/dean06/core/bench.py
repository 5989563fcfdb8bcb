"""Benchmarks: each module registers functions that measure and return rows of one table.

``dean06 bench`` prints ``{name, value, unit, floor, ratio, peer, n}``; names are stable (``exchange.two_hop``).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

Size = Literal["quick", "small", "full"]


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure.

    Attributes:
        name: stable name, ``module.what``.
        value: what was measured, in ``unit``.
        unit: ``people/s``, ``ms p99``, ``MB`` ...
        floor: the same quantity of the bare mechanism (raw COPY, bare SELECT) in the same run, if there is one.
        peer: what the floor or the comparison is.
        n: how many operations or rows were measured.
    """

    name: str
    value: float
    unit: str
    floor: float | None = None
    peer: str = ""
    n: int = 0

    @property
    def ratio(self) -> float | None:
        """Value divided by floor."""
        return self.value / self.floor if self.floor else None


Measure = Callable[[Size], Sequence[Row]]

_benchmarks: dict[str, Measure] = {}


def benchmark(name: str) -> Callable[[Measure], Measure]:
    """Register a measuring function under ``module.what``; it owns and removes what it creates."""

    def register(measure: Measure) -> Measure:
        _benchmarks[name] = measure
        return measure

    return register


def benchmarks() -> dict[str, Measure]:
    """Return all registered benchmarks by name."""
    return dict(sorted(_benchmarks.items()))
