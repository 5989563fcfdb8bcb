"""A provider's gateway that does not answer: it holds a bounded part of the consumer's, is left alone, and tried again."""

import contextlib
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from exchange_gateways import POPULATION, Gateways, refusal, served
from free_ports import free_ports

SILENT = "/r1/VN/GOV/SILENT/SYSTEM/any"
MEMBER = """  - class: GOV
    code: SILENT
    name: Cơ quan im lặng
    gateway: "http://127.0.0.1:{port}"
    subsystems:
      - code: SYSTEM
        name: Hệ thống
        services:
          - {{code: any, title: Bất kỳ, location: "http://127.0.0.1:9", timeout_seconds: 1, openapi: system.json}}
"""
UNREACHABLE = ("Server.ClientProxy.NetworkError", "exchange.provider_unreachable", 500)
RESTING = ("Server.ClientProxy.NetworkError", "exchange.peer_resting", 503)


class SilentPeer:
    """Takes connections and requests and never says a word, until it is told to answer."""

    def __init__(self, port):
        self.asked = 0
        self.answers = False
        self._socket = socket.create_server(("127.0.0.1", port), backlog=256)
        self._open = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while True:
            with contextlib.suppress(OSError):
                connection, _ = self._socket.accept()
                if self._socket.fileno() == -1:
                    return
                self._open.append(connection)
                connection.settimeout(60)
                if not connection.recv(65536):
                    continue  # who asked gave up before it was heard
                self.asked += 1
                if self.answers:
                    connection.sendall(b"HTTP/1.1 503 Later\r\nx-road-error: Server.ServerProxy.Overloaded\r\ncontent-length: 0\r\n\r\n")
                continue
            return

    def heard(self, count):
        """Wait until so many have been heard, and return how many were."""
        deadline = time.monotonic() + 60
        while self.asked < count and time.monotonic() < deadline:
            time.sleep(0.01)
        return self.asked

    def close(self):
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(10)
        for connection in self._open:
            connection.close()


class World(Gateways):
    """Gateways that know a member whose gateway is a silent one."""

    rested = 1000.0

    def lets_rest(self, seconds):
        """Let time pass for the circuits of the consumer's gateway, for which it stands still otherwise."""
        self.rested += seconds
        written = self.folder / "rest.new"
        written.write_text(str(self.rested))
        written.rename(self.folder / "rest")

    def prepare(self):
        self.own_environment["consumer_gateway"] = {"GATEWAY_REST_CLOCK": str(self.folder / "rest")}
        self.lets_rest(0)
        [self.silent_port] = free_ports(1)
        super().prepare()
        pack = self.folder / "packs" / "members.yaml"
        pack.write_text(pack.read_text() + MEMBER.format(port=self.silent_port))
        self.run("exchange", "load", str(pack.parent))


@pytest.fixture(scope="module")
def gateways(postgres, tmp_path_factory):
    with served(World, postgres, tmp_path_factory.mktemp("silent-peers")) as running:
        yield running


@pytest.fixture
def silent(gateways):
    peer = SilentPeer(gateways.silent_port)
    yield peer
    peer.close()


def at_once(gateways, count, path=f"{SILENT}/x"):
    """Ask several times at once and return the refusals."""
    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(lambda _: refusal(gateways.curl(path)), range(count)))


def circuits(gateways):
    """Return what the consumer's gateway says of the circuits before other gateways."""
    text = gateways.curl("/metrics", data=None, client="", purpose="").body.decode()
    lines = [line.partition(" ") for line in text.splitlines() if line.startswith("dean06_exchange_circuit_open")]
    return {name.partition('gateway="')[2].partition('"')[0]: int(value) for name, _, value in lines}


def rested(gateways, path=f"{SILENT}/x"):
    """Let as much time pass as the gateway says."""
    answered = gateways.curl(path)
    if refusal(answered) == RESTING:
        gateways.lets_rest(int(answered.headers["retry-after"]) + 0.1)


def test_a_silent_gateway_is_left_alone_probed_once_and_asked_again_when_it_answers(gateways, silent):
    gateways.curl(f"{POPULATION}/v1/persons/look-up")
    assert at_once(gateways, 5) == [UNREACHABLE] * 5
    assert silent.heard(5) == 5

    assert at_once(gateways, 5) == [RESTING] * 5
    assert silent.asked == 5, "nobody waits for the silent gateway"
    assert gateways.curl(f"{POPULATION}/v1/persons/look-up").status == 200, "other gateways are asked as before"
    assert circuits(gateways) == {f"http://127.0.0.1:{gateways.silent_port}": 1, f"http://127.0.0.1:{gateways.provider_port}": 0}
    ready = gateways.curl("/ready", data=None, client="", purpose="")
    assert (ready.status, ready.json["resting"]) == (200, [f"http://127.0.0.1:{gateways.silent_port}"])

    rested(gateways)
    told = sorted(at_once(gateways, 4))
    assert (told, silent.heard(6)) == (sorted([UNREACHABLE, *[RESTING] * 3]), 6), "one probe, and nobody else waits for it"
    assert 6 <= int(gateways.curl(f"{SILENT}/x").headers["retry-after"]) <= 10, "a probe that fails doubles the rest"

    silent.answers = True
    for _ in range(10):  # a machine that stands still for a second lets a probe fail
        rested(gateways)
        if refusal(answered := gateways.curl(f"{SILENT}/x")) not in (UNREACHABLE, RESTING):
            break
    assert answered.headers["x-road-error"] == "Server.ServerProxy.Overloaded", "an answer that tells of a problem is an answer"
    assert circuits(gateways)[f"http://127.0.0.1:{gateways.silent_port}"] == 0


def test_a_gateway_that_refuses_connections_is_left_alone_and_found_again_when_it_is_back(gateways):
    path = f"{POPULATION}/v1/persons/look-up"
    gateways.processes["provider_gateway"].kill()
    gateways.processes["provider_gateway"].wait()

    told = [refusal(gateways.curl(path)) for _ in range(7)]
    assert told == [*[UNREACHABLE] * 5, *[RESTING] * 2]
    gateways.launch("provider_gateway")
    gateways.wait(gateways.provider_port)
    for _ in range(3):  # a probe may have come while the gateway was still starting
        rested(gateways, path)

    assert gateways.curl(path).status == 200
