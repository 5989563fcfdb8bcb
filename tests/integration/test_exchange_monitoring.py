"""What an operator sees of a running gateway."""

import pytest

from exchange_gateways import CLIENT, POPULATION

pytestmark = pytest.mark.xdist_group("exchange_gateways")

SERVICE = "VN/GOV/G01/POPULATION/population"


def ask(gateways, path, gateway):
    return gateways.curl(path, data=None, client="", purpose="", kind="", gateway=gateway)


def count(gateways, gateway, outcome):
    wanted = f'client="{CLIENT}",service="{SERVICE}",outcome="{outcome}"'
    lines = [line for line in ask(gateways, "/metrics", gateway).body.decode().splitlines() if wanted in line]
    return sum(int(line.rpartition(" ")[2]) for line in lines)


@pytest.mark.parametrize("gateway", ["consumer", "provider"])
def test_calls_and_refusals_are_counted_on_both_sides(gateways, gateway):
    before = [count(gateways, gateway, outcome) for outcome in ("answered", "problem", "exchange.purpose_not_covered")]
    gateways.curl(f"{POPULATION}/v1/persons/look-up")
    gateways.curl(f"{POPULATION}/v1/persons/missing")
    gateways.curl(f"{POPULATION}/v1/persons/look-up", purpose="marketing")

    assert [count(gateways, gateway, outcome) for outcome in ("answered", "problem", "exchange.purpose_not_covered")] == [
        n + 1 for n in before
    ]
    assert ask(gateways, "/metrics", gateway).headers["content-type"].startswith("text/plain; version=0.0.4")


def test_figures_name_nobody_and_nothing_that_a_caller_may_choose(gateways):
    gateways.curl(f"{POPULATION}/v1/persons/000190000017", "-H", "X-Road-UserId: VN000190000017", "-H", "X-Road-Issue: chosen-by-me")
    gateways.curl(f"{POPULATION}/v1/persons/x", client="VN/COM/CHOSEN/BYME")
    gateways.curl("/r1/VN/GOV/G01/POPULATION/chosen/x")

    for gateway in ("consumer", "provider"):
        text = ask(gateways, "/metrics", gateway).body.decode().lower()
        assert "000190000017" not in text
        assert "chosen" not in text


@pytest.mark.parametrize("gateway", ["consumer", "provider"])
def test_a_gateway_says_whether_it_can_work_with_the_health_figures_of_each_service(gateways, gateway):
    gateways.curl(f"{POPULATION}/v1/persons/look-up")
    answered = ask(gateways, "/ready", gateway)

    assert set(answered.json["reasons"]) <= {"VN/GOV/G01/POPULATION/fragile does not answer"}
    assert answered.status == (503 if answered.json["reasons"] else 200)
    [mine] = [row for row in answered.json["services"] if row["service"] == SERVICE]
    assert mine["successfulRequestCount"] >= 1
    assert mine["lastSuccessfulRequestTimestamp"] > 1_700_000_000
    assert mine["requestDuration"]["min"] <= mine["requestDuration"]["average"] <= mine["requestDuration"]["max"]


@pytest.mark.parametrize(("peer", "status"), [("127.0.0.1", 200), ("10.1.2.3", 400)])
async def test_figures_are_told_to_this_machine_alone(peer, status):
    from dean06.exchange.consumer_edge import ConsumerEdge

    edge, sent = ConsumerEdge(), []

    class NoEvidence:
        waiting = 0

        async def submit(self, _evidence):
            return None

    edge.evidence = NoEvidence()
    scope = {
        "type": "http",
        "method": "GET",
        "path": "/metrics",
        "raw_path": b"/metrics",
        "query_string": b"",
        "headers": [],
        "client": (peer, 1),
    }

    async def receive():
        return {"type": "http.request", "body": b""}

    async def send(event):
        sent.append(event)

    await edge(scope, receive, send)

    assert sent[0]["status"] == status
