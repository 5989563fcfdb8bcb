"""Django application of oversight."""

from django.apps import AppConfig


class OversightConfig(AppConfig):
    """Indicators, reports, drill-down, computed from events."""

    name = "dean06.oversight"
    label = "oversight"
    default_auto_field = "django.db.models.BigAutoField"
