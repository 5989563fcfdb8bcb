"""How fast pages are drawn."""

import time
from collections.abc import Callable, Sequence
from typing import Final

from django.template import Context, Template

from dean06.core.bench import Row, Size, benchmark
from dean06.ui.charts import render_chart
from dean06.ui.tiles import province_names
from dean06.ui.values import TileValue

DRAWN: Final = {"quick": 10, "small": 50, "full": 200}


@benchmark("ui.drawing")
def measure_drawing(size: Size) -> Sequence[Row]:
    """Measure a chart of ten bars and the tile map of 34 provinces with its table."""
    bars = {
        "data": {"values": [{"name": f"Bước {n}", "days": n} for n in range(10)]},
        "mark": "bar",
        "encoding": {"y": {"field": "name", "type": "nominal"}, "x": {"field": "days", "type": "quantitative"}},
    }
    values = {code: TileValue("94,7", 4, f"/leader/provinces/{code}") for code in province_names()}
    map_page = Template("{% tile_map values %}")
    return [
        Row("ui.chart", _mean_ms(lambda: render_chart(bars, label="ten bars"), DRAWN[size]), "ms", n=DRAWN[size]),
        Row("ui.tile_map", _mean_ms(lambda: map_page.render(Context({"values": values})), DRAWN[size]), "ms", n=DRAWN[size]),
    ]


def _mean_ms(draw: Callable[[], object], times: int) -> float:
    draw()
    started = time.perf_counter()
    for _ in range(times):
        draw()
    return 1000 * (time.perf_counter() - started) / times
