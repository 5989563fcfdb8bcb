"""Asking registered addresses for permission before anything is sent (CloudEvents webhooks, sec. 4)."""

import random
from datetime import timedelta
from typing import Final

import structlog
from django.conf import settings
from django.db import transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange.events.domain.outcomes import pause_after
from dean06.exchange.events.domain.targets import REQUEST_ORIGIN, REQUEST_RATE, permission_of
from dean06.exchange.events.models import WebhookTarget
from dean06.exchange.events.posting import Post, Send, send

log = structlog.get_logger(__name__)

WANTED_RATE_PER_MINUTE: Final = 60_000
AT_ONCE: Final = 20
HELD_SECONDS: Final = 60
LONGEST_EXPONENT: Final = 12


def origin() -> str:
    """Return the name under which this installation asks and sends: the host of its public address."""
    host: str = str(settings.DEAN06_WEB_ORIGIN).partition("://")[2].partition("/")[0]
    return host.partition(":")[0]


def ask_targets(*, using: Send = send) -> int:
    """Ask addresses that have not answered yet; return how many gave permission."""
    targets = _taken()
    if not targets:
        return 0
    mine = origin()
    headers = [(REQUEST_ORIGIN, mine), (REQUEST_RATE, str(WANTED_RATE_PER_MINUTE))]
    answers = using([Post(target.address, headers, b"", method="OPTIONS") for target in targets])
    allowed = 0
    for target, answer in zip(targets, answers, strict=True):
        permission = permission_of(answer.headers, origin=mine) if answer.status else None
        if permission is not None:
            target.allowed_at, target.rate_per_minute, target.handshakes = now(), permission.rate_per_minute, 0
            allowed += 1
        else:
            target.handshakes += 1
            pause = pause_after(target.handshakes, chance=random.random())  # noqa: S311 -- spreads retries, keeps no secret
            target.next_handshake_at = now() + timedelta(seconds=pause)
            log.info("exchange.event_target_silent", target=target.id, status=answer.status, handshakes=target.handshakes)
        target.save(using=database_of("exchange"), update_fields=["allowed_at", "rate_per_minute", "handshakes", "next_handshake_at"])
    return allowed


def _taken() -> list[WebhookTarget]:
    """Take addresses that are due, so that no other worker asks them at the same time."""
    using = database_of("exchange")
    with transaction.atomic(using=using):
        rows = WebhookTarget.objects.using(using).select_for_update(skip_locked=True)
        targets = list(rows.filter(allowed_at__isnull=True, next_handshake_at__lte=now()).order_by("next_handshake_at")[:AT_ONCE])
        for target in targets:
            target.next_handshake_at = now() + timedelta(seconds=HELD_SECONDS)
            target.save(using=using, update_fields=["next_handshake_at"])
    return targets
