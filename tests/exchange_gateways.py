"""Two real gateways for tests: processes on free ports, a database of their own, foreign information systems."""

import contextlib
import hashlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import pytest

from exchange_packs import BANK as CLIENT
from exchange_packs import members
from free_ports import free_ports

TESTS = Path(__file__).parent
SRC = TESTS.parent / "src"
START_SECONDS = 180  # on a machine that does other work too
SUBJECT = "0190a000-0000-7000-8000-000000000001"
TOKEN = "a token that only a test knows"
TOKEN_CLIENT = "VN/COM/DEMOBANK/GUARDED"
POPULATION = "/r1/VN/GOV/G01/POPULATION/population"
LIAR = "/r1/VN/GOV/LIAR/SYSTEM/any"
LIMITED = "/r1/VN/GOV/G01/POPULATION/limited"
FRAGILE = "/r1/VN/GOV/G01/POPULATION/fragile"
GUARDED = "/r1/VN/GOV/G01/POPULATION/guarded"
SYSTEM = "/r1/VN/GOV/G01/POPULATION/system"

MEMBERS = members(
    "{code: population, title: Dân cư, location: inside, timeout_seconds: 10}",
    '{code: system, title: Hệ thống HTTP, location: "SYSTEM_ORIGIN", timeout_seconds: 30, openapi: system.json}',
    '{code: away, title: Hệ thống không chạy, location: "http://127.0.0.1:9", timeout_seconds: 2, openapi: system.json}',
    '{code: guarded, title: Hệ thống có giới hạn, location: "SYSTEM_ORIGIN", timeout_seconds: 30, openapi: system.json}',
    '{code: limited, title: Hệ thống có hạn mức, location: "SYSTEM_ORIGIN", timeout_seconds: 30, openapi: system.json}',
    '{code: fragile, title: Hệ thống hay hỏng, location: "http://127.0.0.1:9", timeout_seconds: 2, openapi: system.json}',
    "{code: paused, title: Tạm dừng, location: inside, disabled_notice: Bảo trì}",
    more="""      - {code: GUARDED, name: Có mã, authentication: token, token_sha256: TOKEN_HASH}
  - class: GOV
    code: LIAR
    name: Cơ quan không trung thực
    gateway: "GATEWAY_ORIGIN"
    subsystems:
      - code: SYSTEM
        name: Hệ thống
        services:
          - {code: any, title: Bất kỳ, location: "SYSTEM_ORIGIN", openapi: system.json}
""",
)
DESCRIPTION = {
    "openapi": "3.1.0",
    "info": {"title": "Hệ thống HTTP", "version": "1"},
    "paths": {
        "/x": {
            "get": {
                "operationId": "tellWhatWasAsked",
                "summary": "Kể lại điều được hỏi",
                "responses": {
                    "200": {
                        "description": "OK",
                        "content": {"application/json": {"schema": {"type": "object"}, "example": {"path": "/x"}}},
                    },
                    "default": {"description": "Refused", "content": {"application/problem+json": {"schema": {"type": "object"}}}},
                },
            }
        }
    },
}
AGREEMENT = """
  - code: {code}
    title: {code}
    client: {client}
    service: VN/GOV/G01/POPULATION/{service}
    endpoints: [{endpoints}]
    fields: [{fields}]
    purposes: [{purpose}]
    legal_bases: [{{document: 91/2025/QH15, article: Điều 9, certainty: F}}]
    subject_required: {subject_required}
    valid_from: 2026-01-01
    valid_until: {until}
    rate_per_second: {rate}
    daily_quota: {quota}
    keep_bodies: {keep_bodies}
"""


def agreement(
    code,
    *,
    client=CLIENT,
    service="population",
    path="/v1/persons/**",
    endpoints=None,
    fields="full_name, echo",
    purpose="kyc",
    until="2099-12-31",
    subject_required="true",
    rate=0,
    quota=0,
    keep_bodies="none",
):
    endpoints = endpoints or [("*", path)]
    return AGREEMENT.format(
        code=code,
        client=client,
        service=service,
        endpoints=", ".join(f'{{method: "{method}", path: "{path}"}}' for method, path in endpoints),
        fields=fields,
        purpose=purpose,
        until=until,
        subject_required=subject_required,
        rate=rate,
        quota=quota,
        keep_bodies=keep_bodies,
    )


GRANTS = {
    "G-1": {"client": CLIENT, "purpose": "kyc", "endpoints": [("POST", "/v1/persons/*"), ("GET", "/v1/units/**")]},
    "G-2": {"client": TOKEN_CLIENT, "purpose": "audit", "endpoints": [("*", "/v1/audit")]},
    "G-3": {"client": CLIENT, "purpose": "kyc", "endpoints": [("*", "/v1/ended/**")], "until": "2026-02-01"},
}
"""Agreements over the guarded service, in a form that a test can read for itself."""


AGREEMENTS = "kind: agreements\nagreements:\n" + "".join(
    [
        agreement("A-1"),
        agreement("A-2", path="/v1/expired/**", until="2026-02-01"),
        agreement("A-3", client=TOKEN_CLIENT),
        agreement("A-4", service="system", path="/**", fields='"*"', subject_required="false"),
        agreement("A-5", service="away", path="/**"),
        agreement("A-6", service="paused", path="/v1/**"),
        agreement("B-1", path="/v1/kept/**", keep_bodies="both"),
        agreement("L-1", service="limited", path="/rate/**", fields='"*"', subject_required="false", rate=3),
        agreement("L-2", service="limited", path="/quota/**", fields='"*"', subject_required="false", quota=4),
        agreement("L-3", service="limited", path="/free/**", fields='"*"', subject_required="false"),
        agreement("L-4", service="limited", path="/masked/**", fields="seen, path", subject_required="false"),
        agreement("L-5", service="fragile", path="/**", fields='"*"', subject_required="false"),
        *[agreement(code, service="guarded", fields='"*"', subject_required="false", **grant) for code, grant in GRANTS.items()],
    ]
)


NGSP = """
kind: ngsp
token: {scope: am_application_scope default, seconds: 60}
addresses:
  - {address: /dancu/1.0, service: VN/GOV/G01/POPULATION/population, path: /v1}
  - {address: /dancu/1.0/boc, service: VN/GOV/G01/POPULATION/population, path: /v1, envelope: lgsp}
  - {address: /hethong/2, service: VN/GOV/G01/POPULATION/guarded}
"""


def finished(done, check):
    assert not check or done.returncode == 0, done.stdout + done.stderr
    return done


@dataclass
class Answered:
    status: int
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Gateways:
    """A consumer's and a provider's gateway with their database."""

    folder: Path
    database_url: str
    consumer_port: int
    provider_port: int
    system_port: int
    processes: dict = field(default_factory=dict)
    own_environment: dict = field(default_factory=dict)  # what one process alone is told
    hop_tls: str = "external"  # so that curl and raw sockets can speak to both gateways

    @property
    def environment(self):
        kept = {name: value for name, value in os.environ.items() if not name.startswith("DEAN06_") and name != "DJANGO_SETTINGS_MODULE"}
        return {
            **kept,
            "PYTHONPATH": f"{SRC}:{TESTS}",
            "DATABASE_URL": self.database_url,
            "DEAN06_DATA_DIR": str(self.folder),
            "DEAN06_HOST": "127.0.0.1",
            "DEAN06_HOP_TLS": self.hop_tls,
            "DEAN06_CONSUMER_GATEWAY_PORT": str(self.consumer_port),
            "DEAN06_PROVIDER_GATEWAY_PORT": str(self.provider_port),
        }

    def run(self, *arguments, role="app", check=True, stdin=None):
        address = self.database_url.replace("dean06_app@", "dean06_owner@") if role == "owner" else self.database_url
        environment = {**self.environment, "DEAN06_DATABASE_ROLE": role, "DATABASE_URL": address}
        command = [sys.executable, "-m", "dean06", *arguments]
        return finished(
            subprocess.run(command, env=environment, capture_output=True, text=True, input=stdin, timeout=240, check=False), check
        )

    def help(self, place, /, **asked):
        """Ask the helper beside the gateways, which knows this installation's keys and ledger."""
        request = urllib.request.Request(f"http://127.0.0.1:{self.system_port}{place}", data=json.dumps(asked).encode(), method="POST")
        with urllib.request.urlopen(request, timeout=60) as answered:
            return json.loads(answered.read())

    def prepare(self):
        self.run("database", "upgrade", role="owner")
        packs = self.folder / "packs"
        packs.mkdir()
        system = f"http://127.0.0.1:{self.system_port}"
        members = MEMBERS.replace("SYSTEM_ORIGIN", f"{system}/base").replace("GATEWAY_ORIGIN", system)
        (packs / "members.yaml").write_text(members.replace("TOKEN_HASH", hashlib.sha256(TOKEN.encode()).hexdigest()))
        (packs / "system.json").write_text(json.dumps(DESCRIPTION))
        (packs / "agreements.yaml").write_text(AGREEMENTS)
        (packs / "ngsp.yaml").write_text(NGSP)
        print(self.run("exchange", "load", str(packs)).stdout)

    @property
    def ports(self):
        return {"consumer_gateway": self.consumer_port, "provider_gateway": self.provider_port, "system": self.system_port}

    def start(self):
        for name in self.ports:
            self.launch(name)
        for port in self.ports.values():
            self.wait(port)

    def launch(self, name):
        options = ["--port", str(self.ports[name])]
        if name == "provider_gateway" and self.hop_tls == "own":
            options += self.tls_options()
        with (self.folder / f"{name}.log").open("a") as log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", "dean06.site.gateway", f"exchange_gateway_apps:{name}", *options],
                env={**self.environment, **self.own_environment.get(name, {})},
                stdout=log,
                stderr=log,
                cwd=TESTS,
                start_new_session=True,
            )

    def restart(self, name):
        """Kill a process without a word, and start it again."""
        os.killpg(self.processes[name].pid, signal.SIGKILL)
        self.processes[name].wait()
        self.launch(name)
        self.wait(self.ports[name])

    @property
    def tls_folder(self):
        return self.folder / "run" / "tls"

    def tls_options(self):
        self.run("keys", "hop")
        return ["--tls", *(str(self.tls_folder / name) for name in ("gateway.pem", "gateway.key", "authorities.pem"))]

    def wait(self, port):
        if port == self.provider_port and self.hop_tls == "own":
            self.wait_by_tls(port)
            return
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                return
            time.sleep(0.1)
        raise AssertionError({log.name: log.read_text() for log in self.folder.glob("*.log")})

    def wait_by_tls(self, port):
        from dean06.cli.up import hop_context
        from dean06.core.config import HopFiles

        context = hop_context(HopFiles(*(self.tls_folder / name for name in ("gateway.pem", "gateway.key", "authorities.pem"))))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"https://127.0.0.1:{port}/health", timeout=2, context=context):
                return
            time.sleep(0.1)
        raise AssertionError({log.name: log.read_text() for log in self.folder.glob("*.log")})

    def stop(self):
        for process in self.processes.values():
            process.send_signal(signal.SIGTERM)
        for process in self.processes.values():
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(5)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def curl(
        self,
        path,
        *options,
        data='{"personal_id": "000190000017"}',
        client=CLIENT,
        purpose="kyc",
        gateway="consumer",
        kind="application/json",
    ):
        """Ask with curl, the plainest foreign client there is."""
        port = self.consumer_port if gateway == "consumer" else self.provider_port
        head = self.folder / f"head-{uuid.uuid4()}"
        command = ["curl", "-s", "--path-as-is", "--max-time", "100", "-D", str(head), "-o", "-", f"http://127.0.0.1:{port}{path}"]
        command += ["-H", f"Content-Type: {kind}"] if kind else []
        command += ["-H", f"X-Road-Client: {client}"] if client else []
        command += ["-H", f"X-Exchange-Purpose: {purpose}"] if purpose else []
        command += ["--data-binary", "@-"] if data is not None else []
        payload = data.encode() if isinstance(data, str) else data
        done = subprocess.run([*command, *options], input=payload, capture_output=True, check=True)
        first, *lines = head.read_text().strip().splitlines()
        while first.split()[1] == "100":  # curl asks for leave before a long body
            first, *lines = lines[1:]
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        return Answered(int(first.split()[1]), headers, done.stdout)

    def raw(self, data, *, gateway="consumer", seconds=60):
        """Send bytes as they are and return all that comes back until the gateway closes, which may be before all is sent."""
        port = self.consumer_port if gateway == "consumer" else self.provider_port
        with socket.create_connection(("127.0.0.1", port), timeout=seconds) as connection:
            received = b""
            with contextlib.suppress(ConnectionError):
                connection.sendall(data)
            with contextlib.suppress(TimeoutError, ConnectionError):
                while chunk := connection.recv(65536):
                    received += chunk
        return received

    def entries(self, known=()):
        """Return what the ledger holds beyond the known entries, oldest first: kind, log and opened reading."""
        return self.help("/entries", known=list(known))


@contextlib.contextmanager
def database(cluster):
    """Yield the address of an empty database that is dropped afterwards."""
    from dean06.core.config import config
    from dean06.core.databases import APP_ROLE

    name = f"exchange_{uuid.uuid4().hex[:12]}"
    if cluster is None:
        base, _, query = config().database_url.partition("?")
        address = base.rpartition("/")[0]
        admin = config().database_url
        url = f"{address}/{name}{'?' + query if query else ''}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
    else:
        admin = cluster.dsn()
        url = f"postgresql://{APP_ROLE}@/{name}?host={cluster.socket_dir}"
        cluster.create_database(name)
    try:
        yield url
    finally:
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextlib.contextmanager
def served(kind, cluster, folder, **options):
    """Yield gateways of a kind, prepared and running, with a database of their own."""
    with database(cluster) as url:
        running = kind(folder, url, *free_ports(3), **options)
        running.prepare()
        try:
            running.start()
            yield running
        finally:
            running.stop()


@pytest.fixture(scope="session")
def gateways(postgres, tmp_path_factory):
    """Both gateways with a foreign information system behind them, started once for all tests that ask them."""
    with served(Gateways, postgres, tmp_path_factory.mktemp("gateways")) as running:
        yield running


@pytest.fixture
def recorded(gateways):
    """Say what was recorded since the test began."""
    before = [entry["id"] for entry in gateways.entries()]
    return lambda: gateways.entries(before)


def refusal(answered):
    """Return the fault's type, our code and the status."""
    return answered.headers.get("x-road-error"), answered.headers.get("x-exchange-error"), answered.status
