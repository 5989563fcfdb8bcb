"""Where a request comes from, in words that its owner recognises."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final

_BROWSERS: Final = (
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("CocCoc", "Cốc Cốc"),
    ("Firefox/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Visit:
    """One browser at one address."""

    source: str = ""
    device: str = ""

    @property
    def network(self) -> str:
        """Return the address as attempts are counted by: a whole /64 for IPv6, which one person may have to herself."""
        try:
            address = ipaddress.ip_address(self.source)
        except ValueError:
            return self.source
        return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))  # noqa: PLR2004 -- IPv4


def describe_device(user_agent: str) -> str:
    """Name browser and system as far as the header tells; never the whole header, which is a fingerprint."""
    text = _CONTROL.sub("", user_agent[:400])
    browser = next((name for mark, name in _BROWSERS if mark in text), "")
    system = next((name for mark, name in _SYSTEMS if mark in text), "")
    return ", ".join(filter(None, (browser, system)))
