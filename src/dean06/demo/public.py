"""What other modules may use of the demo: the invented population, the demonstration people, the walk."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from dean06.core.config import Config
from dean06.demo.accounts_file import DemoAccount, NoDemoPeople, introduce, read_accounts

if TYPE_CHECKING:
    from dean06.demo.synth.synthesise import SynthReport

__all__ = ["DemoAccount", "NoDemoPeople", "introduce", "read_accounts", "seed_country", "synthesise", "walk_flow"]


def synthesise(
    directory: Path, *, people: int, province: str, seed: int, progress: Callable[[int], None] = lambda _: None
) -> "SynthReport":
    """Invent a population and write its three Parquet files; see ``synth.synthesise``. Needs Django set up."""
    from dean06.demo.synth.synthesise import synthesise as invent  # noqa: PLC0415 -- needs loaded models

    return invent(directory, people=people, province=province, seed=seed, progress=progress)


def seed_country(*, data_dir: Path, people: int, province: str, seed_number: int, report: Callable[[str], None]) -> dict[str, DemoAccount]:
    """Make the demonstration country in the running installation; what is there is kept. Needs Django set up."""
    from dean06.demo.seed.world import seed  # noqa: PLC0415 -- needs loaded models

    return seed(data_dir=data_dir, people=people, province=province, seed_number=seed_number, report=report)


def walk_flow(config: Config, *, report: Callable[[str], None], as_json: bool = False) -> None:
    """Walk the whole flow by HTTP against the running installation. Needs Django set up.

    Raises:
        Dean06Error: where the walk cannot go on.
    """
    from dean06.demo.walk.flow import walk  # noqa: PLC0415 -- needs loaded models

    walk(config, report=report, as_json=as_json)
