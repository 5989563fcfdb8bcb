"""Days and years as arrays of whole days since 1970-01-01."""

from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

Days = NDArray[np.int32]
Index = NDArray[np.int32]
Flags = NDArray[np.bool_]
Codes = NDArray[np.int16]
Reals = NDArray[np.float64]

_EPOCH: Final = date(1970, 1, 1).toordinal()
YEAR_DAYS: Final = 365.2425


def day_number(day: date) -> int:
    """Return days since 1970-01-01."""
    return day.toordinal() - _EPOCH


AS_OF: Final = day_number(date(2026, 7, 1))
"""The day on which the country stands still; fixed, so that a seed means the same people tomorrow."""
CUT: Final = day_number(date(2025, 7, 1))
"""First day of the 34 provinces without districts."""
FIRST_BIRTH: Final = day_number(date(1900, 1, 1))
NEVER: Final = day_number(date(2999, 1, 1))
"""Stands for no death."""


def years_of(days: Days) -> Index:
    """Return calendar years."""
    return (days.astype("datetime64[D]").astype("datetime64[Y]").astype(np.int32) + 1970).astype(np.int32)


def first_of_year(days: Days) -> Days:
    """Return 1 January of each day's year."""
    return days.astype("datetime64[D]").astype("datetime64[Y]").astype("datetime64[D]").astype(np.int32)


def first_of_month(days: Days) -> Days:
    """Return the first day of each day's month."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype("datetime64[D]").astype(np.int32)


def span(years: Reals) -> Days:
    """Return whole days of so many years."""
    return np.asarray(years * YEAR_DAYS).astype(np.int32)
