"""Which database holds which module's tables: all in one by default, each in its own by configuration.

The tables of ``core`` and ``ledger`` exist in every database, so that state, ledger entry and outbox row commit together.
"""

from typing import Any, Final
from urllib.parse import parse_qsl, unquote, urlsplit

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db.models import Model
from psycopg_pool import PoolTimeout

from dean06.core.config import Config
from dean06.core.errors import Invalid
from dean06.core.statements import LoopConnection

EVERYWHERE: Final = frozenset({"core", "ledger"})
DATABASE_NAME: Final = "dean06"
EMBEDDED: Final = "embedded"
"""In ``DEAN06_MODULE_DATABASES``: a database of the module's own in the embedded cluster."""
DATABASE_AWAY: Final = (InterfaceError, OperationalError, PoolTimeout)
"""What a query raises when the server does not answer, or went away in the middle."""
REACHING: Final = {"connect_timeout": 5, "keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
"""libpq's parameters by which a server's host that vanished without a word is noticed within half a minute; the address may set others.
``tcp_user_timeout`` is in milliseconds."""
OWNER_ROLE: Final = "dean06_owner"
APP_ROLE: Final = "dean06_app"
"""The processes' role: no DDL, and neither UPDATE nor DELETE on the ledger."""


class BadDatabaseUrl(Invalid):
    """A database address is not of the form postgresql://user:password@host:5432/name."""

    code = "core.bad_database_url"
    message_vi = "Địa chỉ cơ sở dữ liệu không đúng dạng postgresql://user:password@host:5432/name."


def place_of(config: Config, module: str) -> tuple[str, str]:
    """Return where a module's database is: an address, or no address and the name of a database in the embedded cluster."""
    own = config.module_databases.get(module, "")
    if own == EMBEDDED:
        return "", f"{DATABASE_NAME}_{module}"
    return own or config.database_url, DATABASE_NAME


def embedded_databases(config: Config) -> tuple[str, ...]:
    """Return the names of the databases that the embedded cluster holds; none if everything is elsewhere."""
    places = [place_of(config, module) for module in ("default", *sorted(config.module_databases))]
    return tuple(name for url, name in places if not url)


def django_database(config: Config, *, module: str) -> dict[str, Any]:
    """Return the entry of Django's ``DATABASES`` for a module (``default`` for all that have none of their own).

    The embedded database is reached over its socket with a login of its own for each role. On an external one the
    given login owns the tables and the processes take on ``dean06_app`` for each connection.
    """
    url, name = place_of(config, module)
    role = OWNER_ROLE if config.database_role == "owner" else APP_ROLE
    if not url:
        return _entry(NAME=name, USER=role, HOST=str(config.socket_dir))
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"} or not parts.path.strip("/"):
        raise BadDatabaseUrl(module=module)
    options = dict(parse_qsl(parts.query))
    host = options.pop("host", "") or parts.hostname or ""
    if config.database_role == "app":
        options["options"] = f"-c role={APP_ROLE}"
    return _entry(
        NAME=unquote(parts.path.strip("/")),
        USER=unquote(parts.username or ""),
        PASSWORD=unquote(parts.password or ""),
        HOST=host,
        PORT=str(parts.port or ""),
        OPTIONS=options,
    )


def _entry(*, OPTIONS: dict[str, Any] | None = None, **address: str) -> dict[str, Any]:  # noqa: N803 -- Django's names
    pool = {"min_size": 0, "max_size": 8, "timeout": 10}
    return {
        "ENGINE": "django.db.backends.postgresql",
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {"pool": pool, **REACHING, **(OPTIONS or {})},
        **address,
    }


async def open_connection(alias: str) -> LoopConnection:
    """Open a connection of its own, outside the pool, for a process that works in an event loop; each statement commits by itself.

    Raises:
        psycopg.OperationalError: the server does not answer.
    """
    entry = settings.DATABASES[alias]
    address = {"dbname": entry["NAME"], "user": entry.get("USER"), "password": entry.get("PASSWORD"), "host": entry.get("HOST")}
    given = {name: value for name, value in (address | {"port": entry.get("PORT")}).items() if value}
    options = {name: value for name, value in entry.get("OPTIONS", {}).items() if name != "pool"}
    return await LoopConnection.connect(**given, **options, autocommit=True)


def database_of(module: str) -> str:
    """Return the alias of the database that holds a module's tables."""
    return module if module in settings.DATABASES else "default"


def module_of(label: str) -> str:
    """Return the module that an application belongs to: a part of a module has a label such as ``exchange_events``."""
    return label.partition("_")[0]


def all_databases() -> tuple[str, ...]:
    """Return every alias in use, ``default`` first."""
    return ("default", *sorted(alias for alias in settings.DATABASES if alias != "default"))


class ModuleRouter:
    """Django router: an app's models live in the database of the app's module.

    Models of ``core`` and ``ledger`` have a table in each database and are always used with an explicit ``using``.
    """

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        """Return the module's database, or nothing for the tables that are everywhere."""
        label = model._meta.app_label
        return None if label in EVERYWHERE else database_of(module_of(label))

    db_for_write = db_for_read

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        """Allow foreign keys inside one module only."""
        return module_of(one._meta.app_label) == module_of(other._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        """Create a module's tables in its own database; those of ``core`` and ``ledger`` in each."""
        return app_label in EVERYWHERE or database_of(module_of(app_label)) == db
