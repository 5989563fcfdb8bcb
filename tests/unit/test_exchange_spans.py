"""Spans of calls as a collector gets them, read by OpenTelemetry's own message definitions."""

import json
import threading
import time

import pytest
import structlog

from dean06.core import tracing
from dean06.core.config import Config
from dean06.exchange import spans
from dean06.exchange.domain.metering import Seen
from dean06.exchange.operations.writing import Ended
from dean06.exchange.spans import CollectorAway, Exporter, SpansRefused, spans_to
from otlp_receiver import receiver

SERVICE = "VN/GOV/G01/POPULATION/population"
PARENT = (b"traceparent", b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")


def ended(*, outcome="answered", ratio=1.0, headers=(PARENT,)):
    seen = Seen(time.monotonic(), client="VN/COM/DEMOBANK/CUSTOMERS", service=SERVICE, method="POST", request_bytes=30)
    seen.trace = tracing.begin(headers, ratio=ratio)
    for name in ("authorise", "sign", "hop"):
        seen.trace.enter(name)
    seen.outcome = outcome
    return Ended("consumer", seen, time.monotonic() + 0.002, time.time())


@pytest.fixture
def collector(monkeypatch):
    monkeypatch.setattr(spans, "PATIENCE_SECONDS", 60)
    with receiver() as running:
        yield running


def test_a_call_is_a_span_below_its_caller_s_and_its_stages_stand_below_it_in_a_row(collector):
    call = ended()

    Exporter(collector.address, side="consumer").export([call])

    (_, own), *stages = collector.spans()
    assert (own.name, own.kind, own.trace_id.hex()) == (f"POST {SERVICE}", own.SPAN_KIND_SERVER, call.seen.trace.trace_id)
    assert own.parent_span_id.hex() == "00f067aa0ba902b7"
    assert {one.key: one.value for one in own.attributes}["http.request.body.size"].int_value == 30
    assert [span.name for _, span in stages] == ["authorise", "sign", "hop"]
    assert {span.parent_span_id for _, span in stages} == {own.span_id}
    assert {made_by for made_by, _ in collector.spans()} == {"dean06-consumer-gateway"}
    times = [(span.start_time_unix_nano, span.end_time_unix_nano) for _, span in stages]
    assert times[0][1] == times[1][0]
    assert times[2][1] == own.end_time_unix_nano
    assert own.start_time_unix_nano <= times[0][0]
    assert abs(own.end_time_unix_nano / 1e9 - call.at) < 1e-3
    assert own.status.code == own.status.STATUS_CODE_UNSET


def test_a_refused_call_failed_in_the_stage_that_it_had_reached(collector):
    Exporter(collector.address, side="consumer").export([ended(outcome="exchange.provider_unreachable")])

    failed = {span.name: span.status.message for _, span in collector.spans() if span.status.code == span.status.STATUS_CODE_ERROR}
    assert failed == {f"POST {SERVICE}": "exchange.provider_unreachable", "hop": "exchange.provider_unreachable"}


def test_a_trace_that_begins_here_has_no_parent_and_an_unrecorded_one_no_span(collector):
    Exporter(collector.address, side="provider").export([ended(headers=()), ended(headers=(), ratio=0.0)])

    own = [span for _, span in collector.spans() if span.kind == span.SPAN_KIND_SERVER]
    assert [span.parent_span_id for span in own] == [b""]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_collector_that_asks_for_another_try_gets_one(collector, status):
    collector.answers = [(status, b"")]
    waiting = spans_to(collector.address, side="consumer")
    waiting._thread = object()
    call = ended()
    waiting.note("consumer", call.seen, ended=call.ended, at=call.at)

    waiting.drain()
    assert (collector.spans(), waiting.dropped) == ([], 0)
    waiting.drain()
    assert (len(collector.spans()), waiting.dropped) == (4, 0)


@pytest.mark.parametrize("answer", [(400, b""), (301, b""), (200, json.dumps({"partialSuccess": {"rejectedSpans": "2"}}).encode())])
def test_what_a_collector_does_not_take_is_counted_as_dropped(collector, answer):
    collector.answers = [answer]
    waiting = spans_to(collector.address, side="consumer")
    waiting._thread = object()
    call = ended()
    waiting.note("consumer", call.seen, ended=call.ended, at=call.at)

    with structlog.testing.capture_logs() as logged:
        waiting.drain()

    assert waiting.dropped == 1
    assert [line["event"] for line in logged] == ["exchange.records_not_written"]
    collector.answers = [answer]
    with pytest.raises(SpansRefused):
        Exporter(collector.address, side="consumer").export([call])


def test_a_collector_that_is_away_holds_nobody_up_and_what_waits_has_a_bound(monkeypatch):
    asked, may_fail = threading.Event(), threading.Event()

    def silence(_exporter, _calls):
        asked.set()
        may_fail.wait(60)
        raise TimeoutError

    monkeypatch.setattr(Exporter, "export", silence)
    waiting = spans_to("http://127.0.0.1:9", side="consumer")
    waiting._most = 3
    waiting.start()
    call = ended()

    waiting.note("consumer", call.seen, ended=call.ended, at=call.at)
    assert asked.wait(60)
    for _ in range(4):
        waiting.note("consumer", call.seen, ended=call.ended, at=call.at)
    assert waiting.dropped == 2, "all was noted while the collector was silent"
    may_fail.set()
    waiting.stop()

    assert waiting.dropped == 2
    monkeypatch.undo()
    with pytest.raises((OSError, CollectorAway)):
        Exporter("http://127.0.0.1:9", side="consumer").export([call])


@pytest.mark.parametrize("address", ["collector:4318", "ftp://collector", "http://", "http://collector/?a=1"])
def test_an_address_that_is_none_is_refused_at_start(address):
    with pytest.raises(ValueError, match="localhost:4318"):
        Config(otlp_endpoint=address)


def test_a_path_of_the_endpoint_stays(collector):
    assert Config(otlp_endpoint=f"{collector.address}/").otlp_endpoint == collector.address
    assert Exporter("https://collector/otlp", side="consumer")._target == "/otlp/v1/traces"
