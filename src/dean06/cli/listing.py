"""Lists at the terminal: lines for people, JSON for programs."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import click

Row = Mapping[str, Any]

json_option: Final = click.option("--json", "as_json", is_flag=True, help="JSON for programs.")


def print_json(value: object) -> None:
    """Print a value as JSON that people can read, too."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=1, default=str))


def show_rows(rows: Sequence[Row], line: Callable[[Row], str], *, as_json: bool, nothing: str = "") -> None:
    """Print rows as one JSON list, or a line each; ``nothing`` where there are none."""
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(line(row))
    if not rows and nothing:
        click.echo(nothing)
