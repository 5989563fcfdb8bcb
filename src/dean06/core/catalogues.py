"""Translations: what people read in each module, extracted, checked and compiled with Babel (no gettext programs needed).

Source strings are Vietnamese; a module keeps ``locale/en/LC_MESSAGES/django.po``. Compiled ``.mo`` files are not part of the
repository: they are made beside their source when they are older, at start and in tests.
"""

import ast
import os
import re
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import structlog
from babel.messages import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

from dean06.core.staleness import PACKAGE, is_stale

log = structlog.get_logger(__name__)

LANGUAGE: Final = "en"
FILE: Final = Path("locale") / LANGUAGE / "LC_MESSAGES" / "django.po"
KEYWORDS: Final[dict[str, Any]] = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
SHOWN_ATTRIBUTES: Final = frozenset({"message_vi"})
"""Class attributes whose text people read; the page translates them where it shows them."""
EMPTY_HEADERS: Final = (
    *(b"# ", b"#\n", b'"POT-Creation-Date', b'"PO-Revision-Date', b'"Project-Id-Version', b'"Report-Msgid-Bugs-To'),
    *(b'"Last-Translator', b'"Language-Team', b'"Generated-By'),
)
PLACEHOLDER: Final = re.compile(r"%\((\w+)\)[sd]|\{(\w*)\}")

Identity = tuple[str, str | tuple[str, str]]
"""Context ("" for none) and the source string, or singular and plural."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that keeps a module from being wholly translated."""

    module: str
    problem: str
    text: str


def modules() -> list[Path]:
    """Return the folders of all modules."""
    return sorted(folder.parent for folder in PACKAGE.glob("*/__init__.py"))


def words_of(module: Path) -> dict[Identity, list[str]]:
    """Return the source strings of a module's code and templates, each with the files that hold it, in order of first use."""
    found: dict[Identity, list[str]] = {}
    for path in sorted([*module.rglob("*.py"), *module.rglob("templates/**/*.html"), *module.rglob("templates/**/*.txt")]):
        if "migrations" in path.parts:
            continue
        place = path.relative_to(PACKAGE.parent).as_posix()
        for identity in dict.fromkeys(_words_in(path)):
            found.setdefault(identity, []).append(place)
    return found


def _words_in(path: Path) -> Iterator[Identity]:
    text = path.read_text(encoding="utf-8")
    is_template = path.suffix != ".py"
    # Django turns a template into something that reads as Python; its indentation would not, so it goes.
    source = "\n".join(line.lstrip() for line in templatize(text, origin=str(path)).splitlines()) if is_template else text
    for _line, messages, _comments, context in extract("python", BytesIO(source.encode()), KEYWORDS, options={"encoding": "utf-8"}):
        if messages and all(messages if isinstance(messages, tuple) else [messages]):
            yield (context or "", messages if isinstance(messages, str) else (messages[0], messages[1]))
    if not is_template:
        yield from (("", words) for words in _shown_attributes(text))


def _shown_attributes(text: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.ClassDef):
            continue
        for one in node.body:
            target = one.targets[0] if isinstance(one, ast.Assign) else one.target if isinstance(one, ast.AnnAssign) else None
            value = one.value if isinstance(one, ast.Assign | ast.AnnAssign) else None
            if isinstance(target, ast.Name) and target.id in SHOWN_ATTRIBUTES and isinstance(value, ast.Constant):
                yield str(value.value)


def read_catalogue(module: Path) -> Catalog | None:
    """Return a module's catalogue, or None if it has none."""
    path = module / FILE
    if not path.exists():
        return None
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def extract_words(module: Path) -> int:
    """Bring a module's catalogue up to what its code and templates say, keeping what is translated; return its size.

    A string that nobody says any more leaves the catalogue. Nothing is guessed from similar strings.
    """
    words = words_of(module)
    old = read_catalogue(module)
    if not words and old is None:
        return 0
    new = Catalog(locale=LANGUAGE, domain="django", project="dean06", fuzzy=False)
    for (context, text), places in words.items():
        known = old.get(text if isinstance(text, str) else text[0], context or None) if old is not None else None
        if known is not None and isinstance(known.id, str) != isinstance(text, str):
            known = None  # it has gained or lost its plural: the old translation does not fit
        new.add(
            text,
            known.string if known is not None else None,
            locations=[(place, 1) for place in places],
            context=context or None,
            flags=[flag for flag in (known.flags if known is not None else ()) if flag != "fuzzy"],
        )
    out = BytesIO()
    write_po(out, new, width=140, omit_header=False, include_lineno=False, ignore_obsolete=True)
    path = module / FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_without_dates(out.getvalue()))
    return len(words)


def _without_dates(po: bytes) -> bytes:
    """Drop headers that change at each writing or say nothing, so that a commit shows words only."""
    kept = [line for line in po.splitlines(keepends=True) if not line.startswith(EMPTY_HEADERS)]
    return b"".join(kept)


def findings(module: Path) -> list[Finding]:
    """Return what is missing in a module's catalogue: strings not in it, not translated, or with other placeholders."""
    words = words_of(module)
    catalogue = read_catalogue(module)
    found = []
    for context, text in words:
        source = text if isinstance(text, str) else text[0]
        message = catalogue.get(source, context or None) if catalogue is not None else None
        if message is None:
            found.append(Finding(module.name, "not in the catalogue", source))
        elif not _is_translated(message):
            found.append(Finding(module.name, "not translated", source))
        elif not _keeps_placeholders(message):
            found.append(Finding(module.name, "placeholders differ", source))
    return found


def _strings(message: Message) -> list[str]:
    return [message.string or ""] if isinstance(message.string, str | None) else list(message.string)


def _is_translated(message: Message) -> bool:
    return not message.fuzzy and all(_strings(message))


def _placeholders(text: str) -> set[str]:
    return {found.group(0) for found in PLACEHOLDER.finditer(text)}


def _keeps_placeholders(message: Message) -> bool:
    sources = [message.id] if isinstance(message.id, str) else list(message.id)
    allowed = set().union(*(_placeholders(source) for source in sources))
    return all(_placeholders(string) <= allowed for string in _strings(message)) and _placeholders(_strings(message)[-1]) == allowed


def compile_words(module: Path) -> bool:
    """Compile a module's catalogue if the compiled file is missing or older; return whether it did.

    The file is put in place by a rename, so that several processes may start at once.
    """
    source = module / FILE
    target = source.with_suffix(".mo")
    if not source.exists() or not is_stale(source):
        return False
    catalogue = read_catalogue(module)
    if catalogue is None:
        return False
    handle, temporary = tempfile.mkstemp(dir=target.parent, suffix=".tmp")
    with os.fdopen(handle, "wb") as file:
        write_mo(file, catalogue)
    Path(temporary).chmod(0o644)
    Path(temporary).replace(target)
    return True


def compile_stale() -> int:
    """Compile every catalogue that needs it; return how many. A read-only installation keeps what it has."""
    compiled = 0
    for module in modules():
        try:
            compiled += compile_words(module)
        except PermissionError:
            log.warning("core.catalogue_not_compiled", module=module.name)
    return compiled
