"""Django application of the front: tables of its own, in the exchange's database (the label begins with the module's name)."""

from django.apps import AppConfig


class NgspConfig(AppConfig):
    """Credentials and tokens."""

    name = "dean06.exchange.ngsp"
    label = "exchange_ngsp"
    default_auto_field = "django.db.models.BigAutoField"
