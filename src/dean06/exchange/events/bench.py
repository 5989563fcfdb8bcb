"""How many events a second go the whole way: told, numbered, recorded, signed, posted to a webhook on this machine and settled.

The floor is the same number of bare POSTs of the same bytes, over the same client to the same webhook, in the same run: what is
between the two is the work of the exchange, ledger entries included. The webhook is a process of its own on the same cores.
"""

import contextlib
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final
from uuid import uuid4

from django.db import connections, transaction

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.bench import Row, Size, benchmark
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.events.actions import register_target, subscribe, tell, watch
from dean06.exchange.events.delivering import BATCH, deliver
from dean06.exchange.events.domain.envelopes import CONTENT_TYPE
from dean06.exchange.events.models import Event, EventType, Subscription, Watched, WebhookTarget
from dean06.exchange.events.posting import Post, send
from dean06.exchange.events.queries import envelope
from dean06.exchange.events.sequencer import number_events
from dean06.exchange.loading import load_agreements, load_members

EVENTS: Final[dict[Size, int]] = {"quick": 300, "small": 800, "full": 20_000}
CONSUMER: Final = "BENCHEVENTS/COM/BANK/CUSTOMERS"
PROVIDER: Final = "BENCHEVENTS/GOV/G01/POPULATION"
TYPE: Final = "vn.gov.bench.record.changed"
START_SECONDS: Final = 30
PEER: Final = "bare POSTs of the same bytes, same run"
MEMBERS: Final = """kind: members
instance: BENCHEVENTS
members:
  - class: GOV
    code: G01
    name: Provider
    subsystems: [{code: POPULATION, name: Population, services: [{code: events, title: Events, location: inside}]}]
  - class: COM
    code: BANK
    name: Bank
    subsystems: [{code: CUSTOMERS, name: Customers}]
"""
AGREEMENTS: Final = f"""kind: agreements
agreements:
  - code: BENCH-EVENTS-1
    title: Bench
    client: {CONSUMER}
    service: {PROVIDER}/events
    endpoints: [{{method: "*", path: /v1/**}}]
    fields: ["*"]
    events: [{TYPE}]
    purposes: [kyc]
    legal_bases: [{{document: 91/2025/QH15, article: Điều 9, certainty: F}}]
    subject_required: false
    valid_from: 2026-01-01
    valid_until: 2099-12-31
"""
WEBHOOK: Final = """
async def serve(scope, receive, send):
    if scope["type"] != "http":
        return
    more = True
    while more:
        more = (await receive()).get("more_body", False)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})
"""


@benchmark("exchange.events")
def measure_events(size: Size) -> Sequence[Row]:
    """Measure events a second told, and events a second delivered to a webhook."""
    count = EVENTS[size]
    with _webhook() as address, _subscribed(address) as subscription:
        people = [PersonKey(uuid4()) for _ in range(count)]
        watch(subscription, subjects=people)
        deliver(subscription.id, limit=1)  # connections and keys are ready
        told = _rate(count, lambda: _tell(people))
        bare = _rate(count, lambda: _bare(address, subscription, people))
        delivered = _rate(count, lambda: _deliver(subscription, count))
        commits = _rate(count, lambda: _commit(count))
    return [
        Row("exchange.events_told", told, "events/s", floor=commits, peer="one committed row each, same run", n=count),
        Row("exchange.events_delivered", delivered, "events/s", floor=bare, peer=PEER, n=count),
    ]


def _rate(count: int, run: Callable[[], None]) -> float:
    started = time.perf_counter()
    run()
    return count / (time.perf_counter() - started)


def _tell(people: Sequence[PersonKey]) -> None:
    """Tell each event in a transaction of its own, take all over and number them."""
    using = database_of("exchange")
    for one in people:
        with transaction.atomic(using=using):
            tell(TYPE, subject=one, data={}, using=using)
    while messages.deliver(using, limit=1000):
        pass
    while number_events():
        pass


def _commit(count: int) -> None:
    using = database_of("exchange")
    for _ in range(count):
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute("INSERT INTO exchange_seennonce (digest, seen_at) VALUES (%s, now())", [uuid4()])


def _bare(address: str, subscription: Subscription, people: Sequence[PersonKey]) -> None:
    body = envelope(subscription, id=uuid4(), seq=1, subject=people[0], at=now(), data={}).body()
    post = Post(address, [("content-type", CONTENT_TYPE)], body)
    for first in range(0, len(people), BATCH):
        send([post] * min(BATCH, len(people) - first))


def _deliver(subscription: Subscription, count: int) -> None:
    done = 0
    while done < count:
        tried = deliver(subscription.id)
        if not tried:
            raise RuntimeError(f"only {done} of {count} events were due")
        done += tried
    kept = Subscription.objects.using(database_of("exchange")).get(id=subscription.id)
    if kept.delivered < count:
        raise RuntimeError(f"only {kept.delivered} of {count} events arrived")


@contextlib.contextmanager
def _subscribed(address: str) -> Iterator[Subscription]:
    """Yield a subscription under an agreement; everything but members, keys and agreement is removed afterwards."""
    using = database_of("exchange")
    with tempfile.TemporaryDirectory(prefix="dean06-bench-events-") as folder:
        (Path(folder) / "members.yaml").write_text(MEMBERS)
        (Path(folder) / "agreements.yaml").write_text(AGREEMENTS)
        load_members(Path(folder))
        load_agreements(Path(folder))
    kind, _ = EventType.objects.using(using).get_or_create(
        name=TYPE, defaults={"provider": PROVIDER, "title": "Bench", "schema": {"type": "object", "additionalProperties": False}}
    )
    target = register_target(consumer=CONSUMER, address=address, actor=Actor(account="bench"))
    WebhookTarget.objects.using(using).filter(id=target.id).update(allowed_at=now())
    made = subscribe(kind, consumer=CONSUMER, purpose="kyc", legal_basis="91/2025/QH15, Điều 9", mode="push", address=address)
    try:
        yield Subscription.objects.using(using).select_related("type", "target").get(id=made.id)
    finally:
        made.deliveries.using(using).all().delete()
        Watched.objects.using(using).filter(subscription=made).delete()
        Subscription.objects.using(using).filter(type=kind).delete()
        WebhookTarget.objects.using(using).filter(consumer=CONSUMER).delete()
        Event.objects.using(using).filter(type=kind).delete()
        EventType.objects.using(using).filter(id=kind.id).delete()


@contextlib.contextmanager
def _webhook() -> Iterator[str]:
    """Run a webhook that accepts everything and yield its address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="dean06-bench-hook-") as folder:
        (Path(folder) / "bench_webhook.py").write_text(WEBHOOK)
        granian = str(Path(sys.executable).with_name("granian"))
        command = [granian, "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "error"]
        process = subprocess.Popen([*command, "bench_webhook:serve"], cwd=folder)
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}/events"
        finally:
            process.terminate()
            process.wait()


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(port)
