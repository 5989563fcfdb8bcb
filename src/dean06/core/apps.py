"""Django application of core."""

from django.apps import AppConfig


class CoreConfig(AppConfig):
    """Tables for messages between modules."""

    name = "dean06.core"
    label = "core"
    default_auto_field = "django.db.models.BigAutoField"
