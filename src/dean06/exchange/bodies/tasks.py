"""Recurring work of kept bodies."""

from dean06.core.tasks import recurring
from dean06.exchange.bodies.shredding import shred_what_is_over


@recurring(every_seconds=3600)
def shred_old_bodies() -> int:
    """Shred the days that are older than bodies are kept; return how many bodies went."""
    return shred_what_is_over()
