"""Safety on the data path, seen by curl: limits, circuits, time budgets, repeated requests."""

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest

from dean06.exchange.domain.limits import seconds_to_next_day
from exchange_gateways import FRAGILE, LIMITED, POPULATION, refusal

pytestmark = pytest.mark.xdist_group("exchange_gateways")


def kinds(entries):
    return sorted(entry["detail"].get("code") or entry["kind"] for entry in entries)


# -- limits of an agreement


def test_an_agreement_s_rate_is_told_and_refused_with_the_moment_to_come_back(gateways, recorded):
    began = time.monotonic()
    answers = [gateways.curl(f"{LIMITED}/rate/x") for _ in range(12)]
    passed = [answered for answered in answers if answered.status == 200]
    refused = [answered for answered in answers if answered.status != 200]

    assert len(passed) >= 3
    assert all(answered.headers["ratelimit"].startswith('"rate";r=') for answered in passed)
    while not refused and time.monotonic() - began < 120:  # a machine so slow that twelve calls took three seconds
        with ThreadPoolExecutor(12) as pool:
            refused = [a for a in pool.map(lambda _: gateways.curl(f"{LIMITED}/rate/x"), range(12)) if a.status != 200]
    assert {refusal(answered) for answered in refused} == {("Server.ServerProxy.TooManyRequests", "exchange.rate_exceeded", 429)}
    assert all(int(answered.headers["retry-after"]) == 1 for answered in refused)
    assert 1 <= kinds(recorded()).count("exchange.rate_exceeded") <= 1 + (time.monotonic() - began) / 10


def test_a_daily_quota_ends_with_the_day_and_survives_a_restart(gateways):
    if (left := seconds_to_next_day(datetime.now(UTC))) < 120:
        time.sleep(left + 1)
    answers = [gateways.curl(f"{LIMITED}/quota/x") for _ in range(6)]

    assert [answered.status for answered in answers] == [200] * 4 + [429] * 2
    assert refusal(answers[-1])[1] == "exchange.quota_exhausted"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 86_400
    gateways.restart("provider_gateway")
    assert refusal(gateways.curl(f"{LIMITED}/quota/x"))[1] == "exchange.quota_exhausted"


def test_an_agreement_without_limits_says_nothing_of_them(gateways):
    assert "ratelimit" not in gateways.curl(f"{LIMITED}/free/x").headers


# -- circuit


def test_a_service_that_does_not_answer_is_not_asked_for_a_while(gateways):
    told = [refusal(gateways.curl(f"{FRAGILE}/x")) for _ in range(8)]

    assert told[0] == ("Server.ServerProxy.NetworkError", "exchange.provider_unreachable", 500)
    assert ("Server.ServerProxy.NetworkError", "exchange.service_resting", 503) in told
    for _ in range(20):  # on a machine that stood still, one of them may be the probe
        if refusal(resting := gateways.curl(f"{FRAGILE}/x"))[1] == "exchange.service_resting":
            break
    assert 1 <= int(resting.headers["retry-after"]) <= 60
    assert gateways.curl(f"{LIMITED}/free/x").status == 200, "another service is asked as before"


# -- time budgets


def test_a_call_ends_when_its_time_is_over_and_not_later(gateways):
    began = time.monotonic()
    answered = gateways.curl(f"{LIMITED}/free/x?sleep=28", "-H", "X-Exchange-Timeout: 300")

    assert refusal(answered)[1:] == ("exchange.budget_spent", 500)
    assert time.monotonic() - began < 25
    assert answered.headers["x-road-error"].endswith(".ServiceFailed.Timeout")


def test_what_is_left_of_the_time_is_handed_on_to_the_service(gateways):
    asked = gateways.curl(f"{LIMITED}/free/x", "-H", "X-Exchange-Timeout: 29000", "-H", "X-Exchange-Budget: 1").json

    assert asked["headers"]["x-exchange-timeout"] == "29000"
    assert 1 < int(asked["headers"]["x-exchange-budget"]) < 29_000


def test_a_budget_that_is_no_number_is_refused(gateways):
    assert refusal(gateways.curl(f"{LIMITED}/free/x", "-H", "X-Exchange-Timeout: soon"))[::2] == ("Client.BadRequest", 400)


# -- idempotency keys


def once(gateways, key, place="free/once", **call):
    return gateways.curl(f"{LIMITED}/{place}", "-H", f"Idempotency-Key: {key}", **call)


def test_a_repeated_request_is_answered_again_and_done_once_and_both_answers_are_recorded(gateways, recorded):
    first, second = once(gateways, "k-1"), once(gateways, "k-1")

    assert first.status == second.status == 200
    assert first.json["seen"] == second.json["seen"]
    assert "x-exchange-replayed" not in first.headers
    assert second.headers["x-exchange-replayed"] == first.headers["x-road-request-id"]
    assert second.headers["x-road-request-id"] != first.headers["x-road-request-id"]
    provider = [entry for entry in recorded() if entry["log"] == "exchange.provider"]
    assert [entry["detail"].get("replayed") for entry in provider] == [None, first.headers["x-road-request-id"]]


def test_without_a_key_a_request_is_done_each_time(gateways):
    one, other = gateways.curl(f"{LIMITED}/free/each"), gateways.curl(f"{LIMITED}/free/each")

    assert other.json["seen"] == one.json["seen"] + 1


def test_a_repeated_answer_is_masked_like_the_first(gateways):
    first, second = (once(gateways, "k-2", "masked/once") for _ in range(2))

    assert set(first.json) == set(second.json) == {"seen", "path"}
    assert first.json == second.json


def test_a_key_for_another_request_is_refused(gateways):
    once(gateways, "k-3")
    other = once(gateways, "k-3", data='{"other": 1}')

    assert refusal(other) == ("Server.ServerProxy.IdempotencyKeyReused", "exchange.idempotency_key_reused", 422)


def test_a_key_whose_request_is_being_answered_is_a_conflict(gateways):
    with ThreadPoolExecutor(2) as pool:
        slow = pool.submit(once, gateways, "k-4", "free/slow?until=asked")
        try:
            while not gateways.help("/kept", in_flight=True) and not slow.done():
                time.sleep(0.02)
            early = once(gateways, "k-4", "free/slow?until=asked")
        finally:
            gateways.help("/release", name="asked")

    assert refusal(early) == ("Server.ServerProxy.IdempotencyKeyInFlight", "exchange.idempotency_key_in_flight", 409)
    assert slow.result().status == 200
    assert once(gateways, "k-4", "free/slow?until=asked").headers["x-exchange-replayed"] == slow.result().headers["x-road-request-id"]


def test_a_request_that_failed_at_the_service_may_be_tried_again_under_its_key(gateways):
    first, second = (once(gateways, "k-5", "free/fails") for _ in range(2))

    assert (first.status, second.status) == (503, 503)
    assert second.json["seen"] == first.json["seen"] + 1


def test_a_key_with_a_method_that_changes_nothing_is_no_matter(gateways):
    one, other = (once(gateways, "k-6", "free/read", data=None) for _ in range(2))

    assert other.json["seen"] == one.json["seen"] + 1


def test_a_kept_answer_cannot_be_read_in_the_database(gateways):
    once(gateways, "k-7", data='{"personal_id": "000190000017"}')
    kept = gateways.help("/kept")

    assert kept
    assert all(bytes.fromhex(text) for text in kept)
    assert not any(b"000190000017" in bytes.fromhex(text) or b"free/once" in bytes.fromhex(text) for text in kept)


def test_a_handler_of_this_installation_repeats_its_answer_with_its_subject(gateways, recorded):
    for _ in range(2):
        gateways.curl(f"{POPULATION}/v1/persons/look-up", "-H", "Idempotency-Key: k-8")

    provider = [entry for entry in recorded() if entry["log"] == "exchange.provider"]
    assert [entry["subjects"] for entry in provider] == [1, 1]
    assert [bool(entry["detail"].get("replayed")) for entry in provider] == [False, True]
