"""Credentials and tokens of the front: issued, used, revoked. Secrets are random and long, so a plain digest keeps them."""

import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import uuid4

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange import snapshot
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import ClientNotAuthenticated, UnknownMember
from dean06.exchange.loading import LOG
from dean06.exchange.ngsp.errors import CredentialNotFound, FrontTokenRefused
from dean06.exchange.ngsp.models import FrontCredential, FrontToken
from dean06.ledger.public import record

EXCHANGE: Final = database_of("exchange")
KEY_BYTES: Final = 15
SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True)
class Issued:
    """A new credential; the secret is nowhere else."""

    key: str
    secret: str = field(repr=False)


@transaction.atomic(using=EXCHANGE, durable=True)
def issue_credential(*, client: str, actor: Actor) -> Issued:
    """Make a consumer key and secret for an information system.

    Raises:
        UnknownMember: no such subsystem.
    """
    entry = snapshot.current().subsystems.get(ClientId.parse(client))
    if entry is None:
        raise UnknownMember(client=client)
    issued = Issued(secrets.token_hex(KEY_BYTES), secrets.token_urlsafe(SECRET_BYTES))  # a key that begins with "-" would be an option
    FrontCredential.objects.using(EXCHANGE).create(
        key=issued.key, client=str(entry.id), secret_sha256=_digest(issued.secret), issued_by=actor.account
    )
    _note("issued", actor=actor, key=issued.key, client=str(entry.id), name=entry.name)
    return issued


@transaction.atomic(using=EXCHANGE, durable=True)
def revoke_credential(*, key: str, actor: Actor) -> None:
    """End a credential; every token that was given for it dies with it.

    Raises:
        CredentialNotFound: unknown, or revoked before.
    """
    row = FrontCredential.objects.using(EXCHANGE).select_for_update().filter(key=key, revoked_at=None).first()
    if row is None:
        raise CredentialNotFound(key=key)
    row.revoked_at = now()
    row.save(using=EXCHANGE, update_fields=["revoked_at"])
    FrontToken.objects.using(EXCHANGE).filter(credential=row).delete()
    _note("revoked", actor=actor, key=key, client=row.client)


def credentials() -> Sequence[FrontCredential]:
    """Return all credentials, the newest first."""
    return list(FrontCredential.objects.using(EXCHANGE).order_by("-issued_at"))


@transaction.atomic(using=EXCHANGE, durable=True)
def issue_token(*, key: str, secret: str, seconds: int) -> str:
    """Return a new token for a credential.

    Raises:
        ClientNotAuthenticated: unknown or revoked credential, or a wrong secret; which of them is not told.
    """
    row = _proven(key, secret)
    token = str(uuid4())  # 122 random bits in the shape that clients of the older platform know
    FrontToken.objects.using(EXCHANGE).create(digest=_digest(token), credential=row, expires_at=now() + timedelta(seconds=seconds))
    return token


@transaction.atomic(using=EXCHANGE, durable=True)
def revoke_token(*, key: str, secret: str, token: str) -> None:
    """Forget a token of a credential; one that is not there is none the less revoked (RFC 7009, sec. 2.2).

    Raises:
        ClientNotAuthenticated: as ``issue_token``.
    """
    FrontToken.objects.using(EXCHANGE).filter(digest=_digest(token), credential=_proven(key, secret)).delete()


def prove(*, key: str, secret: str) -> None:
    """Check a credential and nothing else.

    Raises:
        ClientNotAuthenticated: as ``issue_token``.
    """
    _proven(key, secret)


def client_of(token: str) -> ClientId:
    """Return whom a token proves.

    Raises:
        FrontTokenRefused: unknown, ended or revoked.
    """
    rows = FrontToken.objects.using(EXCHANGE).filter(digest=_digest(token), expires_at__gt=now(), credential__revoked_at=None)
    client = rows.values_list("credential__client", flat=True).first()
    if client is None:
        raise FrontTokenRefused
    return ClientId.parse(client)


def forget_ended_tokens() -> int:
    """Delete tokens that have ended; return how many."""
    deleted, _ = FrontToken.objects.using(EXCHANGE).filter(expires_at__lte=now()).delete()
    return deleted


def _proven(key: str, secret: str) -> FrontCredential:
    row = FrontCredential.objects.using(EXCHANGE).filter(key=key, revoked_at=None).first()
    if row is None or not hmac.compare_digest(row.secret_sha256, _digest(secret)):
        raise ClientNotAuthenticated(key=key)
    return row


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


def _note(what: str, *, actor: Actor, key: str, client: str, name: str = "") -> None:
    detail = {"key": key, "client": client}
    record(f"exchange.credential_{what}", log=LOG, using=EXCHANGE, actor=actor, who=name or client, detail=detail)
