"""What other modules may use of the demo: the invented population, the demonstration people, the walk."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from dean06.core.config import Config
from dean06.demo.accounts_file import DemoAccount, NoDemoPeople, introduce, read_accounts

if TYPE_CHECKING:
    from dean06.demo.synth.synthesise import SynthReport
    from dean06.exchange.public import Handler

__all__ = [
    "SANDBOX_CLIENT",
    "SANDBOX_PURPOSE",
    "DemoAccount",
    "InventedService",
    "NoDemoPeople",
    "introduce",
    "invented_services",
    "read_accounts",
    "sandbox_people",
    "seed_country",
    "synthesise",
    "walk_flow",
]

SANDBOX_CLIENT: Final = "VN/COM/DEMODEV/SANDBOX"
"""The subsystem that the developers' console asks as; its agreements stand in the demonstration's packs only."""
SANDBOX_PURPOSE: Final = "sandbox"


@dataclass(frozen=True, slots=True)
class InventedService:
    """A service of the invented country: what stands behind its identifier, and its description."""

    service: str
    handler: "Handler"
    openapi: Mapping[str, Any]


def invented_services() -> tuple[InventedService, ...]:
    """Return the registers beside the population: licences, insurance, taxes, land, civil status, telephones."""
    from dean06.demo.registers.country import REGISTERS, handler_of  # noqa: PLC0415 -- needs loaded models

    return tuple(InventedService(one.service, handler_of(one), one.openapi()) for one in REGISTERS)


def sandbox_people() -> tuple[tuple[str, str], ...]:
    """Return number and name of the invented people that a developer may ask about; none where there is no invented population."""
    from dean06.demo.registers.errors import NotInRegister  # noqa: PLC0415 -- as below
    from dean06.demo.registers.people import sandbox_residents  # noqa: PLC0415 -- loaded where it is used

    try:
        return tuple((one.number, one.full_name) for one in sandbox_residents())
    except NotInRegister:
        return ()


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
