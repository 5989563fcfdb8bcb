"""Write docs/reference/commands.md: every dean06 command with its first sentence and its example, as the program itself says them.

python scripts/command_reference.py
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click

from dean06.cli.main import cli

PAGE: Final = Path(__file__).parents[1] / "docs" / "reference" / "commands.md"
HEAD: Final = """# Commands

Every command says more under `--help`. Exit code 0: done; 2: wrong input, 3: not found, 4: not allowed, 5: out of reach; where a command
means something else by a code, its help says so. Commands that look into the databases need an installation that runs (`dean06 up`) or
`DATABASE_URL`. Made by `python scripts/command_reference.py`.

| command | what it does | example |
|---|---|---|
"""


def commands(group: click.Group, path: str = "dean06") -> Iterator[tuple[str, click.Command]]:
    """Yield every command that does something, by name, with the words that call it."""
    for name, command in sorted(group.commands.items()):
        words = f"{path} {name}"
        if isinstance(command, click.Group):
            yield from commands(command, words)
        else:
            yield words, command


def described(command: click.Command) -> tuple[str, str]:
    """Return a command's first paragraph and its example; each "" where the help gives none."""
    text, _, example = (command.help or "").partition("Example:")
    first = re.sub(r"\s+", " ", text.strip().partition("\n\n")[0])
    return first, re.sub(r"\s+", " ", example.strip().partition("\n\n")[0])


def cell(text: str) -> str:
    """Return a text as it may stand between the bars of a table."""
    return text.replace("|", r"\|")


def page() -> str:
    """Return the whole page."""
    rows = []
    for words, command in commands(cli):
        text, example = described(command)
        rows.append(f"| `{words}` | {cell(text)} | `{cell(example)}` |")
    return HEAD + "\n".join(rows) + "\n"


def main() -> int:
    """Write the page; 0."""
    PAGE.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
