"""Whatever a module says in Vietnamese, it says in English too."""

from pathlib import Path

import pytest

from dean06.core import catalogues


@pytest.mark.parametrize("module", catalogues.modules(), ids=lambda module: module.name)
def test_every_string_of_a_module_has_its_english(module: Path):
    assert [f"{finding.problem}: {finding.text}" for finding in catalogues.findings(module)] == []
