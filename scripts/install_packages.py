"""Install a lock file's packages into the environment of the Python that runs this: by uv, in a fifth of pip's time; by pip where uv fails.

Both refuse a package whose hash is not the locked one. uv doesn't read pip's configuration, so the index and the certificate
that pip is told of are handed on.
"""

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).parent.parent
UV_LOCK = ROOT / "requirements-uv.lock"
LOCKED = ("-q", "--require-hashes", "--only-binary", ":all:", "--no-deps", "-r")
PIP = (sys.executable, "-m", "pip")
PIP_INSTALL = (*PIP, "install", "--disable-pip-version-check", "--no-compile", *LOCKED)
UV_INSTALL = (sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable, *LOCKED)
FROM_PIP_TO_UV = {"index-url": "UV_DEFAULT_INDEX", "cert": "SSL_CERT_FILE"}

Call = Callable[[Sequence[str], Mapping[str, str]], int]


def main() -> int:
    """Install the lock file named on the command line; 0 when all of it is there."""
    return install(Path(sys.argv[1]), {**handed_to_uv(pip_configuration()), **os.environ}, call)


def install(lock: Path, environment: Mapping[str, str], call: Call) -> int:
    """Install by uv, else by pip; return the last program's exit code."""
    if call((*PIP_INSTALL, str(UV_LOCK)), environment) == 0 and call((*UV_INSTALL, str(lock)), environment) == 0:
        return 0
    print(f"uv could not install {lock.name}; pip does it instead, which takes a minute or two", file=sys.stderr)
    return call((*PIP_INSTALL, str(lock)), environment)


def handed_to_uv(configuration: str) -> dict[str, str]:
    """Environment for uv out of what ``pip config list`` prints: lines like ``global.index-url='https://…'``, the last word counts."""
    handed = {}
    for line in configuration.splitlines():
        name, _, value = line.partition("=")
        variable = FROM_PIP_TO_UV.get(name.rpartition(".")[2])
        if variable:
            handed[variable] = value.strip("'\"")
    return handed


def pip_configuration() -> str:
    """Return what pip is configured to do, by its files and by its environment."""
    return subprocess.run((*PIP, "config", "list"), capture_output=True, text=True, check=False).stdout


def call(command: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run a program to its end; return its exit code."""
    return subprocess.run(command, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
