"""From a type's events to the deliveries of one subscription by webhook: in order, once each, only what it may hear of."""

from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.exchange.events.models import Subscription
from dean06.exchange.events.queries import IS_WATCHED, agreement_for

BATCH: Final = 2000
MOST_WAITING: Final = 20_000
"""A subscriber that is away gets no more rows than this; the rest stays where it is, in the events themselves."""
QUEUE: Final = f"""
    WITH batch AS (
        SELECT e.id, e.seq, e.subject_key, e.occurred_at FROM exchange_events_event e
        WHERE e.type_id = %(type)s AND e.seq > %(after)s ORDER BY e.seq LIMIT %(batch)s
    ), queued AS (
        INSERT INTO exchange_events_delivery
            (subscription_id, event_id, subject_key, seq, state, attempts, due_at, is_recorded, queued_at, last_status)
        SELECT %(subscription)s, e.id, e.subject_key, e.seq, 'pending', 0, %(now)s, false, %(now)s, 0 FROM batch e WHERE {IS_WATCHED}
        ON CONFLICT (subscription_id, event_id) DO NOTHING
    )
    SELECT max(seq), count(*) FROM batch
"""  # noqa: S608 -- constants; values are parameters


def fan_out(key: UUID) -> int:
    """Queue the next events for one subscription; return how many were looked at. Nothing without an agreement in force."""
    using = database_of("exchange")
    with transaction.atomic(using=using):
        rows = Subscription.objects.using(using).select_for_update(skip_locked=True, of=("self",)).select_related("type")
        row = rows.filter(id=key, state=Subscription.State.ACTIVE, mode=Subscription.Mode.PUSH).first()
        if row is None or row.position >= row.type.last_seq:
            return 0
        if agreement_for(consumer=row.consumer, event_type=row.type, purpose=row.purpose) is None:
            return 0
        if row.deliveries.using(using).filter(state="pending")[:MOST_WAITING].count() >= MOST_WAITING:
            return 0
        asked: dict[str, Any] = {
            "type": row.type_id,
            "after": row.position,
            "batch": BATCH,
            "subscription": key,
            "now": now(),
            "today": today(),
        }
        with connections[using].cursor() as cursor:
            cursor.execute(QUEUE, asked)
            last, looked_at = cursor.fetchone()
        if last is not None:
            Subscription.objects.using(using).filter(id=key).update(position=last)
        return int(looked_at)
