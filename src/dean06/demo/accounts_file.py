"""The demonstration people's passwords and one-time code secrets: made at first start, kept in one file of mode 0600."""

import base64
import hashlib
import hmac
import json
import os
import secrets
import struct
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from dean06.core.errors import NotFound

FILE_NAME: Final = "demo-people.json"
TOTP_STEP_SECONDS: Final = 30  # RFC 6238, sec. 5.2
TOTP_DIGITS: Final = 6


class NoDemoPeople(NotFound):
    """The demonstration people are not there yet: run dean06 up first."""

    code = "demo.no_people"
    message_vi = "Chưa có người minh họa. Hãy chạy dean06 up trước."


@dataclass(frozen=True, slots=True)
class DemoAccount:
    """How one demonstration person logs in; invented, never to be used for anyone real.

    Attributes:
        part: citizen, householder, one_stop_officer ...
        person_key: opaque key in the registry.
        title: what the person does in the demonstration, in Vietnamese.
    """

    part: str
    person_key: str
    full_name: str
    number: str
    password: str
    totp_secret: str
    title: str

    def code(self, *, at: float | None = None) -> str:
        """Return the one-time code of a moment (RFC 6238, SHA-1, six digits, 30 s)."""
        counter = int((time.time() if at is None else at) // TOTP_STEP_SECONDS)
        digest = hmac.digest(base64.b32decode(self.totp_secret), struct.pack(">Q", counter), hashlib.sha1)
        offset = digest[-1] & 0xF
        value = int.from_bytes(digest[offset : offset + 4], "big") & 0x7FFF_FFFF
        return f"{value % 10**TOTP_DIGITS:0{TOTP_DIGITS}d}"


def new_password() -> str:
    """Make a password of 72 bits."""
    return secrets.token_urlsafe(12)


def new_totp_secret() -> str:
    """Make a one-time code secret of 160 bits, base32 (RFC 4226 recommends 160)."""
    return base64.b32encode(secrets.token_bytes(20)).decode()


def read_accounts(data_dir: Path) -> dict[str, DemoAccount]:
    """Read the file: part to account.

    Raises:
        NoDemoPeople: it is not there.
    """
    try:
        rows = json.loads((data_dir / FILE_NAME).read_text())
    except FileNotFoundError as exc:
        raise NoDemoPeople from exc
    return {part: DemoAccount(**row) for part, row in rows.items()}


def introduce(accounts: dict[str, DemoAccount]) -> str:
    """Return what tells a newcomer who the demonstration people are and how to log in as them."""
    width = max(len(part) for part in accounts)
    people = (
        f"  {account.part:<{width}}  {account.number}  {account.password}  {account.full_name} ({account.title})"
        for account in accounts.values()
    )
    return "\n".join(
        [
            "\n  Người minh họa, tất cả đều bịa ra / demo people, all invented:\n",
            *people,
            "\n  Mã dùng một lần / one-time code:  dean06 demo code citizen",
            "  Thử / try: log in as citizen → Đăng ký thường trú. Or all of it by HTTP:  dean06 demo walk\n",
        ]
    )


def write_accounts(data_dir: Path, accounts: dict[str, DemoAccount]) -> None:
    """Write the file whole, readable by its owner only."""
    path = data_dir / FILE_NAME
    temporary = path.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text(json.dumps({part: asdict(account) for part, account in accounts.items()}, ensure_ascii=False, indent=1))
    with temporary.open() as file:
        os.fsync(file.fileno())
    temporary.replace(path)
