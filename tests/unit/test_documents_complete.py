"""Documents that must keep up: each module introduces itself, its words stand in the glossary, and every page is linked."""

import re
from pathlib import Path

import pytest

from dean06.core.catalogues import modules

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def words_of(module: Path) -> list[str]:
    line = next(line for line in (module / "README.md").read_text(encoding="utf-8").splitlines() if line.startswith("**Words.**"))
    return [word.strip().lower() for words in re.findall(r"(?<!\*)\*([^*]+)\*(?!\*)", line) for word in words.split(",")]


def terms() -> set[str]:
    rows = [line for line in (DOCS / "reference" / "glossary.md").read_text(encoding="utf-8").splitlines() if line.startswith("| ")]
    cells = [re.sub(r"`[^`]*`", "", row.split("|")[1]) for row in rows]
    return {term.strip().lower() for cell in cells for term in re.split(r"[,()]", cell)}


@pytest.mark.parametrize("module", modules(), ids=lambda module: module.name)
def test_a_module_says_what_it_is_and_its_words_stand_in_the_glossary(module: Path):
    text = (module / "README.md").read_text(encoding="utf-8")

    assert text.startswith(f"# {module.name}: ")
    assert [part for part in ("**Promises.**", "**Does not**", "**Imports**", "**Start reading**") if part not in text] == []
    assert sorted(set(words_of(module)) - terms()) == []


def test_every_page_of_the_documentation_is_linked_from_its_front_page():
    front = (DOCS / "README.md").read_text(encoding="utf-8")
    pages = [path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md") if path.name != "README.md"]

    assert [page for page in pages if f"]({page})" not in front] == []


@pytest.mark.parametrize("page", sorted(DOCS.rglob("*.md")), ids=lambda page: page.relative_to(DOCS).as_posix())
def test_links_between_pages_lead_somewhere(page: Path):
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))

    assert [link for link in links if "://" not in link and not (page.parent / link).exists()] == []
