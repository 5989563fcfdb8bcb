"""Cleaning up: what is dead is deleted; sign-in history and consent history stay."""

from datetime import timedelta
from typing import Final

import structlog
from django.db import transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.tasks import recurring
from dean06.identity.actions.attempts import forget_old_counters
from dean06.identity.models import AccessToken, AuthorizationCode, ClientAssertion, Interaction

USING: Final = database_of("identity")
CODES_KEPT: Final = timedelta(hours=1)  # so that a late second use still finds the tokens to revoke

log = structlog.get_logger(__name__)


@recurring(every_seconds=300)
def delete_what_is_dead() -> None:
    """Delete expired codes, tokens, assertions, interactions and attempt counters."""
    present = now()
    with transaction.atomic(using=USING):
        deleted = {
            "tokens": AccessToken.objects.filter(expires_at__lt=present - CODES_KEPT).delete()[0],
            "codes": AuthorizationCode.objects.filter(expires_at__lt=present - CODES_KEPT).delete()[0],
            "assertions": ClientAssertion.objects.filter(expires_at__lt=present).delete()[0],
            "interactions": Interaction.objects.filter(expires_at__lt=present - CODES_KEPT).delete()[0],
        }
    deleted["counters"] = forget_old_counters()
    if any(deleted.values()):
        log.info("identity.cleaned", **deleted)
