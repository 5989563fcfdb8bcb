"""How many exchanges a second two gateways and the in-process transport carry, and what they add to the delay.

Everything that a real exchange does is in it: agreement, four signature operations, mask, replay check, evidence committed on
both sides. Gateways are processes of their own; the load comes from this process, so all of it shares the machine's cores.
"""

import asyncio
import contextlib
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from django.db import connections, transaction
from pyreqwest.client import ClientBuilder

from dean06.core.actor import SYSTEM
from dean06.core.bench import Row, Size, benchmark
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey, new_key
from dean06.exchange.public import ProviderRequest, ProviderResponse, call, load_agreements, load_members, register_provider

SERVICE: Final = "BENCH/GOV/G01/POPULATION/population"
CLIENT: Final = "BENCH/COM/BANK/CUSTOMERS"
PATH: Final = "/v1/persons/look-up"
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
REQUESTS: Final[dict[Size, int]] = {"quick": 600, "small": 3_000, "full": 30_000}
ONE_BY_ONE: Final[dict[Size, int]] = {"quick": 100, "small": 400, "full": 2_000}
CONNECTIONS: Final = 32
START_SECONDS: Final = 60
BODY: Final = b'{"personal_id": "000190000017"}'
HEADERS: Final = {"X-Road-Client": CLIENT, "X-Exchange-Purpose": "kyc", "Content-Type": "application/json"}


@benchmark("exchange.two_hop")
def measure_two_hop(size: Size) -> Sequence[Row]:
    """Measure requests a second at 32 connections, and the delay added to one request at a time."""
    _load_packs()
    with _pair("bare_consumer", "bare_provider") as origin:
        bare, bare_delays = asyncio.run(_drive(origin, size))
    with _pair("consumer", "provider") as origin:
        ours, delays = asyncio.run(_drive(origin, size))
    p50, p99 = _quantiles(delays)
    bare_p50, bare_p99 = _quantiles(bare_delays)
    peer = "bare two-hop proxy, same run"
    return [
        Row("exchange.two_hop", ours, "requests/s", floor=bare, peer=peer, n=REQUESTS[size]),
        Row("exchange.two_hop_added_p50", p50 - bare_p50, "ms", floor=bare_p50, peer=peer, n=ONE_BY_ONE[size]),
        Row("exchange.two_hop_added_p99", p99 - bare_p99, "ms", floor=bare_p99, peer=peer, n=ONE_BY_ONE[size]),
    ]


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


@contextlib.contextmanager
def _pair(consumer: str, provider: str) -> Iterator[str]:
    """Run two gateways and yield the consumer's origin."""
    consumer_port, provider_port = _free_ports()
    environment = {**os.environ, "DEAN06_HOST": "127.0.0.1", "DEAN06_PROVIDER_GATEWAY_PORT": str(provider_port)}  # noqa: TID251 -- children inherit it
    granian = str(Path(sys.executable).with_name("granian"))
    with tempfile.TemporaryFile() as log:
        processes = [
            subprocess.Popen(
                [
                    *(granian, "--interface", "asgi", "--host", "127.0.0.1", "--port", str(port), "--no-ws", "--log-level", "warning"),
                    f"dean06.exchange.bench_apps:{app}",
                ],
                env=environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
            for app, port in ((consumer, consumer_port), (provider, provider_port))
        ]
        try:
            for port in (provider_port, consumer_port):
                _wait_for(port)
            yield f"http://127.0.0.1:{consumer_port}"
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
            return
        time.sleep(0.1)
    raise TimeoutError(port)


async def _drive(origin: str, size: Size) -> tuple[float, list[float]]:
    """Return requests a second at ``CONNECTIONS`` connections, then delays in ms of one request at a time."""
    address = f"{origin}/r1/{SERVICE}{PATH}"
    async with ClientBuilder().no_proxy().build() as client:

        async def ask(times: int) -> list[float]:
            delays = []
            for _ in range(times):
                started = time.perf_counter()
                response = await client.post(address).headers(HEADERS).body_bytes(BODY).build().send()
                if response.status != 200:  # noqa: PLR2004 -- anything else is no measurement
                    raise RuntimeError(await response.text())
                delays.append(1000 * (time.perf_counter() - started))
            return delays

        await asyncio.gather(*(ask(5) for _ in range(CONNECTIONS)))
        each = REQUESTS[size] // CONNECTIONS
        started = time.perf_counter()
        await asyncio.gather(*(ask(each) for _ in range(CONNECTIONS)))
        rate = each * CONNECTIONS / (time.perf_counter() - started)
        return rate, await ask(ONE_BY_ONE[size])


def _quantiles(delays: Sequence[float]) -> tuple[float, float]:
    cuts = statistics.quantiles(delays, n=100)
    return cuts[49], cuts[98]
