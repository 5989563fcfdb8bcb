"""Reference data that lies beside the repository (``../shared/data``), for comparisons."""

import csv
import os
from pathlib import Path

import pytest


def shared(path: str) -> Path:
    """A file or folder of the shared data; a lone clone has none and skips the comparison, CI fails."""
    for parent in Path(__file__).resolve().parents:
        if (parent / "shared" / "data").is_dir():
            return parent / "shared" / "data" / path
    if os.environ.get("CI"):
        pytest.fail("no shared/data beside the repository")
    pytest.skip("no shared/data beside the repository")


def shared_rows(path: str) -> list[dict[str, str]]:
    """Rows of a CSV file."""
    with shared(path).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
