"""Rates, quotas, circuits, time budgets and idempotency keys: the decisions, with clocks that the tests own."""

import asyncio
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dean06.exchange import guarding
from dean06.exchange.domain.agreements import Agreement, Endpoint, LegalBasis
from dean06.exchange.domain.budgets import Budget, shorter
from dean06.exchange.domain.circuits import FAILURES_TO_OPEN, FIRST_REST_SECONDS, LONGEST_REST_SECONDS, Circuit, Phase
from dean06.exchange.domain.faults import CONSUMER_GATEWAY, PROVIDER_GATEWAY, fault_of
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.domain.limits import Lease, Rate, block_size, gcra, seconds_to_next_day
from dean06.exchange.domain.masks import Mask
from dean06.exchange.domain.r1 import parse_request
from dean06.exchange.domain.repeats import Found, compare, fingerprint, repeatable
from dean06.exchange.edge import MOST_INSIDE
from dean06.exchange.errors import (
    BadRequest,
    BudgetSpent,
    GatewayNotNamed,
    KeyInFlight,
    KeyReused,
    PeerBusy,
    PeerResting,
    ProviderUnreachable,
    QuotaExhausted,
    RateExceeded,
    ServiceBusy,
    ServiceFailed,
    ServiceResting,
)
from dean06.exchange.guarding import MOST_AT_A_GATEWAY, MOST_FOR_A_GATEWAY, Guard, Limits, Refusals, before_a_gateway
from dean06.exchange.links import MOST_CONNECTIONS

# -- rate


rates = st.builds(Rate, per_second=st.integers(1, 200), burst=st.integers(1, 200))


@given(rate=rates, gaps=st.lists(st.floats(0, 0.2), max_size=300))
def test_no_window_holds_more_calls_than_the_burst_and_what_the_rate_brings(rate, gaps):
    arrival, instant, passed = 0.0, 1000.0, []
    for gap in gaps:
        instant += gap
        verdict = gcra(rate, arrival=arrival, now=instant)
        arrival = verdict.arrival
        if verdict.allowed:
            passed.append(instant)

    for first in range(0, len(passed), 7):
        for last in range(first, len(passed), 7):
            window = passed[last] - passed[first]
            assert last - first + 1 <= max(rate.burst, 1) + window * rate.per_second + 1e-6


@given(rate=rates, calls=st.integers(1, 300))
def test_who_comes_back_after_the_seconds_that_were_named_is_let_in(rate, calls):
    arrival, instant = 0.0, 50.0
    for _ in range(calls):
        verdict = gcra(rate, arrival=arrival, now=instant)
        arrival = verdict.arrival

    if verdict.retry_after:
        assert not gcra(rate, arrival=arrival, now=instant + verdict.retry_after * 0.99 - 1e-6).allowed
    assert gcra(rate, arrival=arrival, now=instant + verdict.retry_after + 1e-6).allowed


@given(rate=rates)
def test_what_remains_is_what_may_follow_at_once(rate):
    verdict = gcra(rate, arrival=0.0, now=10.0)
    arrival = verdict.arrival
    assert verdict.allowed
    for left in range(verdict.remaining, 0, -1):
        verdict = gcra(rate, arrival=arrival, now=10.0)
        arrival = verdict.arrival
        assert verdict.allowed, left
    assert not gcra(rate, arrival=arrival, now=10.0).allowed


# -- quota


@given(quota=st.integers(1, 20_000), workers=st.integers(1, 4), asked=st.lists(st.integers(0, 3), max_size=400))
def test_processes_that_lease_blocks_never_pass_the_quota_together(quota, workers, asked):
    taken, passed = 0, 0
    leases = [Lease() for _ in range(workers)]
    for who in asked:
        lease = leases[who % workers]
        allowed = lease.take(1)
        if not allowed and not lease.exhausted:
            granted = max(0, min(quota, taken + block_size(quota)) - taken)
            taken += granted
            lease.add(1, granted)
            allowed = lease.take(1)
        passed += allowed

    assert passed <= taken <= quota


def test_a_process_that_dies_loses_a_fiftieth_of_the_quota_at_most():
    assert [block_size(quota) for quota in (1, 49, 100, 5_000, 10**9)] == [1, 1, 2, 100, 200]


def test_a_lease_is_worth_nothing_on_another_day():
    lease = Lease()
    assert not lease.take(1)
    lease.add(1, 5)

    assert lease.take(1)
    assert not lease.take(2)
    lease.add(1, 5)  # the database's answer for yesterday comes late
    assert not lease.take(2)


def test_the_day_of_a_quota_ends_at_midnight_in_vietnam():
    assert seconds_to_next_day(datetime(2026, 6, 1, 16, 59, 30, tzinfo=UTC)) == 30
    assert seconds_to_next_day(datetime(2026, 6, 1, 17, 0, tzinfo=UTC)) == 24 * 3600


# -- circuit


class CircuitMachine(RuleBasedStateMachine):
    """Whatever happens: an open circuit lets nobody in, a half-open one a single probe, and it always opens again for good answers."""

    def __init__(self):
        super().__init__()
        self.circuit, self.now, self.inside = Circuit(), 100.0, 0

    @rule(seconds=st.floats(0.1, 90))
    def time_passes(self, seconds):
        self.now += seconds

    @rule()
    def somebody_asks(self):
        before = self.circuit.phase(self.now)
        probing = self.circuit.probing
        admitted = self.circuit.admits(self.now)
        assert admitted == (before is Phase.CLOSED or (before is Phase.HALF_OPEN and not probing))
        self.inside += admitted

    @precondition(lambda self: self.inside)
    @rule(how=st.sampled_from(["succeeded", "failed", "gave_up"]))
    def somebody_comes_back(self, how):
        self.inside -= 1
        getattr(self.circuit, how)(*([self.now] if how == "failed" else []))
        if how == "succeeded":
            assert self.circuit.phase(self.now) is Phase.CLOSED

    @invariant()
    def the_rest_is_bounded_and_named(self):
        assert 0 <= self.circuit.rest <= LONGEST_REST_SECONDS
        if self.circuit.phase(self.now) is Phase.OPEN:
            assert self.circuit.phase(self.now + self.circuit.retry_after(self.now) + 1e-6) is Phase.HALF_OPEN


TestCircuitMachine = CircuitMachine.TestCase


def opened(at=0.0):
    circuit = Circuit()
    for _ in range(FAILURES_TO_OPEN):
        assert circuit.admits(at)
        circuit.failed(at)
    return circuit


def test_five_failures_in_a_row_open_a_circuit_and_a_success_between_does_not():
    patient = Circuit()
    for _ in range(20):
        patient.failed(0.0)
        patient.failed(0.0)
        patient.succeeded()

    assert patient.phase(0.0) is Phase.CLOSED
    assert opened().phase(0.1) is Phase.OPEN


def test_one_probe_decides_and_a_failed_probe_doubles_the_rest():
    circuit = opened()
    assert not circuit.admits(FIRST_REST_SECONDS - 0.1)
    assert circuit.admits(FIRST_REST_SECONDS)
    assert not circuit.admits(FIRST_REST_SECONDS)

    circuit.failed(FIRST_REST_SECONDS)

    assert circuit.phase(2 * FIRST_REST_SECONDS) is Phase.OPEN
    assert circuit.admits(3 * FIRST_REST_SECONDS)
    circuit.succeeded()
    assert circuit.phase(3 * FIRST_REST_SECONDS) is Phase.CLOSED


def test_calls_that_were_on_their_way_when_a_circuit_opened_do_not_prolong_it():
    circuit = opened()
    circuit.failed(4.0)

    assert circuit.phase(FIRST_REST_SECONDS) is Phase.HALF_OPEN


# -- the guard before a service


class Hands:
    """A clock that the test moves."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


async def fail(error):
    raise error


async def answered():
    return "answer"


async def test_a_service_that_cannot_be_reached_is_left_alone_and_tried_again():
    clock = Hands()
    guard = Guard(clock=clock)
    for _ in range(FAILURES_TO_OPEN):
        with pytest.raises(ProviderUnreachable):
            await guard.ask(lambda: fail(ProviderUnreachable()), patience=1)

    with pytest.raises(ServiceResting) as resting:
        await guard.ask(answered, patience=60)
    assert resting.value.retry_after == FIRST_REST_SECONDS
    clock.now += FIRST_REST_SECONDS
    assert await guard.ask(answered, patience=60) == "answer"
    assert guard.phase is Phase.CLOSED


@pytest.mark.parametrize("error", [ServiceFailed(), BudgetSpent(), GatewayNotNamed(), ValueError()])
async def test_a_circuit_stays_closed_where_calls_break_have_no_time_or_reach_a_gateway_that_is_not_named(error):
    guard = Guard(clock=Hands())
    for _ in range(3 * FAILURES_TO_OPEN):
        with pytest.raises(type(error)):
            await guard.ask(lambda: fail(error), patience=1)

    assert guard.phase is Phase.CLOSED


async def test_a_probe_that_breaks_leaves_room_for_another_probe():
    clock = Hands()
    guard = Guard(clock=clock)
    guard.circuit = opened()
    clock.now = FIRST_REST_SECONDS
    with pytest.raises(ValueError):
        await guard.ask(lambda: fail(ValueError()), patience=1)

    assert await guard.ask(answered, patience=60) == "answer"


async def test_a_service_is_asked_by_a_few_at_a_time_and_the_queue_is_bounded():
    inside = most = 0

    async def question():
        nonlocal inside, most
        inside += 1
        most = max(most, inside)
        await asyncio.sleep(0)
        inside -= 1

    guard = Guard(most=2, waiting=6)
    ended = await asyncio.gather(*[guard.ask(question, patience=60) for _ in range(10)], return_exceptions=True)

    assert most == 2
    assert [type(one) for one in ended].count(ServiceBusy) == 2
    assert ended.count(None) == 8


async def test_who_waits_too_long_for_a_turn_is_told_to_come_later_and_the_turn_is_not_lost():
    guard, inside, may_answer = Guard(most=1), asyncio.Event(), asyncio.Event()

    async def answered_late():
        inside.set()
        await may_answer.wait()
        return "answer"

    slow = asyncio.ensure_future(guard.ask(answered_late, patience=60))
    await inside.wait()
    with pytest.raises(ServiceBusy):
        await guard.ask(answered, patience=0.01)
    may_answer.set()

    assert await slow == "answer"
    assert await guard.ask(answered, patience=0.01) == "answer"


async def test_who_waited_while_the_circuit_opened_is_not_sent_into_the_silence_too():
    guard = Guard(most=FAILURES_TO_OPEN, resting=PeerResting, busy=PeerBusy, clock=Hands())
    asked = 0

    async def silence():
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        raise ProviderUnreachable

    ended = await asyncio.gather(*[guard.ask(silence, patience=60) for _ in range(20)], return_exceptions=True)

    kinds = [type(one) for one in ended]
    assert kinds[:FAILURES_TO_OPEN] == [ProviderUnreachable] * FAILURES_TO_OPEN
    assert kinds.count(PeerResting) == 20 - asked
    assert asked < 2 * FAILURES_TO_OPEN
    guard.circuit.succeeded()
    assert await guard.ask(answered, patience=0.01) == "answer", "every turn was given back"


async def test_one_silent_gateway_leaves_connections_and_places_for_the_others():
    guard = before_a_gateway()
    silent = asyncio.Event()
    waiting = [asyncio.ensure_future(guard.ask(silent.wait, patience=60)) for _ in range(MOST_INSIDE)]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    refused = [one.exception() for one in waiting if one.done()]

    assert {type(one) for one in refused} == {PeerBusy}
    assert MOST_INSIDE - len(refused) == MOST_AT_A_GATEWAY + MOST_FOR_A_GATEWAY < MOST_INSIDE
    assert MOST_AT_A_GATEWAY < MOST_CONNECTIONS
    silent.set()
    await asyncio.gather(*waiting, return_exceptions=True)


# -- limits of an agreement, as a gateway holds them


def limited(*, rate=0, quota=0):
    """Return an agreement with these limits."""
    return Agreement(
        code="A-1",
        version=1,
        client=ClientId.parse("VN/COM/DEMOBANK/CUSTOMERS"),
        service=ServiceId.parse("VN/GOV/G01/POPULATION/population"),
        endpoints=(Endpoint("POST", "/v1/persons/*"),),
        mask=Mask.of(["full_name"]),
        purposes=frozenset({"kyc"}),
        legal_bases=(LegalBasis("91/2025/QH15", "Điều 9", "F"),),
        valid_from=date(2026, 1, 1),
        valid_until=date(2026, 12, 31),
        rate_per_second=rate,
        daily_quota=quota,
    )


async def no_database(_function):
    raise AssertionError("an agreement without a quota asks the database nothing")


async def test_an_agreement_without_limits_costs_no_database_and_says_nothing():
    assert await Limits(no_database).admit(limited()) == ""


async def test_a_rate_is_refused_with_the_moment_to_come_back():
    clock = Hands()
    limits = Limits(no_database, clock=clock)
    assert [await limits.admit(limited(rate=3)) for _ in range(3)] == ['"rate";r=2;t=1', '"rate";r=1;t=1', '"rate";r=0;t=1']

    with pytest.raises(RateExceeded) as refused:
        await limits.admit(limited(rate=3))
    clock.now += refused.value.retry_after
    await limits.admit(limited(rate=3))

    fault = fault_of(refused.value, gateway=PROVIDER_GATEWAY, detail="x")
    assert (fault.type, fault.status) == ("Server.ServerProxy.TooManyRequests", 429)
    assert ("retry-after", "1") in fault.headers


async def test_a_quota_is_leased_in_blocks_and_then_exhausted_for_the_day(monkeypatch):
    asked = []
    monkeypatch.setattr(guarding, "today", lambda: date(2026, 6, 1))

    async def in_thread(_function):
        asked.append(1)
        return [2, 1, 0][len(asked) - 1]

    limits = Limits(in_thread)
    for _ in range(3):
        await limits.admit(limited(quota=3))
    for _ in range(5):
        with pytest.raises(QuotaExhausted) as refused:
            await limits.admit(limited(quota=3))

    assert len(asked) == 3
    assert refused.value.limits.startswith('"day";r=0;t=')


def test_refusals_that_only_say_later_are_recorded_once_in_ten_seconds_with_the_number_left_out():
    clock = Hands()
    refusals = Refusals(clock=clock)
    late = RateExceeded(retry_after=1)
    told = []
    for second in (0, 1, 2, 9.9, 10, 10.1, 25):
        clock.now = second
        told.append(refusals.left_out(late, client="a", service="s"))

    assert told == [0, None, None, None, 3, None, 1]
    assert refusals.left_out(late, client="b", service="s") == 0
    assert [refusals.left_out(ServiceFailed(), client="a", service="s") for _ in range(3)] == [0, 0, 0]


# -- time budgets


@pytest.mark.parametrize("header", ["0", "-1", "1.5", "300001", "9999999", "1e3", " 5", "ten"])
def test_a_budget_is_a_number_of_milliseconds(header):
    with pytest.raises(BadRequest):
        Budget.of(header, now=0.0)


@given(milliseconds=st.integers(1, 300_000), spent=st.floats(0, 400))
def test_what_is_handed_on_is_never_more_than_what_is_left(milliseconds, spent):
    budget = Budget.of(str(milliseconds), now=7.0)
    if spent * 1000 >= milliseconds:
        with pytest.raises(BudgetSpent):
            budget.header(7.0 + spent)
        return

    name, value = budget.header(7.0 + spent)

    assert name == "x-exchange-budget"
    assert int(value) == 1 or int(value) <= milliseconds - spent * 1000 + 1e-6


def test_without_a_budget_our_own_patience_counts():
    assert shorter(30, Budget.of("", now=0.0), now=0.0) == 30
    assert shorter(30, Budget.of("2000", now=0.0), now=0.5) == 1.5
    assert shorter(1, Budget.of("2000", now=0.0), now=0.5) == 1


def test_a_timer_that_rings_a_little_early_still_ends_the_budget():
    budget = Budget.of("300", now=0.0)

    budget.check_over(0.2)
    with pytest.raises(BudgetSpent):
        budget.check_over(0.2993)  # uvloop counts whole milliseconds


# -- idempotency keys


def message(method="POST", body=b"{}", path="/v1/x", query="", **headers):
    lines = {
        "x-road-client": "VN/COM/DEMOBANK/CUSTOMERS",
        "x-exchange-purpose": "kyc",
        **{k.replace("_", "-"): v for k, v in headers.items()},
    }
    raw_path = f"/r1/VN/GOV/G01/POPULATION/population{path}"
    return parse_request(method=method, raw_path=raw_path, query=query, headers=tuple(lines.items()), body=body)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_a_method_that_changes_nothing_is_not_remembered(method):
    assert repeatable(message(method, idempotency_key="k")) is None


def test_without_a_key_nothing_is_remembered():
    assert repeatable(message()) is None


@pytest.mark.parametrize("key", ["", '""', "a b", "x" * 201, "khóa"])
def test_a_key_is_bounded_visible_ascii(key):
    with pytest.raises(BadRequest):
        repeatable(message(idempotency_key=key))


def test_a_key_with_and_without_quotes_is_the_same_and_belongs_to_one_client_and_service():
    one = repeatable(message(idempotency_key="k-1"))

    assert repeatable(message(idempotency_key='"k-1"')).digest == one.digest
    assert repeatable(message(idempotency_key="k-1", x_road_client="VN/GOV/H49/SERVICES")).digest != one.digest
    assert repeatable(message(idempotency_key="k-1")).claim != one.claim


@pytest.mark.parametrize(
    "changes",
    [
        {"method": "PUT"},
        {"body": b"{ }"},
        {"path": "/v1/y"},
        {"query": "a=1"},
        {"content_type": "text/plain"},
        {"x_exchange_purpose": "audit"},
        {"x_road_issue": "KH-1"},
    ],
)
def test_another_request_has_another_fingerprint(changes):
    assert fingerprint(message(**changes)) != fingerprint(message())


def test_another_try_of_the_same_request_has_the_same_fingerprint():
    assert fingerprint(message(x_road_id="one")) == fingerprint(message(x_road_id="two", accept="*/*"))


@pytest.mark.parametrize(
    ("same", "answered", "leased", "found"),
    [
        (True, True, True, Found.ANSWERED),
        (True, True, False, Found.ANSWERED),
        (True, False, True, Found.IN_FLIGHT),
        (True, False, False, Found.NEW),
        (False, True, True, Found.OTHER_REQUEST),
        (False, False, True, Found.OTHER_REQUEST),
        (False, False, False, Found.OTHER_REQUEST),
    ],
)
def test_what_a_key_meets(same, answered, leased, found):
    assert compare(known=b"a", mine=b"a" if same else b"b", is_answered=answered, is_leased=leased) is found


def test_refusals_that_r1_does_not_know_have_a_status_of_their_own():
    told = {type(error): fault_of(error, gateway=gateway, detail="").status for gateway in (CONSUMER_GATEWAY, PROVIDER_GATEWAY) for error in (KeyReused(), KeyInFlight(), ServiceBusy(retry_after=1), RateExceeded(retry_after=1), BudgetSpent())}  # fmt: skip

    assert told == {KeyReused: 422, KeyInFlight: 409, ServiceBusy: 503, RateExceeded: 429, BudgetSpent: 500}
