"""The sequencer's beat."""

from typing import Final

from dean06.core.databases import all_databases
from dean06.core.tasks import recurring
from dean06.ledger.sequencer import sequence
from dean06.ledger.stamping import stamp_everywhere
from dean06.ledger.submitting import submit_everywhere

BEAT_SECONDS: Final = 0.4  # an entry has its number and proof within a second of its commit


@recurring(every_seconds=BEAT_SECONDS)
def sequence_everywhere() -> int:
    """Number the committed entries of every database."""
    return sum(sequence(using) for using in all_databases())


SUBMISSION_SECONDS: Final = 10  # so long a cut tail can stay unseen by a witness


@recurring(every_seconds=SUBMISSION_SECONDS)
def show_to_witnesses() -> None:
    """Submit the newest checkpoint of each log to its witnesses."""
    submit_everywhere()


STAMP_BEAT_SECONDS: Final = 5  # how late a stamp may be; the minute between two stamps is kept by ``stamping``


@recurring(every_seconds=STAMP_BEAT_SECONDS)
def stamp_checkpoints() -> None:
    """Stamp the newest checkpoint of each log, once a minute."""
    stamp_everywhere()
