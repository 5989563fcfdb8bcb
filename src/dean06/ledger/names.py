"""Which logs a database keeps, found without reading all of their checkpoints."""

from typing import Final

from django.db import connections

NAMES: Final = """
    WITH RECURSIVE names(log) AS (
        (SELECT log FROM ledger_ledgercheckpoint ORDER BY log LIMIT 1)
        UNION ALL
        SELECT (SELECT c.log FROM ledger_ledgercheckpoint c WHERE c.log > names.log ORDER BY c.log LIMIT 1)
        FROM names WHERE names.log IS NOT NULL
    ) SELECT log FROM names WHERE log IS NOT NULL
"""


def signed_logs(using: str) -> list[str]:
    """Return the names of the logs that have a checkpoint."""
    with connections[using].cursor() as cursor:
        cursor.execute(NAMES)
        return [name for (name,) in cursor.fetchall()]
