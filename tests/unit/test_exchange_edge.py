"""What a gateway answers when it cannot work."""

import asyncio
import contextvars
import json
import threading
import time
from types import SimpleNamespace

import pytest
from django.db import InterfaceError, OperationalError

from dean06.exchange import edge as edges
from dean06.exchange import snapshot
from dean06.exchange.consumer_edge import ConsumerEdge
from dean06.exchange.edge import THREADS
from dean06.exchange.errors import EvidenceNotKept


class NoEvidence:
    async def submit(self, _evidence):
        raise EvidenceNotKept


@pytest.mark.parametrize("error", [OperationalError("server closed the connection"), InterfaceError("connection is closed")])
async def test_a_database_that_is_away_is_foreseen(error):
    edge, sent = ConsumerEdge(), []
    edge.evidence = NoEvidence()

    async def send(event):
        sent.append(event)

    await edge.refuse(send, error, request=None, known={})

    headers = {name.lower(): value for name, value in sent[0]["headers"]}
    assert sent[0]["status"] == 500
    assert headers[b"x-exchange-error"] == b"exchange.database_away"
    assert headers[b"x-road-error"] == b"Server.ClientProxy.InternalError"
    assert "try again" in json.loads(sent[1]["body"])["message"]


async def test_what_refreshes_the_state_knows_nothing_of_the_caller_who_woke_it(monkeypatch):
    caller, seen = contextvars.ContextVar("caller", default="nobody"), []
    monkeypatch.setattr(snapshot, "current", lambda: seen.append(caller.get()))
    edge = ConsumerEdge()

    caller.set("a stranger")
    await edge.state()
    await edge.stop()

    assert seen == ["nobody"]


@pytest.mark.parametrize("is_busy", [False, True])
async def test_every_thread_gives_back_its_database_connection_when_a_gateway_stops(monkeypatch, is_busy):
    """A thread at work keeps its own; the gateway does not wait for it."""
    closed = set()
    connections = SimpleNamespace(all=lambda **_: [], close_all=lambda: closed.add(threading.get_ident()))
    monkeypatch.setattr(edges, "connections", connections)
    edge, together, release = ConsumerEdge(), threading.Barrier(THREADS), threading.Event()

    def work():
        together.wait(5)
        return threading.get_ident()

    used = set(await asyncio.gather(*[edge.in_thread(work) for _ in range(THREADS)]))
    busy = asyncio.create_task(edge.in_thread(release.wait)) if is_busy else None
    await asyncio.sleep(0.05)
    began = time.monotonic()
    await edge.stop()
    taken = time.monotonic() - began
    release.set()
    if busy is not None:
        await busy

    assert closed <= used
    assert len(closed) == THREADS - is_busy
    assert taken < 10
