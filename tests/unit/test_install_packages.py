"""How packages are installed: by uv, by pip where uv fails, both from the same lock."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[2]
LOCK = Path("requirements-dev.lock")


@pytest.fixture(scope="module")
def installer() -> ModuleType:
    spec = importlib.util.spec_from_file_location("install_packages", ROOT / "scripts" / "install_packages.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("fails", "called", "code"),
    [
        ((), ["pip requirements-uv.lock", "uv requirements-dev.lock"], 0),
        (("uv requirements-dev.lock",), ["pip requirements-uv.lock", "uv requirements-dev.lock", "pip requirements-dev.lock"], 0),
        (("pip requirements-uv.lock",), ["pip requirements-uv.lock", "pip requirements-dev.lock"], 0),
        (
            ("uv requirements-dev.lock", "pip requirements-dev.lock"),
            ["pip requirements-uv.lock", "uv requirements-dev.lock", "pip requirements-dev.lock"],
            1,
        ),
    ],
)
def test_uv_installs_and_pip_does_it_where_uv_or_its_own_installation_fails(installer, fails, called, code):
    calls = []

    def call(command, environment):
        assert "--require-hashes" in command
        calls.append(f"{command[2]} {Path(command[-1]).name}")
        return 1 if calls[-1] in fails else 0

    assert installer.install(LOCK, {}, call) == code
    assert calls == called


def test_index_and_certificate_of_pip_are_handed_to_uv_and_the_environment_overrules_the_file(installer):
    configuration = "global.index-url='https://packages.example/simple'\nglobal.timeout='180'\n:env:.cert='/etc/ca.pem'\n:env:.index-url='https://mine.example/simple'\n"

    assert installer.handed_to_uv(configuration) == {"UV_DEFAULT_INDEX": "https://mine.example/simple", "SSL_CERT_FILE": "/etc/ca.pem"}


def test_uv_is_installed_in_the_version_that_the_tools_are_locked_to():
    version = (ROOT / "requirements-uv.lock").read_text(encoding="utf-8").split()[0]

    assert version.startswith("uv==")
    assert f"\n{version} " in (ROOT / "requirements-dev.lock").read_text(encoding="utf-8")
