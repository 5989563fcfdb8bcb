"""Commands of services: procedure packs and the catalogue of procedures."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from dean06.cli.console import exit_code, show
from dean06.cli.django_setup import with_database, with_django
from dean06.core.errors import Dean06Error


@click.group("services")
def services_commands() -> None:
    """Procedures: check packs, import the catalogue."""


@services_commands.command("check-packs")
@click.argument("folder", nargs=-1, type=click.Path(path_type=Path, exists=True, file_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print faults as one JSON list.")
@with_django
def check_packs(folder: tuple[Path, ...], *, as_json: bool) -> None:
    """Check procedure packs: those of FOLDER, or those that come with the program; exit code 1 if one has a fault.

    Example: dean06 services check-packs my-packs/1.004222
    """
    from dean06.services.public import PACKS, Fault, FaultyPack, parse_pack, read_files

    faults: list[Fault] = []
    sound = []
    for path in folder or sorted(one for one in PACKS.iterdir() if one.is_dir()):
        try:
            sound.append(parse_pack(read_files(path), name=f"{path.name}/pack.yaml"))
        except FaultyPack as refused:
            faults += refused.faults
    if as_json:
        click.echo(json.dumps([asdict(fault) for fault in faults], ensure_ascii=False))
    else:
        for pack in sound:
            click.echo(f"{pack.code} version {pack.version}: {pack.name}, in force since {pack.valid_from}, sound")
        for fault in faults:
            click.echo(str(fault), err=True)
    raise SystemExit(1 if faults else 0)


@services_commands.command("import-procedures")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
@with_database
def import_procedures(file: Path, *, as_json: bool) -> None:
    """Import FILE (.jsonl or .jsonl.gz, one procedure a line) into the catalogue under /procedures; all or nothing.

    Example: dean06 services import-procedures procedures.jsonl.gz
    """
    from dean06.services.public import import_procedures as run

    try:
        report = run(file)
    except Dean06Error as refusal:
        show(refusal)
        raise SystemExit(exit_code(refusal)) from refusal
    click.echo(json.dumps(asdict(report)) if as_json else f"{report.added:,} procedures added, {report.updated:,} updated")
