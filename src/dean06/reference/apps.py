"""Django application of reference."""

from django.apps import AppConfig


class ReferenceConfig(AppConfig):
    """Code lists in force on a day."""

    name = "dean06.reference"
    label = "reference"
    default_auto_field = "django.db.models.BigAutoField"
