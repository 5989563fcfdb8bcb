"""Signing in: each step proves one thing for one interaction."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import F

from dean06.core.actor import ANONYMOUS
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.identity.actions.accounts import LOG, PROVIDER_NAME
from dean06.identity.actions.attempts import charge, counters, give_back
from dean06.identity.actions.sessions import OpenedSession, open_session
from dean06.identity.ceremonies import CeremonyRefused, VerifiedAssertion, verify_assertion
from dean06.identity.domain import totp
from dean06.identity.domain.assurance import methods_of_passkey, methods_of_password
from dean06.identity.domain.encoding import stored_hash
from dean06.identity.errors import CodeRefused, InteractionExpired, LoginRefused, MalformedUsername, PasskeyRefused
from dean06.identity.models import Account, Interaction, Passkey, SignInEvent, Totp
from dean06.identity.passwords import is_password
from dean06.identity.secrets import unseal
from dean06.identity.usernames import username_of
from dean06.identity.visits import Visit
from dean06.ledger import public as ledger
from dean06.registry.errors import MalformedPersonalId

USING: Final = database_of("identity")
INTERACTION_LIFETIME: Final = timedelta(minutes=15)
MOST_CODE_FAILURES: Final = 5


@transaction.atomic(using=USING, durable=True)
def begin_interaction(*, browser: str, parameters: dict[str, str], next_path: str = "") -> Interaction:
    """Begin to ask a person something: for a request of a relying party, or to let her to a page of her account."""
    present = now()
    return Interaction.objects.create(
        browser_hash=stored_hash(browser),
        parameters=parameters,
        next_path=next_path,
        started_at=present,
        expires_at=present + INTERACTION_LIFETIME,
    )


def open_interaction(*, key: UUID | None, browser: str) -> Interaction:
    """Return an interaction that this browser began.

    Raises:
        InteractionExpired: over, finished, of another browser, or none at all: the same answer for each.
    """
    found = Interaction.objects.filter(key=key, browser_hash=stored_hash(browser)).first() if key and browser else None
    if found is None or found.finished_at is not None or now() >= found.expires_at:
        raise InteractionExpired
    return found


@transaction.atomic(using=USING, durable=True)
def finish_interaction(interaction: Interaction) -> None:
    """Use an interaction up.

    Raises:
        InteractionExpired: it was finished meanwhile.
    """
    if not Interaction.objects.filter(key=interaction.key, finished_at=None).update(finished_at=now()):
        raise InteractionExpired


@transaction.atomic(using=USING, durable=True)
def set_challenge(interaction: Interaction, challenge: bytes) -> None:
    """Remember the challenge of the passkey ceremony on the page that is being shown."""
    Interaction.objects.filter(key=interaction.key).update(challenge=challenge)


def take_challenge(interaction: Interaction) -> bytes:
    """Return the open challenge and close it, so that one answer is tried at most once.

    Raises:
        PasskeyRefused: none is open.
    """
    with transaction.atomic(using=USING, durable=True):
        row = Interaction.objects.select_for_update().get(key=interaction.key)
        challenge, row.challenge = row.challenge, None
        row.save(update_fields=["challenge"])
    if not challenge:
        raise PasskeyRefused
    return bytes(challenge)


def prove_password(*, interaction: Interaction, number: str, password: str, visit: Visit, client_name: str = "") -> Account:
    """Check number and password; the interaction then says whose password was proved.

    Unknown number, wrong password, no password and locked account give the same answer after the same work.

    Raises:
        MalformedUsername: not twelve digits.
        TooManyAttempts: the pause is not over.
        LoginRefused: they do not belong together.
        LoginBusy: too many others are signing in.
    """
    try:
        username = username_of(number)
    except MalformedPersonalId as exc:
        raise MalformedUsername from exc
    charged = counters(kind="account", name=username, network=visit.network)
    charge(charged)
    account = Account.objects.select_related("password").filter(username_hash=username).first()
    stored = account.password.hash if account and hasattr(account, "password") else ""
    if not is_password(stored, password) or account is None or not account.may_sign_in:
        _note_refusal(account, SignInEvent.Outcome.WRONG_PASSWORD, visit, client_name)
        raise LoginRefused
    give_back(charged)
    with transaction.atomic(using=USING, durable=True):
        Interaction.objects.filter(key=interaction.key).update(password_proved_for=account, code_failures=0)
    return account


def needs_code(account: Account) -> bool:
    """Say whether a password alone leaves out a factor that the account has."""
    return Totp.objects.filter(account=account).exists()


def sign_in_by_password(*, interaction: Interaction, visit: Visit, client_name: str = "", replaces: str = "") -> OpenedSession:
    """Sign in with the password alone, at authentication level 1, where the account has no code generator.

    Raises:
        LoginRefused: no password was proved in this interaction, or the account has a second factor.
    """
    account = interaction.password_proved_for
    if account is None or needs_code(account):
        raise LoginRefused
    methods = methods_of_password(with_code=False)
    return open_session(account_key=account.key, methods=methods, visit=visit, client_name=client_name, replaces=replaces)


def sign_in_by_code(*, interaction: Interaction, code: str, visit: Visit, client_name: str = "", replaces: str = "") -> OpenedSession:
    """Sign in with the one-time code that follows the password of this interaction.

    Raises:
        LoginRefused: no password was proved in this interaction.
        InteractionExpired: too many wrong codes in it.
        TooManyAttempts: the pause is not over.
        CodeRefused: wrong, too old, or used before.
    """
    account = interaction.password_proved_for
    if account is None:
        raise LoginRefused
    if interaction.code_failures >= MOST_CODE_FAILURES:
        raise InteractionExpired
    charged = counters(kind="code", name=str(account.key), network=visit.network)
    charge(charged)
    if not account.may_sign_in or not _spend_code(account, code):
        with transaction.atomic(using=USING, durable=True):
            Interaction.objects.filter(key=interaction.key).update(code_failures=F("code_failures") + 1)
        _note_refusal(account, SignInEvent.Outcome.WRONG_CODE, visit, client_name)
        raise CodeRefused
    give_back(charged)
    methods = methods_of_password(with_code=True)
    return open_session(account_key=account.key, methods=methods, visit=visit, client_name=client_name, replaces=replaces)


@transaction.atomic(using=USING, durable=True)
def _spend_code(account: Account, code: str) -> bool:
    """Say whether a code is good, and spend its step under the row's lock: of two tries with one code, one wins."""
    generator = Totp.objects.select_for_update().filter(account=account).first()
    if generator is None:
        return False
    secret = unseal(bytes(generator.sealed_secret), bound_to=account.key.bytes)
    step = totp.matching_step(secret, code, now=now(), last_step=generator.last_step)
    if step is None:
        return False
    generator.last_step = step
    generator.save(update_fields=["last_step"])
    return True


def sign_in_by_passkey(
    *, interaction: Interaction, credential: str, visit: Visit, client_name: str = "", replaces: str = ""
) -> OpenedSession:
    """Sign in with a passkey's answer to the challenge of this interaction.

    Raises:
        PasskeyRefused: unknown passkey, wrong answer, or the account may not sign in: the same answer for each.
    """
    challenge = take_challenge(interaction)
    passkey: Passkey | None = None
    try:
        verified = verify_assertion(credential, challenge=challenge, find=_passkey)
        passkey = _passkey(verified.credential_id)
        _accept(passkey, verified)
    except CeremonyRefused as exc:
        _note_refusal(passkey.account if passkey else None, SignInEvent.Outcome.WRONG_PASSKEY, visit, client_name)
        raise PasskeyRefused from exc
    methods = methods_of_passkey(is_synced=passkey.is_synced)
    try:
        return open_session(account_key=passkey.account_id, methods=methods, visit=visit, client_name=client_name, replaces=replaces)
    except LoginRefused as exc:
        _note_refusal(passkey.account, SignInEvent.Outcome.WRONG_PASSKEY, visit, client_name)
        raise PasskeyRefused from exc


def _passkey(credential_id: bytes) -> Passkey:
    found = Passkey.objects.select_related("account").filter(credential_id=credential_id).first()
    if found is None:
        raise CeremonyRefused
    return found


@transaction.atomic(using=USING, durable=True)
def _accept(passkey: Passkey, verified: VerifiedAssertion) -> None:
    if verified.user_handle is not None and verified.user_handle != passkey.account.key.bytes:
        raise CeremonyRefused
    Passkey.objects.filter(id=passkey.id).update(sign_count=verified.sign_count, last_used_at=now())


@transaction.atomic(using=USING, durable=True)
def _note_refusal(account: Account | None, outcome: SignInEvent.Outcome, visit: Visit, client_name: str) -> None:
    """Remember a refusal: in the holder's history if there is one, and on the ledger without a word about whom."""
    if account is not None:
        SignInEvent.objects.create(account=account, outcome=outcome, device=visit.device, source=visit.source, client_name=client_name)
    ledger.record(
        "identity.login_refused",
        log=LOG,
        using=USING,
        actor=ANONYMOUS,
        who=client_name or PROVIDER_NAME,
        subject=PersonKey(account.person) if account else None,
        detail={"outcome": str(outcome.value)},
    )
