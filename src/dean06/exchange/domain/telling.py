"""Whether a person is told of a look at her data: at once, from a day on, or not, as the agreement says that it rested on."""

from collections.abc import Mapping
from datetime import date
from typing import Any


def is_told(detail: Mapping[str, Any], *, on: date) -> bool:
    """Say whether a look is told, by ``notify`` and ``notify_until`` of its evidence; a delay without an end goes on."""
    match detail.get("notify"):
        case "exempt":
            return False
        case "delayed":
            until = detail.get("notify_until")
            return bool(until) and date.fromisoformat(str(until)) <= on
        case _:
            return True
