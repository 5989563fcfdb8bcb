"""Django application of organisation."""

from django.apps import AppConfig


class OrganisationConfig(AppConfig):
    """Who holds which post in which unit from when to when."""

    name = "dean06.organisation"
    label = "organisation"
    default_auto_field = "django.db.models.BigAutoField"
