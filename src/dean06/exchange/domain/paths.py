"""One canonical form of a path, made once before it is authorised; what was authorised is what is forwarded.

X-Road authorised the path as sent and forwarded it, so that an encoded ``..`` reached endpoints outside the right
(XRDDEV-3054, fixed in 7.7.1). Here nothing is repaired: a path that two servers could read differently is refused.
"""

import re
import unicodedata
from typing import Final
from urllib.parse import quote

from dean06.exchange.domain.identifiers import LONGEST_TARGET, MalformedIdentifier, percent_decode
from dean06.exchange.errors import MalformedPath

PLAIN: Final = "!$&'()*+,=:@-._~"  # RFC 3986, sec. 3.3: pchar, without ";" which some servers cut at
_QUICK: Final = re.compile(r"(?:/[A-Za-z0-9_~-]+(?:\.[A-Za-z0-9_~-]+)*)+/?")
_PLAIN_QUERY: Final = re.compile(r"[A-Za-z0-9!$&'()*+,;=:@\-._~/?%]*")
_PERCENT_ESCAPE: Final = re.compile(r"%[0-9A-Fa-f]{2}")
_STRAY_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HIDDEN_BYTES: Final = re.compile(r"%(?:0[0-9A-Fa-f]|1[0-9A-Fa-f]|7[Ff])")
_DANGEROUS: Final = frozenset("/\\;?#")


def canonical_path(raw: str) -> str:
    """Return the one form of a path after the service code; empty becomes ``/``.

    The form is a fixed point: the canonical form of a canonical path is the path itself.

    Raises:
        MalformedPath: dot segments, empty segments, encoded slashes, semicolons, control signs, doubled encoding,
            bytes that are not UTF-8, letters that another server may fold into one of these, or too long.
    """
    if not raw:
        return "/"
    if len(raw) > LONGEST_TARGET or not raw.startswith("/"):
        raise MalformedPath
    if _QUICK.fullmatch(raw):
        return raw
    *inner, last = raw[1:].split("/")
    if not all(inner):
        raise MalformedPath
    return "/" + "/".join(_canonical_segment(segment) for segment in (*inner, last))


def _canonical_segment(raw: str) -> str:
    if not raw:
        return ""  # only the last segment gets here: one trailing slash is meant
    try:
        text = percent_decode(raw)
    except MalformedIdentifier as exc:
        raise MalformedPath from exc
    folded = unicodedata.normalize("NFKC", text)
    if (
        unicodedata.normalize("NFC", text) != text
        or not folded.strip(". ")  # also "...": some servers drop dots and blanks at the end of a name
        or _DANGEROUS.intersection(text + folded)
        or _PERCENT_ESCAPE.search(folded)
        or not text.isprintable()
    ):
        raise MalformedPath
    return quote(text, safe=PLAIN)


def canonical_query(raw: str) -> str:
    """Check a query string and return it with its order and encoding, which belong to the service.

    Only the apostrophe is encoded: HTTP clients that follow the WHATWG URL standard send it so in any case.

    Raises:
        MalformedPath: signs outside RFC 3986, a stray percent sign, an encoded control sign, or too long.
    """
    if len(raw) > LONGEST_TARGET or not _PLAIN_QUERY.fullmatch(raw) or _STRAY_PERCENT.search(raw) or _HIDDEN_BYTES.search(raw):
        raise MalformedPath
    return raw.replace("'", "%27")
