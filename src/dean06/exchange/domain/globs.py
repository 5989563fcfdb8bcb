"""Patterns of endpoints: ``*`` within one segment, ``**`` anything, a backslash takes the next sign literally.

A whole segment ``*`` wants at least one sign: ``/persons/*`` is any one person and not the collection ``/persons/``.

Source: X-Road Security Server user guide, sec. 6.7 (access rights of REST endpoints).
"""

import re
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"\\(.)|(\*\*+)|((?<=/)\*(?=/|\Z))|(\*)|([^*\\]+)|(\\)\Z")


@lru_cache(maxsize=4096)
def compiled(pattern: str) -> re.Pattern[str]:
    """Translate a pattern for canonical paths into a regular expression for a full match."""
    return re.compile("".join(_translated(match) for match in _TOKEN.finditer(pattern)))


def _translated(match: re.Match[str]) -> str:
    escaped, many, segment, one, literal, trailing = match.groups()
    if many:
        return ".*"
    if segment:
        return "[^/]+"
    return "[^/]*" if one else re.escape(escaped or literal or trailing)


def matches(pattern: str, path: str) -> bool:
    """Say whether a canonical path fits the pattern as a whole."""
    return compiled(pattern).fullmatch(path) is not None
