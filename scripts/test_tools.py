"""Make sure that the programs the tests drive are there: chromium, pdfsig, certutil, xmlsec1.

As root on Debian the missing ones are installed; otherwise this says exactly what to install and fails.
"""

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "chromium": "chromium",
    "pdfsig": "poppler-utils",
    "certutil": "libnss3-tools",
    "openssl": "openssl",
}
FONTS = "fonts-noto-core"


def main() -> int:
    """Install or name what is missing; 0 when everything is there."""
    missing = sorted({package for program, package in PACKAGES.items() if shutil.which(program) is None})
    if not missing:
        return 0
    packages = [*missing, FONTS]
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        print(f"The tests need programs that are not installed. Run:\n  sudo apt-get install {' '.join(packages)}", file=sys.stderr)
        return 1
    print(f"Installing for the tests: {' '.join(packages)}")
    quiet = {"stdout": subprocess.DEVNULL}
    subprocess.run(["apt-get", "update", "-qq"], check=True, **quiet)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *packages], check=True, env=environment, **quiet)
    return 0


if __name__ == "__main__":
    sys.exit(main())
