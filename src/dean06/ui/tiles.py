"""The tile map: 34 provinces as squares of one size, and two archipelago tiles of their provinces."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

from dean06.ui.formats import undefined
from dean06.ui.values import TileValue

LEVELS: Final = (1, 2, 3, 4, 5)


@dataclass(frozen=True, slots=True)
class Tile:
    """One placed tile; ``belongs_to`` names the province of an archipelago's tile."""

    code: str
    name: str
    column: int
    row: int
    value: TileValue
    belongs_to: str = ""

    @property
    def css(self) -> str:
        """Class of its colour."""
        return f"m{self.value.level}" if self.value.level in LEVELS else "mna"


@cache
def layout() -> dict[str, Any]:
    """Read where the tiles stand (columns and rows from 0 at the north-west)."""
    loaded: dict[str, Any] = json.loads(files("dean06.ui").joinpath("data/tilemap.json").read_text(encoding="utf-8"))
    return loaded


def province_names() -> dict[str, str]:
    """Return code and name of each province on the map."""
    return {tile["code"]: tile["name"] for tile in layout()["tiles"]}


def tiles(values: Mapping[str, TileValue]) -> list[Tile]:
    """Place each province's value, from north to south; archipelagos carry the value and link of their province."""
    missing = TileValue(undefined(), 0)
    names = province_names()
    placed = [
        Tile(one["code"], one["name"], one["column"] + 1, one["row"] + 1, values.get(one["code"], missing)) for one in layout()["tiles"]
    ]
    placed += [
        Tile(one["province"], one["name"], one["column"] + 1, one["row"] + 1, values.get(one["province"], missing), names[one["province"]])
        for one in layout()["archipelagos"]
    ]
    return sorted(placed, key=lambda tile: (tile.row, tile.column))


def legend(placed: Sequence[Tile], bounds: Sequence[str]) -> list[tuple[str, str, int]]:
    """Return class, words and number of provinces for each class that has words, and for "không xác định" if any."""
    counts = Counter(tile.css for tile in placed if not tile.belongs_to)
    rows = [(f"m{level}", words, counts[f"m{level}"]) for level, words in zip(LEVELS, bounds, strict=False)]
    return [*rows, ("mna", undefined(), counts["mna"])] if counts["mna"] else rows
