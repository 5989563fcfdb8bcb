"""From a number, a province and a seed to three Parquet files, block by block in flat memory."""

import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp
from typing import Final

import numpy as np
import polars as pl

from dean06.core.errors import Invalid
from dean06.demo.synth.block import Counters, Frames, Invented, invent, write_down
from dean06.demo.synth.numbers import Numbers
from dean06.demo.synth.world import nation

BLOCK_PEOPLE: Final = 20_000
"""Families stay inside a block; the block decides what a seed means, so it is no setting."""
FILES: Final = ("persons", "households", "residences")
LARGEST: Final = 200_000_000
ROW_GROUP: Final = 100_000


class BadSynthesis(Invalid):
    """The number of people, the province or the seed can't be used."""

    code = "demo.bad_synthesis"
    message_vi = "Số người, mã tỉnh hoặc số khởi đầu không hợp lệ."


@dataclass(frozen=True, slots=True)
class SynthReport:
    """What was written.

    Attributes:
        people: records, the dead included.
        dead: of these.
        households: of the living.
        residences: rows, present, past and temporary.
        provinces: people by province code.
        seconds: how long it took.
    """

    directory: Path
    people: int
    dead: int
    households: int
    residences: int
    provinces: Mapping[str, int]
    seconds: float


def plan(people: int, province: str) -> dict[str, int]:
    """Share people among provinces by the census of 2019, largest remainders first, so that the sum is exact.

    Raises:
        BadSynthesis: unknown province, or a number that is not between 1 and ``LARGEST``.
    """
    known = nation().provinces
    if not 1 <= people <= LARGEST:
        raise BadSynthesis(f"people must be between 1 and {LARGEST:,}")
    if province != "all":
        if province not in known:
            raise BadSynthesis(f"province {province!r} is none of {', '.join(sorted(known))} or all")
        return {province: people}
    total = sum(one.people for one in known.values())
    exact = {code: people * one.people / total for code, one in sorted(known.items())}
    shares = {code: int(share) for code, share in exact.items()}
    largest = sorted(exact, key=lambda code: shares[code] - exact[code])
    for code in largest[: people - sum(shares.values())]:
        shares[code] += 1
    return {code: share for code, share in shares.items() if share}


def _blocks(shares: Mapping[str, int], seed: int) -> Iterator[tuple[np.random.Generator, Invented]]:
    """Yield blocks in the order of provinces, each with the generator that writes it down."""
    country = nation()
    for code, people in shares.items():
        for number, start in enumerate(range(0, people, BLOCK_PEOPLE)):
            seeds = np.random.SeedSequence([seed, int(code), number]).spawn(2)
            thinking, writing = (np.random.default_rng(one) for one in seeds)
            yield writing, invent(thinking, min(BLOCK_PEOPLE, people - start), country.provinces[code], country)


@contextmanager
def _workshop(directory: Path) -> Iterator[Path]:
    """Give a folder beside the result that is gone afterwards, whatever happens."""
    directory.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=".synth-", dir=directory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Writer:
    """Writes blocks down and into parts, in order, in a thread of its own."""

    def __init__(self, folder: Path, seed: int, blocks_per_part: int) -> None:
        self._folder = folder
        self._blocks_per_part = blocks_per_part
        self._counters = Counters(Numbers(seed))
        self._gathered: list[Frames] = []
        self._parts = 0
        self.dead = self.households = self.residences = 0

    def add(self, rng: np.random.Generator, invented: Invented) -> int:
        """Write one block down; return how many people are ready."""
        frames = write_down(rng, invented, nation(), self._counters)
        self.dead += int((~invented.people.is_alive).sum())
        self.households += frames.households.height
        self.residences += frames.residences.height
        self._gathered.append(frames)
        if len(self._gathered) == self._blocks_per_part:
            self.finish_part()
        return self._counters.people

    def finish_part(self) -> None:
        """Write what is gathered."""
        if not self._gathered:
            return
        for name in FILES:
            rows = pl.concat([getattr(frames, name) for frames in self._gathered])
            rows.write_ipc(self._folder / f"{name}-{self._parts:06}.arrow", compression="lz4")
        self._gathered, self._parts = [], self._parts + 1


def synthesise(
    directory: Path,
    *,
    people: int,
    province: str = "22",
    seed: int,
    blocks_per_part: int = 2,
    progress: Callable[[int], None] = lambda _done: None,
) -> SynthReport:
    """Write ``persons.parquet``, ``households.parquet`` and ``residences.parquet`` into a directory.

    The same people, province and seed give the same rows in the same order on any day and however they are cut into parts.
    Files appear whole or not at all; existing ones are replaced.

    Args:
        directory: made if it is missing.
        people: records to invent, 1 to 200 million.
        province: code of a province in force, or "all" for the country by population.
        seed: any non-negative integer.
        blocks_per_part: blocks of 20,000 people held in memory at once.
        progress: told how many people are ready, after each part.

    Raises:
        BadSynthesis: something asked for can't be.
    """
    if seed < 0 or blocks_per_part < 1:
        raise BadSynthesis("seed must not be negative, blocks_per_part must be positive")
    shares = plan(people, province)
    started = time.perf_counter()
    with _workshop(directory) as folder, ThreadPoolExecutor(1) as thread:
        writer = _Writer(folder, seed, blocks_per_part)
        writing: Future[int] | None = None
        for rng, invented in _blocks(shares, seed):  # one block is thought out while the one before is written down
            if writing is not None:
                progress(writing.result())
            writing = thread.submit(writer.add, rng, invented)
        if writing is not None:
            progress(writing.result())
        writer.finish_part()
        for name in FILES:
            _join(folder, name)
        for name in FILES:
            (folder / f"{name}.parquet").replace(directory / f"{name}.parquet")
    seconds = time.perf_counter() - started
    return SynthReport(directory, people, writer.dead, writer.households, writer.residences, shares, seconds)


def _join(folder: Path, name: str) -> None:
    """Write a table's parts into one file, streaming, with row groups that don't depend on how it was cut."""
    parts = sorted(folder.glob(f"{name}-*.arrow"))
    pl.scan_ipc(parts).sink_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1, row_group_size=ROW_GROUP)
    for path in parts:
        path.unlink()
