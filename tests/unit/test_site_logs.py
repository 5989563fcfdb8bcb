"""Every process writes logs that name nobody, also when something unforeseen happens."""

import json
import os
import subprocess
import sys

import pytest

FAILS = """
import structlog
def look(number, name):
    raise ValueError("broken")
try:
    look("079190000017", "Nguyễn Thị Mẫu")
except ValueError:
    structlog.get_logger("test").warning("test.failed", note="asked for 079190000017", exc_info=True)
"""
WORKER = """
import django, threading
django.setup()
from dean06.cli import worker
worker.recurring_tasks = worker.all_databases = tuple
threading.Event.wait = lambda self, timeout=None: True
worker.run_worker()
"""
COMMAND_LINE = """
import sys
from dean06.site import main
main.cli = lambda **_: None
main.main()
"""


@pytest.mark.parametrize("start", ["import dean06.site.wsgi", WORKER, COMMAND_LINE], ids=["web", "worker", "command line"])
def test_a_traceback_shows_no_local_variables_and_no_number(tmp_path, start):
    environment = {**os.environ, "DEAN06_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}

    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", start + FAILS], env=environment, capture_output=True, text=True, check=True
    )

    assert done.stdout == ""
    assert "\x1b" not in done.stderr  # colours are for a terminal, not for a file
    assert "test.failed" in done.stderr
    assert "ValueError: broken" in done.stderr
    assert "Nguyễn" not in done.stderr.replace('look("079190000017", "Nguyễn Thị Mẫu")', "")
    assert "079190000017" not in done.stderr
    if start != COMMAND_LINE:
        assert json.loads(done.stderr.splitlines()[-1])["note"] == "asked for [personal number]"
