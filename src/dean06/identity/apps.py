"""Django application of identity."""

from django.apps import AppConfig


class IdentityConfig(AppConfig):
    """Accounts, levels, authentication, OpenID Provider."""

    name = "dean06.identity"
    label = "identity"
    default_auto_field = "django.db.models.BigAutoField"
