"""The registry's benchmarks, measured with invented people."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from dean06.core.bench import Row, Size, benchmark
from dean06.demo.synth.synthesise import synthesise
from dean06.registry.public import bench_population

PEOPLE: Final = {"quick": 20_000, "small": 120_000, "full": 1_000_000}


@benchmark("registry.population")
def measure_registry(size: Size) -> Sequence[Row]:
    """Measure bulk load, look-up and search; the database and the people are removed afterwards."""
    with TemporaryDirectory() as directory:
        synthesise(Path(directory), people=PEOPLE[size], province="all" if size == "full" else "22", seed=2026)
        return bench_population(Path(directory))
