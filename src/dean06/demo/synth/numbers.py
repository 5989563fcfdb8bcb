"""Personal numbers of the right structure (domain.md A.1), each given once however many people there are."""

from typing import Final

import numpy as np

from dean06.demo.synth.calendar_days import CUT, Days, Flags, Index, years_of

SERIALS: Final = 1_000_000
OLD_NUMBERS: Final = 1_000_000_000
_STEP: Final = 618_033  # odd and no multiple of 5: walks through all serials once
_OLD_STEP: Final = 381_966_011


class Numbers:
    """Counts serials for each prefix, century, sex and year; 39,000 counters for any number of people."""

    def __init__(self, seed: int) -> None:
        self._given = np.zeros(100 * 10 * 100, np.int64)
        self._shift = seed * 7919 % SERIALS
        self._old_shift = seed * 104_729 % OLD_NUMBERS

    def personal(self, prefix: Index, is_male: Flags, born: Days) -> np.ndarray:
        """Return twelve-digit numbers as integers: three of the province, century and sex, two of the year, six drawn.

        Raises:
            OverflowError: a million people share province, sex and year of birth.
        """
        year = years_of(born)
        group = (prefix * 10 + 2 * (year // 100 - 19) + ~is_male) * 100 + year % 100
        order = np.argsort(group, kind="stable")
        ordered = group[order]
        rank = np.arange(len(group)) - np.searchsorted(ordered, ordered)
        serial = np.empty(len(group), np.int64)
        serial[order] = self._given[ordered] + rank
        np.add.at(self._given, group, 1)
        if len(serial) and serial.max() >= SERIALS:
            raise OverflowError
        drawn = (serial * _STEP + self._shift + group.astype(np.int64) * 271_829) % SERIALS
        return group.astype(np.int64) * SERIALS + drawn

    def old(self, place: np.ndarray) -> np.ndarray:
        """Return nine-digit numbers as integers for places counted over the whole country; they have no structure."""
        return (place.astype(np.int64) * _OLD_STEP + self._old_shift) % OLD_NUMBERS


def prefixes(born: Days, former_province: Index, present_province: Index) -> Index:
    """Return the province that registered the birth: the old code, from 01/07/2025 on the present one (assumption, M)."""
    return np.where(born < CUT, former_province, present_province).astype(np.int64)
