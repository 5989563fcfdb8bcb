"""The gateway of a provider: verifies, decides, asks the service, masks, signs, keeps, and only then answers."""

import asyncio
from typing import Final
from uuid import UUID

import structlog

from dean06.core.keys import PersonKey
from dean06.exchange.calling import answer_inside, described
from dean06.exchange.committing import GroupCommit
from dean06.exchange.domain.answering import ProviderRequest
from dean06.exchange.domain.faults import PROVIDER_GATEWAY
from dean06.exchange.domain.headers import GATEWAY_MADE, NOT_FROM_SERVICE, TRANSPORT, kept
from dean06.exchange.edge import Edge
from dean06.exchange.errors import AnswerNotMaskable, BadRequest, MessageReplayed, ServiceFailed
from dean06.exchange.evidence import PROVIDER_LOG, claim_now, nonce_digest
from dean06.exchange.serving import MOST_SUBJECTS, Admitted, ServiceAnswer, admit, authorise, request_of, seal
from dean06.exchange.snapshot import INSIDE
from dean06.exchange.wire import Incoming, Receive, Scope, Send, answer, incoming, read_body

log = structlog.get_logger(__name__)

HOP: Final = "/x1/"
SUBJECTS_HEADER: Final = "x-exchange-subjects"
NOT_TO_SERVICE: Final = TRANSPORT | GATEWAY_MADE | {"accept-encoding"}
"""The gateway must read the answer to mask it; and a peer may list headers that no consumer's gateway would."""


class ProviderEdge(Edge):
    """Serves ``/x1/…`` between gateways."""

    gateway = PROVIDER_GATEWAY
    log_name = PROVIDER_LOG

    def __init__(self) -> None:
        super().__init__()
        self.nonces: GroupCommit[UUID, bool] = GroupCommit(f"{self.log_name}-nonces", claim_now)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of another gateway."""
        request: Incoming | None = None
        known: dict[str, object] = {"method": scope["method"]}
        try:
            request = incoming(scope)
            known |= {"path": request.raw_path, "client": request.value("x-road-client")}
            await self._serve_x1(request, await read_body(request, receive), send, known)
        except Exception as exc:  # noqa: BLE001 -- the edge: whatever happens, the peer gets an answer of the protocol
            await self.refuse(send, exc, request=request, known=known)

    async def _serve_x1(self, request: Incoming, body: bytes, send: Send, known: dict[str, object]) -> None:
        if not request.raw_path.startswith(HOP):
            raise BadRequest("Gateways speak to each other under /x1/.")
        state = await self.state()
        headers = dict(kept(request.headers, without=frozenset()))
        admitted = admit(
            method=request.method, rest=request.raw_path.removeprefix(HOP), query=request.query, headers=headers, body=body, state=state
        )
        known |= {**described(admitted.message), "transaction_id": admitted.request_id}
        if not await self.nonces.submit(nonce_digest(admitted.signed)):
            raise MessageReplayed(client=str(admitted.message.client))
        grant = authorise(admitted, state=state)
        said = await self._ask(admitted, request_of(admitted, grant, inside=False))
        sealed = seal(admitted, grant, said, state=state)
        await self.evidence.submit(sealed.evidence)
        await answer(send, status=sealed.status, headers=sealed.headers, body=sealed.body, head_only=request.method == "HEAD")

    async def _ask(self, admitted: Admitted, request: ProviderRequest) -> ServiceAnswer:
        """Ask the service: a handler of this process in a thread, or an information system by HTTP.

        Raises:
            ServiceFailed: no answer in time, or none that can be used.
        """
        service = admitted.service
        if service.location != INSIDE:
            return await self._ask_system(admitted, service.location, service.timeout_seconds)
        try:
            return await asyncio.wait_for(self.in_thread(lambda: answer_inside(admitted, request)), service.timeout_seconds)
        except TimeoutError as exc:
            raise ServiceFailed("The provider's service did not answer in time.", service=str(service.id)) from exc

    async def _ask_system(self, admitted: Admitted, base: str, timeout_seconds: int) -> ServiceAnswer:
        message = admitted.message
        path = "" if message.path == "/" and base.endswith("/") else message.path
        address = f"{base.rstrip('/') if path else base}{path}{'?' + message.query if message.query else ''}"
        headers = [header for header in message.headers if header[0] not in NOT_TO_SERVICE]
        headers.append(("x-road-request-id", admitted.request_id))
        response = await self.link.send(message.method, address, headers=headers, body=message.body, timeout_seconds=timeout_seconds)
        answered = dict(kept(response.headers, without=frozenset()))
        if "content-encoding" in answered:
            raise AnswerNotMaskable("The service compressed its answer although nobody asked it to.")
        return ServiceAnswer(
            response.status,
            answered.get("content-type", ""),
            body=response.body,
            subjects=subjects_of(answered.get(SUBJECTS_HEADER, "")),
            headers=kept(response.headers, without=NOT_FROM_SERVICE),
        )


def subjects_of(header: str) -> tuple[PersonKey, ...]:
    """Read the keys by which an information system says whose data it disclosed.

    Raises:
        ServiceFailed: not a list of at most ``MOST_SUBJECTS`` UUIDs.
    """
    parts = [part.strip() for part in header.split(",") if part.strip()]
    if len(parts) > MOST_SUBJECTS:
        raise ServiceFailed("The service named more subjects than one answer may have.")
    try:
        return tuple(PersonKey(UUID(part)) for part in parts)
    except ValueError as exc:
        raise ServiceFailed("The service named its subjects in a form that cannot be read.") from exc
