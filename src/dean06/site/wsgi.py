"""WSGI application of the web process."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251
application = get_wsgi_application()

from dean06.core.config import config  # noqa: E402 -- needs the settings
from dean06.core.logs import configure  # noqa: E402
from dean06.exchange.public import record_calls  # noqa: E402

configure(level=config().log_level)  # JSON lines that mask personal numbers, no local variables in tracebacks
record_calls()
