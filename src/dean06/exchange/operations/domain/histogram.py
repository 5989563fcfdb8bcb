"""Durations in buckets whose bounds grow by the fourth root of two, so that a quantile is right to a tenth at any size."""

import math
from collections.abc import Mapping
from typing import Final

STEPS: Final = 4
"""Buckets for each doubling: the middle of a bucket lies at most 9.1 % from any value in it."""
LAST: Final = 4 * 32
"""Bucket of everything from about an hour on."""


def bucket_of(duration_us: int) -> int:
    """Return the bucket of a duration in microseconds: number n holds what lies in ``(2^((n-1)/4), 2^(n/4)]``."""
    return min(LAST, math.ceil(STEPS * math.log2(duration_us))) if duration_us > 1 else 0


def middle_ms(bucket: int) -> float:
    """Return the geometric middle of a bucket, in milliseconds."""
    return float(2 ** ((bucket - 0.5) / STEPS)) / 1000


def quantile_ms(calls: Mapping[int, int], part: float) -> float | None:
    """Return the duration, in milliseconds, that at least this part of the calls did not exceed; None if there were none.

    Args:
        calls: how many by bucket.
        part: above 0, at most 1: 0.99 for p99.
    """
    wanted = part * sum(calls.values())
    so_far = 0
    for bucket in sorted(calls):
        so_far += calls[bucket]
        if so_far >= wanted and so_far:
            return middle_ms(bucket)
    return None
