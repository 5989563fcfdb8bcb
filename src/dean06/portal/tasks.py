"""Recurring work of the portal."""

from dean06.core.tasks import recurring
from dean06.portal.sessions import forget_ended


@recurring(every_seconds=600)
def forget_ended_sessions() -> None:
    """Delete what ended."""
    forget_ended()
