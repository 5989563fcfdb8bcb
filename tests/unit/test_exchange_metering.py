"""What a gateway counts, and how it tells it."""

import re
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.domain.metering import BOUNDS, Meter, Seen, Spread

LINE = re.compile(r'(?P<name>[a-z_0-9]+)\{(?P<labels>(?:[a-z]+="(?:[^"\\\n]|\\.)*",?)*)\} (?P<value>[0-9.e+-]+)')


def read(text):
    """Read Prometheus text by a reader of our own."""
    assert text.endswith("\n")
    found = {}
    for line in text.splitlines():
        if not line.startswith("# "):
            match = LINE.fullmatch(line)
            assert match, line
            labels = tuple(sorted(re.findall(r'([a-z]+)="((?:[^"\\]|\\.)*)"', match["labels"])))
            assert (match["name"], labels) not in found
            found[match["name"], labels] = float(match["value"])
    return found


def told(meter, **gauges):
    return read(meter.prometheus(gauges, {"VN/GOV/G01/X/away": "open"}))


@given(values=st.lists(st.floats(0, 1e6), min_size=1, max_size=60))
def test_a_spread_tells_least_mean_most_and_deviation_without_keeping_values(values):
    spread = Spread()
    for value in values:
        spread.add(value)

    figures = spread.told()
    assert (figures["min"], figures["max"]) == (min(values), max(values))
    assert figures["average"] == pytest.approx(statistics.fmean(values), rel=1e-9, abs=1e-9)
    assert figures["stddev"] == pytest.approx(statistics.pstdev(values), rel=1e-6, abs=1e-3)


@given(durations=st.lists(st.floats(0, 100), max_size=40))
def test_buckets_hold_each_call_once_and_grow(durations):
    meter = Meter("provider")
    for seconds in durations:
        seen = Seen(10.0, client="c", service="s")
        seen.answered(200, 5)
        meter.note(seen, ended=10.0 + seconds, at=1.0)

    found = told(meter)
    buckets = [found.get(("dean06_exchange_call_seconds_bucket", tuple(sorted({"side": "provider", "service": "s", "le": le}.items()))), 0) for le in [*map(str, BOUNDS), "+Inf"]]  # fmt: skip
    assert buckets == sorted(buckets)
    assert buckets[-1] == len(durations)


def test_calls_are_told_by_client_service_and_outcome():
    meter = Meter("consumer")
    for status in (200, 404):
        seen = Seen(0.0, client="a", service="s")
        seen.answered(status, 10)
        meter.note(seen, ended=0.1, at=5.0)
    meter.note(Seen(0.0, client="a", outcome="exchange.purpose_missing"), ended=0.1, at=6.0)

    counts = {dict(labels)["outcome"]: value for (name, labels), value in told(meter).items() if name == "dean06_exchange_calls_total"}
    assert counts == {"answered": 1, "problem": 1, "exchange.purpose_missing": 1}
    mine = {row["service"]: row for row in meter.health()}
    assert (mine["s"]["successfulRequestCount"], mine["s"]["lastSuccessfulRequestTimestamp"]) == (2, 5.0)
    assert (mine["unknown"]["unsuccessfulRequestCount"], mine["unknown"]["requestSize"]) == (1, {})


def test_signs_of_the_format_in_a_label_do_no_harm():
    meter = Meter("consumer")
    meter.note(Seen(0.0, client='a"b\\c\nd', outcome="x"), ended=0.0, at=0.0)

    assert [dict(labels)["client"] for name, labels in told(meter) if "calls_total" in name] == [r"a\"b\\c\nd"]


def test_gauges_and_open_circuits_are_told():
    found = told(Meter("provider"), inside=3)

    assert found["dean06_exchange_inside", (("side", "provider"),)] == 3
    assert found["dean06_exchange_circuit_open", (("service", "VN/GOV/G01/X/away"), ("side", "provider"))] == 1
    text = Meter("consumer").prometheus({}, {"https://gateway.example": "half_open"}, asked="gateway")
    assert 'dean06_exchange_circuit_open{side="consumer",gateway="https://gateway.example"} 1' in text
