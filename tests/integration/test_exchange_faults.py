"""The line between the gateways is cut, clocks jump, a witness dies, the authority is away: nothing acknowledged is lost or doubled."""

import subprocess
import sys
import threading
import time

import pytest

from exchange_faults_world import FaultyGateways, Line
from exchange_gateways import LIMITED, database, refusal
from free_ports import free_ports

pytestmark = pytest.mark.xdist_group("exchange_faults")

WITNESS = "VN.GOV.H49"
STAMP = "import django; django.setup(); from dean06.ledger.public import stamp_everywhere; print('stamped', stamp_everywhere())"


@pytest.fixture(scope="module")
def faulty(postgres, tmp_path_factory):
    """Started once; each test leaves line and clocks as they were."""
    with database(postgres) as url:
        *ports, line_port = free_ports(4)
        running = FaultyGateways(tmp_path_factory.mktemp("faulty"), url, *ports, line_port=line_port)
        running.prepare()
        running.line = Line(line_port, ("127.0.0.1", running.provider_port))
        try:
            running.start()
            yield running
        finally:
            running.stop()
            running.line.stop()


@pytest.mark.parametrize("fault", ["refused", "cut request", "cut answer"])
def test_a_line_that_is_cut_is_refused_by_name_and_works_again_by_itself(faulty, fault):
    assert faulty.ask().status == 200

    faulty.line.set(fault)
    refused = [faulty.ask() for _ in range(3)]
    faulty.line.set("")

    assert {refusal(one) for one in refused} == {("Server.ClientProxy.NetworkError", "exchange.provider_unreachable", 500)}
    assert faulty.ask().status == 200
    faulty.assert_nothing_lost_or_doubled()


def test_a_line_that_falls_silent_costs_no_more_than_the_time_that_was_asked_for(faulty):
    faulty.line.set("silent")
    started = time.monotonic()
    refused = faulty.curl(f"{LIMITED}/free/silence", "-H", "X-Exchange-Timeout: 1500")
    taken = time.monotonic() - started
    faulty.line.set("")

    assert refused.status == 500
    assert refused.headers["x-exchange-error"] in {"exchange.budget_spent", "exchange.provider_unreachable"}
    assert taken < 25  # and not the half minute that the service may take
    assert faulty.ask().status == 200
    faulty.assert_nothing_lost_or_doubled()


def test_an_answer_lost_on_the_way_is_fetched_again_under_its_key_and_the_work_is_done_once(faulty):
    asked = f"{LIMITED}/free/{time.time_ns()}"
    key = ("-H", f"Idempotency-Key: {time.time_ns()}")

    faulty.line.set("cut answer")
    lost = {faulty.curl(asked, *key).status for _ in range(3)}
    faulty.line.set("")
    fetched = faulty.curl(asked, *key)

    assert lost == {500}
    assert (fetched.status, fetched.json["seen"]) == (200, 1)
    faulty.assert_nothing_lost_or_doubled()


def test_cut_in_the_middle_of_load_no_answer_is_lost_or_doubled(faulty):
    threads = [threading.Thread(target=lambda: [faulty.ask() for _ in range(12)]) for _ in range(4)]

    for thread in threads:
        thread.start()
    for fault in ("cut answer", "", "refused", "", "cut request", ""):
        faulty.line.set(fault)
        time.sleep(0.4)
    for thread in threads:
        thread.join()

    faulty.ask_until_answered()
    faulty.assert_nothing_lost_or_doubled()


@pytest.mark.parametrize("seconds", [3600, -3600], ids=["forward", "back"])
@pytest.mark.parametrize("who", ["consumer_gateway", "provider_gateway"])
def test_a_clock_that_jumps_is_refused_by_name_until_it_is_right_again(faulty, who, seconds):
    assert faulty.ask().status == 200

    faulty.set_clock(who, seconds)
    refused = faulty.ask()
    faulty.set_clock(who, 0)

    assert refused.headers["x-exchange-error"] == "exchange.stale_message"
    assert refused.status >= 400
    assert faulty.ask().status == 200
    faulty.assert_nothing_lost_or_doubled()


def test_a_message_is_no_fresher_when_all_clocks_are_set_back_after_it_was_answered(faulty):
    signed = faulty.help("/sign", client="VN/COM/DEMOBANK/CUSTOMERS", path="/v1/persons/look-up", body="{}", age=0)
    options = [text for name, value in signed["headers"] for text in ("-H", f"{name}: {value}")]
    send = {"data": "{}", "client": None, "purpose": None, "gateway": "provider", "kind": None}
    assert faulty.curl(signed["target"], *options, **send).status == 200

    for seconds in (50, -5, 0):
        faulty.set_clock("provider_gateway", seconds)
        assert faulty.curl(signed["target"], *options, **send).headers["x-exchange-error"] == "exchange.message_replayed"

    faulty.assert_nothing_lost_or_doubled()


def test_both_clocks_set_back_together_leave_the_logs_whole(faulty):
    faulty.ask()
    for name in ("consumer_gateway", "provider_gateway"):
        faulty.set_clock(name, -300)
    assert faulty.ask().status == 200
    for name in ("consumer_gateway", "provider_gateway"):
        faulty.set_clock(name, 0)

    assert faulty.ask().status == 200
    faulty.assert_nothing_lost_or_doubled()


def test_a_witness_that_is_killed_holds_up_nothing_and_catches_up(faulty):
    """The witness listens in the consumer's gateway; it is killed while checkpoints are submitted to it."""
    faulty.ask()
    faulty.help("/number")
    faulty.help("/appoint", witness=WITNESS, address=f"http://127.0.0.1:{faulty.consumer_port}/witness/{WITNESS}")
    assert faulty.help("/submit") == {"cosigned": 2, "problems": []}

    for delay in (0.0, 0.02, 0.1):
        faulty.ask()
        faulty.help("/number")
        submitting = threading.Thread(target=faulty.help, args=("/submit",))
        submitting.start()
        time.sleep(delay)
        faulty.kill("consumer_gateway")
        submitting.join()
        while_away = faulty.run("ledger", "verify")
        assert f"{WITNESS} không trả lời" in while_away.stderr
        faulty.launch("consumer_gateway")
        faulty.wait(faulty.consumer_port)

    faulty.ask()
    faulty.help("/number")
    assert faulty.help("/submit") == {"cosigned": 2, "problems": []}
    assert "không trả lời" not in faulty.assert_nothing_lost_or_doubled()


def test_without_a_time_stamp_authority_calls_are_answered_and_the_next_stamp_covers_them(faulty):
    keys = faulty.folder / "keys"
    (own,) = [path for path in keys.iterdir() if path.name.startswith("tsa")]
    faulty.ask()
    faulty.help("/number")

    away = own.rename(faulty.folder / own.name)
    without = stamped(faulty)
    answered = faulty.ask()
    faulty.help("/number")
    away.rename(own)

    assert answered.status == 200
    assert "stamped 0" in without
    assert "ledger.stamp_missing" in without
    assert "stamped 0" not in stamped(faulty)
    assert " 0 dấu thời gian" not in faulty.assert_nothing_lost_or_doubled()


def stamped(faulty):
    environment = {**faulty.environment, "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}
    done = subprocess.run([sys.executable, "-c", STAMP], env=environment, capture_output=True, text=True, check=True)
    return done.stdout + done.stderr
