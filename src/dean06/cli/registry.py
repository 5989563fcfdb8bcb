"""Commands of the population registry; none shows personal data, because the shell states no purpose."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from dean06.cli.console import exit_code, show
from dean06.cli.django_setup import with_database
from dean06.core.actor import SYSTEM
from dean06.core.errors import Dean06Error


@click.group("registry")
def registry_commands() -> None:
    """Load and count the population registry."""


@registry_commands.command("load")
@click.argument("directory", type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@with_database
def load(directory: Path, *, as_json: bool) -> None:
    """Load a population from the Parquet files of DIRECTORY into an empty registry.

    All or nothing; files that were loaded before are recognised and nothing is done. Run as the tables' owner
    (DEAN06_DATABASE_ROLE=owner) a large load is several times faster.

    Example: dean06 registry load var/population
    """
    from dean06.registry.public import load_population

    try:
        report = load_population(directory, actor=SYSTEM, tell=lambda text: click.echo(f"  … {text}", err=True))
    except Dean06Error as refusal:
        show(refusal)
        raise SystemExit(exit_code(refusal)) from refusal
    if as_json:
        click.echo(json.dumps(asdict(report)))
    elif report.was_loaded_before:
        click.echo(f"nothing to do: these {report.people:,} people were loaded before")
    else:
        click.echo(
            f"{report.people:,} people, {report.households:,} households, {report.residences:,} residences ({report.took_seconds:.1f} s)"
        )


@registry_commands.command("count")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@with_database
def count(*, as_json: bool) -> None:
    """Print how many people (by life status) and households the registry holds.

    Example: dean06 registry count --json
    """
    from dean06.registry.public import count_people

    counted = count_people()
    if as_json:
        click.echo(json.dumps(counted))
        return
    for name, number in counted.items():
        click.echo(f"{name:<12}{number:>12,}")
