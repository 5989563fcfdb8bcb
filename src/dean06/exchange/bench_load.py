"""The load of the exchange's benchmark: two gateways as processes, callers as connections, in a process of their own."""

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
from dataclasses import dataclass
from pathlib import Path
from typing import Final, cast

from httptools import HttpResponseParser

from dean06.core.config import config
from dean06.exchange import hop

START_SECONDS: Final = 60
OK: Final = 200
BODY: Final = b'{"personal_id": "000190000017"}'
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Pair:
    """Two running gateways: where the consumer's is asked, and the groups of their processes."""

    origin: str
    groups: tuple[int, ...]

    def memory_bytes(self) -> int:
        """Return the resident memory of all their processes."""
        return sum(_resident(process) for process in Path("/proc").glob("[0-9]*") if _group(process) in self.groups)


def _group(process: Path) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((process / "stat").read_text().rpartition(")")[2].split()[2])
    return 0


def _resident(process: Path) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int((process / "statm").read_text().split()[1]) * PAGE_BYTES
    return 0


@contextlib.contextmanager
def pair(consumer: str, provider: str) -> Iterator[Pair]:
    """Run two applications of ``bench_apps`` as gateways, mutual TLS between them."""
    consumer_port, provider_port = _free_ports()
    files = config().hop_files
    hop.write_files()
    tls = ("--tls", files.certificate, files.key, files.authorities)
    with tempfile.TemporaryFile() as log:
        processes = [
            _gateway(consumer, consumer_port, provider_port, log.fileno()),
            _gateway(provider, provider_port, provider_port, log.fileno(), *map(str, tls)),
        ]
        try:
            _wait_for(consumer_port)
            yield Pair(f"http://127.0.0.1:{consumer_port}", tuple(process.pid for process in processes))
        finally:
            for process in processes:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _gateway(app: str, port: int, provider_port: int, log: int, *more: str) -> "subprocess.Popen[bytes]":
    environment = {
        **os.environ,  # noqa: TID251 -- children inherit it
        "DEAN06_HOST": "127.0.0.1",
        "DEAN06_HOP_TLS": "own",
        "DEAN06_PROVIDER_GATEWAY_PORT": str(provider_port),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "dean06.site.gateway", f"dean06.exchange.bench_apps:{app}", "--port", str(port), *more],
        env=environment,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )


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


# -- callers


@dataclass(frozen=True, slots=True)
class Question:
    """What every caller asks."""

    path: str
    client: str

    @property
    def headers(self) -> dict[str, str]:
        """Return the headers of the protocol."""
        return {"X-Road-Client": self.client, "X-Exchange-Purpose": "kyc", "Content-Type": "application/json"}

    def request(self, host: str) -> bytes:
        """Return the whole request as it goes over the wire."""
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return f"POST {self.path} HTTP/1.1\r\nHost: {host}\r\n{head}Content-Length: {len(BODY)}\r\n\r\n".encode() + BODY


@dataclass(frozen=True, slots=True)
class Driven:
    """What callers met.

    Attributes:
        rate: answers a second with all connections busy.
        answered: how many; each was asked for once and came with status 200.
        delays: ms of one request at a time.
    """

    rate: float
    answered: int
    delays: Sequence[float]


class _Caller(asyncio.Protocol):
    """One connection that asks the same question whenever it is told to: little more than bytes, as its time is the gateways' too."""

    def __init__(self, request: bytes) -> None:
        self._request = request
        self._answered: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    async def ask(self) -> float:
        """Ask once and return the delay in ms.

        Raises:
            RuntimeError: any other status than 200.
            ConnectionError: the connection broke.
        """
        started = time.perf_counter()
        self._answered = asyncio.get_running_loop().create_future()
        self._parser = HttpResponseParser(self)
        self.transport.write(self._request)
        await self._answered
        return 1000 * (time.perf_counter() - started)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_message_complete(self) -> None:
        if self._answered is None or self._answered.done():
            return
        if (status := self._parser.get_status_code()) != OK:  # anything else is no measurement
            self._answered.set_exception(RuntimeError(f"status {status}"))
        else:
            self._answered.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(exc or ConnectionError("closed"))


async def _caller(origin: str, question: Question) -> _Caller:
    host, _, port = origin.removeprefix("http://").partition(":")
    _, caller = await asyncio.get_running_loop().create_connection(lambda: _Caller(question.request(host)), host, int(port))
    return caller


async def drive(origin: str, question: Question, *, connections: int, seconds: float, one_by_one: int) -> Driven:
    """Keep all connections busy for a time, then ask one at a time.

    Raises:
        RuntimeError: any answer had another status than 200.
    """
    await until_it_answers(origin, question)
    callers = [await _caller(origin, question) for _ in range(connections)]

    async def work(caller: _Caller, until: float) -> int:
        asked = 0
        while time.perf_counter() < until:
            await caller.ask()
            asked += 1
        return asked

    await asyncio.gather(*(work(caller, time.perf_counter() + 1) for caller in callers))
    started = time.perf_counter()
    answered = sum(await asyncio.gather(*(work(caller, started + seconds) for caller in callers)))
    rate = answered / (time.perf_counter() - started)
    return Driven(rate, answered, [await callers[0].ask() for _ in range(one_by_one)])


async def until_it_answers(origin: str, question: Question) -> None:
    """Wait until the provider's gateway is there too."""
    deadline = time.monotonic() + START_SECONDS
    caller = await _caller(origin, question)
    while True:
        try:
            await caller.ask()
        except RuntimeError:
            if time.monotonic() > deadline:
                raise
            await asyncio.sleep(0.2)
        else:
            return


async def paced(origin: str, question: Question, *, rate: float, seconds: float) -> list[float]:
    """Ask at a fixed rate, whether or not earlier questions were answered; return the delays in ms, counted from when each was due."""
    await until_it_answers(origin, question)
    idle: list[_Caller] = []
    began = time.perf_counter()

    async def at(due: float) -> float:
        await asyncio.sleep(due - time.perf_counter())
        caller = idle.pop() if idle else await _caller(origin, question)
        await caller.ask()
        idle.append(caller)
        return 1000 * (time.perf_counter() - due)

    return list(await asyncio.gather(*(at(began + 0.1 + number / rate) for number in range(int(rate * seconds)))))


async def held_open(origin: str, question: Question, *, count: int, rounds: int, at_once: int) -> int:
    """Open connections and keep them all; ask on each, several rounds; return how many answered every time."""
    host, _, port = origin.removeprefix("http://").partition(":")
    request = question.request(host)
    gate = asyncio.Semaphore(at_once)
    answered = [0] * count
    streams = [await asyncio.open_connection(host, int(port)) for _ in range(count)]

    async def once(number: int) -> None:
        reader, writer = streams[number]
        async with gate:
            writer.write(request)
            answer = await reader.readuntil(b"\r\n\r\n")
            length = next(int(line[15:]) for line in answer.lower().split(b"\r\n") if line.startswith(b"content-length:"))
            await reader.readexactly(length)
            answered[number] += answer.startswith(b"HTTP/1.1 200")

    for _ in range(rounds):
        await asyncio.gather(*(once(number) for number in range(count)))
    for _, writer in streams:
        writer.close()
    return sum(times == rounds for times in answered)


def quantiles(delays: Sequence[float]) -> tuple[float, float]:
    """Return the 50th and the 99th percentile."""
    cuts = statistics.quantiles(delays, n=100)
    return cuts[49], cuts[98]
