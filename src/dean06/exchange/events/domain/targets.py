"""Where events may be sent, and the handshake that asks the target whether it wants them.

Source: CloudEvents "HTTP 1.1 Web Hooks for Event Delivery" 1.0.2, sec. 2.1 (HTTPS) and 4 (abuse protection). Plain HTTP is
spoken to this machine's own addresses only: a proxy of the deployment, a test, a sandbox.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from dean06.exchange.events.errors import TargetRefused

LONGEST_ADDRESS: Final = 500
REQUEST_ORIGIN: Final = "webhook-request-origin"
REQUEST_RATE: Final = "webhook-request-rate"
ALLOWED_ORIGIN: Final = "webhook-allowed-origin"
ALLOWED_RATE: Final = "webhook-allowed-rate"
ANY: Final = "*"
LARGEST_RATE: Final = 10_000_000


def checked_address(address: str) -> str:
    """Return an address that events may be sent to.

    Raises:
        TargetRefused: not https (or http on this machine), or with user, fragment or odd signs in it.
    """
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError as exc:
        raise TargetRefused("The address cannot be read.") from exc
    if len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable() or " " in address or "\\" in address:
        raise TargetRefused("The address is too long or holds signs outside printable ASCII.")
    if not host or parts.username is not None or parts.password is not None or "#" in address:
        raise TargetRefused("The address names a host and neither user nor fragment.")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(host)):
        raise TargetRefused("Events are sent over https only, or over http to this machine.")
    return address


def is_this_machine(host: str) -> bool:
    """Say whether a host is a loopback address or ``localhost``."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@dataclass(frozen=True, slots=True)
class Permission:
    """What a target allows: how many requests a minute; None is as many as come."""

    rate_per_minute: int | None


def permission_of(headers: Mapping[str, str], *, origin: str) -> Permission | None:
    """Read the answer to the handshake; None if it is no permission. The status says nothing (sec. 4.2).

    Args:
        headers: of the answer, by lower-case name.
        origin: what was sent as WebHook-Request-Origin.
    """
    if headers.get(ALLOWED_ORIGIN, "").strip() not in (ANY, origin):
        return None
    rate = headers.get(ALLOWED_RATE, "").strip()
    if rate == ANY:
        return Permission(None)
    if not rate.isascii() or not rate.isdigit() or not (number := int(rate[:9])):
        return None
    return Permission(min(number, LARGEST_RATE))
