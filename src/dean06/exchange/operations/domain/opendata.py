"""A day's figures for everybody: rounded to hours, and no cell of few calls.

Cells of fewer than ``least`` calls are put together into the next coarser cell: the hour goes first, then the client, then the
service. What is still too small at the end is only counted. A row without an hour, client or service therefore is the rest that has
no finer row, not a total: nothing can be found by subtracting rows from each other.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Final

from dean06.exchange.operations.domain.figures import Cell, Figures

Place = tuple[int | None, str, str]
COARSER: Final[tuple[Callable[[Place], Place], ...]] = (
    lambda place: place,
    lambda place: (None, place[1], place[2]),
    lambda place: (None, "", place[2]),
    lambda _place: (None, "", ""),
)


@dataclass(frozen=True, slots=True)
class OpenRow:
    """One published cell.

    Attributes:
        hour: of the legal day; None for the rest of the day.
        client: subsystem; empty for the rest of the clients.
        service: empty for the rest of the services.
    """

    hour: int | None
    client: str
    service: str
    figures: Figures = field(repr=False)


@dataclass(frozen=True, slots=True)
class OpenDay:
    """What is published of a day, and how many calls are in no row."""

    rows: tuple[OpenRow, ...]
    left_out: int


def published(cells: Iterable[Cell], *, least: int) -> OpenDay:
    """Return a day's rows, each of at least ``least`` calls."""
    waiting: dict[Place, list[Cell]] = {}
    for cell in cells:
        waiting.setdefault((cell.hour, cell.client, cell.service), []).append(cell)
    rows = []
    for coarser in COARSER:
        groups: dict[Place, list[Cell]] = {}
        for place, mine in waiting.items():
            groups.setdefault(coarser(place), []).extend(mine)
        waiting = {}
        for place, mine in groups.items():
            if sum(cell.calls for cell in mine) < least:
                waiting[place] = mine
            else:
                rows.append(OpenRow(*place, figures=_counted(mine)))
    left_out = sum(cell.calls for mine in waiting.values() for cell in mine)
    return OpenDay(tuple(sorted(rows, key=_order)), left_out)


def _counted(cells: Iterable[Cell]) -> Figures:
    figures = Figures()
    for cell in cells:
        figures.add(cell)
    return figures


def _order(row: OpenRow) -> tuple[bool, int, str, str]:
    return (row.hour is None, row.hour or 0, row.client, row.service)
