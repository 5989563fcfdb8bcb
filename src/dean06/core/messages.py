"""Writes across modules: a message put beside the state, delivered at least once, applied once.

``put`` writes the outbox row in the transaction of the action. The worker calls ``deliver``; each consumer applies the
message in a transaction of its own database, together with an inbox row, so that a doubled or late delivery is harmless.
A consumer that fails is tried again with growing pauses; after ``LAST_ATTEMPT`` the message waits for an operator
(``dean06 doctor`` lists it) and nothing behind it is held up.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

import structlog
from django.db import IntegrityError, transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.models import InboxMessage, OutboxMessage

log = structlog.get_logger(__name__)

FIRST_PAUSE_SECONDS: Final = 1
LONGEST_PAUSE_SECONDS: Final = 600
LAST_ATTEMPT: Final = 40  # about five hours of trying


@dataclass(frozen=True, slots=True)
class Message:
    """What a consumer receives: the same ``id`` at each delivery."""

    id: UUID
    topic: str
    payload: Mapping[str, Any]
    put_at: datetime


Apply = Callable[[Message], None]


@dataclass(frozen=True, slots=True)
class Consumer:
    """A function of one module that applies messages of one topic."""

    name: str
    module: str
    apply: Apply


_consumers: dict[str, list[Consumer]] = defaultdict(list)


def put(topic: str, payload: Mapping[str, Any], *, using: str) -> UUID:
    """Write a message beside the state it reports.

    Must run inside the action's transaction on ``using``; ``payload`` is JSON and holds no personal data
    beyond opaque keys unless the consumer is the register that owns them.

    Raises:
        TransactionManagementError: there is no transaction to join.
    """
    if not transaction.get_connection(using).in_atomic_block:
        raise transaction.TransactionManagementError("a message is put inside the transaction that it reports")
    return OutboxMessage.objects.using(using).create(topic=topic, payload=dict(payload)).id


def consumes(topic: str, *, module: str) -> Callable[[Apply], Apply]:
    """Register a function as the module's consumer of a topic.

    The function runs inside a transaction on the module's database and may write there and nowhere else.
    """

    def register(apply: Apply) -> Apply:
        name = f"{apply.__module__}.{apply.__qualname__}"
        if all(known.name != name for known in _consumers[topic]):
            _consumers[topic].append(Consumer(name, module, apply))
        return apply

    return register


def deliver(using: str, *, limit: int = 100) -> int:
    """Hand due messages of one database to their consumers; return how many were delivered to all.

    Several workers may run at once: rows are taken with SKIP LOCKED and stay locked while consumers work.
    """
    delivered = 0
    while delivered < limit and (outcome := _deliver_next(using)) is not None:
        delivered += outcome
    return delivered


def _deliver_next(using: str) -> int | None:
    """Deliver the oldest due message; 1 if all consumers applied it, 0 if one failed, None if none is due."""
    with transaction.atomic(using=using):
        row = (
            OutboxMessage.objects.using(using)
            .select_for_update(skip_locked=True)
            .filter(delivered_at__isnull=True, attempts__lt=LAST_ATTEMPT, next_attempt_at__lte=now())
            .order_by("next_attempt_at", "id")
            .first()
        )
        if row is None:
            return None
        message = Message(row.id, row.topic, row.payload, row.put_at)
        error = next((failed for consumer in _consumers[row.topic] if (failed := _apply(consumer, message, source=using))), "")
        if error:
            pause = min(FIRST_PAUSE_SECONDS * 2**row.attempts, LONGEST_PAUSE_SECONDS)
            row.attempts, row.last_error = row.attempts + 1, error
            row.next_attempt_at = now() + timedelta(seconds=pause)
        else:
            row.delivered_at, row.last_error = now(), ""
        row.save(using=using)
    return 0 if error else 1


def _apply(consumer: Consumer, message: Message, *, source: str) -> str:
    """Let one consumer apply a message once; return the error's name, empty if applied (now or before)."""
    using = database_of(consumer.module)
    try:
        with transaction.atomic(using=using):
            if _claim(message, consumer, using=using):
                consumer.apply(message)
    except Exception as exc:
        log.warning(
            "core.delivery_failed", topic=message.topic, consumer=consumer.name, error=type(exc).__name__, source=source, exc_info=True
        )
        return type(exc).__name__[:200]
    return ""


def _claim(message: Message, consumer: Consumer, *, using: str) -> bool:
    try:
        with transaction.atomic(using=using):
            InboxMessage.objects.using(using).create(message_id=message.id, consumer=consumer.name)
    except IntegrityError:
        return False
    return True


def parked(using: str) -> list[tuple[UUID, str, str]]:
    """List messages that wait for an operator: id, topic, last error."""
    rows = OutboxMessage.objects.using(using).filter(delivered_at__isnull=True, attempts__gte=LAST_ATTEMPT)
    return list(rows.values_list("id", "topic", "last_error"))


def retry_parked(using: str) -> int:
    """Make parked messages due again; return how many."""
    return (
        OutboxMessage.objects.using(using)
        .filter(delivered_at__isnull=True, attempts__gte=LAST_ATTEMPT)
        .update(attempts=0, next_attempt_at=now())
    )
