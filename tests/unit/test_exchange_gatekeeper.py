"""What the TLS server of a gateway lets through: whoever is named, learned while it serves, one bad certificate or not."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from dean06.exchange import edge
from dean06.exchange.edge import Edge
from dean06.exchange.peers import Gatekeeper
from gateway_certificates import der, self_signed, unreadable

SINCE, UNTIL = datetime.now(UTC) - timedelta(days=1), datetime.now(UTC) + timedelta(days=1)


def named(name):
    return self_signed(name, since=SINCE, until=UNTIL)[0]


def known(context):
    return context.cert_store_stats()["x509"]


@pytest.fixture
def server():
    return ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)


def test_a_certificate_that_openssl_cannot_read_keeps_no_other_out(server):
    keeper = Gatekeeper()
    keeper.guard(server)
    bad = der(unreadable(named("bad.example"), "bad.example"))
    many = [der(named(f"g{number}.example")) for number in range(4)]

    keeper.let_in([*many[:2], bad])
    keeper.let_in([bad, *many])

    assert known(server) == len(many)


def test_a_context_that_comes_later_knows_whom_the_others_know(server):
    keeper = Gatekeeper()
    keeper.let_in([der(named("early.example"))])

    keeper.guard(server)

    assert known(server) == 1


async def test_a_gateway_goes_on_learning_after_a_look_that_failed(server, monkeypatch):
    keeper = Gatekeeper()
    keeper.guard(server)
    monkeypatch.setattr(edge, "gatekeeper", keeper)
    monkeypatch.setattr(edge, "STALE_SECONDS", 0)
    looked_again = asyncio.Event()
    looks = iter([ValueError("unforeseen"), SimpleNamespace(certificates=frozenset({der(named("later.example"))}))])

    async def state():
        if (found := next(looks, None)) is None:
            looked_again.set()
            await asyncio.sleep(3600)
        if isinstance(found, Exception):
            raise found
        return found

    staying = asyncio.create_task(Edge._stay_current(SimpleNamespace(state=state, log_name="exchange.provider")))
    await asyncio.wait([staying, asyncio.create_task(looked_again.wait())], timeout=60, return_when=asyncio.FIRST_COMPLETED)
    staying.cancel()
    await asyncio.wait([staying])

    assert known(server) == 1
