"""Events over running gateways and workers: the how-to as it is written, and what is left when processes are killed."""

import contextlib
import json
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from exchange_gateways import TESTS, Gateways, served
from exchange_packs import BANK, DEMO_PACKS

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.timeout(900)  # real processes, perhaps on a busy machine
HOW_TO = ROOT / "docs" / "how-to" / "hear-of-changes.md"
MOVED = "vn.gov.dancu.residence.changed"
EVENTS = "/r1/VN/GOV/G01/POPULATION/events/v1"


class Hook(BaseHTTPRequestHandler):
    """A webhook that remembers what it accepted."""

    def do_OPTIONS(self):
        self.send_response(200)
        self.send_header("WebHook-Allowed-Origin", self.headers["WebHook-Request-Origin"])
        self.send_header("WebHook-Allowed-Rate", "*")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(self.server.seconds)
        self.server.got.append((json.loads(body), {name.lower(): value for name, value in self.headers.items()}, body))
        self.send_response(204)
        self.end_headers()

    def log_message(self, *args):
        """Say nothing."""


@contextlib.contextmanager
def webhook(seconds=0.0):
    with ThreadingHTTPServer(("127.0.0.1", 0), Hook) as server:
        server.got, server.seconds, server.daemon_threads = [], seconds, True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield server
        finally:
            server.shutdown()


def demo_packs():
    """The demonstration's packs, without the members and agreements that have no part in this."""
    members, agreements, types = (
        yaml.safe_load((DEMO_PACKS / f"{name}.yaml").read_text()) for name in ("members", "agreements", "event-types")
    )
    members["members"] = [one for one in members["members"] if one["code"] in ("G01", "DEMOBANK")]
    for one in members["members"]:
        one["subsystems"] = [system for system in one["subsystems"] if system["code"] in ("POPULATION", "CUSTOMERS")]
    agreements["agreements"] = [one for one in agreements["agreements"] if one["code"] == "TT-DEMO-006"]
    return {"members": members, "agreements": agreements, "types": types}


class Installation(Gateways):
    """The demonstration's packs behind two gateways."""

    def prepare(self):
        self.run("database", "upgrade", role="owner")
        packs = self.folder / "packs"
        packs.mkdir()
        for name, document in demo_packs().items():
            (packs / f"{name}.yaml").write_text(yaml.safe_dump(document, allow_unicode=True))
        self.run("exchange", "load", str(packs))

    def command(self, *arguments):
        return [sys.executable, str(TESTS / "events_helper.py"), *arguments]

    def helped(self, *arguments):
        done = subprocess.run(self.command(*arguments), env=self.environment, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    @contextlib.contextmanager
    def beside(self, *arguments):
        with (self.folder / f"{arguments[0]}.log").open("a") as log:
            process = subprocess.Popen(self.command(*arguments), env=self.environment, stdout=subprocess.PIPE, stderr=log, text=True)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
            process.stdout.close()

    def asked(self, path, document=None):
        answered = self.curl(f"{EVENTS}{path}", client=BANK, data=None if document is None else json.dumps(document))
        assert answered.status < 300, answered
        return answered.json


@pytest.fixture(scope="module")
def running(postgres, tmp_path_factory):
    with served(Installation, postgres, tmp_path_factory.mktemp("events")) as made:
        made.numbers = made.helped("people", "24")
        yield made


def until(true, *, seconds=120):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := true():
            return found
        time.sleep(0.1)
    raise AssertionError("it did not come")


def shell_of(page):
    """Return the commands of a page: its indented lines."""
    return [line.strip() for line in page.read_text().splitlines() if re.match(r" {4,}\S", line)]


def test_the_how_to_works_as_it_is_written(running, tmp_path):
    number = running.numbers[0]
    move = " ".join(running.command("move", number))
    with webhook() as server, running.beside("worker"):
        port = server.server_address[1]
        lines = []
        for line in shell_of(HOW_TO):
            text = line.replace("localhost:8062", f"127.0.0.1:{running.consumer_port}").replace("localhost:9000", f"localhost:{port}")
            text = re.sub(r"^NUMBER=\S+", f"NUMBER={number}", text)
            lines.append(f"{move}; sleep 3" if text == "# a customer moves house" else text)
            lines.append("echo; echo ---")
        script = f'dean06() {{ "{sys.executable}" -m dean06 "$@"; }}\nset -e\n' + "\n".join(lines)
        done = subprocess.run(["bash", "-c", script], env=running.environment, capture_output=True, text=True, timeout=200, check=False)
        print(done.stdout, done.stderr)
        assert done.returncode == 0
        (event,) = json.loads(next(part for part in done.stdout.split("---\n") if '"events"' in part))["events"]
        # The subscription may be one that an earlier test began: then it heard of the first move too.
        pushed, headers, _ = until(lambda: next((one for one in server.got if one[0]["sequence"] > event["sequence"]), None))

    parts = done.stdout.split("---\n")
    documents = [json.loads(part) for part in map(str.strip, parts) if part.startswith("{")]
    types, watched, pulled, confirmed, _, keys, replayed = documents
    assert [one["type"] for one in types["event_types"]] == [MOVED]
    assert (watched["new"], len(watched["subjects"])) == (1, 1)
    assert pulled["events"] == [event]
    assert (event["subject"], event["type"]) == (watched["subjects"][0]["subject"], MOVED)
    assert confirmed == {"position": pulled["position"]}
    assert [key["crv"] for key in keys["keys"]] == ["P-256"]
    assert replayed == {"position": 0}
    assert pushed["subject"] == event["subject"]
    assert headers["webhook-request-origin"] == "127.0.0.1"
    assert keys["keys"][0]["kid"] in headers["signature-input"]
    assert number not in json.dumps([pulled, pushed])


def test_nothing_acknowledged_is_lost_when_teller_and_worker_are_killed(running):
    with webhook(seconds=0.02) as server:
        address = f"http://127.0.0.1:{server.server_address[1]}/events"
        running.run("exchange", "events", "allow", BANK, address)
        push = running.asked("/subscriptions", {"type": MOVED, "mode": "push", "target": address})["id"]
        running.asked(f"/subscriptions/{push}/subjects", {"personal_ids": running.numbers})
        acknowledged = []
        with running.beside("worker") as first, running.beside("worker"):
            with running.beside("tell", "100000") as teller:
                while len(acknowledged) < 150:
                    acknowledged.append(teller.stdout.readline().strip())
                teller.send_signal(signal.SIGKILL)
                acknowledged += [line.strip() for line in teller.stdout if len(line) == 37]
            until(lambda: len(server.got) > 20)
            first.send_signal(signal.SIGKILL)
            first.wait()
            with running.beside("worker"):
                until(lambda: set(acknowledged) <= {event["id"] for event, _, _ in list(server.got)}, seconds=120)
        got = [event for event, _, _ in server.got]

    first_time = {}
    for event in got:
        first_time.setdefault(event["id"], event)
        assert event == first_time[event["id"]]  # a double is the same event
    by_subject = {}
    for event in first_time.values():
        by_subject.setdefault(event["subject"], []).append(event["sequence"])
    assert all(numbers == sorted(numbers) for numbers in by_subject.values())
    assert len(by_subject) == len(running.numbers)
