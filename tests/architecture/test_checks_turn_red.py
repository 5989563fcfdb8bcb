"""Each check of `make check` refuses what it is there to refuse: a copy of the programs is broken on purpose."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


@pytest.fixture
def copy(tmp_path):
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def append(path, text):
    path.write_text(path.read_text() + text)


def run(copy, *command):
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    done = subprocess.run([BIN / command[0], *command[1:]], cwd=copy, env=environment, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("place", "line", "contract"),
    [
        (
            "ledger/errors.py",
            "from dean06.portal import errors as above",
            "Modules build on the ones below, never on the ones above BROKEN",
        ),
        ("core/keys.py", "from dean06.core.messages import put", "No import cycles at any depth BROKEN"),
        ("exchange/domain/globs.py", "import django", "Domain code knows neither Django nor HTTP BROKEN"),
    ],
)
def test_a_broken_contract_of_imports_is_named(copy, place, line, contract):
    append(copy / "src/dean06" / place, f"\n{line}\n")

    code, said = run(copy, "lint-imports", "--no-cache")

    assert code != 0
    assert contract in said


def test_a_wrong_type_is_named(copy):
    append(copy / "src/dean06/core/keys.py", "\n\ndef wrong() -> int:\n    return new_key()\n")

    code, said = run(copy, "mypy", "--cache-dir", str(copy / "cache"), "-m", "dean06.core.keys")

    assert code == 1
    assert 'Incompatible return value type (got "UUID", expected "int")' in said


@pytest.mark.parametrize(
    ("text", "rule"),
    [("\n\ndef shout() -> None:\n    print(1)\n", "T201"), ("\nimport logging\n", "TID251"), ('\n\nx = eval("1")\n', "S307")],
)
def test_a_broken_rule_of_style_is_named(copy, text, rule):
    append(copy / "src/dean06/core/keys.py", text)

    code, said = run(copy, "ruff", "check", "--no-cache", "src/dean06/core/keys.py")

    assert code == 1
    assert rule in said


def test_unformatted_code_is_named(copy):
    append(copy / "src/dean06/core/keys.py", "\n\nx = {  'a':1 }\n")

    code, said = run(copy, "ruff", "format", "--no-cache", "--check", "src/dean06/core/keys.py")

    assert code == 1
    assert "keys.py" in said
