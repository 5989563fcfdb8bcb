"""The number that tells gateways to read their configuration anew."""

from django.db import connections

from dean06.exchange.models import ConfigurationState

COUNT_UP = """
INSERT INTO exchange_configurationstate (id, version) VALUES (1, 1)
ON CONFLICT (id) DO UPDATE SET version = exchange_configurationstate.version + 1 RETURNING version
"""


def note_change(*, using: str) -> int:
    """Count a change of configuration in the caller's transaction; return the new number.

    The row stays locked until the transaction ends, so numbers appear in the order of commits. Call it last.
    """
    with connections[using].cursor() as cursor:
        cursor.execute(COUNT_UP)
        return int(cursor.fetchone()[0])


def newest_version(using: str) -> int:
    """Return the number of the newest change; 0 before the first."""
    return ConfigurationState.objects.using(using).values_list("version", flat=True).first() or 0
