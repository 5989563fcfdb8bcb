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
