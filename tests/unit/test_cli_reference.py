"""The page of commands says what the program says, and every command says something."""

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def reference():
    spec = importlib.util.spec_from_file_location("command_reference", ROOT / "scripts" / "command_reference.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_command_has_a_sentence_and_an_example_that_calls_it(reference):
    said = {words: reference.described(command) for words, command in reference.commands(reference.cli)}

    assert "dean06 exchange agreements" in said
    assert [words for words, (text, example) in said.items() if not text.endswith(".") or words not in example] == []


def test_the_page_of_commands_is_as_the_program_says(reference):
    written = (ROOT / "docs" / "reference" / "commands.md").read_text(encoding="utf-8")

    assert written == reference.page(), "run: python scripts/command_reference.py"
