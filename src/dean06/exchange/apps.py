"""Django application of exchange."""

from django.apps import AppConfig


class ExchangeConfig(AppConfig):
    """Gateway, members, agreements, evidence."""

    name = "dean06.exchange"
    label = "exchange"
    default_auto_field = "django.db.models.BigAutoField"
