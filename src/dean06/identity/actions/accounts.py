"""Accounts and their authenticators."""

from typing import Final
from uuid import UUID

from django.db import IntegrityError, transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.identity.domain import totp
from dean06.identity.errors import AccountExists, AccountNotFound
from dean06.identity.models import Account, Passkey, Password, SignInEvent, Totp
from dean06.identity.passwords import hash_password
from dean06.identity.secrets import seal
from dean06.identity.visits import Visit
from dean06.ledger import public as ledger

USING: Final = database_of("identity")
LOG: Final = "identity"
LEGAL_BASIS: Final = "69/2024/NĐ-CP"
PROVIDER_NAME: Final = "Định danh điện tử dean06"


def register_account(*, person: PersonKey, level: int, username: str, password: str, actor: Actor, totp_secret: str = "") -> UUID:
    """Open an account (đăng ký tài khoản định danh điện tử) of level 1 or 2 for a person of the registry.

    Args:
        person: whose account; one person has one account.
        level: 1 or 2, as the one who checked the person's identity decided.
        username: keyed hash of the twelve-digit number (``keyed_username``), never the number.
        password: 10 to 128 characters.
        actor: who registers.
        totp_secret: base32 secret of a one-time-code generator, or empty.

    Returns:
        The account's key.

    Raises:
        MalformedTotpSecret: not base32 of at least 128 bits.
        WeakPassword: too short or too long.
        AccountExists: the person or the number has one.
    """
    secret = totp.decode_secret(totp_secret) if totp_secret else b""
    hashed = hash_password(password)  # before the transaction: it takes tens of milliseconds
    try:
        return _register(person=person, level=level, username=username, hashed=hashed, secret=secret, actor=actor)
    except IntegrityError as exc:
        raise AccountExists from exc


@transaction.atomic(using=USING, durable=True)
def _register(*, person: PersonKey, level: int, username: str, hashed: str, secret: bytes, actor: Actor) -> UUID:
    if Account.objects.filter(person=person).exists():
        raise AccountExists
    account = Account.objects.create(person=person, level=level, username_hash=username)
    Password.objects.create(account=account, hash=hashed)
    if secret:
        _keep_secret(account.key, secret)
    ledger.record(
        "identity.account_registered",
        log=LOG,
        using=USING,
        actor=actor,
        who=PROVIDER_NAME,
        subject=person,
        purpose="Đăng ký tài khoản định danh điện tử",
        legal_basis=LEGAL_BASIS,
        detail={"level": level},
    )
    return account.key


@transaction.atomic(using=USING, durable=True)
def enrol_totp(*, account: UUID, secret: str) -> None:
    """Give an account a one-time-code generator, replacing an earlier one.

    Args:
        account: the account's key.
        secret: base32, at least 128 bits.

    Raises:
        MalformedTotpSecret: it is not.
        AccountNotFound: no such account.
    """
    plain = totp.decode_secret(secret)
    if not Account.objects.filter(key=account).exists():
        raise AccountNotFound
    _keep_secret(account, plain)


def _keep_secret(account: UUID, secret: bytes) -> None:
    sealed = seal(secret, bound_to=account.bytes)
    Totp.objects.update_or_create(account_id=account, defaults={"sealed_secret": sealed, "last_step": 0, "enrolled_at": now()})


@transaction.atomic(using=USING, durable=True)
def add_passkey(
    *, account: UUID, credential_id: bytes, public_key: bytes, sign_count: int, is_synced: bool, name: str, visit: Visit
) -> UUID:
    """Keep a passkey whose registration ceremony was verified.

    Raises:
        AccountExists: this passkey is registered already.
    """
    try:
        with transaction.atomic(using=USING):
            passkey = Passkey.objects.create(
                account_id=account,
                credential_id=credential_id,
                public_key=public_key,
                sign_count=sign_count,
                is_synced=is_synced,
                name=name,
            )
    except IntegrityError as exc:
        raise AccountExists("This passkey is registered already.") from exc
    _note(account, SignInEvent.Outcome.PASSKEY_ADDED, visit)
    return passkey.id


@transaction.atomic(using=USING, durable=True)
def remove_passkey(*, account: UUID, passkey: UUID, visit: Visit) -> bool:
    """Remove one of the account's own passkeys; return whether it was there."""
    removed, _ = Passkey.objects.filter(id=passkey, account_id=account).delete()
    if removed:
        _note(account, SignInEvent.Outcome.PASSKEY_REMOVED, visit)
    return bool(removed)


def _note(account: UUID, outcome: SignInEvent.Outcome, visit: Visit) -> None:
    SignInEvent.objects.create(account_id=account, outcome=outcome, device=visit.device, source=visit.source)
