"""Django application of operations: tables of its own, in the exchange's database (the label begins with the module's name)."""

from django.apps import AppConfig


class OperationsConfig(AppConfig):
    """Records of calls, their sums, when agreements were used."""

    name = "dean06.exchange.operations"
    label = "exchange_operations"
    default_auto_field = "django.db.models.BigAutoField"
