"""ASGI applications, each served by processes of its own: granian, and for the gateways ``dean06.site.gateway``."""

import os

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251
django.setup()

from dean06.core.config import config  # noqa: E402 -- needs the settings
from dean06.core.logs import configure  # noqa: E402
from dean06.exchange.endpoints import consumer_app, provider_app  # noqa: E402
from dean06.exchange.public import record_calls  # noqa: E402
from dean06.identity.public import protocol_app  # noqa: E402

configure(level=config().log_level)  # JSON lines that mask personal numbers
record_calls()

protocol = protocol_app()
consumer_gateway = consumer_app()
provider_gateway = provider_app()
