"""Two axes of assurance: the account's level (01, 02) and the authentication level of this session (1 to 4).

Source: Decree 69/2024/NĐ-CP, art. 20 (authentication levels); domain.md C.1, C.2. Levels 3 and 4 need biometrics that the
server can vouch for; a passkey's local user verification may be a PIN, so it never counts as one.
"""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final, Self

ACCOUNT_LEVELS: Final = (1, 2)
AUTHENTICATION_LEVELS: Final = (1, 2)
"""What this provider can reach today."""
_ACR: Final = re.compile(r"urn:dean06:loa:([12])\.([1-4])")

KNOWLEDGE: Final = "pwd"  # RFC 8176
ONE_TIME_CODE: Final = "otp"
HARDWARE_KEY: Final = "hwk"
SYNCED_KEY: Final = "swk"
PRESENCE: Final = "user"
SEVERAL_FACTORS: Final = "mfa"


@dataclass(frozen=True, slots=True)
class LevelOfAssurance:
    """How sure we are of the account (mức độ tài khoản) and of this session (mức độ xác thực)."""

    account: int
    authentication: int

    @classmethod
    def parse(cls, acr: str) -> Self | None:
        """Read an ``acr`` value; None for one that is not ours (unknown values are ignored, OIDC Core sec. 3.1.2.1)."""
        match = _ACR.fullmatch(acr)
        return cls(int(match[1]), int(match[2])) if match else None

    def __str__(self) -> str:
        return f"urn:dean06:loa:{self.account}.{self.authentication}"

    def meets(self, wanted: "LevelOfAssurance") -> bool:
        """Say whether both axes are at least as high."""
        return self.account >= wanted.account and self.authentication >= wanted.authentication

    def meets_any(self, wanted: Iterable["LevelOfAssurance"]) -> bool:
        """Say whether one of the wanted levels is met; true if none is wanted."""
        wanted = tuple(wanted)
        return not wanted or any(self.meets(level) for level in wanted)


def authentication_level(methods: Collection[str]) -> int:
    """Return the authentication level of what was really done in this session.

    A passkey with user verification is two different factors (the key, and what unlocks it); so are password and
    one-time code.
    """
    return 2 if SEVERAL_FACTORS in methods else 1


def methods_of_password(*, with_code: bool) -> tuple[str, ...]:
    """Return ``amr`` for a password, alone or with a one-time code."""
    return (KNOWLEDGE, ONE_TIME_CODE, SEVERAL_FACTORS) if with_code else (KNOWLEDGE,)


def methods_of_passkey(*, is_synced: bool) -> tuple[str, ...]:
    """Return ``amr`` for a passkey whose holder was verified by her device."""
    return (SYNCED_KEY if is_synced else HARDWARE_KEY, PRESENCE, SEVERAL_FACTORS)


def supported() -> tuple[str, ...]:
    """Return every ``acr`` that this provider can assert."""
    return tuple(str(LevelOfAssurance(a, b)) for a in ACCOUNT_LEVELS for b in AUTHENTICATION_LEVELS)
