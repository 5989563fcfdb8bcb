"""Records of calls inside one process: both sides at once, as if two gateways had seen them."""

import functools
import time
from collections.abc import Callable
from typing import ParamSpec

from dean06.core import tracing
from dean06.core.errors import Dean06Error
from dean06.exchange.domain.answering import Answer
from dean06.exchange.domain.metering import Seen
from dean06.exchange.operations.recording import records

Parameters = ParamSpec("Parameters")
SIDES = ("consumer", "provider")


def counted(ask: Callable[Parameters, Answer]) -> Callable[Parameters, Answer]:
    """Have each call of a function that asks inside noted when it ended; nothing else about it changes.

    Sizes are not known here: no bytes cross a wire.
    """

    @functools.wraps(ask)
    def asked(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Answer:
        seen = Seen(time.monotonic())
        for name in ("client", "service", "method", "path", "user"):
            setattr(seen, name, str(kwargs.get(name, "")))
        seen.has_issue, seen.trace = bool(kwargs.get("issue")), tracing.current.get()
        try:
            answer = ask(*args, **kwargs)
            seen.transaction_id = answer.transaction_id
            seen.answered(answer.status, 0)
        except Dean06Error as error:
            seen.outcome = error.code
            raise
        finally:
            ended, at = time.monotonic(), time.time()
            for side in SIDES:
                records.note(side, seen, ended=ended, at=at)
        return answer

    return asked
