"""The gateway of a provider: verifies, decides, asks the service, masks, signs, keeps, and only then answers."""

import asyncio
import time
from dataclasses import replace
from datetime import timedelta
from typing import Final
from uuid import UUID

import structlog

from dean06.core import tracing
from dean06.core.keys import PersonKey
from dean06.core.tracing import stage
from dean06.exchange.calling import answer_inside, described
from dean06.exchange.committing import GroupCommit
from dean06.exchange.domain.agreements import Grant
from dean06.exchange.domain.answering import ProviderRequest
from dean06.exchange.domain.budgets import LEFT, Budget, shorter
from dean06.exchange.domain.faults import PROVIDER_GATEWAY
from dean06.exchange.domain.headers import GATEWAY_MADE, NOT_FROM_SERVICE, TRANSPORT, kept
from dean06.exchange.domain.identifiers import ServiceId
from dean06.exchange.domain.metering import Seen
from dean06.exchange.domain.repeats import repeatable
from dean06.exchange.edge import THREADS, Edge
from dean06.exchange.errors import (
    AnswerNotMaskable,
    BadRequest,
    ExchangeError,
    MessageReplayed,
    ProviderUnreachable,
    ServiceFailed,
    ServiceSilent,
    TryLater,
)
from dean06.exchange.evidence import PROVIDER_LOG, Evidence, claim_now, nonce_digest
from dean06.exchange.guarding import Guards, Limits
from dean06.exchange.providing import is_quick
from dean06.exchange.repeating import claim, release, store
from dean06.exchange.serving import MOST_SUBJECTS, Admitted, Sealed, ServiceAnswer, admit, authorise, request_of, seal
from dean06.exchange.snapshot import INSIDE, ServiceEntry, Snapshot
from dean06.exchange.wire import Incoming, Receive, Scope, Send, answer, incoming, read_body

log = structlog.get_logger(__name__)

HOP: Final = "/x1/"
LEASE_SECONDS: Final = 10
FIRST_FAILURE_STATUS: Final = 500
MOST_THREADS_FOR_ONE: Final = THREADS - 1  # one thread stays for the gateway's own questions
SUBJECTS_HEADER: Final = "x-exchange-subjects"
NOBODY: Final = "none"
"""What the header says of an answer that found nobody."""
NOT_TO_SERVICE: Final = TRANSPORT | GATEWAY_MADE | {"accept-encoding"}
"""The gateway must read the answer to mask it; and a peer may list headers that no consumer's gateway would."""


class ProviderEdge(Edge):
    """Serves ``/x1/…`` between gateways."""

    gateway = PROVIDER_GATEWAY
    log_name = PROVIDER_LOG
    side = "provider"
    asked = "service"

    def __init__(self) -> None:
        super().__init__()
        self.limits = Limits(self.in_thread)
        self.guards: Guards[ServiceId] = Guards()
        self.nonces: GroupCommit[UUID, bool] = GroupCommit(f"{self.log_name}-nonces", claim_now)

    async def stop(self) -> None:
        """Give back connections and threads."""
        await super().stop()
        await self.nonces.close()

    def circuits(self) -> dict[str, str]:
        """Return the phase of each service's circuit."""
        return self.guards.phases()

    async def _reasons(self) -> list[str]:
        """Say what keeps the gateway from working well: services that do not answer, too."""
        away = [f"{service} does not answer" for service, phase in sorted(self.circuits().items()) if phase != "closed"]
        return await super()._reasons() + away

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request of another gateway."""
        request: Incoming | None = None
        seen = Seen(time.monotonic())
        known: dict[str, object] = {"method": scope["method"]}
        try:
            request = incoming(scope)
            known |= {"path": request.raw_path, "client": request.value("x-road-client")}
            await self._serve_x1(request, await read_body(request, receive), send, known, seen)
        except Exception as exc:  # noqa: BLE001 -- the edge: whatever happens, the peer gets an answer of the protocol
            seen.outcome = getattr(exc, "code", "")
            await self.refuse(send, exc, request=request, known=known)
        self.count(seen)

    async def _serve_x1(self, request: Incoming, body: bytes, send: Send, known: dict[str, object], seen: Seen) -> None:
        if not request.raw_path.startswith(HOP):
            raise BadRequest("Gateways speak to each other under /x1/.")
        state = await self.state()
        headers = dict(kept(request.headers, without=frozenset()))
        stage("verify")
        admitted = admit(
            method=request.method, rest=request.raw_path.removeprefix(HOP), query=request.query, headers=headers, body=body, state=state
        )
        known |= {**described(admitted.message), "transaction_id": admitted.request_id}
        if self.is_own_tls:
            state.check_gateway(admitted.consumer, request.certificate)
        seen.asks(admitted.message, size_bytes=len(body))
        seen.service, seen.transaction_id = str(admitted.service.id), admitted.request_id
        is_late = may_be_asked_again(admitted)
        stage("replay")
        if not is_late:
            await self._claim(admitted)
        stage("authorise")
        grant = authorise(admitted, state=state)
        if is_late and grant.agreement.is_limited:  # a replay must not use up what the agreement allows
            await self._claim(admitted)
            is_late = False
        budget = Budget.of(headers.get(LEFT, ""), now=seen.began)
        limits = await self.limits.admit(grant.agreement)
        sealed = await self._done_once(admitted, grant, budget, state)
        stage("commit")
        await self._keep(admitted, sealed.evidence, is_claim=is_late)
        stage("answer")
        seen.answered(sealed.status, len(sealed.body))
        lines = (*sealed.headers, ("ratelimit", limits)) if limits else sealed.headers
        await answer(send, status=sealed.status, headers=lines, body=sealed.body, head_only=request.method == "HEAD")

    async def _claim(self, admitted: Admitted) -> None:
        """Claim the request's nonce before its service is asked.

        Raises:
            MessageReplayed: it is known.
        """
        if not await self.nonces.submit(nonce_digest(admitted.signed)):
            raise MessageReplayed(client=str(admitted.message.client))

    async def _keep(self, admitted: Admitted, evidence: Evidence, *, is_claim: bool) -> None:
        """Commit the evidence, with the claim of the nonce if that was left until now.

        Raises:
            MessageReplayed: the nonce is known; nothing was written.
        """
        if is_claim:
            evidence = replace(evidence, nonce=nonce_digest(admitted.signed))
        if await self.evidence.submit(evidence) is None:
            raise MessageReplayed(client=str(admitted.message.client))

    async def _done_once(self, admitted: Admitted, grant: Grant, budget: Budget | None, state: Snapshot) -> Sealed:
        """Ask the service, or repeat the answer that it gave under the same Idempotency-Key.

        The answer is kept before its evidence is committed: a crash between the two leaves a try that is answered again and
        recorded then, never one that is done again. A key whose request has an unknown end stays claimed until its lease is over.

        Raises:
            KeyInFlight, KeyReused: the key is taken.
        """
        request = repeatable(admitted.message)
        if request is None:
            return self._sealed(admitted, grant, await self._ask(admitted, grant, budget), state=state)
        lease = timedelta(seconds=admitted.service.timeout_seconds + LEASE_SECONDS)
        if (before := await self.in_thread(lambda: claim(request, lease=lease))) is not None:
            return again(self._sealed(admitted, grant, before.answer, state=state), transaction_id=before.transaction_id)
        try:
            said = await self._ask(admitted, grant, budget)
        except ExchangeError as exc:
            if isinstance(exc, TryLater) or type(exc) is ServiceFailed:  # not asked, or it said that it failed
                await self.in_thread(lambda: release(request))
            raise
        sealed = self._sealed(admitted, grant, said, state=state)
        if said.status >= FIRST_FAILURE_STATUS:
            await self.in_thread(lambda: release(request))
        else:
            await self.in_thread(lambda: store(request, kept_answer(said, sealed), transaction_id=admitted.request_id))
        return sealed

    @staticmethod
    def _sealed(admitted: Admitted, grant: Grant, said: ServiceAnswer, *, state: Snapshot) -> Sealed:
        stage("sign")
        return seal(admitted, grant, said, state=state)

    async def _ask(self, admitted: Admitted, grant: Grant, budget: Budget | None) -> ServiceAnswer:
        """Ask the service when it is this call's turn: a handler of this process in a thread, or an information system by HTTP.

        Raises:
            ServiceFailed: no answer in time, or none that can be used.
            ServiceBusy, ServiceResting: it was not asked.
        """
        stage("service")
        service = admitted.service
        patience = shorter(service.timeout_seconds, budget, now=time.monotonic())
        if service.location != INSIDE:
            return await self.guards.before(service.id).ask(lambda: self._ask_system(admitted, service, budget), patience=patience)
        request = request_of(admitted, grant, inside=False)
        if is_quick(service.id):
            return answer_inside(admitted, request)
        guard = self.guards.before(service.id, most=MOST_THREADS_FOR_ONE)
        return await guard.ask(lambda: self._ask_inside(admitted, request, budget), patience=patience)

    async def _ask_inside(self, admitted: Admitted, request: ProviderRequest, budget: Budget | None) -> ServiceAnswer:
        seconds = shorter(admitted.service.timeout_seconds, budget, now=time.monotonic())
        try:
            async with asyncio.timeout(seconds):  # unlike wait_for it makes no task of its own
                return await self.in_thread(lambda: answer_inside(admitted, request))
        except TimeoutError as exc:
            if budget is not None:
                budget.check_over(time.monotonic())
            raise ServiceSilent(service=str(admitted.service.id)) from exc

    async def _ask_system(self, admitted: Admitted, service: ServiceEntry, budget: Budget | None) -> ServiceAnswer:
        base = service.location
        message = admitted.message
        path = "" if message.path == "/" and base.endswith("/") else message.path
        address = f"{base.rstrip('/') if path else base}{path}{'?' + message.query if message.query else ''}"
        headers = [header for header in message.headers if header[0] not in NOT_TO_SERVICE]
        headers += [("x-road-request-id", admitted.request_id), *tracing.headers()]
        if budget is not None:
            headers.append(budget.header(time.monotonic()))
        seconds = shorter(service.timeout_seconds, budget, now=time.monotonic())
        try:
            response = await self.link.send(message.method, address, headers=headers, body=message.body, timeout_seconds=seconds)
        except ProviderUnreachable:
            if budget is not None:
                budget.check_over(time.monotonic())  # the caller's time is over: that is no sign that the service is away
            raise
        answered = dict(kept(response.headers, without=frozenset()))
        if "content-encoding" in answered:
            raise AnswerNotMaskable("The service compressed its answer although nobody asked it to.")
        return ServiceAnswer(
            response.status,
            answered.get("content-type", ""),
            body=response.body,
            subjects=subjects_of(answered.get(SUBJECTS_HEADER, "")),
            about_nobody=answered.get(SUBJECTS_HEADER, "") == NOBODY,
            headers=kept(response.headers, without=NOT_FROM_SERVICE),
        )


def may_be_asked_again(admitted: Admitted) -> bool:
    """Say whether the nonce may be claimed together with the evidence.

    A replay then asks the service once more and gets no answer; that costs nothing where it answers from memory and changes nothing.
    """
    return admitted.service.location == INSIDE and is_quick(admitted.service.id) and repeatable(admitted.message) is None


def kept_answer(said: ServiceAnswer, sealed: Sealed) -> ServiceAnswer:
    """Return what is kept under an Idempotency-Key: the answer as it was released, with the subjects that it names."""
    kind = next((value for name, value in sealed.headers if name == "content-type"), "")
    return ServiceAnswer(said.status, kind, body=sealed.body, subjects=said.subjects, headers=said.headers, about_nobody=said.about_nobody)


def again(sealed: Sealed, *, transaction_id: str) -> Sealed:
    """Mark a repeated answer, on the wire and in the evidence, with the transaction in which the service gave it."""
    evidence = replace(sealed.evidence, detail={**sealed.evidence.detail, "replayed": transaction_id})
    return replace(sealed, headers=(*sealed.headers, ("x-exchange-replayed", transaction_id)), evidence=evidence)


def subjects_of(header: str) -> tuple[PersonKey, ...]:
    """Read the keys by which an information system says whose data it disclosed; ``none`` for nobody's.

    Raises:
        ServiceFailed: not a list of at most ``MOST_SUBJECTS`` UUIDs.
    """
    parts = [part.strip() for part in header.split(",") if part.strip()] if header != NOBODY else []
    if len(parts) > MOST_SUBJECTS:
        raise ServiceFailed("The service named more subjects than one answer may have.")
    try:
        return tuple(PersonKey(UUID(part)) for part in parts)
    except ValueError as exc:
        raise ServiceFailed("The service named its subjects in a form that cannot be read.") from exc
