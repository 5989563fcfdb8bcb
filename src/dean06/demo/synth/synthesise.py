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
from dean06.demo.synth.block import Counters, Frames, make_block
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


def _blocks(shares: Mapping[str, int], seed: int) -> Iterator[Frames]:
    country, counters = nation(), Counters(Numbers(seed))
    for code, people in shares.items():
        for number, start in enumerate(range(0, people, BLOCK_PEOPLE)):
            rng = np.random.default_rng(np.random.SeedSequence([seed, int(code), number]))
            yield make_block(rng, min(BLOCK_PEOPLE, people - start), country.provinces[code], country, counters)


@contextmanager
def _workshop(directory: Path) -> Iterator[Path]:
    """Give a folder beside the result that is gone afterwards, whatever happens."""
    directory.mkdir(parents=True, exist_ok=True)
    folder = Path(mkdtemp(prefix=".synth-", dir=directory))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _write_part(folder: Path, number: int, gathered: list[Frames]) -> None:
    for name in FILES:
        rows = pl.concat([getattr(frames, name) for frames in gathered])
        rows.write_parquet(folder / f"{name}-{number:06}.parquet", compression="lz4", statistics=False)


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
    dead = households = residences = done = 0
    with _workshop(directory) as folder, ThreadPoolExecutor(1) as writer:  # writes one part while the next is invented
        gathered: list[Frames] = []
        part = 0
        written: Future[None] | None = None
        for frames in _blocks(shares, seed):
            gathered.append(frames)
            dead += int((frames.persons["status"] == "dead").sum())
            households += frames.households.height
            residences += frames.residences.height
            done += frames.persons.height
            if len(gathered) == blocks_per_part or done == people:
                if written is not None:
                    written.result()
                written = writer.submit(_write_part, folder, part, gathered)
                gathered, part = [], part + 1
                progress(done)
        if written is not None:
            written.result()
        for name in FILES:
            _join(folder, name)
        for name in FILES:
            (folder / f"{name}.parquet").replace(directory / f"{name}.parquet")
    return SynthReport(directory, people, dead, households, residences, shares, time.perf_counter() - started)


def _join(folder: Path, name: str) -> None:
    """Write a table's parts into one file, streaming, with row groups that don't depend on how it was cut."""
    parts = sorted(folder.glob(f"{name}-*.parquet"))
    pl.scan_parquet(parts).sink_parquet(folder / f"{name}.parquet", compression="zstd", compression_level=1, row_group_size=ROW_GROUP)
    for path in parts:
        path.unlink()
