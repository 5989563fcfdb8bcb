"""Are compiled translations older than their source? Asked at each start, so it must not load the compiler to know."""

from pathlib import Path
from typing import Final

PACKAGE: Final = Path(__file__).parents[1]


def is_stale(source: Path) -> bool:
    """Say whether a catalogue's compiled file is missing or older."""
    target = source.with_suffix(".mo")
    return not target.exists() or target.stat().st_mtime_ns < source.stat().st_mtime_ns


def catalogues_are_stale() -> bool:
    """Say whether any module's catalogue needs compiling."""
    return any(is_stale(source) for source in PACKAGE.glob("*/locale/*/LC_MESSAGES/django.po"))
