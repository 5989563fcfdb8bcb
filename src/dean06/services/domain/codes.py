"""Codes that people read aloud: dossier codes and verification codes; masks for what a page may not show whole."""

import re
import secrets
from dataclasses import dataclass
from datetime import date
from typing import Final, Self

from dean06.services.errors import MalformedDossierCode, MalformedVerificationCode

DOSSIER_CODE: Final = re.compile(r"(?P<agency>[A-Z0-9]+(?:\.[A-Z0-9]+)*)-(?P<day>[0-9]{6})-(?P<serial>[0-9]{4,7})")
LONGEST_DOSSIER_CODE: Final = 60
VERIFICATION_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # no 0/O, 1/I/L, U: read aloud without doubt
VERIFICATION_LENGTH: Final = 16  # 30^16 is about 2^78: not to be guessed, and the page is public
SHOWN_DIGITS: Final = 3
PERSONAL_NUMBER_LENGTH: Final = 12


@dataclass(frozen=True, slots=True)
class DossierCode:
    """Code of a dossier (mã hồ sơ): agency, day of entry, serial of that day at that agency.

    Source: domain.md E.3 ("<agency>-<yymmdd>-<4 digits>"; the serial restarts daily, longer serials are read too).
    """

    agency: str
    day: date
    serial: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a code as people type it.

        Raises:
            MalformedDossierCode: not of that form, or not a day.
        """
        match = DOSSIER_CODE.fullmatch(text.strip().upper()) if len(text) <= LONGEST_DOSSIER_CODE else None
        if match is None:
            raise MalformedDossierCode
        day = match["day"]
        try:
            return cls(match["agency"], date(2000 + int(day[:2]), int(day[2:4]), int(day[4:])), int(match["serial"]))
        except ValueError as exc:
            raise MalformedDossierCode from exc

    def __str__(self) -> str:
        return f"{self.agency}-{self.day:%y%m%d}-{self.serial:04d}"


def new_verification_code() -> str:
    """Make a code that proves nothing but finds one result: sixteen letters and digits in groups of four."""
    text = "".join(secrets.choice(VERIFICATION_ALPHABET) for _ in range(VERIFICATION_LENGTH))
    return "-".join(text[at : at + 4] for at in range(0, VERIFICATION_LENGTH, 4))


def read_verification_code(text: str) -> str:
    """Bring a typed code into its printed form.

    Raises:
        MalformedVerificationCode: not sixteen characters of the alphabet.
    """
    plain = "".join(text.upper().split()).replace("-", "")
    if len(plain) != VERIFICATION_LENGTH or any(sign not in VERIFICATION_ALPHABET for sign in plain):
        raise MalformedVerificationCode
    return "-".join(plain[at : at + 4] for at in range(0, VERIFICATION_LENGTH, 4))


def masked_name(name: str) -> str:
    """Show the first letter of each word: ``V* T** M*** H*``."""
    return " ".join(word[0] + "*" * (len(word) - 1) for word in name.split())


def masked_number(number: str) -> str:
    """Show the first six and the last two digits of a personal number: ``022 185 ••• •17``."""
    if len(number) != PERSONAL_NUMBER_LENGTH:
        return "•" * len(number)
    return f"{number[:3]} {number[3:6]} ••• •{number[-2:]}"
