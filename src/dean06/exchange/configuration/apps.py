"""Django application of keys and groups: tables of its own, in the exchange's database (the label begins with the module's name)."""

from django.apps import AppConfig


class ConfigurationConfig(AppConfig):
    """Who asked for and who decided on keys and changes of groups."""

    name = "dean06.exchange.configuration"
    label = "exchange_configuration"
    default_auto_field = "django.db.models.BigAutoField"
