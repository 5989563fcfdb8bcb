"""Shredding kept bodies by the day: key and rows go, the evidence stays, and the ledger says which day and how many."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import connections, transaction

from dean06.core.actor import SYSTEM, Actor
from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.exchange.bodies.errors import DayNotOver
from dean06.exchange.bodies.models import BodyKey
from dean06.ledger.public import record

EXCHANGE: Final = database_of("exchange")
LOG: Final = "exchange.bodies"
"""Which days were shredded, and who opened what."""
DAYS: Final = """
    SELECT k.day, k.side, count(b.entry_id), coalesce(sum(length(b.sealed)), 0), k.destroyed_at
    FROM exchange_bodies_bodykey k LEFT JOIN exchange_bodies_keptbody b ON b.key_id = k.id
    GROUP BY k.id ORDER BY k.day, k.side
"""
SHRED_ROWS: Final = """
    WITH gone AS (DELETE FROM exchange_bodies_keptbody WHERE key_id = %s RETURNING length(sealed) AS size)
    SELECT count(*), coalesce(sum(size), 0) FROM gone
"""


@dataclass(frozen=True, slots=True)
class KeptDay:
    """A day of one side: how many calls' bodies it holds, and when it was shredded; ``size_bytes`` is encrypted."""

    day: date
    side: str
    bodies: int
    size_bytes: int
    shredded_at: datetime | None = None


def kept_days() -> list[KeptDay]:
    """Return each day and side that has or had kept bodies, oldest first."""
    with connections[EXCHANGE].cursor() as cursor:
        cursor.execute(DAYS)
        return [KeptDay(day, side, count, int(size), gone) for day, side, count, size, gone in cursor.fetchall()]


def shred(*, before: date, actor: Actor, who: str = "") -> list[KeptDay]:
    """Destroy keys and rows of all days before a day (hủy nội dung đã lưu); each day and side is one transaction with its entry.

    Args:
        before: the first day that stays; today at the latest, as today's bodies are still being written.
        actor: who shreds.
        who: as the entry names it.

    Raises:
        DayNotOver: ``before`` lies in the future.
    """
    if before > today():
        raise DayNotOver(before=before.isoformat())
    keys = BodyKey.objects.using(EXCHANGE).filter(day__lt=before, wrapped__isnull=False).order_by("day", "side")
    return [gone for key_id in keys.values_list("id", flat=True) if (gone := _shred(key_id, actor=actor, who=who))]


@transaction.atomic(using=EXCHANGE, durable=True)
def _shred(key_id: UUID, *, actor: Actor, who: str) -> KeptDay | None:
    key = BodyKey.objects.using(EXCHANGE).select_for_update().get(pk=key_id)
    if key.wrapped is None:  # another process was first
        return None
    with connections[EXCHANGE].cursor() as cursor:
        cursor.execute(SHRED_ROWS, [key_id])
        count, size = cursor.fetchone()
    key.wrapped, key.destroyed_at = None, now()
    key.save(using=EXCHANGE, update_fields=["wrapped", "destroyed_at"])
    gone = KeptDay(key.day, key.side, count, int(size), key.destroyed_at)
    detail = {"day": gone.day.isoformat(), "side": gone.side, "bodies": gone.bodies, "bytes": gone.size_bytes}
    record("exchange.bodies_shredded", log=LOG, using=EXCHANGE, actor=actor, who=who or actor.account, detail=detail)
    return gone


def shred_what_is_over() -> int:
    """Shred the days that are older than bodies are kept; return how many bodies went."""
    before = today() - timedelta(days=settings.DEAN06_BODIES.kept_days)
    return sum(one.bodies for one in shred(before=before, actor=SYSTEM))
