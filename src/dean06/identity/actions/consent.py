"""What a person agrees to, refuses and takes back."""

from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.identity.actions.accounts import LOG
from dean06.identity.actions.sessions import actor_of
from dean06.identity.domain.authorize import AuthorizationRequest, needed_names
from dean06.identity.domain.clients import Client
from dean06.identity.models import AccessToken, Consent, ConsentEvent, LoginSession
from dean06.ledger import public as ledger

USING: Final = database_of("identity")


@transaction.atomic(using=USING, durable=True)
def give_consent(*, session: LoginSession, request: AuthorizationRequest, client: Client, chosen: Collection[str]) -> frozenset[str]:
    """Agree to what a relying party needs and to the optional claims that were ticked.

    Optional claims of this request that were not ticked are taken back if they had been agreed to: the page was the question,
    and the answer counts as it stands.

    Args:
        session: the person's session.
        request: what was asked.
        client: who asks.
        chosen: names of the ticked optional claims; names that were not asked for are ignored.

    Returns:
        Everything agreed to, ``openid`` included.
    """
    asked = {claim.name for claim in client.claims_of(request.scopes)}
    needed = needed_names(request, client)
    agreed = needed | (asked & set(chosen))
    present = now()
    until = present + timedelta(days=client.consent_days)
    Consent.objects.bulk_create(
        [
            Consent(account_id=session.account_id, client_id=client.client_id, claim=name, given_at=present, expires_at=until)
            for name in sorted(agreed)
        ],
        update_conflicts=True,
        unique_fields=["account", "client_id", "claim"],
        update_fields=["given_at", "expires_at"],
    )
    Consent.objects.filter(account_id=session.account_id, client_id=client.client_id, claim__in=asked - agreed).delete()
    _remember(session, client, ConsentEvent.What.GIVEN, agreed)
    ledger.record(
        "identity.consent_given",
        log=LOG,
        using=USING,
        actor=actor_of(session),
        who=client.name,
        subject=PersonKey(session.account.person),
        purpose=client.purpose,
        legal_basis=client.legal_basis,
        fields=sorted(agreed - {"openid"}),
        detail={"until": until.date().isoformat()},
    )
    return frozenset(agreed)


@transaction.atomic(using=USING, durable=True)
def refuse_consent(*, session: LoginSession, client: Client, request: AuthorizationRequest) -> None:
    """Remember that the person said no; what she agreed to earlier stays as it was."""
    _remember(session, client, ConsentEvent.What.REFUSED, needed_names(request, client))


@transaction.atomic(using=USING, durable=True)
def withdraw_consent(*, session: LoginSession, client_id: str, client_name: str) -> bool:
    """Take back everything agreed to for one relying party; its tokens are worth nothing from now on. Return whether there was any."""
    rows = Consent.objects.select_for_update().filter(account_id=session.account_id, client_id=client_id)
    names = sorted(rows.values_list("claim", flat=True))
    if not names:
        return False
    rows.delete()
    AccessToken.objects.filter(session__account_id=session.account_id, client_id=client_id, revoked_at=None).update(revoked_at=now())
    ConsentEvent.objects.create(
        account_id=session.account_id, client_id=client_id, what=ConsentEvent.What.WITHDRAWN, claims=" ".join(names)
    )
    ledger.record(
        "identity.consent_withdrawn",
        log=LOG,
        using=USING,
        actor=actor_of(session),
        who=client_name,
        subject=PersonKey(session.account.person),
        fields=[name for name in names if name != "openid"],
    )
    return True


def _remember(session: LoginSession, client: Client, what: ConsentEvent.What, names: Collection[str]) -> None:
    ConsentEvent.objects.create(account_id=session.account_id, client_id=client.client_id, what=what, claims=" ".join(sorted(names)))


def consented(*, account: UUID, client_id: str) -> frozenset[str]:
    """Return the names that an account has agreed to for a client and that are still in force."""
    rows = Consent.objects.filter(account_id=account, client_id=client_id, expires_at__gt=now())
    return frozenset(rows.values_list("claim", flat=True))
