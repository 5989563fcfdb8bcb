"""Django application of signing."""

from django.apps import AppConfig


class SigningConfig(AppConfig):
    """Keys, certificates, PAdES, time-stamps."""

    name = "dean06.signing"
    label = "signing"
    default_auto_field = "django.db.models.BigAutoField"
