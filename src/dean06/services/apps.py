"""Django application of services."""

from django.apps import AppConfig


class ServicesConfig(AppConfig):
    """Procedures and dossiers, e-data store."""

    name = "dean06.services"
    label = "services"
    default_auto_field = "django.db.models.BigAutoField"
