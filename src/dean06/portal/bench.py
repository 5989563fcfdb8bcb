"""How fast the portal answers by itself."""

import time
from collections.abc import Sequence
from typing import Final

from django.test import Client

from dean06.core.bench import Row, Size, benchmark

PAGES: Final = {"quick": 20, "small": 100, "full": 500}
PERCENT: Final = 100


@benchmark("portal.pages")
def measure_pages(size: Size) -> Sequence[Row]:
    """Measure the server time of the home page and of a search, without a session."""
    return [
        row for name, path in (("portal.home", "/"), ("portal.search", "/search?q=thuong%20tru")) for row in _measured(name, path, size)
    ]


def _measured(name: str, path: str, size: Size) -> list[Row]:
    client = Client()
    client.get(path)
    times = []
    for _ in range(PAGES[size]):
        started = time.perf_counter()
        client.get(path)
        times.append(1000 * (time.perf_counter() - started))
    times.sort()
    return [
        Row(name, times[len(times) // 2], "ms p50", n=len(times)),
        Row(f"{name}_p99", times[min(len(times) - 1, len(times) * 99 // PERCENT)], "ms p99", n=len(times)),
    ]
