"""Consumer edge: sign what an information system asks, and believe no answer that does not belong to it."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final
from uuid import uuid4

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.errors import Dean06Error
from dean06.exchange.domain.digests import Header, content_digest, head_bytes, request_hash
from dean06.exchange.domain.r1 import SERVER_CODE, Message
from dean06.exchange.domain.signatures import Signed, answer_lines, request_lines, sign, verify
from dean06.exchange.errors import InconsistentResponse, InvalidSignature, StaleMessage, UnknownSecurityServer
from dean06.exchange.evidence import CONSUMER_LOG, Evidence, harmless, signed_detail
from dean06.exchange.snapshot import MemberEntry, Snapshot

NONCE_BYTES: Final = 16


@dataclass(frozen=True)
class Outgoing:
    """A request between gateways.

    Attributes:
        message: what the information system asked.
        request_id: X-Road-Request-Id, which both sides keep.
        target: path and query at the provider's gateway, ``/x1/…``.
        headers: all headers of the hop, in order.
        hash: X-Road-Request-Hash that the answer must carry.
        signed: our signature.
        provider: where it goes.
        consumer: on whose behalf.
    """

    message: Message
    request_id: str
    target: str
    headers: tuple[Header, ...] = field(repr=False)
    hash: str
    signed: Signed = field(repr=False)
    provider: MemberEntry
    consumer: MemberEntry

    @cached_property
    def expected(self) -> dict[str, str]:
        """Return the headers that an answer must repeat."""
        values = self.message.values
        return {
            "x-road-client": values["x-road-client"],
            "x-road-id": values["x-road-id"],
            "x-road-service": self.message.service.encoded,
            "x-road-request-id": self.request_id,
            "x-road-request-hash": self.hash,
        }


def prepare(message: Message, *, state: Snapshot) -> Outgoing:
    """Resolve the provider and sign the request.

    Raises:
        UnknownMember: client or provider is not registered.
        UnknownSecurityServer: the client wants a gateway that the provider does not have.
    """
    state.client(message.client)
    provider = state.member(message.service.provider)
    if message.security_server not in ("", f"{provider.id}/{SERVER_CODE}"):
        raise UnknownSecurityServer(server=message.security_server)
    request_id = str(uuid4())
    head = head_bytes(message.method, f"/r1/{message.address}", (*message.headers, ("x-road-request-id", request_id)))
    target = f"/x1/{message.address}"
    headers = (
        *message.headers,
        ("x-road-request-id", request_id),
        ("content-digest", content_digest(message.body)),
        ("x-exchange-kept", ",".join(name for name, _ in message.headers)),
        ("x-exchange-head", content_digest(head)),
    )
    signer = state.signer(message.client)
    signed = sign(
        request_lines(method=message.method, target=target, headers=dict(headers)),
        key_id=signer.kid,
        sign_raw=signer.sign_raw,
        created=int(now().timestamp()),
        nonce=secrets.token_urlsafe(NONCE_BYTES),
    )
    return Outgoing(
        message=message,
        request_id=request_id,
        target=target,
        headers=(*headers, ("signature-input", signed.input), ("signature", signed.signature)),
        hash=request_hash(head, message.body),
        signed=signed,
        provider=provider,
        consumer=state.member(message.client),
    )


def check_answer(outgoing: Outgoing, *, status: int, headers: Mapping[str, str], body: bytes, state: Snapshot) -> Signed:
    """Verify that an answer belongs to the request and is the provider's.

    Checked are client, message id, service, request id, request hash, body digest and signature (PR-REST, sec. 4.8).

    Raises:
        InconsistentResponse: one of them does not agree.
    """
    for name, value in outgoing.expected.items():
        if headers.get(name) != value:
            raise InconsistentResponse(header=name)
    if headers.get("content-digest") != content_digest(body):
        raise InconsistentResponse(header="content-digest")
    lines = answer_lines(status=status, headers=headers, request=outgoing.signed)
    verifier = state.verifier(outgoing.message.service.provider)
    try:
        return verify(lines, headers, verify_raw=verifier, now=int(now().timestamp()), once=False)
    except (InvalidSignature, StaleMessage) as exc:
        raise InconsistentResponse(reason=exc.code) from exc


def received(outgoing: Outgoing, *, status: int, answer: Signed, agreement: str, body: bytes, state: Snapshot) -> Evidence:
    """Return the consumer's own evidence: both signatures, nobody's name; with the bodies where the agreement says so."""
    message = outgoing.message
    evidence = Evidence(
        kind="exchange.received",
        log=CONSUMER_LOG,
        actor=Actor(account=str(message.client)),
        who=outgoing.consumer.name,
        purpose=message.purpose,
        legal_basis=message.legal_basis,
        dossier=message.issue,
        on_behalf_of=message.represented_party,
        detail={
            "transaction_id": outgoing.request_id,
            "message_id": message.message_id,
            "client": str(message.client),
            "service": str(message.service),
            "agreement": agreement,
            "status": status,
            "request_hash": outgoing.hash,
            "request": signed_detail(outgoing.signed),
            "answer": signed_detail(answer),
        },
    )
    if agreement in state.kept_by_consumers and any(one.label == agreement for one in state.between(message.client, message.service)):
        return evidence.with_bodies(request=message.body, answer=body)
    return evidence


def refused(error: Dean06Error, *, log: str, detail: Mapping[str, object], who: str = "") -> Evidence:
    """Return the evidence of a refusal; what the caller sent is cut and holds no long numbers."""
    return Evidence(
        kind="exchange.refused",
        log=log,
        actor=Actor(account=harmless(str(detail.get("client", ""))) or "unknown"),
        who=who or harmless(str(detail.get("client", ""))),
        purpose=harmless(str(detail.get("purpose", ""))),
        dossier=harmless(str(detail.get("issue", ""))),
        detail={**{name: harmless(str(value)) for name, value in detail.items()}, "code": error.code},
    )
