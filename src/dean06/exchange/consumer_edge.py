"""The gateway of a consumer: what an information system speaks to (r1), and what goes out to providers."""

import hashlib
import hmac
import re
import time
from collections.abc import Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import parse_qs

import structlog

from dean06.core import tracing
from dean06.core.clock import today
from dean06.core.errors import Dean06Error
from dean06.core.tracing import stage
from dean06.exchange import govstack, hop, metadata
from dean06.exchange.consuming import Outgoing, check_answer, prepare, received
from dean06.exchange.domain import metering
from dean06.exchange.domain.budgets import ASKED, Budget, shorter
from dean06.exchange.domain.digests import Header
from dean06.exchange.domain.faults import CONSUMER_GATEWAY
from dean06.exchange.domain.headers import TRANSPORT
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.metering import Seen
from dean06.exchange.domain.r1 import METADATA, RESERVED, Message, parse_request
from dean06.exchange.edge import Edge
from dean06.exchange.errors import BadRequest, ClientNotAuthenticated, ProviderUnreachable, UnknownMember, UnknownService
from dean06.exchange.evidence import CONSUMER_LOG
from dean06.exchange.guarding import Guards, before_a_gateway
from dean06.exchange.links import Link, Received
from dean06.exchange.ngsp import front as ngsp
from dean06.exchange.snapshot import Snapshot
from dean06.exchange.wire import Incoming, Receive, Scope, Send, answer, closing, incoming, is_loopback, read_body

log = structlog.get_logger(__name__)

DEFAULT_TIMEOUT_SECONDS: Final = 60
HOP_SECONDS: Final = 2
_CODE: Final = re.compile(r"exchange\.[a-z_]{1,60}")
READING: Final = frozenset({"GET", "HEAD"})  # PR-MREST knows its services under GET alone
TOKEN_HEADER: Final = "x-exchange-token"  # noqa: S105 -- the name of a header
OF_THE_HOP: Final = TRANSPORT | {"signature", "signature-input", "date"}
"""Headers between the gateways that the information system does not get."""


class ConsumerEdge(Edge):
    """Serves ``/r1/…`` and the metadata services."""

    gateway = CONSUMER_GATEWAY
    log_name = CONSUMER_LOG
    side = "consumer"
    asked = "gateway"

    def __init__(self) -> None:
        super().__init__()
        self.link = Link(hop.identity) if self.is_own_tls else Link()
        self.peers: Guards[str] = Guards(before_a_gateway)

    def circuits(self) -> dict[str, str]:
        """Return the phase of the circuit before each provider's gateway, by address."""
        return self.peers.phases()

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of an information system."""
        request: Incoming | None = None
        seen = Seen(time.monotonic())
        known: dict[str, object] = {"method": scope["method"]}
        try:
            request = incoming(scope)
            known |= {"path": request.raw_path, "client": request.value("x-road-client")}
            if request.raw_path == "/listClients":
                await self._list_clients(request, send)
                return
            if code := govstack.metadata_code(request):
                await self._serve_directory(code, request, send)
                return
            if govstack.is_call(request):
                request = govstack.as_r1(request)
                known["client"] = request.value("x-road-client")
            elif ngsp.is_call(request):
                front = await self.in_thread(partial(ngsp.front_for, request))
                send = front.answering(send)
                request = await self.in_thread(front.as_r1)
                known["client"] = request.proven
            await self._serve_r1(request, await read_body(request, receive), send, known, seen)
        except Exception as exc:  # noqa: BLE001 -- the edge: whatever happens, the information system gets an answer of the protocol
            seen.outcome = getattr(exc, "code", "")
            await self.refuse(send, exc, request=request, known=known)
        self.count(seen)

    async def _list_clients(self, request: Incoming, send: Send) -> None:
        state = await self.state()
        if govstack.asks_for_clients(request):
            kind, body = govstack.list_clients(state, request)
            await answer(send, status=200, headers=[("content-type", kind)], body=body, head_only=request.method == "HEAD")
            return
        instance = parse_qs(request.query).get("xRoadInstance", [""])[-1]
        kind, body = metadata.list_clients(state, instance=instance, accept=request.value("accept"))
        await answer(send, status=200, headers=[("content-type", kind)], body=body, head_only=request.method == "HEAD")

    async def _serve_directory(self, code: str, request: Incoming, send: Send) -> None:
        """Answer the directory services of an Information Mediator; what cannot be answered is 400 and a JSON string."""
        try:
            kind, body = govstack.directory(code, await self.state(), request)
        except (BadRequest, UnknownMember, UnknownService) as exc:
            fault = self.fault(exc, reference="")
            lines = [("content-type", metadata.JSON), *fault.headers]
            await answer(closing(send), status=400, headers=lines, body=govstack.refusal_body(exc.detail))
            return
        await answer(send, status=200, headers=[("content-type", kind)], body=body, head_only=request.method == "HEAD")

    async def _serve_r1(self, request: Incoming, body: bytes, send: Send, known: dict[str, object], seen: Seen) -> None:
        stage("authorise")
        message = parse_request(method=request.method, raw_path=request.raw_path, query=request.query, headers=request.headers, body=body)
        known |= {"service": message.service, "message_id": message.message_id, "issue": message.issue}
        known["purpose"] = message.values.get("x-exchange-purpose", "")
        state = await self.state()
        authenticate(request, message.client, state=state)
        seen.asks(message, size_bytes=len(body))
        if message.service.service_code in METADATA and message.method in READING:
            kind, document = metadata_answer(message, state=state)
            await answer(send, status=200, headers=[("content-type", kind)], body=document, head_only=message.method == "HEAD")
            seen.outcome = metering.METADATA
            return
        if message.service.service_code in RESERVED:
            raise UnknownService(service=message.service.service_code)
        if message.service in state.services:
            seen.service = str(message.service)
        stage("sign")
        outgoing = prepare(message, state=state)
        known["transaction_id"] = seen.transaction_id = outgoing.request_id
        stage("hop")
        response = await self._forwarded(outgoing, state, Budget.of(message.values.get(ASKED, ""), now=seen.began))
        headers = dict(response.headers)
        if "x-road-error" in headers:
            seen.outcome = known_code(headers.get("x-exchange-error", ""))
            await self._pass_refusal(outgoing, response, headers, send, known)
            return
        await self._pass_answer(outgoing, response, headers, send, state)
        seen.answered(response.status, len(response.body))

    async def _forwarded(self, outgoing: Outgoing, state: Snapshot, budget: Budget | None) -> Received:
        """Ask the provider's gateway when it is this call's turn.

        Raises:
            ProviderUnreachable: it does not answer.
            PeerResting, PeerBusy: it was not asked.
            BudgetSpent: the caller's time is over.
            PeerNotNamed: we may not speak for the consumer.
            GatewayNotNamed: another gateway than the provider's answers there.
        """
        if self.is_own_tls:
            state.check_gateway(outgoing.consumer, self.link.shown(trusting=state.certificates))
        service = state.services.get(outgoing.message.service)
        seconds: float = service.timeout_seconds + HOP_SECONDS if service else DEFAULT_TIMEOUT_SECONDS
        patience = shorter(seconds, budget, now=time.monotonic())
        guard = self.peers.before(outgoing.provider.gateway)
        return await guard.ask(lambda: self._sent(outgoing, state, budget, seconds), patience=patience)

    async def _sent(self, outgoing: Outgoing, state: Snapshot, budget: Budget | None, seconds: float) -> Received:
        address = f"{outgoing.provider.gateway}{outgoing.target}"
        message = outgoing.message
        is_named = partial(state.is_gateway_of, outgoing.provider) if self.is_own_tls else None
        ask = partial(self.link.send, message.method, address, body=message.body, is_named=is_named)
        traced = (*outgoing.headers, *tracing.headers())
        if budget is None:
            return await ask(headers=traced, timeout_seconds=seconds)
        headers = (*traced, budget.header(time.monotonic()))
        try:
            return await ask(headers=headers, timeout_seconds=shorter(seconds, budget, now=time.monotonic()))
        except ProviderUnreachable:
            budget.check_over(time.monotonic())
            raise

    async def _pass_answer(self, outgoing: Outgoing, response: Received, headers: Mapping[str, str], send: Send, state: Snapshot) -> None:
        stage("verify")
        signed = check_answer(outgoing, status=response.status, headers=headers, body=response.body, state=state)
        mine = received(
            outgoing,
            status=response.status,
            answer=signed,
            agreement=headers.get("x-exchange-agreement", ""),
            body=response.body,
            state=state,
        )
        stage("commit")
        await self.evidence.submit(mine)
        stage("answer")
        lines = [header for header in response.headers if header[0] not in OF_THE_HOP]
        await answer(send, status=response.status, headers=lines, body=response.body, head_only=outgoing.message.method == "HEAD")

    async def _pass_refusal(
        self, outgoing: Outgoing, response: Received, headers: Mapping[str, str], send: Send, known: Mapping[str, object]
    ) -> None:
        """Hand on what the provider's gateway refused, and remember that it did."""
        code = headers.get("x-exchange-error", "")
        error = PeerRefused(code)
        later = code if "retry-after" in headers else ""
        await self.record_refusal(error, detail={**known, "peer_code": code}, who=outgoing.consumer.name, peer_code=later)
        lines: list[Header] = [header for header in response.headers if header[0] not in OF_THE_HOP]
        lines.append(("x-road-request-id", outgoing.request_id))
        await answer(send, status=response.status, headers=lines, body=response.body, head_only=outgoing.message.method == "HEAD")


class PeerRefused(Dean06Error):
    """The provider's gateway refused the call; its own code stands beside."""

    code = "exchange.peer_refused"
    message_vi = "Bên cung cấp dữ liệu từ chối yêu cầu."


def known_code(text: str) -> str:
    """Return a peer's code if it looks like one of ours: it becomes a label, and labels are not for others to choose."""
    return text if _CODE.fullmatch(text) else PeerRefused.code


def authenticate(request: Incoming, client: ClientId, *, state: Snapshot) -> None:
    """Check that the information system is the subsystem that it names.

    Raises:
        UnknownMember: not registered.
        ClientNotAuthenticated: its token is missing or wrong, or it has none and speaks from another machine.
    """
    subsystem = state.client(client)
    if request.proven == str(client):
        return
    if subsystem.authentication == "token":
        digest = hashlib.sha256(request.value(TOKEN_HEADER).encode()).hexdigest()
        if not hmac.compare_digest(digest, subsystem.token_hash):
            raise ClientNotAuthenticated(client=str(client))
    elif not is_loopback(request.peer):
        raise ClientNotAuthenticated("A subsystem without a token is served on this machine only.", client=str(client))


def metadata_answer(message: Message, *, state: Snapshot) -> tuple[str, bytes]:
    """Answer listMethods, allowedMethods and getOpenAPI.

    Raises:
        UnknownMember, UnknownService, BadRequest: the question names nothing that is there.
    """
    provider = message.service.provider
    match message.service.service_code:
        case "listMethods":
            return metadata.list_methods(state, provider)
        case "allowedMethods":
            return metadata.allowed_methods(state, provider, client=message.client, day=today())
        case _:
            query: dict[str, list[Any]] = parse_qs(message.query)
            return metadata.open_api(state, provider, service_code=query.get("serviceCode", [""])[-1])
