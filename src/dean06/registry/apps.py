"""Django application of registry."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Persons, households, residence."""

    name = "dean06.registry"
    label = "registry"
    default_auto_field = "django.db.models.BigAutoField"
