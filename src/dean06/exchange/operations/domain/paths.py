"""Which registered endpoint a path belongs to: the path itself may hold what a caller chose, and is not kept."""

import re
from collections.abc import Sequence
from typing import Final

from dean06.exchange.domain.agreements import ANY_METHOD
from dean06.exchange.domain.globs import matches

_PARAMETER: Final = re.compile(r"\{[^{}/]+\}")


def pattern_of(method: str, path: str, endpoints: Sequence[tuple[str, str]]) -> str:
    """Return the first pattern that covers a call, as it was registered; nothing if none does.

    Args:
        method: of the call.
        path: canonical.
        endpoints: method (or ``*``) and pattern, with ``*`` or OpenAPI's ``{name}`` for what varies.
    """
    for known, pattern in endpoints:
        if known in (ANY_METHOD, method) and matches(_PARAMETER.sub("*", pattern), path):
            return pattern
    return ""
