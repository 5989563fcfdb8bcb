"""Records of calls in the database: what they hold, what they never hold, how long they stay."""

import time
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.db import connection, transaction
from django.db.models import F

from dean06.core.clock import now
from dean06.exchange import providing, snapshot
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.metering import Seen
from dean06.exchange.errors import BadRequest, ConfigurationExpired, PurposeNotCovered
from dean06.exchange.operations import counting, queries, reading
from dean06.exchange.operations.models import AgreementUse, CallSum, Record
from dean06.exchange.operations.reading import records_of
from dean06.exchange.operations.tasks import FORGET, forget_old_calls
from dean06.exchange.operations.writing import Ended, user_key, write
from dean06.exchange.proving.indexing import index_evidence
from exchange_evidence_world import BANK, NUMBER, POPULATION, look_up, populate
from exchange_gateways import CLIENT, TOKEN
from exchange_gateways import POPULATION as POPULATION_ADDRESS

pytestmark = pytest.mark.django_db


def ended(client, *, at=None, duration=0.004, side="provider", outcome="answered", **given):
    instant = (at or now()).timestamp()
    seen = Seen(10.0, client=client, service=POPULATION, outcome=outcome, method="POST", path="/v1/persons/look-up", **given)
    return Ended(side, seen, 10.0 + duration, instant)


def a_client():
    return f"VN/COM/{uuid4().hex[:8]}/SYSTEM"


def test_a_group_of_calls_becomes_records_and_sums():
    client = a_client()
    write([ended(client, request_bytes=10, answer_bytes=100, status=200, transaction_id="t-1", has_issue=True) for _ in range(3)])
    write([ended(client, request_bytes=1), ended(client, outcome="exchange.rate_exceeded")])

    records = Record.objects.filter(client=client)
    sums = CallSum.objects.filter(client=client)
    assert records.count() == 5
    assert {(row.duration_us // 1000, row.status, row.has_issue) for row in records.filter(transaction_id="t-1")} == {(4, 200, True)}
    assert sum(row.calls for row in sums) == 5
    assert sum(row.calls for row in sums.filter(outcome="answered")) == 4
    assert sum(row.request_bytes for row in sums) == 31
    assert {row.window_at.minute % 10 for row in sums} == {0}


def test_a_record_holds_nothing_that_a_caller_wrote_freely():
    populate()
    client = a_client()
    seen = Seen(
        1.0,
        client=client,
        service=POPULATION,
        outcome="answered",
        method="POST",
        path=f"/v1/persons/{NUMBER}",
        message_id=f"about-{NUMBER}",
        user=f"VN{NUMBER}",
    )
    write([Ended("provider", seen, 1.1, time.time())])

    row = Record.objects.filter(client=client).values().get()
    assert NUMBER not in repr(row)
    assert row["endpoint"] in ("", "/v1/persons/*", "/**")
    assert len(row["user_key"]) == 32


@pytest.mark.parametrize("text", ["back\\slash \\N \\.", "tab\tand\nline", 'quote\'s "x"', "đường ✓"])
def test_a_record_keeps_any_text_in_its_column(text):
    client = a_client()
    write([ended(client, message_id=text), ended(client, message_id="next")])

    assert set(Record.objects.filter(client=client).values_list("message_id", flat=True)) == {
        text.replace("\t", " ").replace("\n", " "),
        "next",
    }


def test_the_same_user_is_somebody_else_at_another_client():
    assert user_key("VN/COM/A/X", "officer-1") == user_key("VN/COM/A/X", "officer-1")
    assert user_key("VN/COM/A/X", "officer-1") != user_key("VN/COM/B/X", "officer-1")
    assert user_key("VN/COM/A/X", "") == ""


def test_what_is_older_than_it_is_kept_goes_and_nothing_else():
    client = a_client()
    for days in (0, 6, 8, 61, 63):
        write([ended(client, at=now() - timedelta(days=days))])
    Record.objects.filter(client=client).update(written_at=F("request_in_at"))
    forget_old_calls()

    assert Record.objects.filter(client=client).count() == 2
    assert CallSum.objects.filter(client=client).count() == 4


@pytest.mark.parametrize(("kept", "index"), [("records_days", "exchange_record_written"), ("sums_days", "exchange_sum_once")])
def test_what_is_forgotten_is_found_by_its_age_alone(kept, index):
    with transaction.atomic(), connection.cursor() as cursor:
        for other_way in ("seqscan", "bitmapscan", "sort"):  # a table of a few rows is quicker read whole
            cursor.execute(f"SET LOCAL enable_{other_way} = off")
        cursor.execute(f"EXPLAIN {FORGET[kept]}", [now(), 20_000])
        plan = "\n".join(row[0] for row in cursor.fetchall())

    assert index in plan
    assert "Sort" not in plan


def test_without_a_configuration_the_refusals_for_it_are_recorded(monkeypatch):
    def expired():
        raise ConfigurationExpired

    monkeypatch.setattr(snapshot, "current", expired)
    client = a_client()
    write([ended(client, outcome="exchange.configuration_expired")])

    assert Record.objects.get(client=client).outcome == "exchange.configuration_expired"


def test_a_gateway_whose_clock_is_ahead_begins_today_and_not_tomorrow():
    client = a_client()
    write([ended(client, at=now() + timedelta(minutes=11)) for _ in range(3)])

    assert queries._by_day()[client] == [3]
    assert isinstance(queries.anomalies(), list)


def test_calls_inside_one_process_are_noted_on_both_sides_with_their_end(monkeypatch):
    noted = []

    class Recorder:
        def note(self, side, seen, *, ended, at):
            noted.append((side, seen.outcome, seen.service, seen.method, ended >= seen.began, at > 0))

    monkeypatch.setattr(providing, "_providers", {})
    monkeypatch.setattr(counting, "records", Recorder())
    populate()
    look_up()
    with pytest.raises(PurposeNotCovered):
        look_up(purpose="marketing")

    rest = (POPULATION, "POST", True, True)
    assert noted == [
        (side, outcome, *rest) for outcome in ("answered", "exchange.purpose_not_covered") for side in ("consumer", "provider")
    ]


def test_the_evidence_says_when_an_agreement_was_last_used(monkeypatch):
    monkeypatch.setattr(providing, "_providers", {})
    populate()
    before = now()
    look_up()
    index_evidence()

    from dean06.exchange.public import agreements

    codes = {one.code for one in agreements() if str(one.client) == BANK and str(one.service) == POPULATION}
    used = AgreementUse.objects.filter(code__in=codes, last_used_at__gte=before - timedelta(seconds=1))
    assert used.count() == 1
    look_up()
    index_evidence()
    assert AgreementUse.objects.get(code=used.get().code).last_used_at >= before


def paged(client, since, until):
    """Ask as a collector does, until nothing is left."""
    found, questions = [], 0
    last = None
    while since not in {None, last}:
        answer = records_of(ClientId.parse(client), since=str(since), until=str(until))
        found += answer["records"]
        last, since, questions = since, answer.get("nextRecordsFrom"), questions + 1
    return found, questions


@pytest.mark.parametrize("most", [2, 3, 100])
def test_a_collector_gets_each_record_of_its_own_once(monkeypatch, most):
    monkeypatch.setattr(reading, "MOST", most)
    client, other = a_client(), a_client()
    begin = int(now().timestamp()) - 3 * 3600
    for number, offset in enumerate((0, 5, 5.2, 5.4, 5.6, 5.9, 4000, 7300, 7300.5, 9000)):
        at = datetime.fromtimestamp(begin + offset + 0.004, UTC)
        write([ended(client, at=at, side="consumer", transaction_id=f"t-{number}"), ended(other, at=at, side="consumer")])
    Record.objects.filter(client__in=[client, other]).update(written_at=F("request_in_at"))
    write([ended(client, side="consumer", transaction_id="too young")])

    found, questions = paged(client, begin, int(now().timestamp()) + 60)

    assert [row["xRequestId"] for row in found] == [f"t-{number}" for number in range(10)]
    assert questions >= 3
    assert {row["securityServerType"] for row in found} == {"Client"}


def test_a_call_that_ends_after_its_second_was_handed_out_is_not_missed(monkeypatch):
    client = a_client()
    begin = int(now().timestamp()) - 600
    write([ended(client, side="consumer", transaction_id="short")])
    Record.objects.filter(client=client).update(written_at=datetime.fromtimestamp(begin + 10, UTC))
    first = records_of(ClientId.parse(client), since=str(begin), until="")

    write([ended(client, side="consumer", transaction_id="long", duration=300.0)])
    monkeypatch.setattr(reading, "SETTLED", timedelta(seconds=-2))  # five seconds later
    second = records_of(ClientId.parse(client), since=str(first["nextRecordsFrom"]), until="")

    assert [row["xRequestId"] for answer in (first, second) for row in answer["records"]] == ["short", "long"]


def test_whose_time_was_answered_to_its_end_is_not_sent_on():
    begin = int(now().timestamp()) - 600

    assert records_of(ClientId.parse(a_client()), since=str(begin), until=str(begin + 60)) == {"records": []}


def test_a_provider_gets_what_its_services_were_asked_and_no_end_users():
    client = a_client()
    provider = f"VN/GOV/{uuid4().hex[:8]}/REGISTER"
    begin = now() - timedelta(minutes=5)
    seen = Seen(10.0, client=client, service=f"{provider}/one", outcome="exchange.rate_exceeded", user="officer-1", method="GET")
    near = Seen(10.0, client=client, service=f"{provider}2/one", outcome="answered")
    write([Ended("provider", one, 10.25, begin.timestamp()) for one in (seen, near)])
    Record.objects.filter(client=client).update(written_at=begin)

    [row] = records_of(ClientId.parse(provider), since=str(int(begin.timestamp()) - 60), until="")["records"]

    assert (row["succeeded"], row["faultCode"], row["serviceCode"]) == (False, "exchange.rate_exceeded", "one")
    assert (row["serviceSubsystemCode"], row["clientMemberClass"]) == ("REGISTER", "COM")
    assert row["responseOutTs"] - row["requestInTs"] == 250
    assert "messageUserId" not in row
    assert "statusCode" not in row


@pytest.mark.parametrize("text", ["now", "1e9", "99999999999999999999"])
def test_times_are_whole_seconds(text):
    with pytest.raises(BadRequest):
        records_of(ClientId.parse(BANK), since=text, until="")


ADDRESS = "/operational-data?xRoadInstance=VN&memberClass=COM&memberCode=DEMOBANK&subsystemCode="


@pytest.mark.xdist_group("exchange_gateways")
def test_a_member_collects_its_records_at_its_gateway_and_nobody_elses(gateways):
    def ask(address, *options):
        return gateways.curl(address, *options, data=None, client="", purpose="", kind="")

    answered = ask(f"{ADDRESS}CUSTOMERS&recordsFrom={int(time.time()) - 600}")
    refused = ask(f"{ADDRESS}GUARDED")
    allowed = ask(f"{ADDRESS}GUARDED", "-H", f"X-Exchange-Token: {TOKEN}")

    assert (answered.status, refused.status, allowed.status) == (200, 401, 200)
    assert {row["clientSubsystemCode"] for row in answered.json["records"]} <= {"CUSTOMERS"}
    assert ask(f"{ADDRESS}CUSTOMERS&recordsFrom=never").status == 400
    assert ask("/operational-data").status == 400


@pytest.mark.xdist_group("exchange_gateways")
def test_running_gateways_write_one_record_of_each_call_and_side(gateways):
    message = f"message-{uuid4()}"
    answered = gateways.curl(
        f"{POPULATION_ADDRESS}/v1/persons/look-up",
        "-H",
        f"X-Road-Id: {message}",
        "-H",
        "X-Road-UserId: officer-1",
        "-H",
        "X-Road-Issue: H1",
    )
    for _ in range(600):
        rows = gateways.help("/records", message_id=message)
        if len(rows) == 2:
            break
        time.sleep(0.1)

    assert sorted(row["side"] for row in rows) == ["consumer", "provider"]
    for row in rows:
        assert (row["client"], row["service"]) == (CLIENT, "VN/GOV/G01/POPULATION/population")
        assert (row["outcome"], row["status"], row["has_issue"]) == ("answered", 200, True)
        assert row["transaction_id"] == answered.headers["x-road-request-id"]
        assert row["duration_us"] > 0
        assert row["user_key"] not in ("", "officer-1")
        assert row["answer_bytes"] == len(answered.body)
    consumer, provider = sorted(rows, key=lambda row: row["side"])
    assert consumer["duration_us"] >= provider["duration_us"]
