"""How many people can be let in: the whole code flow with a session, and sign-ins by password, over HTTP against real processes.

``dean06 bench`` calls ``login_flow``; it makes a database and a data directory of its own on the throw-away cluster, runs this file as a
program on them, and removes both.
"""

import base64
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from email.message import Message
from http.client import HTTPConnection
from pathlib import Path
from threading import Barrier
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit
from uuid import UUID

from dean06.core.bench import Row, Size, benchmark

DATABASE: Final = "dean06_bench_identity"
THREADS: Final = 4
FLOWS: Final[dict[Size, int]] = {"quick": 200, "small": 250, "full": 4_000}
LOGINS: Final[dict[Size, int]] = {"quick": 40, "small": 80, "full": 400}
VERIFIER: Final = "v" * 43
NUMBER: Final = "000000000001"  # no province has the prefix 000
PASSWORD: Final = "a password of the benchmark"  # noqa: S105 -- of an invented person on a throw-away database
START_SECONDS: Final = 60
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@benchmark("identity.login_flow")
def login_flow(size: Size) -> Sequence[Row]:
    """Measure full flows and password sign-ins."""
    from django.db import connections  # noqa: PLC0415 -- the settings are there only when the benchmark runs

    host = connections["default"].settings_dict["HOST"]
    folder = Path(tempfile.mkdtemp(prefix="dean06-bench-identity-"))
    ports = free_ports(2)
    environment = {
        **os.environ,  # noqa: TID251 -- handed on to the children
        "DJANGO_SETTINGS_MODULE": "dean06.site.settings",
        "DEAN06_DATA_DIR": str(folder),
        "DEAN06_DATABASE_ROLE": "owner",
        "DEAN06_LOG_LEVEL": "WARNING",
        "DEAN06_WEB_PORT": str(ports[0]),
        "DEAN06_PROTOCOL_PORT": str(ports[1]),
    }
    try:
        with throw_away_database(host) as url:
            environment["DATABASE_URL"] = url
            for command in (("database", "upgrade"), ("keys", "ensure")):
                subprocess.run([sys.executable, "-m", "dean06", *command], env=environment, check=True, stdout=sys.stderr)
            done = subprocess.run(
                [sys.executable, "-m", "dean06.identity.bench", size], env=environment, check=True, stdout=subprocess.PIPE
            )
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


@contextmanager
def throw_away_database(host: str) -> Iterator[str]:
    """Have a database on the cluster behind a socket directory, as its superuser."""
    import psycopg  # noqa: PLC0415
    from psycopg import sql  # noqa: PLC0415

    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(DATABASE))
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(drop)
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(DATABASE)))
        try:
            yield f"postgresql://postgres@/{DATABASE}?host={quote(host, safe='')}"
        finally:
            server.execute(drop)


def free_ports(count: int) -> list[int]:
    """Return loopback ports that nobody listens on."""
    import socket  # noqa: PLC0415

    with ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


# -- the program in the child


def main(size: Size) -> None:
    """Make one person with an account and a session, start web and protocol, measure, print rows."""
    import django  # noqa: PLC0415

    django.setup()
    from django.conf import settings  # noqa: PLC0415

    cookie, secret = prepare()
    web, protocol = (urlsplit(origin).port or 0 for origin in (settings.DEAN06_WEB_ORIGIN, settings.DEAN06_PROTOCOL_ORIGIN))
    with serving(web, protocol):
        flows, empty = FLOWS[size], FLOWS[size]
        flow_rate = rate(lambda: flow_of(web, protocol, cookie=cookie, secret=secret), flows)
        empty_rate = rate(lambda: empty_of(web, protocol), empty)
        login_rate = rate(lambda: login_of(web), LOGINS[size])
    from dean06.identity.passwords import hash_password, is_password  # noqa: PLC0415

    stored = hash_password(PASSWORD)
    hash_rate = rate(lambda: lambda: is_password(stored, PASSWORD), LOGINS[size])
    rows = [
        Row("identity.login_flow", flow_rate, "flows/s", empty_rate, "three empty requests to the same processes", flows),
        Row("identity.password", login_rate, "logins/s", hash_rate, "bare Argon2id (t=2, 19 MiB)", LOGINS[size]),
    ]
    sys.stdout.write(json.dumps([asdict(row) for row in rows]) + "\n")


def prepare() -> tuple[str, str]:
    """Load one invented person, the demonstration's agreements and relying parties; return a session cookie and the bank's secret."""
    import dean06  # noqa: PLC0415
    from dean06.core.actor import SYSTEM  # noqa: PLC0415
    from dean06.core.keys import PersonKey, new_key  # noqa: PLC0415
    from dean06.exchange.public import load_agreements, load_members  # noqa: PLC0415
    from dean06.identity.actions.consent import give_consent  # noqa: PLC0415
    from dean06.identity.actions.sessions import open_session  # noqa: PLC0415
    from dean06.identity.clients import client_secret, load_clients, party  # noqa: PLC0415
    from dean06.identity.domain.assurance import methods_of_password  # noqa: PLC0415
    from dean06.identity.domain.authorize import parse_request  # noqa: PLC0415
    from dean06.identity.public import register_account  # noqa: PLC0415
    from dean06.identity.visits import Visit  # noqa: PLC0415
    from dean06.registry.public import load_population  # noqa: PLC0415

    person, packs = new_key(), Path(dean06.__file__).parent / "demo" / "packs"
    with tempfile.TemporaryDirectory() as folder:
        write_population(Path(folder), person)
        load_population(Path(folder), actor=SYSTEM)
    load_members(packs / "exchange")
    load_agreements(packs / "exchange")
    load_clients(packs / "identity")
    account = register_account(person=PersonKey(person), level=2, username=NUMBER, password=PASSWORD, actor=SYSTEM)
    opened = open_session(account_key=account, methods=methods_of_password(with_code=True), visit=Visit())
    client = party("bank").client
    give_consent(session=opened.session, request=parse_request(request_parameters(), client), client=client, chosen=())
    return opened.cookie, client_secret("bank")


def write_population(folder: Path, person: UUID) -> None:
    """Write the Parquet files of a country of one."""
    import polars as pl  # noqa: PLC0415

    household, unit, born = str(UUID(int=1)), "06652", date(1985, 3, 14)
    empty = dict.fromkeys(("old_number", "religion", "died_on", "father_key", "mother_key", "spouse_key"))
    known = {
        "person_key": str(person),
        "number": NUMBER,
        "full_name": "Trần Thí Dụ",
        "sex": "female",
        "born_on": born,
        "birth_precision": "day",
        "ethnic_group": "01",
        "nationality": "VNM",
        "marital_state": "single",
        "status": "alive",
        "birth_unit_code": unit,
        "native_unit_code": unit,
        "household_key": household,
        "relation": "head",
    }
    texts = {name: pl.String for name in empty if name != "died_on"}
    pl.DataFrame([known | empty], schema_overrides={**texts, "died_on": pl.Date}).write_parquet(folder / "persons.parquet")
    home = {"household_key": household, "unit_code": unit, "address": "Số 1"}
    pl.DataFrame([home | {"code": "HK000001", "head_key": str(person), "since": born}]).write_parquet(folder / "households.parquet")
    lives = home | {"person_key": str(person), "kind": "permanent", "valid_from": born, "valid_to": None}
    pl.DataFrame([lives], schema_overrides={"valid_to": pl.Date}).write_parquet(folder / "residences.parquet")


def request_parameters() -> dict[str, str]:
    """Return the bank's authorization request."""
    from dean06.identity.clients import party  # noqa: PLC0415
    from dean06.identity.domain.pkce import challenge_of  # noqa: PLC0415

    return {
        "client_id": "bank",
        "redirect_uri": party("bank").client.redirect_uris[0],
        "response_type": "code",
        "scope": "openid profile",
        "code_challenge": challenge_of(VERIFIER),
        "code_challenge_method": "S256",
    }


@contextmanager
def serving(web: int, protocol: int) -> Iterator[None]:
    """Run both processes as ``dean06 up`` does."""
    granian = [str(Path(sys.executable).with_name("granian")), "--host", "127.0.0.1", "--workers", "1", "--no-ws", "--log-level", "warning"]
    commands = (
        (web, [*granian, "--interface", "wsgi", "--blocking-threads", "4", "--port", str(web), "dean06.site.wsgi:application"]),
        (protocol, [*granian, "--interface", "asgi", "--port", str(protocol), "dean06.site.asgi:protocol"]),
    )
    processes = [subprocess.Popen(command, stdout=sys.stderr) for _port, command in commands]
    try:
        for port, _command in commands:
            await_port(port)
        yield
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(20)


def await_port(port: int) -> None:
    """Wait until a process answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        try:
            with closing(HTTPConnection("127.0.0.1", port, timeout=2)) as connection:
                connection.request("GET", "/health", headers={"Host": "localhost"})
                connection.getresponse().read()
                return
        except OSError:
            time.sleep(0.1)
    raise TimeoutError(port)


def rate(make: Callable[[], Callable[[], object]], count: int) -> float:
    """Return how many times a second a piece of work is done by some threads, each with connections of its own."""
    share = count // THREADS
    begun: list[float] = []
    together = Barrier(THREADS, action=lambda: begun.append(time.perf_counter()), timeout=START_SECONDS)

    def run(_number: int) -> None:
        try:
            work = make()
            work()  # warm
            together.wait()
        except BaseException:
            together.abort()  # the others must not wait for a thread that failed
            raise
        for _ in range(share):
            work()

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(run, range(THREADS)))
    return share * THREADS / (time.perf_counter() - begun[0])


def flow_of(web: int, protocol: int, *, cookie: str, secret: str) -> Callable[[], object]:
    """Return one flow: authorize with a session, redeem the code, read the claims."""
    from dean06.identity.pages.browser import SESSION_COOKIE  # noqa: PLC0415

    pages, machine = HTTPConnection("localhost", web, timeout=30), HTTPConnection("localhost", protocol, timeout=30)
    parameters = request_parameters()
    address = f"/authorize?{urlencode(parameters)}"
    basic = {"Authorization": "Basic " + base64.b64encode(f"bank:{secret}".encode()).decode(), **FORM}
    form = {"grant_type": "authorization_code", "redirect_uri": parameters["redirect_uri"], "code_verifier": VERIFIER}

    def flow() -> None:
        answer = ask(pages, "GET", address, headers={"Cookie": f"{SESSION_COOKIE}={cookie}"}, expect=303)
        code = parse_qs(urlsplit(answer.location).query)["code"][0]
        token = json.loads(ask(machine, "POST", "/oauth2/token", body=urlencode({**form, "code": code}), headers=basic).body)
        ask(machine, "GET", "/oauth2/userinfo", headers={"Authorization": f"Bearer {token['access_token']}"})

    return flow


def empty_of(web: int, protocol: int) -> Callable[[], object]:
    """Return three requests that do nothing."""
    pages, machine = HTTPConnection("localhost", web, timeout=30), HTTPConnection("localhost", protocol, timeout=30)

    def three() -> None:
        for connection in (pages, machine, machine):
            ask(connection, "GET", "/health")

    return three


def login_of(web: int) -> Callable[[], object]:
    """Return one sign-in: open the page, send number and password (an account without a code generator)."""
    connection = HTTPConnection("localhost", web, timeout=60)

    def login() -> None:
        cookies: dict[str, str] = {}
        page = ask(connection, "GET", "/identity/login", expect=303)
        remember(page, cookies)
        address = page.location
        page = ask(connection, "GET", address, headers=shown(cookies))
        remember(page, cookies)
        token = page.body.decode().partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
        values = {"t": address.partition("t=")[2], "number": NUMBER, "password": PASSWORD, "csrfmiddlewaretoken": token}
        ask(connection, "POST", "/identity/login", body=urlencode(values), headers={**FORM, **shown(cookies)}, expect=303)

    return login


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer that was read whole."""

    headers: Message
    body: bytes

    @property
    def location(self) -> str:
        """Where a redirect leads."""
        return self.headers.get("Location", "")


def ask(
    connection: HTTPConnection, method: str, path: str, *, body: str = "", headers: dict[str, str] | None = None, expect: int = 200
) -> Answered:
    """Send one request on a kept connection."""
    connection.request(method, path, body=body or None, headers=headers or {})
    response = connection.getresponse()
    answer = Answered(response.headers, response.read())
    if response.status != expect:
        raise RuntimeError(f"{path.partition('?')[0]} answered {response.status}")
    return answer


def remember(answer: Answered, cookies: dict[str, str]) -> None:
    """Keep the cookies of an answer."""
    for line in answer.headers.get_all("Set-Cookie") or []:
        name, _, value = line.partition(";")[0].partition("=")
        cookies[name] = value


def shown(cookies: dict[str, str]) -> dict[str, str]:
    """Return the cookies as a header."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in cookies.items())}


if __name__ == "__main__":
    main(sys.argv[1])  # type: ignore[arg-type]  # one of Size, from login_flow
