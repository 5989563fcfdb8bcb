"""Django application of kept bodies: tables of its own, in the exchange's database (the label begins with the module's name)."""

from django.apps import AppConfig


class BodiesConfig(AppConfig):
    """Bodies that agreements let the gateways keep, and their keys."""

    name = "dean06.exchange.bodies"
    label = "exchange_bodies"
    default_auto_field = "django.db.models.BigAutoField"
