"""Documents for the archive: PDF/A from a Typst template and data, without files, network or fonts of the machine."""

import json
import re
import threading
from collections.abc import Mapping
from datetime import UTC
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import fontpkg_be_vietnam_pro
import fontpkg_inter
import typst

from dean06.core import clock
from dean06.core.errors import Invalid

Standard = Literal["a-2b", "a-2a", "a-3b", "a-3a", "a-4"]

FONT_DIRS: Final = tuple(Path(package.ROOT) / "files" for package in (fontpkg_be_vietnam_pro, fontpkg_inter))
LARGEST_DATA_BYTES: Final = 4 * 1024 * 1024  # JSON of one document; tables beyond that belong into a data file
PREAMBLE: Final = '#let data = json(bytes(sys.inputs.data));#set text(font: "Be Vietnam Pro", lang: "vi", region: "vn")\n'


class TemplateBroken(Invalid):
    """The template of a document cannot be set; correct it where the message points."""

    code = "core.template_broken"
    message_vi = "Mẫu văn bản có lỗi nên chưa tạo được văn bản. Hãy báo người quản trị mẫu."


class DocumentTooLarge(Invalid):
    """The data of one document exceed 4 MiB; split the document."""

    code = "core.document_too_large"
    message_vi = "Văn bản quá lớn để tạo một lần. Hãy chia thành nhiều văn bản."


@cache
def _fonts() -> typst.Fonts:
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(path) for path in FONT_DIRS])


class _Compilers(threading.local):
    """One compiler a thread: it is quick only when reused, and not made for two threads at once."""

    def __init__(self) -> None:
        # The root bounds what a template may read: a directory of fonts, nothing else.
        self.compiler = typst.Compiler(root=str(FONT_DIRS[0]), font_paths=_fonts(), ignore_system_fonts=True)


_compilers = _Compilers()


def _where(error: typst.TypstError) -> str:
    """Say what Typst found and in which line of the template, without paths of this machine."""
    place = re.search(r"\.typ:(\d+):", error.diagnostic)
    message = error.message.partition("(searched at")[0].strip()
    return f"{message} (line {int(place[1]) - PREAMBLE.count(chr(10))} of the template)" if place else message


def render_pdf(template: str, data: Mapping[str, Any], *, standard: Standard = "a-2b", is_tagged: bool = True) -> bytes:
    """Set a document in Typst as PDF/A with embedded fonts.

    Args:
        template: Typst source; it finds the data as ``data``. It reads no files and imports no packages.
        data: anything that JSON can carry.
        standard: PDF/A part and level; the export fails rather than break its rules.
        is_tagged: with structure for screen readers; False only for pieces that are laid into another document.

    Returns:
        The document, dated by ``core.clock``: the same input at the same instant gives the same bytes.

    Raises:
        TemplateBroken: Typst refuses the template; ``detail`` says why and where.
        DocumentTooLarge: the data exceed the limit.
    """
    if '"@' in template:
        raise TemplateBroken("A template cannot import packages: nothing is downloaded while a document is made.")
    encoded = json.dumps(data, ensure_ascii=False)
    if len(encoded) > LARGEST_DATA_BYTES:
        raise DocumentTooLarge(characters=len(encoded))
    try:
        made = _compilers.compiler.compile(
            input=(PREAMBLE + template).encode(),
            format="pdf",
            sys_inputs={"data": encoded},
            pdf_standards=[standard],
            timestamp=clock.now().astimezone(UTC).replace(microsecond=0),
            pdf_tags=is_tagged,
        )
    except typst.TypstError as error:
        raise TemplateBroken(_where(error)) from error
    if not isinstance(made, bytes):
        raise TemplateBroken("The template makes no pages.")
    return made
