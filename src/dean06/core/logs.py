"""Structured logs: an event name and keywords, one JSON object a line, no personal data."""

import logging  # noqa: TID251 -- the one place that joins structlog to the standard library
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Final

import structlog

from dean06.core import tracing

PERSONAL_NUMBER: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")
MASK: Final = "[personal number]"
TALKATIVE: Final = ("fontTools",)
"""Libraries whose information is for their own authors: fontTools lists every glyph."""


def mask_personal_numbers(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Blank out anything that looks like a twelve-digit number: the last net, not a licence to log one."""
    for key, value in event.items():
        if isinstance(value, str) and PERSONAL_NUMBER.search(value):
            event[key] = PERSONAL_NUMBER.sub(MASK, value)
    return event


def add_trace_id(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Say to which trace the call that is being served belongs."""
    if (trace := tracing.current.get()) is not None:
        event.setdefault("trace_id", trace.trace_id)
    return event


def configure(*, level: str = "INFO", console: bool = False) -> None:
    """Set up logging of this process: JSON lines to stderr, or coloured lines on a developer's console."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        add_trace_id,
        mask_personal_numbers,
    ]
    renderer: structlog.typing.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty()) if console else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(max(logging.WARNING, root.level))
