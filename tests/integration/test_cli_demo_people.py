"""Commands of the demonstration, each in a process of its own as a newcomer types them."""

import os
import subprocess
import sys

from dean06.demo.accounts_file import DemoAccount, new_totp_secret, write_accounts


def dean06(data_dir, *arguments):
    environment = {**os.environ, "DEAN06_DATA_DIR": str(data_dir), "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}
    return subprocess.run([sys.executable, "-m", "dean06", *arguments], env=environment, capture_output=True, text=True, check=False)


def test_the_demonstration_people_are_introduced_with_what_they_need_to_log_in(tmp_path):
    citizen = DemoAccount("citizen", "k", "Nguyễn Thị Mẫu", "000190000017", "a-password", new_totp_secret(), "người dân")
    write_accounts(tmp_path, {"citizen": citizen})

    people = dean06(tmp_path, "demo", "people")
    code = dean06(tmp_path, "demo", "code", "citizen")

    assert people.returncode == 0, people.stderr
    assert "citizen  000190000017  a-password  Nguyễn Thị Mẫu (người dân)" in people.stdout
    assert code.returncode == 0, code.stderr
    assert len(code.stdout.strip()) == 6


def test_where_there_are_no_people_a_sentence_says_what_to_do(tmp_path):
    done = dean06(tmp_path, "demo", "people")

    assert done.returncode == 3
    assert "demo.no_people" in done.stderr
    assert "Traceback" not in done.stderr
