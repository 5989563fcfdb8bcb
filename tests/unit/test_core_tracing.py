"""Trace context: what is taken from a caller and what is not, against OpenTelemetry's own reader and writer."""

import contextvars
import re

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from dean06.core import tracing
from dean06.core.logs import add_trace_id, mask_personal_numbers

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
LINE = f"00-{TRACE}-{SPAN}-01"


def begun(*parents, states=(), ratio=None):
    lines = [(b"traceparent", line.encode()) for line in parents] + [(b"tracestate", line.encode()) for line in states]
    return tracing.begin([(b"x-road-id", b"1"), *lines], ratio=ratio)


def read_by_opentelemetry(headers):
    return get_current_span(TraceContextTextMapPropagator().extract(dict(headers))).get_span_context()


def test_a_caller_s_trace_is_passed_on_as_it_came_where_nobody_records():
    trace = begun(LINE, states=["vendor=a:1", "other=b"])

    assert dict(trace.headers()) == {"traceparent": LINE, "tracestate": "vendor=a:1,other=b"}
    assert trace.stages is None


def test_who_is_asked_in_a_recorded_stage_has_that_stage_as_its_parent():
    trace = begun(LINE, states=["vendor=a:1"], ratio=0.0)  # the caller records, so the ratio has no say

    trace.enter("sign")
    trace.enter("hop")
    read = read_by_opentelemetry(trace.headers())

    assert [stage.name for stage in trace.stages] == ["sign", "hop"]
    assert f"{read.trace_id:032x}" == TRACE
    assert f"{read.span_id:016x}" == trace.stages[1].span_id
    assert len({SPAN, trace.span_id, *(stage.span_id for stage in trace.stages)}) == 4
    assert read.trace_flags.sampled
    assert dict(read.trace_state) == {"vendor": "a:1"}


@pytest.mark.parametrize(
    "lines",
    [
        (),
        ("",),
        (LINE, LINE),
        (LINE.upper(),),
        (f"{LINE}-more",),
        (f"ff-{TRACE}-{SPAN}-01",),
        (f"00-{'0' * 32}-{SPAN}-01",),
        (f"00-{TRACE}-{'0' * 16}-01",),
        (f"00-{TRACE}-{SPAN}",),
        (f"00-{TRACE[:-1]}-{SPAN}-01",),
        (f"00-{'0' * 20}000190000017-{SPAN}-01",),
        ("00-4bf92f000190000017b34da6a3ce929d-00f067aa0ba902b7-01",),
        (f"00-{TRACE}-0000000190000017-01",),
    ],
)
def test_what_is_no_traceparent_or_could_hold_a_person_s_number_begins_a_trace_anew(lines):
    trace = begun(*lines, states=["vendor=a:1"])

    read = read_by_opentelemetry(trace.headers())
    assert read.is_valid
    assert f"{read.trace_id:032x}" == trace.trace_id != TRACE
    assert (trace.parent_id, trace.state, read.trace_flags.sampled) == ("", "", False)


def test_a_later_version_of_traceparent_is_read_by_what_is_known_of_it():
    assert begun(f"01-{TRACE}-{SPAN}-01-more").trace_id == TRACE


@given(st.binary(max_size=80))
def test_no_bytes_of_a_caller_break_it(line):
    trace = tracing.begin([(b"traceparent", line), (b"tracestate", line)])

    assert read_by_opentelemetry(trace.headers()).is_valid


@pytest.mark.parametrize(
    ("states", "kept"),
    [
        (["a=1 , b=2", "c=3"], "a=1,b=2,c=3"),
        (["a=1,A=2,=3,d"], "a=1"),
        (["cccd=000190000017,b=2"], "b=2"),
        ([",".join(f"k{place}=v" for place in range(33))], ""),
        ([f"a={'x' * 255}", f"b={'x' * 255}"], ""),
    ],
)
def test_tracestate_keeps_what_is_well_formed_and_holds_no_long_number(states, kept):
    assert begun(LINE, states=states).state == kept


def test_as_many_traces_are_recorded_as_the_ratio_says():
    recorded = sum(begun(ratio=0.25).stages is not None for _ in range(4000))

    assert 850 < recorded < 1150
    assert begun(ratio=0.0).stages is None
    assert begun(ratio=1.0).sampled


def test_no_trace_id_made_here_looks_like_a_person_s_number():
    made = [begun().trace_id for _ in range(3000)]

    assert not [one for one in made if re.search(r"(?<![0-9])[0-9]{12}(?![0-9])", one)]
    assert len(set(made)) == 3000


def test_log_lines_name_the_trace_of_the_call_that_is_served():
    def lines():
        tracing.current.set(begun(LINE))
        with structlog.testing.capture_logs(processors=[add_trace_id, mask_personal_numbers]) as logged:
            structlog.get_logger().info("exchange.answered")
        return logged

    assert contextvars.copy_context().run(lines)[0]["trace_id"] == TRACE
    assert tracing.headers() == ()
