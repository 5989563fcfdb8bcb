"""``dean06 messages``: the words of the interface and their translation."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from dean06.cli.django_setup import with_django


@click.group()
def messages() -> None:
    """Extract, check and compile what people read; Vietnamese is the source, English the translation."""


def _chosen(names: tuple[str, ...]) -> list[Path]:
    from dean06.core import catalogues

    known = {folder.name: folder for folder in catalogues.modules()}
    if unknown := [name for name in names if name not in known]:
        raise click.BadParameter(f"no such module: {', '.join(unknown)}; known: {', '.join(known)}", param_hint="MODULE")
    return [known[name] for name in names] if names else list(known.values())


@messages.command("extract")
@click.argument("module", nargs=-1)
@with_django
def extract_command(module: tuple[str, ...]) -> None:
    """Bring the catalogues up to what code and templates say.

    Example: dean06 messages extract portal ui
    """
    from dean06.core.catalogues import extract_words

    for folder in _chosen(module):
        if size := extract_words(folder):
            click.echo(f"{folder.name}: {size} strings")


@messages.command("compile")
@with_django
def compile_command() -> None:
    """Compile catalogues that changed; start-up does the same.

    Example: dean06 messages compile
    """
    from dean06.core.catalogues import compile_stale

    click.echo(f"{compile_stale()} compiled")


@messages.command("check")
@click.argument("module", nargs=-1)
@click.option("--json", "as_json", is_flag=True, help="One JSON list for a program.")
@with_django
def check_command(module: tuple[str, ...], *, as_json: bool) -> None:
    """Name every string without a whole translation; exit code 1 if there is one.

    Example: dean06 messages check portal
    """
    from dean06.core.catalogues import findings

    found = [finding for folder in _chosen(module) for finding in findings(folder)]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in found], ensure_ascii=False))
    else:
        for finding in found:
            click.echo(f"{finding.module}: {finding.problem}: {finding.text!r}")
        click.echo(f"{len(found)} to do" if found else "everything is translated")
    raise SystemExit(1 if found else 0)
