"""What a gateway answers when it cannot work."""

import asyncio
import contextvars
import json
import threading
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


class WithoutPatience(threading.Barrier):
    """Where threads meet, one of which does not come: the time to wait for it is over when all the others are there."""

    def __init__(self, parties):
        super().__init__(parties)
        self.come, self.counting = 0, threading.Lock()

    def wait(self, timeout):
        assert timeout == edges.TOGETHER_SECONDS
        with self.counting:
            self.come += 1
            if self.come == THREADS - 1:
                self.abort()
        return super().wait(timeout)


@pytest.mark.parametrize("is_busy", [False, True])
async def test_every_thread_gives_back_its_database_connection_when_a_gateway_stops(monkeypatch, is_busy):
    """A thread at work keeps its own; the gateway does not wait for it."""
    closed = set()
    connections = SimpleNamespace(all=lambda **_: [], close_all=lambda: closed.add(threading.get_ident()))
    monkeypatch.setattr(edges, "connections", connections)
    edge, together = ConsumerEdge(), threading.Barrier(THREADS)
    at_work, release = threading.Event(), threading.Event()

    def work():
        together.wait(60)
        return threading.get_ident()

    def work_on():
        at_work.set()
        return release.wait(120)

    meeting = WithoutPatience if is_busy else threading.Barrier
    used = set(await asyncio.gather(*[edge.in_thread(work) for _ in range(THREADS)]))
    monkeypatch.setattr(edges, "TOGETHER_SECONDS", 60)
    monkeypatch.setattr(edges, "threading", SimpleNamespace(Barrier=meeting, BrokenBarrierError=threading.BrokenBarrierError))
    busy = asyncio.create_task(edge.in_thread(work_on)) if is_busy else None
    if busy is not None:
        assert await asyncio.to_thread(at_work.wait, 60)
    await asyncio.wait_for(edge.stop(), 60)
    release.set()
    if busy is not None:
        assert await busy, "the gateway did not wait for it"

    assert closed <= used
    assert len(closed) == THREADS - is_busy
