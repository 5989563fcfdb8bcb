"""Web and protocol as processes of their own (granian) on free ports, on the test's database, keys and data directory."""

import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from free_ports import free_ports

ROOT = Path(__file__).parents[1]
START_SECONDS = 240  # on a machine that does other work too
STOP_SECONDS = 120


@dataclass
class Live:
    """Where the processes listen."""

    web: str
    protocol: str
    log_dir: Path


@contextmanager
def running(log_dir):
    """Start both processes; they end with the block."""
    web, protocol = free_ports(2)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "DJANGO_SETTINGS_MODULE": "dean06.site.settings",
        "DEAN06_DATA_DIR": str(settings.DEAN06_DATA_DIR),
        "DEAN06_DATABASE_ROLE": "owner",
        "DEAN06_WEB_PORT": str(web),
        "DEAN06_PROTOCOL_PORT": str(protocol),
        "DATABASE_URL": database_url(),
    }
    live = Live(f"http://localhost:{web}", f"http://localhost:{protocol}", log_dir)
    programs = (("web", "wsgi", "dean06.site.wsgi:application", web), ("protocol", "asgi", "dean06.site.asgi:protocol", protocol))
    with ExitStack() as stack:
        processes = [stack.enter_context(one(*program, log_dir=log_dir, environment=environment)) for program in programs]
        for origin, process in zip((live.web, live.protocol), processes, strict=True):
            wait(origin, process, log_dir)
        yield live


@contextmanager
def one(name, interface, target, port, *, log_dir, environment):
    """Run one process."""
    command = [str(Path(sys.executable).with_name("granian")), "--interface", interface, "--host", "127.0.0.1", "--port", str(port)]
    command += ["--workers", "1", "--no-ws", "--log-level", "warning", target]
    if interface == "wsgi":
        command[-1:-1] = ["--blocking-threads", "4"]
    with (log_dir / f"{name}.log").open("w") as log:
        process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            yield process
        finally:
            process.terminate()
            process.wait(STOP_SECONDS)


def wait(origin, process, log_dir):
    """Wait until a process answers."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(f"{origin}/health", timeout=2):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    logs = "\n".join(path.read_text() for path in log_dir.glob("*.log"))
    raise AssertionError(f"{origin} did not come up:\n{logs}")


def database_url():
    """Return the address of the test's own database."""
    known = connection.settings_dict
    who = quote(known["USER"]) + (f":{quote(known['PASSWORD'])}" if known["PASSWORD"] else "")
    return f"postgresql://{who}@localhost/{known['NAME']}?host={quote(known['HOST'], safe='')}" + (
        f"&port={known['PORT']}" if known["PORT"] else ""
    )
