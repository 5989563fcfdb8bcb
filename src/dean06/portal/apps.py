"""Django application of portal."""

from django.apps import AppConfig


class PortalConfig(AppConfig):
    """Pages that join modules: home, my data, search."""

    name = "dean06.portal"
    label = "portal"
    default_auto_field = "django.db.models.BigAutoField"
