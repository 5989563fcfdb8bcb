"""Modules meet only through their public faces, and the lock files name no host."""

from pathlib import Path

import grimp

ROOT = Path(__file__).parents[2]
FREE = {"dean06", "dean06.core"}  # the version, and what every module may use


def module(name: str) -> str:
    return ".".join(name.split(".")[:2])


def trespasses(graph: grimp.ImportGraph) -> list[str]:
    return [
        f"{importer} -> {imported}"
        for importer in sorted(graph.modules)
        for imported in sorted(graph.find_modules_directly_imported_by(importer))
        if module(importer) != module(imported)
        and module(imported) not in FREE
        and module(importer) not in {"dean06.site", "dean06.__main__"}
        and imported.split(".")[2:] not in (["public"], ["errors"])
    ]


def test_modules_meet_only_through_public_faces():
    """`dean06.x` may import `dean06.y.public`, `dean06.y.errors` and all of `core`, no more."""
    assert trespasses(grimp.build_graph("dean06", cache_dir=None)) == []


def test_the_rule_sees_a_trespass():
    graph = grimp.build_graph("dean06", cache_dir=None)
    graph.add_import(importer="dean06.portal.apps", imported="dean06.ledger.apps")

    assert trespasses(graph) == ["dean06.portal.apps -> dean06.ledger.apps"]


def test_lock_files_name_no_host():
    for lock in ROOT.glob("*.lock"):
        assert "://" not in lock.read_text(), lock.name
