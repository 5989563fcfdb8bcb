"""Two gateways with a line between them that a test can cut, clocks that it can set, and questions whose answers it counts."""

import collections
import contextlib
import os
import signal
import socket
import threading
import time
from dataclasses import dataclass, field

from exchange_gateways import POPULATION, Gateways

CHUNK = 65536
LOOK_UP = f"{POPULATION}/v1/persons/look-up"


class Line:
    """A TCP relay. ``fault`` says what becomes of connections: ``""`` (carried), ``refused``, ``silent`` (taken, nothing comes),
    ``cut request`` (after its first bytes), ``cut answer`` (after the first bytes of the answer)."""

    def __init__(self, port, target):
        self.port, self.target, self.fault = port, target, ""
        self._open = []
        self._listener = socket.create_server(("127.0.0.1", port))
        threading.Thread(target=self._serve, daemon=True).start()

    def set(self, fault):
        """Change what happens, also to connections that stand."""
        self.fault = fault
        self._close_all()

    def stop(self):
        self._listener.close()
        self._close_all()

    def _close_all(self):
        while self._open:
            with contextlib.suppress(OSError):
                self._open.pop().close()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near):
        fault = self.fault
        self._open.append(near)
        if fault == "refused":
            near.close()
        if fault in ("refused", "silent"):
            return
        far = socket.create_connection(self.target)
        self._open.append(far)
        threading.Thread(target=self._pump, args=(near, far, fault == "cut request"), daemon=True).start()
        self._pump(far, near, fault == "cut answer")

    def _pump(self, source, drain, is_cut):
        with contextlib.suppress(OSError):
            while data := source.recv(CHUNK):
                if is_cut:
                    drain.sendall(data[: len(data) // 2])
                    break
                drain.sendall(data)
        for end in (source, drain):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()


@dataclass
class FaultyGateways(Gateways):
    """The consumer's gateway finds the provider's behind a line of the test; each has a clock of its own."""

    line_port: int = 0
    line: Line | None = None
    acknowledged: list = field(default_factory=list)

    @property
    def environment(self):
        return {**super().environment, "DEAN06_PROVIDER_GATEWAY_PORT": str(self.line_port)}

    def __post_init__(self):
        self.own_environment = {name: {"GATEWAY_CLOCK": str(self.folder / f"clock-{name}")} for name in self.ports}

    def set_clock(self, name, seconds):
        """Let the clock of one process be wrong by so much; zero puts it right."""
        written = self.folder / f"clock-{name}.new"
        written.write_text(str(seconds))
        written.rename(self.folder / f"clock-{name}")  # whole or not at all: the process reads it at any moment

    def ask(self, *options):
        """Ask once; what was answered is acknowledged."""
        answered = self.curl(LOOK_UP, *options)
        if answered.status == 200:
            self.acknowledged.append(answered.headers["x-road-request-id"])
        return answered

    def ask_until_answered(self, seconds=120):
        """Ask again and again, as a client does who is told to come back."""
        deadline = time.monotonic() + seconds
        while (answered := self.ask()).status != 200:
            assert time.monotonic() < deadline, answered
            time.sleep(0.3)
        return answered

    def kill(self, name):
        """Kill a process without a word."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()

    def kept(self, kind):
        """How often each transaction stands in the log of one side."""
        return collections.Counter(entry["detail"].get("transaction_id") for entry in self.entries() if entry["kind"] == kind)

    def assert_nothing_lost_or_doubled(self):
        """Each acknowledged answer stands once on each side, none stands twice, and the logs are whole."""
        for kind in ("exchange.answered", "exchange.received"):
            kept = self.kept(kind)
            assert [one for one in self.acknowledged if kept[one] != 1] == [], kind
            assert [one for one, times in kept.items() if times > 1] == [], kind
        self.help("/number")
        verified = self.run("ledger", "verify", "--signatures", check=False)
        assert verified.returncode == 0, verified.stdout + verified.stderr
        return verified.stdout + verified.stderr
