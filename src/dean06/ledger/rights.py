"""What the application's database role may do: all of its work, but nothing to the past."""

from typing import Final

from django.apps import apps
from django.db import connections, transaction
from psycopg import sql

from dean06.core.databases import APP_ROLE
from dean06.ledger.models import LedgerKey

KEY_MAY_CHANGE: Final = ("wrapped", "destroyed_at")


def append_only_tables() -> tuple[str, ...]:
    """Return the tables of every module whose model says ``is_append_only``."""
    return tuple(sorted(model._meta.db_table for model in apps.get_models() if getattr(model, "is_append_only", False)))


def grant_app_role(using: str) -> None:
    """Give the processes' role its rights on one database; run by the tables' owner after each migration.

    SELECT, INSERT, UPDATE and DELETE on every table and on those to come; on append-only tables SELECT and INSERT alone; a
    data key can be destroyed, not changed or removed.
    """
    role, key_table = sql.Identifier(APP_ROLE), sql.Identifier(LedgerKey._meta.db_table)
    statements = [
        sql.SQL("GRANT USAGE ON SCHEMA public TO {role}"),
        sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {role}"),
        sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO {role}"),
        sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {role}"),
        sql.SQL("ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO {role}"),
        sql.SQL("REVOKE UPDATE, DELETE ON {keys} FROM {role}"),
        sql.SQL("GRANT UPDATE ({columns}) ON {keys} TO {role}"),
    ]
    columns = sql.SQL(", ").join(map(sql.Identifier, KEY_MAY_CHANGE))
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        present = set(connections[using].introspection.table_names(cursor))
        for statement in statements:
            cursor.execute(statement.format(role=role, keys=key_table, columns=columns))
        for table in append_only_tables():
            if table in present:
                refuse = sql.SQL("REVOKE UPDATE, DELETE, TRUNCATE ON {} FROM {}")
                cursor.execute(refuse.format(sql.Identifier(table), role))
