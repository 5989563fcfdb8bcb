"""How a gateway says that it refused: X-Road's types, JSON or XML.

Source: PR-REST 1.0.4, sec. 4.6; types in CamelCase as the 7.x documents write them. A type that begins with ``Server.``
goes with status 500, any other with 400.
"""

import json
import math
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from dean06.core.errors import Dean06Error
from dean06.exchange.domain.digests import Header
from dean06.exchange.errors import BadRequest, ExchangeError, TryLater

CLIENT: Final = "Client"
CONSUMER_GATEWAY: Final = "Server.ClientProxy"
PROVIDER_GATEWAY: Final = "Server.ServerProxy"


@dataclass(frozen=True, slots=True)
class Fault:
    """A refusal of a gateway.

    Attributes:
        type: value of X-Road-Error.
        code: our stable code, value of X-Exchange-Error.
        message: one English sentence that says what to do.
        detail: identifies the call in the evidence.
        own_status: HTTP status of a refusal that PR-REST does not know; 0 follows its rule.
        retry_after: seconds after which the call may pass; 0 says nothing.
        limits: value of the RateLimit header (draft-ietf-httpapi-ratelimit-headers); empty says nothing.
    """

    type: str
    code: str
    message: str
    detail: str
    own_status: int = 0
    retry_after: float = 0
    limits: str = ""

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return self.own_status or (500 if self.type.startswith("Server.") else 400)

    @property
    def headers(self) -> list[Header]:
        """Return the headers that say what was refused, and when to come back (RFC 9110, sec. 10.2.3)."""
        lines = [("x-road-error", self.type), ("x-exchange-error", self.code)]
        if self.retry_after:
            lines.append(("retry-after", str(max(1, math.ceil(self.retry_after)))))
        if self.limits:
            lines.append(("ratelimit", self.limits))
        return lines


def fault_of(error: Dean06Error, *, gateway: str, detail: str) -> Fault:
    """Describe a refusal of the gateway ``gateway``; what the information system did wrong is ``Client.``."""
    if not isinstance(error, ExchangeError):
        return Fault(f"{gateway}.InternalError", error.code, error.detail, detail)
    prefix = CLIENT if isinstance(error, BadRequest) and gateway == CONSUMER_GATEWAY else gateway
    kind = f"{prefix}.{error.fault}"
    if isinstance(error, TryLater):
        return Fault(kind, error.code, error.detail, detail, error.status, error.retry_after, error.limits)
    return Fault(kind, error.code, error.detail, detail, error.status)


def wants_xml(accept: str) -> bool:
    """Say whether an Accept header asks for XML; JSON otherwise."""
    kinds = {part.partition(";")[0].strip().lower() for part in accept.split(",")}
    return bool(kinds & {"text/xml", "application/xml", "text/*"})


def rendered(fault: Fault, *, accept: str = "") -> tuple[str, bytes]:
    """Return content type and body of a fault."""
    if wants_xml(accept):
        parts = {"type": fault.type, "message": fault.message, "detail": fault.detail}
        body = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in parts.items())
        return "text/xml; charset=utf-8", f"<error>{body}</error>".encode()
    document = {"type": fault.type, "message": fault.message, "detail": fault.detail}
    return "application/json; charset=utf-8", json.dumps(document, ensure_ascii=False).encode()
