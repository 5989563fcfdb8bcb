"""ASGI applications, each served by processes of its own (granian)."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251
django.setup()

from dean06.identity.public import protocol_app  # noqa: E402 -- needs the settings

protocol = protocol_app()
