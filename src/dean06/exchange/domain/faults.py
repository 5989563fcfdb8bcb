"""How a gateway says that it refused: X-Road's types, JSON or XML.

Source: PR-REST 1.0.4, sec. 4.6; types in CamelCase as the 7.x documents write them. A type that begins with ``Server.``
goes with status 500, any other with 400.
"""

import json
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from dean06.core.errors import Dean06Error
from dean06.exchange.errors import BadRequest, ExchangeError

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
    """

    type: str
    code: str
    message: str
    detail: str

    @property
    def status(self) -> int:
        """Return the HTTP status."""
        return 500 if self.type.startswith("Server.") else 400


def fault_of(error: Dean06Error, *, gateway: str, detail: str) -> Fault:
    """Describe a refusal of the gateway ``gateway``; what the information system did wrong is ``Client.``."""
    word = error.fault if isinstance(error, ExchangeError) else "InternalError"
    prefix = CLIENT if isinstance(error, BadRequest) and gateway == CONSUMER_GATEWAY else gateway
    return Fault(f"{prefix}.{word}", error.code, error.detail, detail)


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
