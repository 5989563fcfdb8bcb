"""The sequencer's beat."""

from typing import Final

from dean06.core.databases import all_databases
from dean06.core.tasks import recurring
from dean06.ledger.sequencer import sequence

BEAT_SECONDS: Final = 0.4  # an entry has its number and proof within a second of its commit


@recurring(every_seconds=BEAT_SECONDS)
def sequence_everywhere() -> int:
    """Number the committed entries of every database."""
    return sum(sequence(using) for using in all_databases())
