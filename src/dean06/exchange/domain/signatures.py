"""HTTP message signatures (RFC 9421) with ecdsa-p256-sha256, for the one set of components that gateways exchange.

The general rules (section 2.5) are in ``signature_base``; everything else is the fixed profile ``x1`` of the hop between
gateways: the components stand in one order and a header of the list that is present must be covered, so that the verifier
compares the whole component list as text instead of parsing structured fields.
"""

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from dean06.exchange.errors import InvalidSignature, StaleMessage

LABEL: Final = "x1"
ALGORITHM: Final = "ecdsa-p256-sha256"  # RFC 9421, sec. 3.3.4: r || s, 64 bytes
FRESH_SECONDS: Final = 60
REQUEST_HEADERS: Final = (
    "content-digest",
    "x-exchange-head",
    "x-road-client",
    "x-road-id",
    "x-road-request-id",
    "x-road-issue",
    "x-road-userid",
    "x-exchange-purpose",
    "x-exchange-legal-basis",
)
REQUIRED: Final = frozenset({"content-digest", "x-exchange-head", "x-road-client", "x-road-id", "x-road-request-id"})
ANSWER_HEADERS: Final = (
    "content-type",
    "content-digest",
    "x-road-client",
    "x-road-service",
    "x-road-id",
    "x-road-request-id",
    "x-road-request-hash",
    "x-exchange-agreement",
)
REQUEST_SIGNATURE: Final = f'"signature";req;key="{LABEL}"'  # RFC 9421, sec. 2.4: binds the answer to the request
REQUEST_INPUT: Final = f'"signature-input";req;key="{LABEL}"'  # ... and to its key, against substituted keys (sec. 7.3.7)
_INPUT: Final = re.compile(
    rf'{LABEL}=(?P<params>\((?P<components>[^()]*)\);created=(?P<created>[0-9]{{1,12}});keyid="(?P<keyid>[A-Za-z0-9._:+/=-]{{1,200}})"'
    rf';alg="{ALGORITHM}"(?:;nonce="(?P<nonce>[A-Za-z0-9_-]{{16,64}})")?;tag="{LABEL}")'
)
_SIGNATURE: Final = re.compile(rf"{LABEL}=:(?P<value>[A-Za-z0-9+/]{{86}}==):")

SignRaw = Callable[[bytes], bytes]
"""Signs with ECDSA P-256 and SHA-256; returns r || s, 64 bytes."""

VerifyRaw = Callable[[str, bytes, bytes], bool]
"""Takes key id, data and r || s; says whether the signature is the key's. An unknown key id is ``False``."""

Line = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Signed:
    """A made or verified signature.

    Attributes:
        input: value of the Signature-Input header.
        signature: value of the Signature header.
        base: the signature base, so that the evidence can be verified by itself.
        key_id: which key.
        created: seconds since 1970.
        nonce: of a request; empty in an answer.
    """

    input: str
    signature: str
    base: bytes
    key_id: str
    created: int
    nonce: str = ""

    @property
    def raw(self) -> bytes:
        """Return r || s."""
        return raw_signature(self.signature)


def signature_base(lines: Iterable[Line], params: str) -> bytes:
    """Return what is signed (RFC 9421, sec. 2.5): component identifiers with their values, then the parameters.

    Args:
        lines: component identifier in its serialised form (``"@method"``, ``"date";req``) and value, in order.
        params: the value of ``@signature-params``.
    """
    text = "".join(f"{name}: {value}\n" for name, value in lines)
    return f'{text}"@signature-params": {params}'.encode()


def sign(lines: list[Line], *, key_id: str, sign_raw: SignRaw, created: int, nonce: str = "") -> Signed:
    """Sign components of a message."""
    components = " ".join(name for name, _ in lines)
    once = f';nonce="{nonce}"' if nonce else ""
    params = f'({components});created={created};keyid="{key_id}";alg="{ALGORITHM}"{once};tag="{LABEL}"'
    base = signature_base(lines, params)
    value = base64.b64encode(sign_raw(base)).decode("ascii")
    return Signed(f"{LABEL}={params}", f"{LABEL}=:{value}:", base, key_id, created, nonce)


def verify(lines: list[Line], headers: Mapping[str, str], *, verify_raw: VerifyRaw, now: int, once: bool) -> Signed:
    """Verify the signature over exactly these components.

    Args:
        lines: the components that must be covered, in order.
        headers: of the message, by lower-case name.
        verify_raw: checks a raw signature by key id.
        now: seconds since 1970.
        once: whether a nonce must be there.

    Raises:
        InvalidSignature: missing, malformed, covering something else, unknown key, or wrong.
        StaleMessage: made more than ``FRESH_SECONDS`` ago or ahead.
    """
    found = _INPUT.fullmatch(headers.get("signature-input", ""))
    if found is None or found["components"] != " ".join(name for name, _ in lines) or bool(found["nonce"]) is not once:
        raise InvalidSignature(reason="input")
    signature = headers.get("signature", "")
    base = signature_base(lines, found["params"])
    if not verify_raw(found["keyid"], base, raw_signature(signature)):
        raise InvalidSignature(reason="value", key_id=found["keyid"])
    created = int(found["created"])
    if abs(now - created) > FRESH_SECONDS:
        raise StaleMessage(age_seconds=now - created)
    return Signed(found[0], signature, base, found["keyid"], created, found["nonce"] or "")


def raw_signature(header: str) -> bytes:
    """Return the 64 bytes of a Signature header of this profile.

    Raises:
        InvalidSignature: not of the form.
    """
    found = _SIGNATURE.fullmatch(header)
    if found is None:
        raise InvalidSignature(reason="form")
    return binascii.a2b_base64(found["value"])  # the form leaves nothing else to validate


def request_lines(*, method: str, target: str, headers: Mapping[str, str]) -> list[Line]:
    """Return the components of a request between gateways; ``target`` is path and query.

    Raises:
        InvalidSignature: a header that must be covered is missing.
    """
    if not headers.keys() >= REQUIRED:
        raise InvalidSignature(reason="missing component")
    path, _, query = target.partition("?")
    lines = [('"@method"', method), ('"@path"', path), ('"@query"', f"?{query}")]  # RFC 9421, sec. 2.2.7: "?" when empty
    lines += [(f'"{name}"', headers[name]) for name in REQUEST_HEADERS if name in headers]
    return lines


def answer_lines(*, status: int, headers: Mapping[str, str], request: Signed) -> list[Line]:
    """Return the components of an answer between gateways.

    Args:
        status: HTTP status.
        headers: of the answer.
        request: the request's signature.
    """
    lines = [('"@status"', str(status))]
    lines += [(f'"{name}"', headers[name]) for name in ANSWER_HEADERS if name in headers]
    lines.append((REQUEST_SIGNATURE, request.signature.removeprefix(f"{LABEL}=")))
    lines.append((REQUEST_INPUT, request.input.removeprefix(f"{LABEL}=")))
    return lines
