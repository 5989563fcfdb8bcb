"""Spans of calls for a collector: OTLP over HTTP in its JSON form, sent behind the calls (ADR 18).

A span is made here and not while the call passes: there only the beginning of each stage is noted. What waits is bounded, and a
collector that is away or slow is asked again once a second by a thread that nobody waits for.

Sources: OpenTelemetry Protocol 1.5 (OTLP/HTTP, JSON encoding: ids in hexadecimal digits, 64-bit integers as text; which
answers may be tried again); semantic conventions for HTTP 1.27.
"""

import http.client
import os
import ssl
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from dean06 import __version__
from dean06.core.tracing import SAMPLED, Stage, Trace
from dean06.exchange.domain.metering import ANSWERED, METADATA, PROBLEM
from dean06.exchange.operations.recording import Recorder
from dean06.exchange.operations.writing import Ended

MOST_CALLS: Final = 10_000
CALLS_AT_ONCE: Final = 200
PATIENCE_SECONDS: Final = 5.0
TRACES: Final = "/v1/traces"
LARGEST_ANSWER_BYTES: Final = 64 * 1024
TRY_AGAIN: Final = frozenset({429, 502, 503, 504})  # OTLP/HTTP, "Retryable Response Codes"
FIRST_REFUSAL_STATUS: Final = 300
INTERNAL, SERVER, CLIENT = 1, 2, 3
KINDS: Final = {"hop": CLIENT, "service": CLIENT}
ERROR: Final = 2
NOT_FAILED: Final = frozenset({ANSWERED, PROBLEM, METADATA})


class CollectorAway(Exception):
    """The collector asks for another try later."""


class SpansRefused(Exception):
    """The collector will not take these spans, now or later."""


class _Answered(msgspec.Struct, rename="camel"):
    """What a collector says of what it did not take; numbers of 64 bits may be text."""

    partial_success: dict[str, Any] = msgspec.field(default_factory=dict)


class Exporter:
    """Sends the spans of calls to one collector.

    Args:
        endpoint: base address.
        side: ``consumer`` or ``provider``, whose gateway made them.
    """

    def __init__(self, endpoint: str, *, side: str) -> None:
        parts = urlsplit(endpoint)
        self._host, self._port = parts.hostname or "", parts.port
        self._target = f"{parts.path}{TRACES}"
        self._tls = ssl.create_default_context() if parts.scheme == "https" else None
        self._resource = {
            "attributes": _attributes(
                {
                    "service.namespace": "dean06",
                    "service.name": f"dean06-{side}-gateway",
                    "service.version": __version__,
                    "service.instance.id": str(os.getpid()),
                }
            )
        }

    def export(self, calls: Sequence[Ended]) -> None:
        """Send the spans of some calls.

        Raises:
            OSError, HTTPException, CollectorAway: it cannot be reached now.
            SpansRefused: it does not take them.
        """
        status, said = self._post(msgspec.json.encode(self.document(calls)))
        if status in TRY_AGAIN:
            raise CollectorAway(status)
        if status >= FIRST_REFUSAL_STATUS:
            raise SpansRefused(status)
        if rejected := _rejected(said):
            raise SpansRefused(f"{rejected} spans rejected")

    def document(self, calls: Sequence[Ended]) -> dict[str, Any]:
        """Return an ExportTraceServiceRequest."""
        scope = {"name": "dean06.exchange", "version": __version__}
        spans = [span for call in calls for span in spans_of(call)]
        return {"resourceSpans": [{"resource": self._resource, "scopeSpans": [{"scope": scope, "spans": spans}]}]}

    def _post(self, body: bytes) -> tuple[int, bytes]:
        if self._tls is not None:
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(
                self._host, self._port, timeout=PATIENCE_SECONDS, context=self._tls
            )
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=PATIENCE_SECONDS)
        try:
            connection.request("POST", self._target, body=body, headers={"content-type": "application/json"})
            answered = connection.getresponse()
            return answered.status, answered.read(LARGEST_ANSWER_BYTES)
        finally:
            connection.close()


def spans_to(endpoint: str, *, side: str) -> Recorder:
    """Return a queue of calls whose spans go to a collector; what finds it full is dropped and counted."""
    away = (OSError, http.client.HTTPException, CollectorAway)
    return Recorder(Exporter(endpoint, side=side).export, most=MOST_CALLS, at_once=CALLS_AT_ONCE, what="spans", away=away)


def spans_of(call: Ended) -> Iterator[dict[str, Any]]:
    """Return the span of a call and of each of its stages.

    A stage lasts until the next begins. A call that was refused failed in the stage that it had reached.
    """
    seen, trace = call.seen, call.seen.trace
    if trace is None or trace.stages is None:
        return
    offset = call.at - call.ended  # from the clock that never goes back to the time of day
    status = {} if seen.outcome in NOT_FAILED else {"status": {"code": ERROR, "message": seen.outcome or "exchange.error"}}
    known = _attributes(
        {
            "dean06.client": seen.client,
            "dean06.service": seen.service,
            "dean06.outcome": seen.outcome,
            "dean06.transaction_id": seen.transaction_id,
            "http.request.method": seen.method,
            "http.request.body.size": seen.request_bytes,
            "http.response.body.size": seen.answer_bytes,
            "http.response.status_code": seen.status,
        }
    )
    own = _span(trace, trace.span_id, trace.parent_id, seen.began + offset, call.ended + offset)
    yield {**own, "name": f"{seen.method or 'call'} {seen.service}", "kind": SERVER, "attributes": known, **status}
    ends = [following.began for following in trace.stages[1:]] + [call.ended]
    for place, (part, end) in enumerate(zip(trace.stages, ends, strict=True), 1):
        yield {**_stage(trace, part, offset, end), **(status if place == len(trace.stages) else {})}


def _stage(trace: Trace, part: Stage, offset: float, end: float) -> dict[str, Any]:
    span = _span(trace, part.span_id, trace.span_id, part.began + offset, end + offset)
    return {**span, "name": part.name, "kind": KINDS.get(part.name, INTERNAL)}


def _span(trace: Trace, span_id: str, parent_id: str, began: float, ended: float) -> dict[str, Any]:
    return {
        "traceId": trace.trace_id,
        "spanId": span_id,
        "parentSpanId": parent_id,
        "traceState": trace.state,
        "flags": SAMPLED,
        "startTimeUnixNano": str(round(began * 1e9)),
        "endTimeUnixNano": str(round(ended * 1e9)),
    }


def _attributes(values: Mapping[str, str | int]) -> list[dict[str, Any]]:
    return [
        {"key": name, "value": {"intValue": str(value)} if isinstance(value, int) else {"stringValue": value}}
        for name, value in values.items()
        if value not in ("", 0)
    ]


def _rejected(said: bytes) -> int:
    """Return how many spans a collector says that it dropped; what cannot be read says nothing."""
    try:
        return int(msgspec.json.decode(said, type=_Answered).partial_success.get("rejectedSpans", 0))
    except (msgspec.MsgspecError, ValueError, TypeError):
        return 0
