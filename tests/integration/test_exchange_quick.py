"""A service that answers from memory: its request's nonce is claimed by the statement that writes the evidence, and nothing is answered twice."""

import asyncio
from dataclasses import dataclass, field

import pytest
from django.db import connections

from dean06.exchange import providing, snapshot
from dean06.exchange.consuming import prepare
from dean06.exchange.domain.r1 import compose
from dean06.exchange.errors import MessageReplayed
from dean06.exchange.models import SeenNonce
from dean06.exchange.provider_edge import ProviderEdge
from dean06.exchange.public import ProviderResponse, load_agreements, load_members, register_provider
from dean06.ledger.models import LedgerEntry
from exchange_evidence_world import SUBJECT

pytestmark = pytest.mark.django_db(transaction=True)
OWNER, CLIENT = "VN/GOV/Q01/QUICK", "VN/COM/Q02/CUSTOMERS"
MEMBERS = """kind: members
instance: VN
members:
  - class: GOV
    code: Q01
    name: Cơ quan nhanh
    subsystems:
      - code: QUICK
        name: Dịch vụ nhanh
        services:
          - {code: quick, title: Trả lời ngay, location: inside}
          - {code: counted, title: Có hạn mức, location: inside}
  - class: COM
    code: Q02
    name: Ngân hàng nhanh
    subsystems: [{code: CUSTOMERS, name: Khách hàng}]
"""
AGREEMENT = """
  - code: {code}
    title: {code}
    client: VN/COM/Q02/CUSTOMERS
    service: VN/GOV/Q01/QUICK/{service}
    endpoints: [{{method: POST, path: /v1/*}}]
    fields: [full_name]
    purposes: [kyc]
    legal_bases: [{{document: 91/2025/QH15, article: Điều 9, certainty: F}}]
    valid_from: 2026-01-01
    valid_until: 2099-12-31
    rate_per_second: {rate}
"""


async def in_a_thread_that_ends(function):
    """Run what uses the database in a thread that leaves no session behind."""

    def work():
        try:
            return function()
        finally:
            connections.close_all()

    return await asyncio.to_thread(work)


@dataclass
class World:
    """The provider's gateway in this process."""

    asked: list = field(default_factory=list)

    def handle(self, request):
        self.asked.append(request.path)
        return ProviderResponse(200, {"full_name": "Nguyễn Thị Mẫu"}, (SUBJECT,))

    def request(self, service="quick", **headers):
        """Sign a request as the consumer's gateway does."""
        message = compose(client=CLIENT, service=f"{OWNER}/{service}", method="POST", path="/v1/x", body=b"{}", purpose="kyc")
        object.__setattr__(message, "headers", (*message.headers, *((name.replace("_", "-"), value) for name, value in headers.items())))
        return prepare(message, state=snapshot.current())

    def serve(self, *requests, at_once=False, before=lambda _edge: None):
        """Hand signed requests to one gateway; return status and our code of each."""

        async def work():
            edge = ProviderEdge()
            edge.is_own_tls = False  # spoken to without a connection
            edge.in_thread = in_a_thread_that_ends
            before(edge)
            try:
                if at_once:
                    return await asyncio.gather(*(self._one(edge, request) for request in requests))
                return [await self._one(edge, request) for request in requests]
            finally:
                await edge.stop()

        return asyncio.run(work())

    @staticmethod
    async def _one(edge, request):
        sent = []
        events = iter([{"type": "http.request", "body": request.message.body, "more_body": False}])

        async def receive():
            return next(events)

        async def send(event):
            sent.append(event)

        headers = [(name.encode(), value.encode()) for name, value in request.headers]
        scope = {"type": "http", "method": "POST", "path": request.target, "raw_path": request.target.encode(), "query_string": b""}
        await edge({**scope, "headers": headers, "client": ("127.0.0.1", 1)}, receive, send)
        told = {name: value.decode() for name, value in sent[0]["headers"]}
        return sent[0]["status"], told.get(b"x-exchange-error", "")


@pytest.fixture
def world(monkeypatch, tmp_path):
    monkeypatch.setattr(providing, "_providers", {})
    grants = (("Q-1", "quick", 0), ("Q-2", "counted", 2))
    agreements = "kind: agreements\nagreements:\n" + "".join(
        AGREEMENT.format(code=code, service=service, rate=rate) for code, service, rate in grants
    )
    (tmp_path / "members.yaml").write_text(MEMBERS)
    (tmp_path / "agreements.yaml").write_text(agreements)
    load_members(tmp_path)
    load_agreements(tmp_path)
    world = World()
    for service in ("quick", "counted"):
        register_provider(f"{OWNER}/{service}", handler=world.handle, openapi={}, is_quick=True)
    return world


def kinds():
    return sorted(LedgerEntry.objects.filter(log="exchange.provider", kind__in=KINDS).values_list("kind", flat=True))


KINDS = ("exchange.answered", "exchange.refused")
REPLAYED = (500, MessageReplayed.code)
OK = (200, "")


def test_one_answer_one_nonce_one_entry(world):
    assert world.serve(world.request()) == [OK]

    assert SeenNonce.objects.count() == 1
    assert kinds() == ["exchange.answered"]


def test_a_replay_gets_no_answer_and_leaves_a_refusal(world):
    request = world.request()

    assert world.serve(request, request) == [OK, REPLAYED]
    assert kinds() == ["exchange.answered", "exchange.refused"]


def test_a_replay_at_another_process_of_the_gateway_is_found(world):
    request = world.request()

    assert world.serve(request) == [OK]
    assert world.serve(request) == [REPLAYED]
    assert kinds() == ["exchange.answered", "exchange.refused"]


def test_of_many_at_once_only_the_replays_are_refused(world):
    known = world.request()
    world.serve(known)
    fresh = [world.request() for _ in range(20)]
    mixed = [*fresh[:10], known, *fresh[10:], fresh[3], known]

    answered = world.serve(*mixed, at_once=True)

    assert [answered.count(OK), answered.count(REPLAYED)] == [20, 3]
    assert SeenNonce.objects.count() == 21
    assert kinds() == ["exchange.answered"] * 21 + ["exchange.refused"] * 3


def test_where_calls_are_counted_a_replay_is_found_before_it_is_counted(world):
    request = world.request("counted")

    assert world.serve(request, request, world.request("counted")) == [OK, REPLAYED, OK]
    assert world.asked == ["/v1/x"] * 2


def test_the_nonce_is_claimed_first_where_a_key_says_that_something_changes(world):
    request = world.request(idempotency_key='"k-1"')

    assert world.serve(request, request) == [OK, REPLAYED]
    assert world.asked == ["/v1/x"]


def test_no_nonce_is_claimed_and_nothing_answered_when_the_evidence_is_not_kept(world):
    def broken(edge):
        async def refuse(_connection, items):
            raise ConnectionError(len(items))

        edge.evidence._write = refuse

    request = world.request()

    assert world.serve(request, before=broken) == [(500, "exchange.evidence_not_kept")]
    assert not SeenNonce.objects.exists()
    assert world.serve(request) == [OK]
