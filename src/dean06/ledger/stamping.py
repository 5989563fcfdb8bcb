"""Time stamps (RFC 3161) on checkpoints: when a log already said what it says, by a clock that is not the log's.

At most one stamp a log and minute. An authority that is away costs nothing but the stamp: the next one covers all that
came before, as each checkpoint covers the whole log. How long a log has gone without is shown by ``overdue``.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from dean06.core import clock
from dean06.core.databases import all_databases
from dean06.core.errors import Dean06Error
from dean06.ledger.models import LedgerCheckpoint, LedgerStamp
from dean06.ledger.names import signed_logs
from dean06.signing.public import timestamp

log = structlog.get_logger(__name__)

EVERY: Final = timedelta(seconds=60)  # as X-Road stamps its message log by default
OVERDUE_AFTER: Final = timedelta(minutes=10)

Authority = Callable[[bytes], bytes]
"""Takes a SHA-256 digest, returns a DER time-stamp token."""


@dataclass(frozen=True, slots=True)
class Overdue:
    """A log whose checkpoints have waited for a stamp since ``since``."""

    log: str
    since: datetime


def stamped_digest(note: str) -> bytes:
    """Return what is stamped: SHA-256 of the signed note, so that the signature too has its time."""
    return hashlib.sha256(note.encode()).digest()


def stamp_everywhere(authority: Authority = timestamp) -> int:
    """Stamp the newest checkpoint of each log that has none and whose last stamp is a minute old; return how many."""
    return sum(_stamp(using, authority) for using in all_databases())


def _stamp(using: str, authority: Authority) -> int:
    stamps = []
    for newest in filter(None, (_due(using, name) for name in signed_logs(using))):
        try:
            token = authority(stamped_digest(newest.note))
        except (Dean06Error, OSError) as exc:
            log.warning("ledger.stamp_missing", log=newest.log, size=newest.size, error=type(exc).__name__)
            continue
        stamps.append(LedgerStamp(log=newest.log, size=newest.size, token=token, made_at=clock.now()))
    LedgerStamp.objects.using(using).bulk_create(stamps, ignore_conflicts=True)
    return len(stamps)


def _due(using: str, name: str) -> LedgerCheckpoint | None:
    newest = LedgerCheckpoint.objects.using(using).filter(log=name).order_by("-size").first()
    last = LedgerStamp.objects.using(using).filter(log=name).order_by("-size").first()
    if newest is None or last is None:
        return newest
    return newest if last.size < newest.size and last.made_at <= clock.now() - EVERY else None


def overdue() -> list[Overdue]:
    """Return the logs that have waited for a stamp for more than ten minutes: the authority, or the worker, is away."""
    return [one for using in all_databases() for one in _overdue(using)]


def _overdue(using: str) -> Iterator[Overdue]:
    for name in signed_logs(using):
        last = LedgerStamp.objects.using(using).filter(log=name).order_by("-size").first()
        behind = LedgerCheckpoint.objects.using(using).filter(log=name, size__gt=last.size if last else 0)
        oldest = behind.order_by("size").first()
        if oldest is not None and oldest.made_at < clock.now() - OVERDUE_AFTER:
            yield Overdue(name, oldest.made_at)
