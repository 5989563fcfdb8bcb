"""What is registered, what a consumer may hear today, and what waits."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connections
from django.db.models import Count, Min, Q

from dean06.core.clock import today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange import snapshot
from dean06.exchange.domain.agreements import Agreement
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.events.domain.coverage import covering
from dean06.exchange.events.domain.envelopes import Envelope
from dean06.exchange.events.errors import EventTypeUnknown, SubscriptionUncovered, SubscriptionUnknown
from dean06.exchange.events.models import Delivery, EventType, Subscription, WebhookTarget
from dean06.exchange.events.pseudonyms import pseudonym

SERVICE_CODE: Final = "events"
"""Each provider's events stand behind a service of this code: agreements on it say who may hear of what."""

IS_WATCHED: Final = """(e.subject_key IS NULL OR EXISTS (
    SELECT 1 FROM exchange_events_watched w
    WHERE w.subscription_id = %(subscription)s AND w.subject_key = e.subject_key
      AND w.since <= e.occurred_at AND (w.until IS NULL OR w.until >= %(today)s)))"""
"""Whether a subscriber may hear of event ``e``: the one condition that pull, fan-out and delivery share."""

PULL: Final = f"""
    WITH scanned AS (
        SELECT e.id, e.seq, e.subject_key, e.occurred_at, e.data FROM exchange_events_event e
        WHERE e.type_id = %(type)s AND e.seq > %(after)s ORDER BY e.seq LIMIT %(scan)s
    )
    SELECT e.id, e.seq, e.subject_key, e.occurred_at, e.data, {IS_WATCHED} FROM scanned e ORDER BY e.seq
"""  # noqa: S608 -- constants; values are parameters
SCAN: Final = 5000


@dataclass(frozen=True, slots=True)
class Told:
    """Some events of a subscription, and up to where they were looked for."""

    envelopes: tuple[Envelope, ...]
    subjects: tuple[PersonKey, ...]
    position: int
    is_all: bool


def service_of(provider: str) -> ServiceId:
    """Return the service that a provider's events stand behind."""
    return ServiceId(ClientId.parse(provider), SERVICE_CODE)


def agreement_for(*, consumer: str, event_type: EventType, purpose: str) -> Agreement | None:
    """Return the agreement that lets a consumer hear of a type today; nothing if none does."""
    state = snapshot.current()
    agreements = state.between(ClientId.parse(consumer), service_of(event_type.provider))
    return covering(agreements, event_type=event_type.name, purpose=purpose, day=today())


def agreement_of(subscription: Subscription) -> Agreement:
    """Return the agreement under which a subscription goes on today.

    Raises:
        SubscriptionUncovered: there is none (any more).
    """
    found = agreement_for(consumer=subscription.consumer, event_type=subscription.type, purpose=subscription.purpose)
    if found is None:
        raise SubscriptionUncovered(subscription=str(subscription.id))
    return found


def event_types(provider: str = "") -> list[EventType]:
    """Return the registered types by name, of one provider or of all."""
    rows = EventType.objects.using(database_of("exchange")).order_by("name")
    return list(rows.filter(provider=provider) if provider else rows)


def types_for(*, provider: str, consumer: str, purpose: str) -> list[EventType]:
    """Return the types of a provider that a consumer may hear of today; others it does not learn about."""
    return [one for one in event_types(provider) if agreement_for(consumer=consumer, event_type=one, purpose=purpose)]


def type_for(name: str, *, provider: str, consumer: str, purpose: str) -> EventType:
    """Return a type that a consumer may hear of today.

    Raises:
        EventTypeUnknown: not registered, another provider's, or not covered: the three look the same.
    """
    found = EventType.objects.using(database_of("exchange")).filter(name=name, provider=provider).first()
    if found is None or agreement_for(consumer=consumer, event_type=found, purpose=purpose) is None:
        raise EventTypeUnknown(type=name)
    return found


def subscription_of(key: UUID, *, provider: str, consumer: str, purpose: str) -> Subscription:
    """Return a consumer's own subscription.

    Raises:
        SubscriptionUnknown: none, somebody else's, or one for another purpose: they look the same.
    """
    rows = Subscription.objects.using(database_of("exchange")).select_related("type", "target")
    found = rows.filter(id=key, consumer=consumer, purpose=purpose, type__provider=provider).first()
    if found is None:
        raise SubscriptionUnknown
    return found


def subscriptions_of(*, provider: str, consumer: str, purpose: str) -> list[Subscription]:
    """Return a consumer's subscriptions at a provider for a purpose, the oldest first."""
    rows = Subscription.objects.using(database_of("exchange")).select_related("type", "target")
    return list(
        rows.filter(consumer=consumer, purpose=purpose, type__provider=provider).exclude(state=Subscription.State.ENDED).order_by("id")
    )


def told(subscription: Subscription, *, after: int, limit: int) -> Told:
    """Return the next events of a subscription that it may hear of now.

    Args:
        subscription: whose.
        after: sequence number that was seen last.
        limit: events at most.

    Raises:
        SubscriptionUncovered: no agreement in force.
    """
    agreement_of(subscription)
    asked: dict[str, Any] = {"type": subscription.type_id, "after": after, "scan": SCAN, "subscription": subscription.id, "today": today()}
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute(PULL, asked)
        rows = cursor.fetchall()
    heard = [row for row in rows if row[5]][:limit]
    is_cut = len(heard) == limit and heard[-1][1] != rows[-1][1] if heard else False
    position = heard[-1][1] if is_cut else rows[-1][1] if rows else after
    envelopes = tuple(envelope(subscription, id=row[0], seq=row[1], subject=row[2], at=row[3], data=row[4]) for row in heard)
    subjects = tuple(dict.fromkeys(PersonKey(row[2]) for row in heard if row[2] is not None))
    return Told(envelopes, subjects, position, is_all=not is_cut and len(rows) < SCAN)


def envelope(subscription: Subscription, *, id: UUID, seq: int, subject: UUID | None, at: datetime, data: Any) -> Envelope:  # noqa: A002 -- the attribute's name
    """Return an event as the subscriber sees it."""
    kind = subscription.type
    return Envelope(
        id=str(id),
        source=source_of(kind.provider),
        type=kind.name,
        sequence=seq,
        time=at,
        subject=pseudonym(PersonKey(subject), consumer=subscription.consumer) if subject else "",
        dataschema=schema_of(kind),
        data=_parsed(data),
    )


def _parsed(data: Any) -> Mapping[str, Any]:
    """Return a value of jsonb, which a bare cursor of Django's hands over as text."""
    found: Mapping[str, Any] = json.loads(data) if isinstance(data, str) else data
    return found


def source_of(provider: str) -> str:
    """Return the CloudEvents source of a provider."""
    return f"urn:dean06:subsystem:{provider}"


def schema_of(kind: EventType) -> str:
    """Return the CloudEvents dataschema of a type."""
    return f"urn:dean06:event-schema:{kind.name}:{kind.schema_version}"


def due_subscriptions(*, now: datetime) -> list[UUID]:
    """Return subscriptions by webhook with something to do: not paused, and behind their type or with a delivery that is due."""
    rows = Subscription.objects.using(database_of("exchange")).filter(mode=Subscription.Mode.PUSH, state=Subscription.State.ACTIVE)
    rows = rows.filter(Q(paused_until__isnull=True) | Q(paused_until__lte=now), target__allowed_at__isnull=False)
    return list(rows.order_by("delivered_at", "id").values_list("id", flat=True))


def overview() -> list[dict[str, Any]]:
    """Return every subscription for an operator: state, place, what waits and what is dead."""
    rows = Subscription.objects.using(database_of("exchange")).select_related("type", "target").order_by("consumer", "id")
    rows = rows.annotate(
        waiting=Count("deliveries", filter=Q(deliveries__state=Delivery.State.PENDING)),
        dead=Count("deliveries", filter=Q(deliveries__state=Delivery.State.DEAD)),
        oldest=Min("deliveries__queued_at", filter=Q(deliveries__state=Delivery.State.PENDING)),
    )
    return [
        {
            "id": str(row.id),
            "consumer": row.consumer,
            "type": row.type.name,
            "purpose": row.purpose,
            "mode": row.mode,
            "state": row.state,
            "target": row.target.address if row.target else "",
            "is_covered": agreement_for(consumer=row.consumer, event_type=row.type, purpose=row.purpose) is not None,
            "position": row.position,
            "last": row.type.last_seq,
            "waiting": row.waiting,
            "dead": row.dead,
            "oldest_waiting": row.oldest.isoformat() if row.oldest else None,
            "paused_until": row.paused_until.isoformat() if row.paused_until else None,
            "delivered": row.delivered,
        }
        for row in rows
    ]


def dead_letters(subscription: UUID | None = None, *, limit: int = 200) -> list[dict[str, Any]]:
    """Return deliveries that were refused for good, the oldest first: no person is named."""
    rows = Delivery.objects.using(database_of("exchange")).filter(state=Delivery.State.DEAD).select_related("subscription__type")
    rows = rows.filter(subscription_id=subscription) if subscription else rows
    return [
        {
            "id": row.id,
            "subscription": str(row.subscription_id),
            "consumer": row.subscription.consumer,
            "type": row.subscription.type.name,
            "event": str(row.event_id),
            "sequence": row.seq,
            "status": row.last_status,
            "attempts": row.attempts,
            "dead_at": row.dead_at.isoformat() if row.dead_at else None,
        }
        for row in rows.order_by("id")[:limit]
    ]


def targets() -> list[WebhookTarget]:
    """Return the registered addresses by consumer."""
    return list(WebhookTarget.objects.using(database_of("exchange")).order_by("consumer", "id"))
