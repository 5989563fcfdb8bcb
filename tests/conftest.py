"""What all tests share: a throw-away data directory and a PostgreSQL of their own."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from hypothesis import settings as hypothesis_settings

pytest_plugins = ["browser", "exchange_gateways"]

hypothesis_settings.register_profile("dean06", deadline=None, derandomize=True, max_examples=60)
hypothesis_settings.load_profile("dean06")

MAINTENANCE_DATABASE = "postgres"
SESSIONS_END_SECONDS = 60.0
"""A backend takes a moment to go after its socket closed; on a machine that does other work, a long one."""


@pytest.fixture(scope="session")
def postgres() -> Iterator[object]:
    """A PostgreSQL cluster for this session (embedded, or the one DATABASE_URL names)."""
    from dean06.cli.postgres import EmbeddedPostgres, find_bin_dir
    from dean06.core.config import config

    if config().database_url:
        yield None
        return
    data = Path(config().data_dir)
    cluster = EmbeddedPostgres(data / "postgres", config().socket_dir, find_bin_dir(), data / "log" / "postgres.log")
    cluster.make()
    with (cluster.data_dir / "postgresql.conf").open("a") as file:
        file.write("fsync = off\n")  # a test database may be lost
    cluster.start()
    cluster.create_database()
    cluster.allow_test_databases()
    yield cluster
    cluster.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres: object) -> None:
    """Start the session's own cluster before pytest-django makes the test database in it."""


@pytest.fixture(autouse=True)
def own_providers() -> Iterator[None]:
    """Put back the services of this process: a test may put handlers of its own in their place."""
    from dean06.exchange import providing

    kept = dict(providing._providers)
    yield
    providing._providers.clear()
    providing._providers.update(kept)


@pytest.fixture(autouse=True, scope="session")
def no_thread_of_records() -> Iterator[None]:
    """Keep the web's recorder still: its thread would write while tables of a test are emptied; its own tests drain it by hand."""
    from dean06.exchange.operations.recording import records

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "start", lambda: None)
        yield


@pytest.fixture(autouse=True, scope="module")
def no_session_outlives_its_module(django_db_blocker: object) -> Iterator[None]:
    """Refuse a module of tests that leaves a session in the test database: its removal at the end would fail for another's fault."""
    yield
    from django.db import connection

    if not str(connection.settings_dict["NAME"]).startswith("test_"):
        return
    connection.close()
    connection.close_pool()
    deadline = time.monotonic() + SESSIONS_END_SECONDS
    while left := _sessions_of(connection):
        assert time.monotonic() < deadline, f"sessions that nobody closed: {left}"
        time.sleep(0.05)


def _sessions_of(connection: object) -> list[tuple[object, ...]]:
    """Return who else is in the test database; PostgreSQL's own workers have no user."""
    parameters = {name: value for name, value in connection.get_connection_params().items() if name in {"host", "port", "user", "password"}}
    with psycopg.connect(dbname=MAINTENANCE_DATABASE, **parameters) as outside:
        query = "SELECT pid, application_name, state, left(query, 200) FROM pg_stat_activity WHERE datname = %s AND usename IS NOT NULL"
        return outside.execute(query, [connection.settings_dict["NAME"]]).fetchall()


@pytest.fixture
def acting(monkeypatch: pytest.MonkeyPatch) -> Callable[[object], None]:
    """Log someone in by hand: the middleware's actor is what the test says."""
    from dean06.site import middleware

    def act(actor: object) -> None:
        monkeypatch.setattr(
            middleware.ActorMiddleware, "__call__", lambda self, request: setattr(request, "actor", actor) or self.get_response(request)
        )

    return act
