"""Delivery by webhook: claim, record, send, note what came of it; each step can be the last one of a process.

A claim is a lease on rows: taken with SKIP LOCKED, so that two workers never send the same batch at once, and left to run out if
the worker dies. The ledger's entry is committed with the claim, before anything leaves. Of each subject only the earliest event
that still waits is taken, so a subject's events come in order and a failing one holds back nobody else.
"""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID, uuid4

import structlog
from django.db import close_old_connections, connections, transaction

from dean06.core.actor import Actor
from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange import snapshot
from dean06.exchange.domain.agreements import Agreement
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import UnknownMember
from dean06.exchange.events.domain.outcomes import GIVE_UP_SECONDS, Outcome, Verdict, pause_after, verdict_on
from dean06.exchange.events.domain.sealing import sealed_headers
from dean06.exchange.events.fanout import fan_out
from dean06.exchange.events.handshakes import origin
from dean06.exchange.events.models import Subscription, WebhookTarget
from dean06.exchange.events.posting import ANSWER_SECONDS, Answered, Post, Send, send
from dean06.exchange.events.queries import IS_WATCHED, agreement_for, due_subscriptions, envelope
from dean06.exchange.evidence import PROVIDER_LOG
from dean06.ledger.public import record_many

log = structlog.get_logger(__name__)

BATCH: Final = 200
LEASE_SECONDS = 60.0
THREADS: Final = 4
SENT: Final = "exchange.event_sent"
CLAIM: Final = f"""
    SELECT d.id, d.event_id, d.seq, d.subject_key, d.attempts, d.is_recorded, d.queued_at, e.occurred_at, e.data, {IS_WATCHED}
    FROM exchange_events_delivery d JOIN exchange_events_event e ON e.id = d.event_id
    WHERE d.subscription_id = %(subscription)s AND d.state = 'pending' AND d.due_at <= %(now)s
      AND (d.subject_key IS NULL OR NOT EXISTS (
        SELECT 1 FROM exchange_events_delivery b
        WHERE b.subscription_id = d.subscription_id AND b.state = 'pending' AND b.subject_key = d.subject_key AND b.seq < d.seq))
    ORDER BY d.seq LIMIT %(limit)s FOR UPDATE OF d SKIP LOCKED
"""  # noqa: S608 -- constants; values are parameters


@dataclass(frozen=True, slots=True)
class Claimed:
    """One delivery of a batch."""

    id: int
    event: UUID
    seq: int
    subject: UUID | None
    attempts: int
    is_recorded: bool
    queued_at: datetime
    occurred_at: datetime
    data: Any


@dataclass(frozen=True, slots=True)
class Batch:
    """What one worker sends for one subscription, until its lease runs out."""

    subscription: Subscription
    lease: UUID
    claimed: tuple[Claimed, ...]
    taken_at: float


def deliver_due(*, using: Send = send, threads: int = THREADS) -> int:
    """Do one round for every subscription that is not paused; return how many deliveries were tried.

    Each subscription has a thread, so that a slow target delays the round and nobody's events beyond it.
    """
    keys = due_subscriptions(now=now())
    if threads < 2 or len(keys) < 2:  # noqa: PLR2004 -- nothing to share
        return sum(deliver(key, using=using) for key in keys)

    def one(key: UUID) -> int:
        try:
            return deliver(key, using=using)
        finally:
            close_old_connections()

    with ThreadPoolExecutor(threads, thread_name_prefix="exchange-events") as pool:
        return sum(pool.map(one, keys))


def deliver(key: UUID, *, using: Send = send, limit: int = BATCH) -> int:
    """Send the next batch of one subscription; return how many were tried."""
    fan_out(key)
    batch = claim(key, limit=limit)
    if batch is None:
        return 0
    answers = sent(batch, using=using)
    settle(batch, answers)
    return len(batch.claimed)


def claim(key: UUID, *, limit: int = BATCH) -> Batch | None:
    """Take the next deliveries and record them as disclosed, in one transaction; None if there is nothing that may be sent."""
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True):
        row = _ready(key, using=using)
        if row is None:
            return None
        agreement = agreement_for(consumer=row.consumer, event_type=row.type, purpose=row.purpose)
        if agreement is None or (limit := min(limit, _allowance(row, using=using))) <= 0:
            return None
        found = _found(row, limit=limit, using=using)
        withheld = [one[0] for one in found if not one[9]]
        rows = tuple(Claimed(*one[:9]) for one in found if one[9])
        with connections[using].cursor() as cursor:
            if withheld:  # no longer among those whom the consumer serves: it does not hear of them
                cursor.execute("DELETE FROM exchange_events_delivery WHERE id = ANY(%s)", [withheld])
            lease = uuid4()
            until = now() + timedelta(seconds=LEASE_SECONDS)
            cursor.execute(
                "UPDATE exchange_events_delivery SET claim = %s, due_at = %s, is_recorded = true WHERE id = ANY(%s)",
                [lease, until, [one.id for one in rows]],
            )
        _disclose(row, agreement, [one for one in rows if not one.is_recorded], using=using)
        _count(row, len(rows), using=using)
    return Batch(row, lease, rows, time.monotonic()) if rows else None


def _ready(key: UUID, *, using: str) -> Subscription | None:
    rows = Subscription.objects.using(using).select_related("type", "target")
    row = rows.filter(id=key, state=Subscription.State.ACTIVE, mode=Subscription.Mode.PUSH, target__allowed_at__isnull=False).first()
    return row if row and (row.paused_until is None or row.paused_until <= now()) else None


def _found(row: Subscription, *, limit: int, using: str) -> list[tuple[Any, ...]]:
    with connections[using].cursor() as cursor:
        cursor.execute(CLAIM, {"subscription": row.id, "now": now(), "today": today(), "limit": limit})
        return list(cursor.fetchall())


def _allowance(row: Subscription, *, using: str) -> int:
    """Return how many requests the target allows in what is left of this minute."""
    if row.target is None or row.target.rate_per_minute is None:
        return BATCH
    target = WebhookTarget.objects.using(using).select_for_update().get(id=row.target.id)
    minute = now().replace(second=0, microsecond=0)
    if target.minute != minute:
        target.minute, target.sent_in_minute = minute, 0
        target.save(using=using, update_fields=["minute", "sent_in_minute"])
    return (target.rate_per_minute or 0) - target.sent_in_minute


def _count(row: Subscription, many: int, *, using: str) -> None:
    if row.target is not None and row.target.rate_per_minute is not None:
        target = WebhookTarget.objects.using(using).get(id=row.target.id)  # locked by _allowance
        target.sent_in_minute += many
        target.save(using=using, update_fields=["sent_in_minute"])


def _disclose(row: Subscription, agreement: Agreement, rows: Sequence[Claimed], *, using: str) -> None:
    """Leave the entry that the people concerned will read; a repeated delivery tells nothing new and leaves none."""
    if not rows:
        return
    record_many(
        SENT,
        log=PROVIDER_LOG,
        using=using,
        actor=Actor(account=row.consumer),
        who=consumer_name(row.consumer),
        subjects=[PersonKey(one.subject) for one in rows if one.subject],
        purpose=row.purpose,
        legal_basis=row.legal_basis,
        detail={
            "type": row.type.name,
            "subscription": str(row.id),
            "agreement": f"{agreement.code}/{agreement.version}",
            "client": row.consumer,
            **agreement.telling,
            "events": len(rows),
        },
    )


def consumer_name(consumer: str) -> str:
    """Return the readable name of a subsystem's member."""
    try:
        return snapshot.current().member(ClientId.parse(consumer)).name
    except UnknownMember:
        return consumer


def sent(batch: Batch, *, using: Send = send) -> list[Answered]:
    """Send a batch; nothing of it if the lease could run out on the way, for another worker may be about to send it."""
    row = batch.subscription
    if time.monotonic() - batch.taken_at + ANSWER_SECONDS > LEASE_SECONDS > ANSWER_SECONDS or row.target is None:
        return []
    signer = snapshot.current().signer(ClientId.parse(row.type.provider))
    address, created, mine = row.target.address, int(now().timestamp()), origin()
    posts = []
    for one in batch.claimed:
        body = envelope(row, id=one.event, seq=one.seq, subject=one.subject, at=one.occurred_at, data=one.data).body()
        headers = sealed_headers(address=address, body=body, origin=mine, key_id=signer.kid, sign_raw=signer.sign_raw, created=created)
        posts.append(Post(address, headers, body))
    return using(posts)


def settle(batch: Batch, answers: Sequence[Answered]) -> None:
    """Note what came of a batch. Rows that another worker has taken over meanwhile are its own."""
    if not answers:
        return
    at = now()
    judged = [(one, answer.status, _judged(one, answer, at)) for one, answer in zip(batch.claimed, answers, strict=True)]
    using = database_of("exchange")
    with transaction.atomic(using=using, durable=True), connections[using].cursor() as cursor:
        done = [one.id for one, _, verdict in judged if verdict.outcome is Outcome.DELIVERED]
        cursor.execute("DELETE FROM exchange_events_delivery WHERE id = ANY(%s) AND claim = %s", [done, batch.lease])
        failed = [_settled(one, status, verdict, at) for one, status, verdict in judged if verdict.outcome is not Outcome.DELIVERED]
        if failed:
            cursor.executemany(
                "UPDATE exchange_events_delivery SET state = %s, attempts = %s, due_at = %s, last_status = %s, dead_at = %s, claim = NULL"
                " WHERE id = %s AND claim = %s",
                [(*values, batch.lease) for values in failed],
            )
        _note(batch.subscription, [verdict for _, _, verdict in judged], delivered=len(done), at=at, using=using)


def _judged(one: Claimed, answer: Answered, at: datetime) -> Verdict:
    """Judge an answer; after three days of trying a delivery is a dead letter, whatever the target says."""
    verdict = verdict_on(answer.status, retry_after=answer.headers.get("retry-after", ""), now=at)
    is_old = (at - one.queued_at).total_seconds() > GIVE_UP_SECONDS
    return Verdict(Outcome.DEAD) if is_old and verdict.outcome in (Outcome.LATER, Outcome.PAUSED) else verdict


def _settled(one: Claimed, status: int, verdict: Verdict, at: datetime) -> tuple[Any, ...]:
    dead = verdict.outcome is Outcome.DEAD
    later = verdict.outcome is Outcome.LATER
    attempts = one.attempts + (verdict.outcome in (Outcome.DEAD, Outcome.LATER))
    seconds = (verdict.seconds if verdict.seconds is not None else _pause(attempts)) if later else 0.0
    return ("dead" if dead else "pending", attempts, at + timedelta(seconds=seconds), status, at if dead else None, one.id)


def _pause(failures: int) -> float:
    return pause_after(failures, chance=random.random())  # noqa: S311 -- spreads retries, keeps no secret


def _note(row: Subscription, verdicts: Sequence[Verdict], *, delivered: int, at: datetime, using: str) -> None:
    """Bring the subscription up to date: what was delivered, whether the target wants a pause or no more."""
    kept = Subscription.objects.using(using).select_for_update().get(id=row.id)
    if delivered:
        kept.delivered, kept.delivered_at = kept.delivered + delivered, at
        kept.failures, kept.paused_until = 0, None
    if paused := [verdict for verdict in verdicts if verdict.outcome is Outcome.PAUSED]:
        kept.failures += 1
        asked = [verdict.seconds for verdict in paused if verdict.seconds is not None]
        kept.paused_until = at + timedelta(seconds=max(asked) if asked else _pause(kept.failures))
    if any(verdict.outcome is Outcome.STOPPED for verdict in verdicts) and kept.state == Subscription.State.ACTIVE:
        kept.state = Subscription.State.STOPPED
        log.warning("exchange.event_target_gone", subscription=str(row.id), consumer=row.consumer)
    if many := sum(verdict.outcome is Outcome.DEAD for verdict in verdicts):
        log.warning("exchange.event_dead_letters", subscription=str(row.id), consumer=row.consumer, letters=many)
    kept.save(using=using)
