"""Django application of ledger."""

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    """Append-only verifiable log."""

    name = "dean06.ledger"
    label = "ledger"
    default_auto_field = "django.db.models.BigAutoField"
