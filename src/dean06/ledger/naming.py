"""Names of logs and kinds: each stands once in a table of its database, everywhere else is its number.

What is hashed, exported and shown is the name. A name is numbered in the transaction that first writes it, or just before, and stays.
The functions ``ledger_number``, ``ledger_name`` and ``ledger_numbered`` are the database's (migration 0006).
"""

from collections.abc import Iterable
from typing import Any, Final, LiteralString

from django.db import models
from django.db.models.lookups import Exact, In, StartsWith

LOG_OF_ENTRY: Final = "coalesce((SELECT name FROM ledger_ledgername WHERE number = e.log), '')"
KIND_OF_ENTRY: Final = "coalesce((SELECT name FROM ledger_ledgername WHERE number = e.kind), '')"
"""An entry's names; empty where the row of the name was removed, which no name is."""
ALL: Final = "SELECT number, name FROM ledger_ledgername"
NUMBERED: Final[LiteralString] = "SELECT name, ledger_numbered(name) FROM unnest(%s::text[]) AS wanted(name)"
KNOWN: Final = "SELECT ledger_number(%s)"


def names_by_number(cursor: Any) -> dict[int, str]:
    """Read all names of a database."""
    cursor.execute(ALL)
    return dict(cursor.fetchall())


def numbers_of(cursor: Any, names: Iterable[str]) -> dict[str, int]:
    """Return the numbers of names, giving them to those that have none, in the caller's transaction."""
    cursor.execute(NUMBERED, [sorted(set(names))])  # one order for all: nobody waits crosswise
    return dict(cursor.fetchall())


def number_of(cursor: Any, name: str) -> int | None:
    """Return the number of a name; none if nothing was ever written under it."""
    cursor.execute(KNOWN, [name])
    return cursor.fetchone()[0]  # type: ignore[no-any-return]


class NameField(models.Field):  # type: ignore[type-arg]
    """A name to whoever asks Django, its number in the table."""

    def db_type(self, connection: Any) -> str:  # noqa: ARG002 -- Django's signature
        """Store two bytes."""
        return "smallint"

    def get_placeholder(self, _value: Any, _compiler: Any, _connection: Any) -> str:
        """Write the number."""
        return "ledger_numbered(%s)"

    def select_format(self, _compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """Read the name."""
        return f"ledger_name({sql})", params


@NameField.register_lookup
class _ExactName(Exact):
    def get_rhs_op(self, _connection: Any, rhs: str) -> str:
        return f"= (SELECT ledger_number({rhs}))"


class _OfName:
    """Compares the name."""

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> Any:
        sql, params = super().process_lhs(compiler, connection, lhs)  # type: ignore[misc]
        return f"ledger_name(({sql})::smallint)", params  # some lookups compare text


@NameField.register_lookup
class _NameIn(_OfName, In):
    pass


@NameField.register_lookup
class _NameBegins(_OfName, StartsWith):
    pass
