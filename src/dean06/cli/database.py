"""Preparing databases: roles, extensions, tables, rights. Runs as the owner, never as a serving process."""

from typing import Final

from django.core.management import call_command
from django.db import DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from psycopg.errors import RaiseException

from dean06.cli.errors import DatabaseUnreachable
from dean06.cli.postgres import EXTENSIONS
from dean06.core.databases import APP_ROLE, OWNER_ROLE, all_databases
from dean06.core.errors import Conflict, Unavailable

LEDGER: Final = "ledger"
OLDEST_SERVER: Final = 150000  # PostgreSQL 15, the oldest that the schema is tested on


class DatabaseTooOld(Unavailable):
    """The database server is older than PostgreSQL 15: upgrade it, or unset DATABASE_URL to use the embedded one."""

    code = "cli.database_too_old"
    message_vi = "Máy chủ cơ sở dữ liệu cũ hơn PostgreSQL 15. Hãy nâng cấp, hoặc bỏ DATABASE_URL để dùng bản nhúng."


class DatabaseRightsMissing(Unavailable):
    """The login may not create roles or extensions: ask the administrator to run the statement shown, then try again."""

    code = "cli.database_rights_missing"
    message_vi = "Tài khoản cơ sở dữ liệu thiếu quyền. Hãy nhờ quản trị viên chạy câu lệnh nêu dưới đây rồi thử lại."


class FormerData(Conflict):
    """What is stored was written by programs of before the first release and is left as it is: take another data directory or database."""

    code = "cli.former_data"
    message_vi = (
        "Dữ liệu đang có do bản cũ trước lần phát hành đầu tiên ghi, bản này không đọc được và không thay đổi gì."
        " Hãy đặt DEAN06_DATA_DIR sang thư mục khác (hoặc DATABASE_URL sang cơ sở dữ liệu trống) rồi chạy lại."
    )


def prepare_databases() -> None:
    """Bring every database to this version: role, extensions, migrations, rights. Safe to run again.

    Raises:
        DatabaseUnreachable: no answer.
        DatabaseTooOld: older than PostgreSQL 15.
        DatabaseRightsMissing: with the statement that an administrator should run.
        FormerData: a migration refuses what is stored.
    """
    from dean06.ledger.public import grant_app_role

    for alias in all_databases():
        require_server(alias)
        _prepare_role(alias)
        for extension in EXTENSIONS:
            if not _holds(alias, "SELECT 1 FROM pg_extension WHERE extname = %s", extension):
                _execute(alias, f"CREATE EXTENSION {extension}")
        _migrate(alias)
        grant_app_role(alias)


def _migrate(alias: str) -> None:
    """Apply what is missing: the ledger's migrations, which may refuse what is stored, before those of any other module."""
    try:
        if _lacks_migrations_of(alias, LEDGER):
            call_command("migrate", LEDGER, database=alias, interactive=False, verbosity=0)
        call_command("migrate", database=alias, interactive=False, verbosity=0)
    except DatabaseError as exc:
        if isinstance(exc.__cause__, RaiseException):  # only our own migrations raise so
            raise FormerData(database=alias, reason=str(exc).partition("\n")[0]) from exc
        raise


def _lacks_migrations_of(alias: str, module: str) -> bool:
    loader = MigrationExecutor(connections[alias]).loader
    return any(node not in loader.applied_migrations for node in loader.graph.leaf_nodes(module))


def unapplied_migrations() -> dict[str, int]:
    """Return, for each database that is behind this version, how many migrations it lacks."""
    behind = {}
    for alias in all_databases():
        executor = MigrationExecutor(connections[alias])
        count = len(executor.migration_plan(executor.loader.graph.leaf_nodes()))
        if count:
            behind[alias] = count
    return behind


def require_server(alias: str) -> None:
    """Connect once.

    Raises:
        DatabaseUnreachable: no answer.
        DatabaseTooOld: older than PostgreSQL 15.
    """
    try:
        connections[alias].ensure_connection()
    except DatabaseError as exc:
        raise DatabaseUnreachable(database=alias, reason=str(exc).strip().partition("\n")[0]) from exc
    version = connections[alias].pg_version  # type: ignore[attr-defined]
    if version < OLDEST_SERVER:
        raise DatabaseTooOld(database=alias, version=version)


def _prepare_role(alias: str) -> None:
    """Make the processes' role; on an external server the owner's login takes it on, so it must be a member."""
    if not _holds(alias, "SELECT 1 FROM pg_roles WHERE rolname = %s", APP_ROLE):
        _execute(alias, f"CREATE ROLE {APP_ROLE} NOLOGIN")
    has_own_login = connections[alias].settings_dict["USER"] == OWNER_ROLE
    if not has_own_login and not _holds(alias, "SELECT 1 WHERE pg_has_role(current_user, %s, 'MEMBER')", APP_ROLE):
        _execute(alias, f"GRANT {APP_ROLE} TO CURRENT_USER")


def _holds(alias: str, query: str, name: str) -> bool:
    with connections[alias].cursor() as cursor:
        cursor.execute(query, [name])
        return cursor.fetchone() is not None


def _execute(alias: str, statement: str) -> None:
    try:
        with connections[alias].cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as exc:
        raise DatabaseRightsMissing(database=alias, statement=statement, reason=str(exc).strip().partition("\n")[0]) from exc
