"""``dean06 demo people`` as a process of its own: nothing else has started Django before it."""

import os
import subprocess
import sys


def test_people_of_an_empty_installation_are_refused_with_a_sentence_and_no_traceback(tmp_path):
    ran = subprocess.run(
        [sys.executable, "-m", "dean06", "demo", "people"],
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "dean06.site.settings", "DEAN06_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )

    assert ran.returncode == 3, ran.stderr
    assert "dean06 up" in ran.stderr
    assert "Traceback" not in ran.stderr
