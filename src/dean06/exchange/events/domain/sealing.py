"""The signature of a webhook: RFC 9421 with the key of the member that tells (ecdsa-p256-sha256) and RFC 9530 Content-Digest.

The same key signs the member's answers between gateways; a tag of its own keeps one kind of signature from passing as the other.
"""

import base64
from collections.abc import Callable
from typing import Final

from dean06.exchange.domain.digests import Header, content_digest
from dean06.exchange.domain.signatures import ALGORITHM, SignRaw, signature_base
from dean06.exchange.events.domain.envelopes import CONTENT_TYPE
from dean06.exchange.events.domain.targets import REQUEST_ORIGIN

LABEL: Final = "event"
TAG: Final = "dean06-event"
COVERED: Final = ("@method", "@target-uri", "content-type", "content-digest")

Seal = Callable[[str, bytes], list[Header]]
"""Takes address and body, returns the headers of the delivery."""


def sealed_headers(*, address: str, body: bytes, origin: str, key_id: str, sign_raw: SignRaw, created: int) -> list[Header]:
    """Return the headers of a delivery, signed.

    Args:
        address: the whole address it is posted to.
        body: the event.
        origin: what the handshake named as WebHook-Request-Origin; each delivery repeats it (sec. 4.1.2).
        key_id: which of the member's keys.
        sign_raw: signs with it.
        created: seconds since 1970.
    """
    digest = content_digest(body)
    values = {"@method": "POST", "@target-uri": address, "content-type": CONTENT_TYPE, "content-digest": digest}
    components = " ".join(f'"{name}"' for name in COVERED)
    params = f'({components});created={created};keyid="{key_id}";alg="{ALGORITHM}";tag="{TAG}"'
    base = signature_base([(f'"{name}"', values[name]) for name in COVERED], params)
    signature = base64.b64encode(sign_raw(base)).decode("ascii")
    return [
        ("content-type", CONTENT_TYPE),
        ("content-digest", digest),
        (REQUEST_ORIGIN, origin),
        ("signature-input", f"{LABEL}={params}"),
        ("signature", f"{LABEL}=:{signature}:"),
    ]
