"""WebAuthn ceremonies (Web Authentication Level 3, sec. 7): options out, answers in, user verification always required."""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from dean06.identity.models import Passkey

LARGEST_ANSWER: Final = 16 * 1024
TIMEOUT_MS: Final = 120_000
RP_NAME: Final = "dean06"
ACCOUNT_LABEL: Final = "dean06"
"""What a device shows beside the passkey; no name and no number, as the device's screen is not ours."""


class CeremonyRefused(Exception):
    """The answer is not one of a registered passkey to this challenge."""


@dataclass(frozen=True, slots=True)
class VerifiedPasskey:
    """A newly made passkey."""

    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


@dataclass(frozen=True, slots=True)
class VerifiedAssertion:
    """A good answer of a registered passkey."""

    credential_id: bytes
    sign_count: int
    user_handle: bytes | None


def relying_party_id() -> str:
    """Return the host of the web origin: what passkeys are bound to."""
    return urlsplit(settings.DEAN06_WEB_ORIGIN).hostname or "localhost"


def registration_options(*, account: UUID, known: Iterable[bytes]) -> tuple[str, bytes]:
    """Return options (JSON) for making a passkey, and their challenge."""
    options = generate_registration_options(
        rp_id=relying_party_id(),
        rp_name=RP_NAME,
        user_name=ACCOUNT_LABEL,
        user_id=account.bytes,
        timeout=TIMEOUT_MS,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=one) for one in known],
    )
    return options_to_json(options), options.challenge


def authentication_options() -> tuple[str, bytes]:
    """Return options (JSON) for using any passkey of this provider, and their challenge; they name no account."""
    options = generate_authentication_options(
        rp_id=relying_party_id(), timeout=TIMEOUT_MS, user_verification=UserVerificationRequirement.REQUIRED
    )
    return options_to_json(options), options.challenge


def verify_registration(answer: str, *, challenge: bytes) -> VerifiedPasskey:
    """Check a new passkey (sec. 7.1).

    Raises:
        CeremonyRefused: malformed, oversized, or for another challenge, origin or relying party.
    """
    _bounded(answer)
    try:
        made = verify_registration_response(
            credential=parse_registration_credential_json(answer),
            expected_challenge=challenge,
            expected_rp_id=relying_party_id(),
            expected_origin=settings.DEAN06_WEB_ORIGIN,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as exc:
        raise CeremonyRefused from exc
    is_synced = made.credential_device_type == CredentialDeviceType.MULTI_DEVICE
    return VerifiedPasskey(made.credential_id, made.credential_public_key, made.sign_count, is_synced)


def verify_assertion(answer: str, *, challenge: bytes, find: Callable[[bytes], Passkey]) -> VerifiedAssertion:
    """Check a passkey's answer (sec. 7.2).

    Raises:
        CeremonyRefused: malformed, oversized, of an unknown passkey, or wrong; a counter that runs backwards too (a cloned key).
    """
    _bounded(answer)
    try:
        credential = parse_authentication_credential_json(answer)
        passkey = find(credential.raw_id)
        verified = verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=relying_party_id(),
            expected_origin=settings.DEAN06_WEB_ORIGIN,
            credential_public_key=bytes(passkey.public_key),
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as exc:
        raise CeremonyRefused from exc
    return VerifiedAssertion(credential.raw_id, verified.new_sign_count, credential.response.user_handle)


def _bounded(answer: str) -> None:
    if len(answer) > LARGEST_ANSWER:
        raise CeremonyRefused
    try:
        if not isinstance(json.loads(answer), dict):
            raise CeremonyRefused
    except (ValueError, RecursionError) as exc:
        raise CeremonyRefused from exc
