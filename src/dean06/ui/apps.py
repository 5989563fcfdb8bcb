"""Django application of ui."""

from django.apps import AppConfig


class UiConfig(AppConfig):
    """Layout and design system."""

    name = "dean06.ui"
    label = "ui"
    default_auto_field = "django.db.models.BigAutoField"
