"""Writing: types, events as they are told, subscriptions, the people they serve, targets and what operators do."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import jsonschema_rs
from django.db import transaction

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.events.domain.targets import checked_address
from dean06.exchange.events.errors import (
    EventRefused,
    EventTypeUnknown,
    SubscriptionOfAnotherKind,
    SubscriptionUnknown,
    TargetUnknown,
)
from dean06.exchange.events.models import Delivery, Event, EventType, Subscription, Watched, WebhookTarget
from dean06.exchange.events.queries import agreement_of
from dean06.ledger.public import record

USING: Final = database_of("exchange")
LOG: Final = "exchange.configuration"
TOPIC: Final = "exchange.event_told"
LARGEST_DATA_BYTES: Final = 16 * 1024


def tell(event_type: str, *, subject: PersonKey | None, data: Mapping[str, Any], using: str) -> UUID:
    """Tell an event in the transaction of the act: an outbox row on ``using``, taken over into the exchange by the worker.

    Args:
        event_type: registered name.
        subject: whom it concerns; None for types that concern nobody.
        data: thin and without personal data, as the type's schema says.
        using: database of the transaction.

    Returns:
        The event's id, the same at each delivery.

    Raises:
        TransactionManagementError: there is no transaction to join.
    """
    told = {"type": event_type, "subject": str(subject) if subject else "", "data": dict(data)}
    return messages.put(TOPIC, told, using=using)


def accept(event_type: str, *, id: UUID, subject: PersonKey | None, data: Mapping[str, Any], occurred_at: datetime) -> bool:  # noqa: A002 -- the attribute's name
    """Take an event in, inside the caller's transaction on the exchange's database; say whether it is new.

    Raises:
        EventTypeUnknown: nobody registered the type.
        EventRefused: the data do not follow the type's schema, or the subject is missing or too many.
    """
    kind = EventType.objects.using(USING).filter(name=event_type).first()
    if kind is None:
        raise EventTypeUnknown(type=event_type)
    check_data(kind, data)
    if (subject is not None) is not kind.about_subject:
        raise EventRefused("The type concerns a person: name the subject." if kind.about_subject else "The type concerns nobody.")
    fresh = Event(id=id, type=kind, subject_key=subject, occurred_at=occurred_at, data=dict(data))
    made = Event.objects.using(USING).filter(id=id).exists()
    if not made:
        Event.objects.using(USING).bulk_create([fresh], ignore_conflicts=True)
    return not made


def check_data(kind: EventType, data: Mapping[str, Any]) -> None:
    """Check data against the schema of its type.

    Raises:
        EventRefused: the first fault, without the value.
    """
    for error in jsonschema_rs.Draft202012Validator(kind.schema, validate_formats=True).iter_errors(dict(data)):
        place = ".".join(str(part) for part in error.instance_path) or "data"
        raise EventRefused(f"{place} does not follow the schema of {kind.name}.", keyword=str(error.kind))


@transaction.atomic(using=USING, durable=True)
def accept_one(event_type: str, *, id: UUID, subject: PersonKey | None, data: Mapping[str, Any], occurred_at: datetime) -> bool:  # noqa: A002 -- the attribute's name
    """Take in an event that the provider's information system handed over; arguments and refusals as ``accept``."""
    return accept(event_type, id=id, subject=subject, data=data, occurred_at=occurred_at)


@transaction.atomic(using=USING, durable=True)
def subscribe(
    kind: EventType, *, consumer: str, purpose: str, legal_basis: str, mode: str, address: str = "", from_sequence: int | None = None
) -> Subscription:
    """Subscribe to a type that an agreement covers, or return the subscription that is there already.

    Args:
        kind: the type (``queries.type_for`` has checked that it is covered).
        consumer: who.
        purpose: what for.
        legal_basis: under which legal basis, as the ledger will say.
        mode: ``push`` or ``pull``.
        address: for push, one that an operator registered for the consumer.
        from_sequence: first sequence number of interest; None: what is told from now on.

    Raises:
        TargetUnknown: the address is not registered for this consumer.
    """
    target = None
    if mode == Subscription.Mode.PUSH:
        target = WebhookTarget.objects.using(USING).filter(consumer=consumer, address=address).first()
        if target is None:
            raise TargetUnknown
    start = kind.last_seq if from_sequence is None else max(from_sequence - 1, 0)
    rows = Subscription.objects.using(USING).select_for_update(of=("self",)).select_related("type", "target")
    found = rows.filter(consumer=consumer, type=kind, purpose=purpose, mode=mode).exclude(state=Subscription.State.ENDED).first()
    if found is None:
        return Subscription.objects.using(USING).create(
            consumer=consumer, type=kind, purpose=purpose, legal_basis=legal_basis, mode=mode, target=target, position=start
        )
    found.target, found.legal_basis, found.state = target, legal_basis, Subscription.State.ACTIVE
    found.paused_until, found.failures = None, 0
    found.save(using=USING)
    return found


@transaction.atomic(using=USING, durable=True)
def end(subscription: Subscription) -> None:
    """End a subscription; whom it served and what waited for it is forgotten."""
    Delivery.objects.using(USING).filter(subscription=subscription).delete()
    Watched.objects.using(USING).filter(subscription=subscription).delete()
    Subscription.objects.using(USING).filter(id=subscription.id).update(state=Subscription.State.ENDED)


@transaction.atomic(using=USING, durable=True)
def watch(subscription: Subscription, *, subjects: Iterable[PersonKey], until: date | None = None) -> int:
    """Remember that a consumer serves these people; return how many are new. Only what happens from now on is told.

    Raises:
        SubscriptionOfAnotherKind: the subscription has ended, or its type concerns nobody.
        SubscriptionUncovered: no agreement in force.
    """
    if subscription.state == Subscription.State.ENDED or not subscription.type.about_subject:
        raise SubscriptionOfAnotherKind
    agreement_of(subscription)
    wanted = set(subjects)
    rows = Watched.objects.using(USING).filter(subscription=subscription)
    at = now()
    # A term that has run out is a new beginning, not a longer one: what happened in between stays untold.
    rows.filter(subject_key__in=wanted, until__lt=today()).delete()
    known = set(rows.filter(subject_key__in=wanted).values_list("subject_key", flat=True))
    rows.filter(subject_key__in=known).update(until=until)
    fresh = [Watched(subscription=subscription, subject_key=key, since=at, until=until) for key in sorted(wanted - known)]
    Watched.objects.using(USING).bulk_create(fresh, ignore_conflicts=True)
    return len(fresh)


@transaction.atomic(using=USING, durable=True)
def unwatch(subscription: Subscription, *, subjects: Iterable[PersonKey]) -> int:
    """Forget that a consumer serves these people, and what waited about them; return how many it did."""
    wanted = list(subjects)
    Delivery.objects.using(USING).filter(subscription=subscription, subject_key__in=wanted).delete()
    gone, _ = Watched.objects.using(USING).filter(subscription=subscription, subject_key__in=wanted).delete()
    return gone


@transaction.atomic(using=USING, durable=True)
def confirm(subscription: Subscription, *, position: int) -> int:
    """Remember up to where a consumer has taken over what it pulled; return the place. It never goes back (see ``replay``).

    Raises:
        SubscriptionOfAnotherKind: not a subscription by pull, or ended.
    """
    row = _locked(subscription.id)
    if row.mode != Subscription.Mode.PULL or row.state == Subscription.State.ENDED:
        raise SubscriptionOfAnotherKind
    row.position = max(row.position, min(position, row.type.last_seq))
    row.delivered_at = now()
    row.save(using=USING, update_fields=["position", "delivered_at"])
    return row.position


@transaction.atomic(using=USING, durable=True)
def replay(key: UUID, *, from_sequence: int, actor: Actor | None = None) -> int:
    """Go back: what was told from a sequence number on comes again, as far as it is kept and covered; return the new place.

    A stopped subscription goes on again. Dead letters from there on come again with the rest.

    Raises:
        SubscriptionUnknown: none, or ended.
    """
    row = _locked(key)
    if row.state == Subscription.State.ENDED:
        raise SubscriptionUnknown
    row.position = min(max(from_sequence - 1, 0), row.type.last_seq)
    row.state, row.failures, row.paused_until = Subscription.State.ACTIVE, 0, None
    row.save(using=USING)
    Delivery.objects.using(USING).filter(subscription=row, state=Delivery.State.DEAD, seq__gte=from_sequence).delete()
    if actor is not None:
        detail = {"subscription": str(key), "from_sequence": from_sequence}
        record("exchange.events_replayed", log=LOG, using=USING, actor=actor, who=actor.account, detail=detail)
    return row.position


@transaction.atomic(using=USING, durable=True)
def retry_dead(*, actor: Actor, subscription: UUID | None = None, letters: Sequence[int] | None = None) -> int:
    """Send dead letters again, all of a subscription or those named; return how many."""
    rows = Delivery.objects.using(USING).filter(state=Delivery.State.DEAD)
    rows = rows.filter(subscription_id=subscription) if subscription else rows
    rows = rows.filter(id__in=letters) if letters is not None else rows
    at = now()
    many = rows.update(state=Delivery.State.PENDING, dead_at=None, attempts=0, due_at=at, queued_at=at, claim=None)
    if many:
        detail = {"subscription": str(subscription or ""), "letters": many}
        record("exchange.event_letters_retried", log=LOG, using=USING, actor=actor, who=actor.account, detail=detail)
    return many


@transaction.atomic(using=USING, durable=True)
def register_target(*, consumer: str, address: str, actor: Actor) -> WebhookTarget:
    """Register an address for a consumer; the worker asks it for permission before anything is sent.

    Raises:
        TargetRefused: not an address that events may be sent to.
        MalformedClient: not an identifier of a subsystem.
    """
    ClientId.parse(consumer)
    target, made = WebhookTarget.objects.using(USING).get_or_create(
        consumer=consumer, address=checked_address(address), defaults={"registered_by": actor.account}
    )
    if not made:  # registered again: ask anew
        target.allowed_at, target.handshakes, target.next_handshake_at = None, 0, now()
        target.save(using=USING)
    detail = {"consumer": consumer, "address": target.address}
    record("exchange.event_target_registered", log=LOG, using=USING, actor=actor, who=actor.account, detail=detail)
    return target


@transaction.atomic(using=USING, durable=True)
def forget_target(*, consumer: str, address: str, actor: Actor) -> None:
    """Take an address back: nothing more is sent there, its subscriptions stop.

    Raises:
        TargetUnknown: not registered.
    """
    target = WebhookTarget.objects.using(USING).select_for_update().filter(consumer=consumer, address=address).first()
    if target is None:
        raise TargetUnknown
    target.allowed_at = None
    target.next_handshake_at = datetime.max.replace(tzinfo=now().tzinfo, year=9000)
    target.save(using=USING)
    target.subscriptions.using(USING).exclude(state=Subscription.State.ENDED).update(state=Subscription.State.STOPPED)
    detail = {"consumer": consumer, "address": address}
    record("exchange.event_target_forgotten", log=LOG, using=USING, actor=actor, who=actor.account, detail=detail)


def _locked(key: UUID) -> Subscription:
    rows = Subscription.objects.using(USING).select_for_update(of=("self",)).select_related("type")
    if (row := rows.filter(id=key).first()) is None:
        raise SubscriptionUnknown
    return row
