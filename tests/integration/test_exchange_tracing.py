"""One trace from a caller over both gateways to the service, in a collector, in the logs and in the records of calls."""

import json
import time

import pytest
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags, TraceState
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from exchange_gateways import POPULATION, SYSTEM, Gateways, served
from otlp_receiver import receiver

CONSUMER, PROVIDER = "dean06-consumer-gateway", "dean06-provider-gateway"
CALLER_SPAN = 0x00F067AA0BA902B7


def caller(number):
    """Return a caller's span in a trace of its own."""
    return SpanContext((0x4BF92F3577B34DA6 << 64) + number, CALLER_SPAN, False, TraceFlags(1), TraceState([("vendor", "a:1")]))


@pytest.fixture(scope="module")
def collector():
    with receiver() as running:
        yield running


@pytest.fixture(scope="module")
def gateways(postgres, tmp_path_factory, collector):
    told = {"DEAN06_OTLP_ENDPOINT": collector.address, "DEAN06_OTLP_SAMPLE_RATIO": "0"}
    environments = {"consumer_gateway": told, "provider_gateway": told}
    with served(Gateways, postgres, tmp_path_factory.mktemp("tracing"), own_environment=environments) as running:
        yield running


def lines_of(context):
    """Return what OpenTelemetry's own client would send."""
    carrier = {}
    TraceContextTextMapPropagator().inject(carrier, trace.set_span_in_context(NonRecordingSpan(context)))
    return [part for name, value in carrier.items() for part in ("-H", f"{name}: {value}")]


def eventually(found, seconds=90):
    """Return what is found once it is there."""
    for _ in range(seconds * 10):
        if value := found():
            return value
        time.sleep(0.1)
    raise AssertionError("nothing came")


def spans_of(collector, trace_id, *, count):
    def found():
        spans = [(made_by, span) for made_by, span in collector.spans() if span.trace_id.hex() == trace_id]
        return spans if len(spans) >= count else None

    return eventually(found)


def test_one_trace_leads_from_the_caller_over_both_gateways_to_the_service(gateways, collector):
    context = caller(0xA3CE929D0E0E4736)
    answered = gateways.curl(f"{SYSTEM}/x", *lines_of(context), "-H", "X-Road-Id: traced-1")

    assert answered.status == 200, answered
    spans = spans_of(collector, f"{context.trace_id:032x}", count=15)
    ours = {(made_by, span.name): span for made_by, span in spans}
    service = "POST VN/GOV/G01/POPULATION/system"
    consumer, provider = ours[CONSUMER, service], ours[PROVIDER, service]
    assert consumer.parent_span_id.hex() == f"{CALLER_SPAN:016x}"
    assert provider.parent_span_id == ours[CONSUMER, "hop"].span_id
    assert {name for made_by, name in ours if made_by == CONSUMER} == {service, "authorise", "sign", "hop", "verify", "commit", "answer"}
    of_provider = {service, "verify", "replay", "authorise", "service", "sign", "commit", "answer"}
    assert {name for made_by, name in ours if made_by == PROVIDER} == of_provider
    for (made_by, name), span in ours.items():
        assert name == service or span.parent_span_id == ours[made_by, service].span_id
        assert span.end_time_unix_nano >= span.start_time_unix_nano
    asked = answered.json["headers"]
    assert asked["traceparent"] == f"00-{context.trace_id:032x}-{ours[PROVIDER, 'service'].span_id.hex()}-01"
    assert asked["tracestate"] == "vendor=a:1"
    assert "traceparent" not in answered.headers


def test_the_records_of_both_sides_name_the_trace(gateways):
    context = caller(0xA3CE929D0E0E4737)
    gateways.curl(f"{SYSTEM}/x", *lines_of(context), "-H", "X-Road-Id: traced-2")

    def both():
        found = gateways.help("/records", message_id="traced-2")
        return found if len(found) == 2 else None

    assert {record["trace_id"] for record in eventually(both)} == {f"{context.trace_id:032x}"}


def test_a_refusal_is_logged_with_its_trace_and_is_a_failed_span(gateways, collector):
    context = caller(0xA3CE929D0E0E4738)
    assert gateways.curl(f"{POPULATION}/v1/persons/look-up", *lines_of(context), purpose="curiosity").status == 500

    spans = spans_of(collector, f"{context.trace_id:032x}", count=8)
    failed = {(made_by, span.name) for made_by, span in spans if span.status.message == "exchange.purpose_not_covered"}
    service = "POST VN/GOV/G01/POPULATION/population"
    assert failed == {(CONSUMER, service), (CONSUMER, "hop"), (PROVIDER, service), (PROVIDER, "authorise")}
    logged = [json.loads(line) for line in (gateways.folder / "provider_gateway.log").read_text().splitlines() if line.startswith("{")]
    codes = [line.get("code") for line in logged if line.get("trace_id") == f"{context.trace_id:032x}"]
    assert codes == ["exchange.purpose_not_covered"]


def test_a_call_without_a_trace_begins_one_that_the_service_gets_too(gateways, collector):
    asked = gateways.curl(f"{SYSTEM}/x").json["headers"]

    version, trace_id, _span, flags = asked["traceparent"].split("-")
    assert (version, len(trace_id), flags) == ("00", 32, "00")  # of a ratio of nothing nothing is recorded
    later = caller(0xA3CE929D0E0E4739)
    gateways.curl(f"{SYSTEM}/x", *lines_of(later))
    spans_of(collector, f"{later.trace_id:032x}", count=15)  # what waited before it was sent before it
    assert trace_id not in {span.trace_id.hex() for _, span in collector.spans()}


def test_a_person_s_number_in_a_trace_goes_no_further(gateways):
    number = "000190000017"
    options = ("-H", f"traceparent: 00-{'0' * 20}{number}-00f067aa0ba902b7-01", "-H", f"tracestate: cccd={number}")

    asked = gateways.curl(f"{SYSTEM}/x", *options).json["headers"]

    assert number not in asked["traceparent"]
    assert "tracestate" not in asked


def test_a_gateway_tells_its_operator_of_spans_that_were_dropped(gateways):
    text = gateways.curl("/metrics", data=None, client="", purpose="").body.decode()

    assert 'dean06_exchange_spans_dropped{side="consumer"} 0' in text
