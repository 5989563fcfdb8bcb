"""Who used a person's data, as the Estonian Data Tracker asks it; and the operator's search, which knows nobody."""

import json
from datetime import datetime, timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
import time_machine

from browser import assert_accessible, resize, shoot
from dean06.core.actor import Actor
from dean06.core.clock import LEGAL_TIME_ZONE, now, today
from dean06.core.keys import PersonKey
from dean06.exchange import providing
from dean06.exchange.errors import BadRequest
from dean06.exchange.openapi.lint import lint
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.public import call, is_told, load_agreements, register_provider, usage_openapi, usage_provider
from dean06.ledger.models import LedgerEntry
from dean06.ledger.public import looks_at
from dean06.organisation.public import HeldPost
from dean06.portal.sessions import COOKIE
from dean06.registry.errors import PersonNotFound
from exchange_evidence_world import BANK, NUMBER, POPULATION, SUBJECT, look_up, populate
from portal_fakes import install, log_in

pytestmark = pytest.mark.django_db(transaction=True)

SYSTEM = "VN/GOV/G01/POPULATION"
PORTAL = "VN/GOV/H49/PORTAL"
USER = f"VN{NUMBER}"


@pytest.fixture
def world(monkeypatch):
    """Three questions of a bank about one person, and the service that tells of them."""
    monkeypatch.setattr(providing, "_providers", {})
    populate()

    def key_of(number):
        if number != NUMBER:
            raise PersonNotFound
        return SUBJECT

    register_provider(f"{SYSTEM}/findUsage", handler=usage_provider(SYSTEM, person_key_of=key_of), openapi=usage_openapi())
    return [look_up(numbered=number == 2).transaction_id for number in range(3)]


def ask(path, *, user=USER, method="GET"):
    return call(
        client=PORTAL,
        service=f"{SYSTEM}/findUsage",
        method=method,
        path=path,
        body=None,
        purpose="own-record",
        user=user,
        actor=Actor(account="portal"),
    )


def test_usages_come_newest_first_in_pages(world):
    whole = ask(f"/v2/findUsage?userCode={USER}")

    assert (whole.status, whole.document["totalUsages"]) == (200, 3)
    first = whole.document["usages"][0]
    assert (first["receiverCode"], first["receiverName"], first["receiverSystem"]) == ("DEMOBANK", "Ngân hàng trình diễn", "CUSTOMERS")
    assert first["action"].startswith("kyc; ")
    times = [usage["logtime"] for usage in whole.document["usages"]]
    assert times == sorted(times, reverse=True)
    assert all(time.endswith("+07:00") for time in times)
    part = ask(f"/v2/findUsage?userCode={USER}&offset=1&limit=1").document
    assert (part["totalUsages"], part["usages"]) == (3, whole.document["usages"][1:2])


def test_the_question_itself_is_a_look_that_she_sees_but_no_usage(world):
    ask(f"/v2/findUsage?userCode={USER}")

    assert ask(f"/v2/findUsage?userCode={USER}").document["totalUsages"] == 3
    seen = looks_at(SUBJECT).rows[0]
    assert (seen.detail["service"], seen.purpose) == (f"{SYSTEM}/findUsage", "own-record")


def test_a_period_limits_what_is_told(world):
    later, before = (quote((now() + timedelta(hours=hours)).isoformat()) for hours in (1, -1))

    assert ask(f"/v2/findUsage?userCode={USER}&periodStart={later}").document["totalUsages"] == 0
    assert ask(f"/v2/findUsage?userCode={USER}&periodStart={before}&periodEnd={later}").document["totalUsages"] == 3


def test_a_delayed_usage_is_told_from_its_day_on_and_an_exempt_one_never(world, tmp_path):
    told_on = today() + timedelta(days=2)
    shared = {
        "title": "Báo sau",
        "client": BANK,
        "service": POPULATION,
        "fields": ["full_name"],
        "legal_bases": [{"document": "91/2025/QH15", "article": "Điều 9", "certainty": "F"}],
        "valid_from": today().isoformat(),
        "valid_until": (today() + timedelta(days=30)).isoformat(),
    }
    rules = {
        "later": {"notify": "delayed", "notify_until": told_on.isoformat()},
        "never": {"notify": "exempt", "notify_ground": "Căn cứ"},
    }
    agreements = [
        {
            "code": f"{name}-{uuid4().hex[:8]}",
            "purposes": [name],
            "endpoints": [{"method": "POST", "path": f"/v1/persons/{name}"}],
            **shared,
            **rule,
        }
        for name, rule in rules.items()
    ]
    (tmp_path / "agreements.yaml").write_text(json.dumps({"kind": "agreements", "agreements": agreements}))
    load_agreements(tmp_path)
    for name in rules:
        look_up(purpose=name, path=f"/v1/persons/{name}")
    midnight = datetime.combine(told_on, datetime.min.time(), LEGAL_TIME_ZONE)

    def told(at):
        with time_machine.travel(at, tick=False):
            return ask(f"/v2/findUsage?userCode={USER}").document["totalUsages"]

    assert (told(midnight - timedelta(seconds=1)), told(midnight)) == (3, 4)


def test_nobody_s_number_was_used_by_nobody(world):
    assert ask("/v2/findUsage?userCode=VN000000000000").document == {"totalUsages": 0, "usages": []}


def test_the_other_two_answer_too(world):
    index_evidence()

    assert ask("/v2/heartbeat").document == {"status": "OK", "message": ""}
    assert ask("/v2/usagePeriod").document["periodStart"] <= ask(f"/v2/findUsage?userCode={USER}").document["usages"][-1]["logtime"]


@pytest.mark.parametrize(
    "path",
    [
        "/v2/findUsage",
        "/v2/findUsage?userCode=000190000017",
        f"/v2/findUsage?userCode={USER}&limit=1001",
        f"/v2/findUsage?userCode={USER}&offset=-1",
        f"/v2/findUsage?userCode={USER}&periodStart=yesterday",
        f"/v2/findUsage?userCode={USER}&periodStart=2026-01-01T00:00:00",
    ],
)
def test_a_question_that_is_not_of_the_protocol_is_refused(world, path):
    assert ask(path).status == 400


def test_the_user_is_mandatory(world):
    assert ask("/v2/heartbeat", user="").status == 400
    assert ask("/v2/else").status == 404
    assert not lint(usage_openapi())


@pytest.mark.parametrize(
    ("detail", "told"),
    [
        ({}, True),
        ({"notify": "immediate"}, True),
        ({"notify": "exempt"}, False),
        ({"notify": "delayed"}, False),
        ({"notify": "delayed", "notify_until": "2026-11-23"}, True),
        ({"notify": "delayed", "notify_until": "2026-11-24"}, False),
    ],
)
def test_the_agreement_says_when_she_is_told(detail, told):
    from datetime import date

    assert is_told(detail, on=date(2026, 11, 23)) is told


OPERATOR = HeldPost("post-7", "G01", "Bộ Công an", "Người vận hành", frozenset({"operator"}), ("VN",))


def test_an_operator_searches_the_evidence_and_that_is_known(client, monkeypatch, world):
    with pytest.raises(Exception):  # noqa: B017 -- whatever it says: the refusal must be among the evidence
        look_up(purpose="nothing")
    look_up()
    index_evidence()
    fake, _asked = install(monkeypatch, posts=[OPERATOR])
    log_in(client, fake)

    page = client.get("/exchange/evidence").content.decode()

    assert all(transaction in page for transaction in world)
    assert page.count("Hai chữ ký đúng") == 8  # four calls, both sides
    assert NUMBER not in page
    assert str(SUBJECT) not in page
    assert "exchange.purpose_not_covered" in page
    one = client.get(
        f"/exchange/evidence?transaction={world[1]}&client={BANK}&service={POPULATION}&status=ok&since=2020-01-01"
    ).content.decode()
    assert world[1] in one
    assert world[0] not in one
    failed = client.get("/exchange/evidence?status=failed").content.decode()
    assert world[0] not in failed
    assert "exchange.purpose_not_covered" in failed
    assert "Không có bản ghi nào khớp" in client.get("/exchange/evidence?until=2020-01-01").content.decode()
    assert LedgerEntry.objects.filter(kind="exchange.evidence_searched").count() == 4
    bundle = client.post(f"/exchange/evidence/{world[0]}/bundle.zip")
    assert (bundle.status_code, bundle["Content-Type"]) == (200, "application/zip")
    assert LedgerEntry.objects.filter(kind="exchange.evidence_handed_out").count() == 1


def test_a_search_that_ends_before_it_begins_is_refused_rather_than_answered_with_everything(client, monkeypatch, world):
    index_evidence()
    fake, _asked = install(monkeypatch, posts=[OPERATOR])
    log_in(client, fake)

    refused = client.get("/exchange/evidence?since=2026-12-01&until=2026-01-01")

    assert refused.status_code == 422
    assert "Chọn ngày cuối không trước ngày đầu" in refused.content.decode()
    assert not any(transaction in refused.content.decode() for transaction in world)


@pytest.mark.browser
def test_the_operators_page_is_accessible(page, client, live_server, settings, monkeypatch, world):  # noqa: PLR0917 -- fixtures
    index_evidence()
    fake, _asked = install(monkeypatch, posts=[OPERATOR])
    settings.DEAN06_WEB_ORIGIN = live_server.url
    log_in(client, fake)
    page.context.add_cookies([{"name": COOKIE, "value": client.cookies[COOKIE].value, "url": live_server.url}])

    page.goto(live_server.url + "/exchange/evidence")

    assert_accessible(page)
    shoot(page, "exchange-evidence", widths=(390, 1280))
    resize(page, 390)
    outcome = page.locator('td[data-l="Kết thúc"]').first
    inside = outcome.bounding_box()
    assert outcome.locator(".num").bounding_box()["x"] > inside["x"] + 120  # beside the column's name, not below it


def test_nobody_else_searches(client, monkeypatch, world):
    fake, _asked = install(monkeypatch)
    log_in(client, fake)

    assert client.get("/exchange/evidence").status_code == 403
    assert client.post(f"/exchange/evidence/{world[0]}/bundle.zip").status_code == 403
    assert PersonKey(uuid4()) != SUBJECT
    with pytest.raises(BadRequest):
        ask("/v2//findUsage")
