"""What several migrations of the ledger run in SQL: tables that refuse changes, and the refusal of entries that no program reads any more.

Part of the schema's history: what a migration once ran stays as it is.
"""

from typing import Final

REFUSE_ENTRIES: Final = """
DO $$ BEGIN
    IF EXISTS (SELECT 1 FROM ledger_ledgerentry) THEN
        RAISE EXCEPTION 'the ledger holds entries in a form of before the first release: begin with an empty database';
    END IF;
END $$;
"""
"""Stops a migration, in either direction, where there are entries; ``dean06`` tells it as ``cli.former_data``."""


def refuse_changes(*tables: str, of: str = "UPDATE OR DELETE OR TRUNCATE") -> str:
    """Let tables refuse changes, whoever makes them (``ledger_refuse_change``, migration 0001).

    Args:
        tables: their names.
        of: which changes.
    """
    return "".join(
        f"CREATE TRIGGER refuse_change BEFORE {of} ON {table} FOR EACH STATEMENT EXECUTE FUNCTION ledger_refuse_change();\n"
        for table in tables
    )


def allow_changes(*tables: str) -> str:
    """Take back ``refuse_changes``."""
    return "".join(f"DROP TRIGGER refuse_change ON {table};\n" for table in tables)
