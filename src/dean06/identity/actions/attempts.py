"""Counting attempts in PostgreSQL: charged before the check, given back when it succeeds, so that parallel guesses count too."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from django.db import transaction
from django.db.models import F

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.identity.domain.attempts import BY_ACCOUNT, BY_SOURCE, PausePolicy
from dean06.identity.errors import TooManyAttempts
from dean06.identity.models import AttemptCounter
from dean06.identity.secrets import attempt_name

USING: Final = database_of("identity")


def counters(*, kind: str, name: str, network: str) -> dict[str, PausePolicy]:
    """Return what an attempt is counted by: the name that was tried, known or not, and where it came from."""
    return {attempt_name(kind, name): BY_ACCOUNT, attempt_name("source", network): BY_SOURCE}


@transaction.atomic(using=USING, durable=True)
def charge(policies: Mapping[str, PausePolicy]) -> None:
    """Count one attempt, to be given back if it succeeds.

    Raises:
        TooManyAttempts: the pause after the last one is not over; such a try is not counted.
    """
    AttemptCounter.objects.bulk_create([AttemptCounter(key_hash=name) for name in sorted(policies)], ignore_conflicts=True)
    rows = list(AttemptCounter.objects.select_for_update().filter(key_hash__in=list(policies)).order_by("key_hash"))
    present = now()  # read under the locks: an instant from before them lies before what a parallel try has just written
    waits = [row.blocked_until - present for row in rows if row.blocked_until > present]
    if waits:
        raise TooManyAttempts(seconds=int(max(waits).total_seconds()))
    for row in rows:
        policy = policies[row.key_hash]
        row.failures = policy.failures_counted(row.failures, row.last_failure_at, present) + 1
        row.last_failure_at = present
        row.blocked_until = present + policy.pause_after(row.failures)
        row.save()


@transaction.atomic(using=USING, durable=True)
def give_back(policies: Mapping[str, PausePolicy]) -> None:
    """Forget an account's failures after a success; a source only gets back the one try, or a thief with one account could guess on."""
    for name, policy in sorted(policies.items(), key=lambda item: item[0]):  # the order in which charge locks
        if policy is BY_ACCOUNT:
            AttemptCounter.objects.filter(key_hash=name).delete()
        else:
            AttemptCounter.objects.filter(key_hash=name, failures__gt=0).update(failures=F("failures") - 1)


@transaction.atomic(using=USING, durable=True)
def forget_old_counters() -> int:
    """Delete counters that no longer count."""
    longest = max(BY_ACCOUNT.forgotten_after, BY_SOURCE.forgotten_after) + timedelta(hours=1)
    return AttemptCounter.objects.filter(last_failure_at__lt=now() - longest, blocked_until__lt=now()).delete()[0]
