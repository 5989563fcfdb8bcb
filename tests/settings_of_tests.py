"""Settings of a test run: a throw-away data directory, made before anything reads the configuration."""

import atexit
import os
import shutil
import tempfile

_data_dir = tempfile.mkdtemp(prefix="dean06-test-")
atexit.register(shutil.rmtree, _data_dir, ignore_errors=True)
os.environ["DEAN06_DATA_DIR"] = _data_dir
os.environ["DEAN06_DATABASE_ROLE"] = "owner"

from dean06.site.settings import *  # noqa: E402, F403

WHITENOISE_AUTOREFRESH = True  # files are looked for when asked for, so that no test waits for the fonts

for _database in DATABASES.values():  # noqa: F405
    # a test's flush truncates append-only tables too; the triggers that refuse this have a test of their own
    _given = _database["OPTIONS"].get("options", "")
    _database["OPTIONS"]["options"] = f"{_given} -c dean06.ledger_maintenance=on".strip()
    # fifty threads of a test wait for eight connections: on a machine that does other work longer than a request may
    _database["OPTIONS"]["pool"]["timeout"] = 120
