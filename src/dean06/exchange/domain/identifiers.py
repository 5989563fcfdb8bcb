"""Identifiers of the message protocol: instance, member class, member, subsystem, service.

Source: X-Road "Message Protocol for REST" (PR-REST) 1.0.4, sec. 4.1 to 4.3: each segment is percent-encoded on its own,
the slash only separates, and since 1.0.3 the alphabet is the one of ``IDENTIFIER``.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, Self
from urllib.parse import quote

from dean06.exchange.errors import BadRequest, MalformedClient

IDENTIFIER: Final = re.compile(r"[A-Za-z0-9'()+,\-.=?]{1,100}")
LONGEST_TARGET: Final = 2000  # PR-REST, sec. 4.1: longer addresses are not safe everywhere
_PERCENT: Final = re.compile(rb"%([0-9A-Fa-f]{2})")
_PERCENT_IN_TEXT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class MalformedIdentifier(BadRequest):
    """An identifier holds signs outside A-Z a-z 0-9 ' ( ) + , - . = ? or is empty or too long."""

    code = "exchange.malformed_identifier"
    message_vi = "Định danh chứa ký tự không được phép, để trống hoặc quá dài."


def percent_decode(segment: str) -> str:
    """Decode one segment strictly.

    Raises:
        MalformedIdentifier: a stray percent sign, signs outside ASCII, or bytes that are not UTF-8.
    """
    if not segment.isascii() or _PERCENT_IN_TEXT.search(segment):
        raise MalformedIdentifier
    if "%" not in segment:
        return segment
    raw = _PERCENT.sub(lambda match: bytes([int(match[1], 16)]), segment.encode("ascii"))
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as exc:
        raise MalformedIdentifier from exc


def identifier(segment: str) -> str:
    """Decode and check one segment of an identifier.

    Raises:
        MalformedIdentifier: outside the alphabet, empty, too long, or only dots.
    """
    text = percent_decode(segment)
    if not IDENTIFIER.fullmatch(text) or not text.strip("."):
        raise MalformedIdentifier
    return text


@dataclass(frozen=True, slots=True, order=True)
class ClientId:
    """A subsystem (hệ thống con), or a member itself when ``subsystem_code`` is empty."""

    instance: str
    member_class: str
    member_code: str
    subsystem_code: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``instance/class/member[/subsystem]``.

        Raises:
            MalformedClient: not three or four segments of the alphabet.
        """
        parts = text.split("/")
        if len(parts) not in (3, 4):
            raise MalformedClient
        try:
            return cls(*(identifier(part) for part in parts))
        except MalformedIdentifier as exc:
            raise MalformedClient from exc

    @property
    def member(self) -> str:
        """Return the member's identifier: ``VN/GOV/G01``."""
        return f"{self.instance}/{self.member_class}/{self.member_code}"

    def __str__(self) -> str:
        return f"{self.member}/{self.subsystem_code}" if self.subsystem_code else self.member

    @property
    def encoded(self) -> str:
        """Return the identifier as it stands in a header or path."""
        return _encoded(str(self))


@dataclass(frozen=True, slots=True, order=True)
class ServiceId:
    """A service of a subsystem."""

    provider: ClientId
    service_code: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``instance/class/member/subsystem/service``.

        Raises:
            MalformedIdentifier: not five segments of the alphabet.
        """
        parts = text.split("/")
        if len(parts) != 5:  # noqa: PLR2004 -- instance, class, member, subsystem, service
            raise MalformedIdentifier
        *provider, code = (identifier(part) for part in parts)
        return cls(ClientId(*provider), code)

    def __str__(self) -> str:
        return f"{self.provider}/{self.service_code}"

    @property
    def encoded(self) -> str:
        """Return the identifier as it stands in a header or path."""
        return _encoded(str(self))


@lru_cache(maxsize=4096)
def _encoded(text: str) -> str:
    return "/".join(quote(segment, safe="'()+,=") for segment in text.split("/"))


parse_client = lru_cache(maxsize=4096)(ClientId.parse)
"""``ClientId.parse`` with a memory; refusals are not remembered."""

parse_service = lru_cache(maxsize=4096)(ServiceId.parse)
"""``ServiceId.parse`` with a memory; refusals are not remembered."""
