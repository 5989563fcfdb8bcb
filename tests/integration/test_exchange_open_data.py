"""Open data of the exchange: the public page, its files, the command, and what never is in them."""

import csv
import io
import json
from datetime import datetime, time, timedelta

import pytest
from click.testing import CliRunner
from django.test import Client

from browser import assert_accessible, shoot
from dean06.cli.main import cli
from dean06.core.clock import LEGAL_TIME_ZONE, today
from dean06.exchange.domain.metering import Seen
from dean06.exchange.operations.writing import Ended, write
from exchange_packs import BANK, POPULATION

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

SERVICES = "VN/GOV/H49/SERVICES"


def calls(count, client, *, day, hour, outcome="answered"):
    at = datetime.combine(day, time(hour, 34, 56), LEGAL_TIME_ZONE).timestamp()
    seen = Seen(0.0, client=client, service=POPULATION, outcome=outcome, user="officer-7", message_id="message-1", transaction_id="t-1")
    write([Ended(side, seen, 0.02, at) for side in ("consumer", "provider") for _ in range(count)])


@pytest.fixture
def yesterday():
    """A day with a busy hour, a few calls spread over hours, and a client that called twice."""
    day = today() - timedelta(days=1)
    calls(25, BANK, day=day, hour=9)
    calls(5, BANK, day=day, hour=9, outcome="exchange.rate_exceeded")
    for hour in (0, 10, 23):
        calls(4, BANK, day=day, hour=hour)
    calls(2, SERVICES, day=day, hour=11)
    return day


def rows_of(day):
    response = Client().get(f"/exchange/open-data/{day}.csv")
    assert response.status_code == 200
    return list(csv.DictReader(io.StringIO(response.content.decode())))


def test_small_cells_go_into_coarser_ones_and_people_are_not_in_it(yesterday):
    busy, rest = rows_of(yesterday)

    assert (busy["hour"], busy["client"], busy["calls"], busy["succeeded"], busy["refused"]) == ("9", BANK, "30", "25", "5")
    assert (rest["hour"], rest["client"], rest["calls"]) == ("", BANK, "12")
    document = json.loads(Client().get(f"/exchange/open-data/{yesterday}.json").content)
    assert document["calls_in_no_row"] == 2
    for text in (json.dumps(document), json.dumps(busy)):
        assert not [secret for secret in ("officer", "message-1", "t-1", "34:56", SERVICES) if secret in text]


def test_the_command_writes_what_the_page_hands_out(yesterday, tmp_path):
    done = CliRunner().invoke(cli, ["exchange", "open-data", "--day", str(yesterday), "--out", str(tmp_path / "day.csv")])

    assert done.exit_code == 0, done.output
    assert (tmp_path / "day.csv").read_bytes() == Client().get(f"/exchange/open-data/{yesterday}.csv").content


@pytest.mark.parametrize("days_ago", [0, -1, 63, 4000])
def test_a_day_that_is_not_over_or_not_kept_is_not_handed_out(yesterday, days_ago):
    day = today() - timedelta(days=days_ago)

    assert Client().get(f"/exchange/open-data/{day}.csv").status_code == 404
    assert CliRunner().invoke(cli, ["exchange", "open-data", "--day", str(day), "--out", "/nonexistent/x"]).exit_code > 0


@pytest.mark.parametrize("day", ["yesterday", "2026-13-01", "%00", "2026-01-01T00"])
def test_what_is_no_day_is_not_found(day):
    assert Client().get(f"/exchange/open-data/{day}.csv").status_code == 404


def test_anybody_finds_the_files(page, live_server, yesterday):
    page.goto(f"{live_server.url}/")
    page.get_by_role("link", name="Dữ liệu mở").click()

    assert_accessible(page)
    assert page.get_by_role("link", name=f"Tệp CSV {yesterday:%d/%m/%Y}").is_visible()
    shoot(page, "exchange-open-data", widths=(390, 1280, 1920))


def test_a_new_installation_says_when_to_come_back(page_without_script, live_server):
    page_without_script.goto(f"{live_server.url}/exchange/open-data")

    assert page_without_script.get_by_text("Chưa có ngày nào").is_visible()
