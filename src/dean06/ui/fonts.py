"""The two typefaces, cut to Latin and Vietnamese from their wheels at first start and served as static files.

Be Vietnam Pro (four weights) and Inter (weights 400 to 600, optical size 14) stay in their packages: nothing is copied into the
repository. Cutting takes some five seconds once; the results lie in the data directory, some 140 kB together.
"""

import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import fontpkg
from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

if TYPE_CHECKING:
    from fontTools.ttLib import TTFont

FOLDER: Final = "ui/fonts"
FEATURES: Final = ("kern", "tnum", "ccmp", "locl", "mark", "mkmk")
CHARACTERS: Final = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *(0x1A0, 0x1A1, 0x1AF, 0x1B0),  # Ơ ơ Ư ư
    *(0x300, 0x301, 0x303, 0x309, 0x323),  # the five tones, for decomposed text
    *range(0x1EA0, 0x1EFA),  # Vietnamese letters of Latin Extended Additional
    *range(0x2010, 0x2027),
    *(0x2030, 0x2032, 0x2033, 0x2039, 0x203A, 0x20AB),  # ‰ ′ ″ ‹ › ₫
    *(0x2190, 0x2191, 0x2192, 0x2193, 0x2212, 0x2248, 0x2260, 0x2264, 0x2265),  # arrows, minus, comparisons
    *(0x25B2, 0x25BC, 0x25CF, 0x2713),  # ▲ ▼ ● ✓
)


@dataclass(frozen=True, slots=True)
class Cut:
    """One served file: from which family and weight, and where its axes are pinned or limited."""

    family: str
    weight: int
    axes: dict[str, float | tuple[float, float]] = field(default_factory=dict)


CUTS: Final = {
    "be-vietnam-pro-400.woff": Cut("Be Vietnam Pro", 400),
    "be-vietnam-pro-500.woff": Cut("Be Vietnam Pro", 500),
    "be-vietnam-pro-600.woff": Cut("Be Vietnam Pro", 600),
    "be-vietnam-pro-700.woff": Cut("Be Vietnam Pro", 700),
    "inter.woff": Cut("Inter", 400, {"opsz": 14, "wght": (400, 600)}),
}


def cut(wanted: Cut) -> bytes:
    """Return the font as WOFF 1.0, which needs no codec beyond zlib."""
    from fontTools import subset  # noqa: PLC0415 -- a sixth of a second that no serving process has to spend
    from fontTools.ttLib import TTFont  # noqa: PLC0415
    from fontTools.varLib import instancer  # noqa: PLC0415

    options = subset.Options()
    options.layout_features = list(FEATURES)
    options.hinting = False
    with TTFont(fontpkg.path(wanted.family, weight=wanted.weight), lazy=True) as whole:
        subsetter = subset.Subsetter(options)
        subsetter.populate(unicodes=CHARACTERS)
        subsetter.subset(whole)
        small = BytesIO(_saved(whole))
    with TTFont(small) as font:
        if wanted.axes:
            instancer.instantiateVariableFont(font, wanted.axes, inplace=True)
        font.flavor = "woff"
        return _saved(font)


def _saved(font: "TTFont") -> bytes:
    out = BytesIO()
    font.save(out)
    return out.getvalue()


def font_file(name: str) -> Path:
    """Return the path of a served font, cutting it first if this installation has not done so; safe in several processes."""
    path = _root() / FOLDER / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(cut(CUTS[name]))
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    return path


def make_fonts() -> None:
    """Cut every served font that this installation has not cut yet, so that no visitor waits for it."""
    for name in CUTS:
        font_file(name)


def font_directories() -> list[str]:
    """Return the wheels' own folders, for renderers that take whole fonts."""
    return sorted({str(Path(fontpkg.path(wanted.family, weight=wanted.weight)).parent) for wanted in CUTS.values()})


def _root() -> Path:
    return Path(settings.DEAN06_DATA_DIR) / "made"


class FontFinder(BaseFinder):
    """Offers the cut fonts to Django's and WhiteNoise's search for static files."""

    def find(self, path: str, find_all: bool = False, **kwargs: Any) -> str | list[str]:  # type: ignore[override]  # noqa: FBT001, FBT002 -- Django's signature; its stub lags behind
        find_all = find_all or bool(kwargs.get("all"))
        folder, _, name = path.replace("\\", "/").rpartition("/")
        if folder != FOLDER or name not in CUTS:
            return []
        found = str(font_file(name))
        return [found] if find_all else found

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:
        del ignore_patterns
        storage = FileSystemStorage(location=str(_root()))
        for name in CUTS:
            font_file(name)
            yield f"{FOLDER}/{name}", storage
