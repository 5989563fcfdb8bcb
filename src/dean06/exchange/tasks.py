"""Recurring work of the exchange."""

from datetime import timedelta
from typing import Final

from django.conf import settings

from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.core.tasks import recurring
from dean06.exchange.agreements.actions import warn_of_ending
from dean06.exchange.configuration.publishing import publish
from dean06.exchange.domain import repeats
from dean06.exchange.domain.signatures import FRESH_SECONDS
from dean06.exchange.hop import renew_files
from dean06.exchange.models import KeptAnswer, QuotaUse, SeenNonce
from dean06.exchange.proving.indexing import index_evidence

KEPT: Final = timedelta(seconds=10 * FRESH_SECONDS)
"""A message older than a minute is stale anyway; the rest is room for clocks that are set back."""


@recurring(every_seconds=60)
def forget_old_nonces() -> int:
    """Delete nonces of messages that are stale by now; return how many."""
    using = database_of("exchange")
    deleted, _ = SeenNonce.objects.using(using).filter(seen_at__lt=now() - KEPT).delete()
    return deleted


@recurring(every_seconds=3600)
def warn_of_agreements_that_end() -> int:
    """Note thirty days ahead that an agreement ends; return how many are new."""
    return warn_of_ending()


@recurring(every_seconds=600)
def renew_gateway_files() -> bool:
    """Let the server of the provider's gateway show the certificate that its client shows; say whether it changed."""
    return renew_files()


@recurring(every_seconds=1)
def index_new_evidence() -> int:
    """Index the evidence that got its number since the last time; return how many entries."""
    return index_evidence()


@recurring(every_seconds=600)
def forget_old_answers_and_quotas() -> int:
    """Delete answers kept longer than a day and quotas of days before yesterday; return how many."""
    using = database_of("exchange")
    answers, _ = KeptAnswer.objects.using(using).filter(made_at__lt=now() - repeats.KEPT).delete()
    quotas, _ = QuotaUse.objects.using(using).filter(day__lt=today().toordinal() - 1).delete()
    return answers + quotas


@recurring(every_seconds=5)
def publish_configuration() -> int:
    """Sign the configuration anew if it changed or is a quarter of an hour old; return the number of the newest.

    An installation that follows another's configuration publishes none.
    """
    return 0 if settings.DEAN06_EXCHANGE_CONFIGURATION else publish().version
