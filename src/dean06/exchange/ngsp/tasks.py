"""Recurring work of the front."""

from dean06.core.tasks import recurring
from dean06.exchange.ngsp.credentials import forget_ended_tokens


@recurring(every_seconds=600)
def forget_tokens() -> int:
    """Delete tokens that have ended; return how many."""
    return forget_ended_tokens()
