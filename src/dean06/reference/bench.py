"""How fast reference answers."""

import time
from collections.abc import Sequence
from datetime import date

from dean06.core.bench import Row, Size, benchmark
from dean06.reference import units
from dean06.reference.calendar import work_calendar

LOOK_UPS = 100_000
SEARCHES = {"quick": 50, "small": 200, "full": 1000}


@benchmark("reference.units")
def measure_units(size: Size) -> Sequence[Row]:
    """Measure cold load, warm look-up and search by a name without diacritics."""
    units._atlas.cache_clear()  # noqa: SLF001 -- a cold start is what is measured
    units._unit_on.cache_clear()  # noqa: SLF001
    started = time.perf_counter()
    units.unit("00004", on=date(2024, 1, 1))
    cold = time.perf_counter() - started
    started = time.perf_counter()
    for _ in range(LOOK_UPS):
        units.unit("00004", on=date(2024, 1, 1))
    warm = LOOK_UPS / (time.perf_counter() - started)
    units.search_units("hong gai", on=date(2026, 11, 1))
    started = time.perf_counter()
    for _ in range(SEARCHES[size]):
        units.search_units("hong gai", on=date(2026, 11, 1))
    found = 1000 * (time.perf_counter() - started) / SEARCHES[size]
    return [
        Row("reference.unit_cold", 1000 * cold, "ms", n=1),
        Row("reference.unit", warm, "look-ups/s", n=LOOK_UPS),
        Row("reference.search", found, "ms", n=SEARCHES[size]),
    ]


@benchmark("reference.calendar")
def measure_calendar(size: Size) -> Sequence[Row]:
    """Measure the end of a limit of seven working days."""
    times = 20 * SEARCHES[size]
    calendar = work_calendar(with_overrides=False)
    calendar.add_working_days(date(2026, 8, 28), 7)
    started = time.perf_counter()
    for _ in range(times):
        calendar.add_working_days(date(2026, 8, 28), 7)
    return [Row("reference.add_working_days", times / (time.perf_counter() - started), "limits/s", n=times)]
