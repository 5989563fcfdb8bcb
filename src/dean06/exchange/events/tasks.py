"""Recurring work of events, each bounded in what it does in one round."""

from datetime import timedelta
from typing import Final

import structlog
from django.db import connections

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.tasks import recurring
from dean06.exchange.events.delivering import deliver_due
from dean06.exchange.events.handshakes import ask_targets
from dean06.exchange.events.models import Event, EventType
from dean06.exchange.events.sequencer import number_events

log = structlog.get_logger(__name__)

BEAT_SECONDS: Final = 0.3
FORGET_AT_ONCE: Final = 5000


@recurring(every_seconds=BEAT_SECONDS)
def number() -> int:
    """Give events their numbers."""
    return number_events()


@recurring(every_seconds=BEAT_SECONDS)
def deliver_events() -> int:
    """Send what is due to webhooks."""
    return deliver_due()


@recurring(every_seconds=2)
def ask_for_permission() -> int:
    """Ask new webhooks whether they want events."""
    return ask_targets()


@recurring(every_seconds=300)
def forget_old_events() -> int:
    """Delete events that are older than their type keeps them, with what was still to be sent of them; return how many."""
    using = database_of("exchange")
    gone = 0
    for kind in EventType.objects.using(using).order_by("id"):
        before = now() - timedelta(days=kind.retention_days)
        old = Event.objects.using(using).filter(type=kind, seq__isnull=False, occurred_at__lt=before).order_by("seq")
        keys = list(old.values_list("id", flat=True)[:FORGET_AT_ONCE])
        if not keys:
            continue
        with connections[using].cursor() as cursor:
            cursor.execute("DELETE FROM exchange_events_delivery WHERE event_id = ANY(%s)", [keys])
            undelivered = cursor.rowcount
            cursor.execute("DELETE FROM exchange_events_event WHERE id = ANY(%s)", [keys])
        log.info("exchange.events_forgotten", type=kind.name, events=len(keys), undelivered=undelivered)
        gone += len(keys)
    return gone
