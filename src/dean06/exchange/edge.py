"""What both gateways share: state that keeps itself fresh, evidence in groups, threads for the database."""

import asyncio
import contextvars
import json
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar
from uuid import UUID, uuid4

import structlog
from django.conf import settings
from django.db import close_old_connections, connections

from dean06 import __version__
from dean06.core import tracing
from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error
from dean06.exchange import hop, snapshot
from dean06.exchange.committing import GroupCommit
from dean06.exchange.consuming import refused
from dean06.exchange.domain.faults import Fault, fault_of
from dean06.exchange.domain.metering import CONTENT_TYPE, Meter, Seen
from dean06.exchange.errors import BadRequest, EvidenceNotKept, ExchangeError, GatewayBusy, GatewayDatabaseAway
from dean06.exchange.evidence import Evidence, EvidenceKeeper
from dean06.exchange.guarding import Refusals
from dean06.exchange.links import Link
from dean06.exchange.operations.recording import Recorder, records
from dean06.exchange.peers import gatekeeper
from dean06.exchange.snapshot import Snapshot
from dean06.exchange.wire import Incoming, Receive, Scope, Send, answer, closing, is_loopback, lifespan, peer_of, refuse

log = structlog.get_logger(__name__)

THREADS: Final = 5  # each may hold one of the process's pooled database connections
STALE_SECONDS: Final = 2.0
MOST_INSIDE: Final = 4_500
"""Requests in one process at once; below the longest queue of evidence, so that who was let in can be recorded."""
OF_THE_OPERATOR: Final = frozenset({"/metrics", "/ready"})
"""Answered to this machine alone; anybody else gets what any wrong address gets."""
READY_SECONDS: Final = 2.0
MANY_WAITING: Final = 1_000
TOGETHER_SECONDS: Final = 1.0
CONNECTION_SECONDS: Final = 5.0
"""So long a thread keeps its database connection before it is checked again."""

Result = TypeVar("Result")


class Edge:
    """One gateway in one process; subclasses answer requests.

    Attributes:
        gateway: prefix of the faults that it makes.
        log_name: the ledger's log that it keeps.
        side: what it says of itself in figures.
        asked: whom it asks, as figures call it.
    """

    gateway: str
    log_name: str
    side: str
    asked: str

    def __init__(self) -> None:
        self.link = Link()
        self.refusals = Refusals()
        self.meter = Meter(self.side)
        self.inside = 0
        self.evidence: GroupCommit[Evidence, UUID | None] = GroupCommit(f"{self.log_name}-evidence", EvidenceKeeper().keep)
        self._spans: Recorder | None = None
        self._ratio: float | None = None
        self._threads: ThreadPoolExecutor | None = None
        self._state: Snapshot | None = None
        self._state_at = 0.0
        self.is_own_tls = hop.is_own_tls()
        self._staying: asyncio.Task[None] | None = None
        self._refresh: asyncio.Task[Snapshot] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await lifespan(receive, send, start=self.start, stop=self.stop)
        elif scope["type"] == "http" and scope["path"] == "/health":
            await self._health(send)
        elif scope["type"] == "http" and scope["path"] in OF_THE_OPERATOR and is_loopback(peer_of(scope)):
            await self._tell_operator(scope["path"], send)
        elif scope["type"] == "http" and self.inside >= MOST_INSIDE:
            await refuse(closing(send), self.fault(GatewayBusy(retry_after=1.0), reference=str(uuid4())), accept="")
        elif scope["type"] == "http":
            self.inside += 1
            token = tracing.current.set(tracing.begin(scope["headers"], ratio=self._ratio))
            try:
                await self.serve(scope, receive, send)
            finally:
                tracing.current.reset(token)
                self.inside -= 1

    def count(self, seen: Seen) -> None:
        """Count a call that ended."""
        ended, at = time.monotonic(), time.time()
        seen.trace = tracing.current.get()
        self.meter.note(seen, ended=ended, at=at)
        records.note(self.side, seen, ended=ended, at=at)
        if self._spans is not None and seen.trace is not None and seen.trace.stages is not None:
            self._spans.note(self.side, seen, ended=ended, at=at)

    async def start(self) -> None:
        """Get ready."""
        records.start()
        if settings.DEAN06_OTLP_ENDPOINT:
            from dean06.exchange.spans import spans_to  # noqa: PLC0415 -- who has no collector does not load its client

            self._spans, self._ratio = spans_to(settings.DEAN06_OTLP_ENDPOINT, side=self.side), settings.DEAN06_OTLP_SAMPLE_RATIO
            self._spans.start()
        if self.is_own_tls:
            self._staying = asyncio.create_task(self._stay_current(), context=contextvars.Context())

    async def _stay_current(self) -> None:
        """Know also without calls whom the configuration names: TLS must let a peer through before it can ask anything."""
        while True:
            try:
                gatekeeper.let_in((await self.state()).certificates)
            except (Dean06Error, *DATABASE_AWAY) as exc:
                log.warning("exchange.peers_not_learned", gateway=self.log_name, error=type(exc).__name__)
            except Exception:  # whatever happens, this gateway learns of its peers again
                log.exception("exchange.peers_not_learned", gateway=self.log_name)
            await asyncio.sleep(STALE_SECONDS)

    async def stop(self) -> None:
        """Give back connections and threads."""
        if self._staying is not None:
            self._staying.cancel()
            await asyncio.wait([self._staying])
        await self.link.close()
        await self.evidence.close()
        await self._end_threads()
        await asyncio.to_thread(records.stop)
        if self._spans is not None:
            await asyncio.to_thread(self._spans.stop)

    async def _end_threads(self) -> None:
        """Let each thread give back its database connection and end; one that is still at work keeps it until the process ends."""
        threads, self._threads = self._threads, None
        if threads is not None:
            together = threading.Barrier(THREADS)  # so that no thread takes two of these
            loop = asyncio.get_running_loop()
            given_back = [loop.run_in_executor(threads, _give_back, together) for _ in range(THREADS)]
            await asyncio.wait(given_back, timeout=2 * TOGETHER_SECONDS)
            threads.shutdown(wait=False, cancel_futures=True)

    async def _health(self, send: Send) -> None:
        """Answer a supervisor: alive, without a look at the database."""
        body = json.dumps({"status": "ok", "process": self.log_name, "version": __version__}).encode()
        await answer(send, status=200, headers=[("content-type", "application/json")], body=body)

    async def _tell_operator(self, path: str, send: Send) -> None:
        """Answer the operator of this machine: figures, or whether the gateway can work and if not, why."""
        if path == "/metrics":
            gauges = {"inside": self.inside, "evidence_waiting": self.evidence.waiting, "configuration_age_seconds": self._state_age()}
            gauges["records_dropped"] = records.dropped
            gauges["spans_dropped"] = self._spans.dropped if self._spans is not None else 0
            text = self.meter.prometheus(gauges, self.circuits(), asked=self.asked)
            await answer(send, status=200, headers=[("content-type", CONTENT_TYPE)], body=text.encode())
            return
        reasons = await self._reasons()
        document = {
            "status": "ready" if not reasons else "not ready",
            "process": self.log_name,
            "reasons": reasons,
            "resting": sorted(asked for asked, phase in self.circuits().items() if phase != "closed"),
            "services": self.meter.health(),
        }
        body = json.dumps(document, ensure_ascii=False).encode()
        await answer(send, status=503 if reasons else 200, headers=[("content-type", "application/json")], body=body)

    def _state_age(self) -> float:
        return time.monotonic() - self._state_at if self._state is not None else 0.0

    async def _reasons(self) -> list[str]:
        """Say what keeps the gateway from working well; nothing if it works."""
        reasons = []
        try:
            await asyncio.wait_for(self.state(), READY_SECONDS)
        except (TimeoutError, *DATABASE_AWAY):
            reasons.append("the database does not answer")
        if self.evidence.waiting > MANY_WAITING:
            reasons.append(f"{self.evidence.waiting} pieces of evidence wait to be written")
        if self.inside > MOST_INSIDE * 0.9:
            reasons.append(f"{self.inside} requests are inside")
        return reasons

    def circuits(self) -> dict[str, str]:
        """Return the phase of the circuit before each whom this gateway asks."""
        raise NotImplementedError

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        raise NotImplementedError

    async def in_thread(self, function: Callable[[], Result]) -> Result:
        """Run something that uses the database in a thread."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix=self.log_name)
        of_call = contextvars.copy_context()
        return await asyncio.get_running_loop().run_in_executor(self._threads, of_call.run, _with_own_connection, function)

    async def state(self) -> Snapshot:
        """Return members, services and agreements, at most two seconds old."""
        age = time.monotonic() - self._state_at
        if self._state is not None and age < snapshot.FRESH_SECONDS:
            return self._state
        if self._refresh is None or self._refresh.done():
            self._refresh = asyncio.create_task(self._refreshed(), context=contextvars.Context())  # not the first caller's
        if self._state is None or age > STALE_SECONDS:
            return await asyncio.shield(self._refresh)
        return self._state

    async def _refreshed(self) -> Snapshot:
        began = time.monotonic()
        self._state = await self.in_thread(snapshot.current)
        self._state_at = began
        return self._state

    async def refuse(self, send: Send, error: Exception, *, request: Incoming | None, known: Mapping[str, object]) -> None:
        """Record a refusal in a transaction of its own and answer with the fault."""
        reference = str(uuid4())
        if isinstance(error, DATABASE_AWAY):
            error = GatewayDatabaseAway(cause=type(error).__name__)
        foreseen = error if isinstance(error, Dean06Error) else ExchangeError()
        if foreseen is error:
            log.info("exchange.refused", code=foreseen.code, gateway=self.log_name, reference=reference, **_loggable(foreseen.context))
        else:
            log.error("exchange.unforeseen", gateway=self.log_name, reference=reference, exc_info=error)
        await self.record_refusal(foreseen, detail={**known, "reference": reference})
        fault = self.fault(foreseen, reference=reference)
        accept = request.value("accept") if request else ""
        if isinstance(foreseen, BadRequest):
            send = closing(send)
        await refuse(send, fault, accept=accept, head_only=request is not None and request.method == "HEAD")

    async def record_refusal(self, error: Dean06Error, *, detail: Mapping[str, object], who: str = "", peer_code: str = "") -> None:
        """Record a refusal, unless it only says "later" and was recorded a moment ago; a log that is away is no reason not to answer."""
        caller = {name: str(detail.get(name, "")) for name in ("client", "service")}
        if (left_out := self.refusals.left_out(error, **caller, code=peer_code)) is None:
            return
        if left_out:
            detail = {**detail, "left_out": left_out}
        try:
            await self.evidence.submit(refused(error, log=self.log_name, detail=detail, who=who))
        except EvidenceNotKept:
            log.exception("exchange.refusal_not_recorded", reference=str(detail.get("reference", "")))

    def fault(self, error: Dean06Error, *, reference: str) -> Fault:
        """Describe a refusal of this gateway."""
        return fault_of(error, gateway=self.gateway, detail=reference)


_of_thread: Final = threading.local()


def _with_own_connection(function: Callable[[], Result]) -> Result:
    """Run a function in a thread that keeps its connection for a while: giving it back and checking it costs more than most questions."""
    try:
        return function()
    finally:
        checked_at = getattr(_of_thread, "checked_at", 0.0)
        if time.monotonic() - checked_at > CONNECTION_SECONDS or any(
            connection.errors_occurred for connection in connections.all(initialized_only=True)
        ):
            _of_thread.checked_at = time.monotonic()
            close_old_connections()


def _give_back(together: threading.Barrier) -> None:
    with suppress(threading.BrokenBarrierError):
        together.wait(TOGETHER_SECONDS)
    connections.close_all()


def _loggable(context: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in context.items() if isinstance(value, str | int | float)}
