"""How many exchanges a second two gateways and the in-process transport carry, and what they add to the delay.

Everything that a real exchange does is in it: agreement, four signature operations, mask, replay check, evidence committed on
both sides. Gateways are processes of their own; the load comes from this process, so all of it shares the machine's cores.
"""

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final
from uuid import UUID

import uvloop
from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.core.bench import Row, Size, benchmark
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey, new_key
from dean06.exchange import snapshot
from dean06.exchange.bench_load import BODY, Question, drive, held_open, paced, pair, quantiles
from dean06.exchange.consuming import check_answer, prepare, received
from dean06.exchange.domain.r1 import compose
from dean06.exchange.evidence import Evidence, keep
from dean06.exchange.proving.indexing import index_evidence
from dean06.exchange.public import ProviderRequest, ProviderResponse, call, load_agreements, load_members, register_provider
from dean06.exchange.serving import JSON, ServiceAnswer, admit, authorise, seal
from dean06.ledger.public import sequence

SERVICE: Final = "BENCH/GOV/G01/POPULATION/population"
CLIENT: Final = "BENCH/COM/BANK/CUSTOMERS"
PATH: Final = "/v1/persons/look-up"
SUBJECTS: Final = tuple(PersonKey(UUID(int=0x0190A000_0000_7000_8000_000000000000 + number)) for number in range(1000))
MEMBERS: Final = """kind: members
instance: BENCH
members:
  - class: GOV
    code: G01
    name: Provider
    subsystems: [{code: POPULATION, name: Population, services: [{code: population, title: Population, location: inside}]}]
  - class: COM
    code: BANK
    name: Bank
    subsystems: [{code: CUSTOMERS, name: Customers}]
"""
AGREEMENTS: Final = """kind: agreements
agreements:
  - code: BENCH-1
    title: Bench
    client: BENCH/COM/BANK/CUSTOMERS
    service: BENCH/GOV/G01/POPULATION/population
    endpoints: [{method: POST, path: /v1/persons/*}]
    fields: [personal_id, full_name, born_on, sex, permanent_residence.address, filler]
    purposes: [kyc]
    legal_bases: [{document: 91/2025/QH15, article: Điều 9, certainty: F}]
    valid_from: 2026-01-01
    valid_until: 2099-12-31
"""
SECONDS: Final[dict[Size, float]] = {"quick": 1, "small": 8, "full": 60}
SHORTER: Final[dict[Size, float]] = {"quick": 1, "small": 5, "full": 20}
ONE_BY_ONE: Final[dict[Size, int]] = {"quick": 100, "small": 400, "full": 2_000}
HELD_OPEN: Final[dict[Size, int]] = {"quick": 200, "small": 2_000, "full": 2_000}
ENTRIES: Final[dict[Size, int]] = {"quick": 500, "small": 3_000, "full": 100_000}
CONNECTIONS: Final = 32
ROUNDS: Final = 3
AT_ONCE: Final = 64
GROUP: Final = 100
QUESTION: Final = Question(f"/r1/{SERVICE}{PATH}", CLIENT)
FLOOR: Final = "bare two-hop mTLS proxy, same run"
TABLES: Final = ("entry", "leaf", "node", "subject", "word")


@benchmark("exchange.two_hop")
def measure_two_hop(size: Size) -> Sequence[Row]:
    """Measure what two gateways carry at 32 connections, what they add to one request, and delays at half of that load."""
    _load_packs()
    asked = {"connections": CONNECTIONS, "one_by_one": ONE_BY_ONE[size]}
    with pair("bare_consumer", "bare_provider") as bare:
        floor = uvloop.run(drive(bare.origin, QUESTION, seconds=SHORTER[size], **asked))
    with pair("consumer", "provider") as both:
        ours = uvloop.run(drive(both.origin, QUESTION, seconds=SECONDS[size], **asked))
        half = uvloop.run(paced(both.origin, QUESTION, rate=ours.rate / 2, seconds=SHORTER[size]))
    with pair("consumer_one_commit_each", "provider_one_commit_each") as slow:
        single = uvloop.run(drive(slow.origin, QUESTION, seconds=SHORTER[size], connections=CONNECTIONS, one_by_one=1))
    with pair("consumer", "provider_threaded") as usual:
        threaded = uvloop.run(drive(usual.origin, QUESTION, seconds=SHORTER[size], connections=CONNECTIONS, one_by_one=1))
    p50, p99 = quantiles(ours.delays)
    bare_p50, bare_p99 = quantiles(floor.delays)
    n = ONE_BY_ONE[size]
    return [
        Row("exchange.two_hop", ours.rate, "requests/s", floor=floor.rate, peer=FLOOR, n=ours.answered),
        Row("exchange.two_hop_one_commit_each", single.rate, "requests/s", floor=ours.rate, peer="commits in groups", n=single.answered),
        Row("exchange.two_hop_threaded", threaded.rate, "requests/s", floor=floor.rate, peer=FLOOR, n=threaded.answered),
        Row("exchange.two_hop_added_p50", p50 - bare_p50, "ms", floor=bare_p50, peer=FLOOR, n=n),
        Row("exchange.two_hop_added_p99", p99 - bare_p99, "ms", floor=bare_p99, peer=FLOOR, n=n),
        Row("exchange.two_hop_half_load_p99", quantiles(half)[1], "ms", peer=f"at {ours.rate / 2:.0f} requests/s", n=len(half)),
    ]


@benchmark("exchange.open_connections")
def measure_open_connections(size: Size) -> Sequence[Row]:
    """Hold many connections open and ask on each, round after round; memory of both gateways before and after."""
    _load_packs()
    count = HELD_OPEN[size]
    with pair("consumer", "provider") as both:
        uvloop.run(drive(both.origin, QUESTION, connections=CONNECTIONS, seconds=SHORTER[size], one_by_one=1))
        before = both.memory_bytes()
        held = {"count": count, "at_once": AT_ONCE}
        uvloop.run(held_open(both.origin, QUESTION, rounds=1, **held))
        first = both.memory_bytes()
        answered = uvloop.run(held_open(both.origin, QUESTION, rounds=ROUNDS, **held))
        after = both.memory_bytes()
    return [
        Row("exchange.open_connections", answered, "connections", floor=count, peer="opened", n=count * ROUNDS),
        Row(
            "exchange.open_connections_memory",
            after / 1e6,
            "MB",
            floor=first / 1e6,
            peer=f"first round; before {before / 1e6:.0f}",
            n=count,
        ),
    ]


@benchmark("exchange.evidence_bytes")
def measure_evidence_bytes(size: Size) -> Sequence[Row]:
    """Measure what a transaction takes on the disk of each side, numbered and with all indexes, without bodies."""
    _load_packs()
    n = ENTRIES[size]
    sides: dict[str, Callable[[Evidence, Evidence], Evidence]] = {
        "provider": lambda answered, _: answered,
        "consumer": lambda _, received: received,
    }
    rows = []
    for side, chosen in sides.items():
        keep([chosen(*_evidence())])  # the worker sees the first of them, and what they repeat is known
        sequence(database_of("exchange"))
        index_evidence()
        before = _bytes_on_disk()
        for _ in range(n // GROUP):
            keep([chosen(*_evidence()) for _ in range(GROUP)])
        sequence(database_of("exchange"))
        rows.append(Row(f"exchange.evidence_bytes_{side}", (_bytes_on_disk() - before) / n, "bytes", floor=900, peer="wanted at most", n=n))
    return rows


def _evidence() -> tuple[Evidence, Evidence]:
    """Return what both sides keep of one transaction: real signatures, nothing sent."""
    state = snapshot.current()
    message = compose(client=CLIENT, service=SERVICE, method="POST", path=PATH, body=BODY, purpose="kyc")
    outgoing = prepare(message, state=state)
    rest = outgoing.target.removeprefix("/x1/")
    admitted = admit(method="POST", rest=rest, query="", headers=dict(outgoing.headers), body=BODY, state=state)
    document = {"personal_id": "000190000017", "full_name": "Nguyễn Thị Mẫu", "filler": "x" * 900}
    said = ServiceAnswer(200, JSON, document=document, subjects=(SUBJECTS[secrets.randbelow(len(SUBJECTS))],))
    sealed = seal(admitted, authorise(admitted, state=state), said, state=state)
    headers = dict(sealed.headers)
    signed = check_answer(outgoing, status=sealed.status, headers=headers, body=sealed.body, state=state)
    return sealed.evidence, received(
        outgoing, status=sealed.status, answer=signed, agreement=headers["x-exchange-agreement"], body=sealed.body, state=state
    )


def _bytes_on_disk() -> int:
    """Return the size of the ledger's tables with indexes; rows that wait for their number go when they have it."""
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute(
            "SELECT sum(pg_total_relation_size('ledger_ledger' || name)) FROM unnest(%s::text[]) AS tables(name)", [list(TABLES)]
        )
        return int(cursor.fetchone()[0])


@benchmark("exchange.in_process")
def measure_in_process(size: Size) -> Sequence[Row]:
    """Measure calls a second of one caller; the floor is one committed row a call."""
    _load_packs()
    subject = PersonKey(new_key())
    document = {"personal_id": "000190000017", "full_name": "Nguyễn Thị Mẫu", "filler": "x" * 900}

    def handle(_request: ProviderRequest) -> ProviderResponse:
        return ProviderResponse(200, document, (subject,))

    register_provider(SERVICE, handler=handle, openapi={})
    count = ONE_BY_ONE[size]
    _call()
    started = time.perf_counter()
    for _ in range(count):
        _call()
    ours = count / (time.perf_counter() - started)
    floor = _commits_a_second(count)
    return [Row("exchange.in_process", ours, "calls/s", floor=floor, peer="one committed row a call", n=count)]


def _call() -> None:
    call(client=CLIENT, service=SERVICE, method="POST", path=PATH, body={"personal_id": "000190000017"}, purpose="kyc", actor=SYSTEM)


def _commits_a_second(count: int) -> float:
    using = database_of("exchange")
    started = time.perf_counter()
    for _ in range(count):
        with transaction.atomic(using=using), connections[using].cursor() as cursor:
            cursor.execute("INSERT INTO exchange_seennonce (digest, seen_at) VALUES (%s, now())", [new_key()])
    return count / (time.perf_counter() - started)


def _load_packs() -> None:
    with tempfile.TemporaryDirectory(prefix="dean06-bench-packs-") as folder:
        (Path(folder) / "members.yaml").write_text(MEMBERS)
        (Path(folder) / "agreements.yaml").write_text(AGREEMENTS)
        load_members(Path(folder))
        load_agreements(Path(folder))
