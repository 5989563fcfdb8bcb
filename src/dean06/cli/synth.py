"""``dean06 synth``: an invented population as Parquet files."""

import json
from dataclasses import asdict
from pathlib import Path

import click

from dean06.cli.console import exit_code, show
from dean06.cli.django_setup import with_django
from dean06.core.errors import Dean06Error


@click.command()
@click.option("--people", type=click.IntRange(min=1), default=20_000, show_default=True, help="Records to invent, the dead included.")
@click.option("--province", default="22", show_default=True, help='Province code in force, or "all" for the country by population.')
@click.option("--seed", type=click.IntRange(min=0), default=2026, show_default=True, help="Same seed, same people.")
@click.option("--out", "directory", type=click.Path(file_okay=False, path_type=Path), required=True, help="Directory for the three files.")
@click.option("--json", "as_json", is_flag=True, help="Report as JSON.")
@with_django
def synth(*, people: int, province: str, seed: int, directory: Path, as_json: bool) -> None:
    """Invent a population: persons, households, residences as Parquet. Nobody in it is real.

    Exit codes: 2 wrong input, 5 the directory can't be written.

    Example: dean06 synth --people 20000 --province 22 --seed 2026 --out population
    """
    from dean06.demo.public import synthesise

    try:
        with click.progressbar(length=people, label="Người", hidden=as_json) as bar:
            shown = 0

            def advance(done: int) -> None:
                nonlocal shown
                bar.update(done - shown)
                shown = done

            report = synthesise(directory, people=people, province=province, seed=seed, progress=advance)
    except Dean06Error as error:
        show(error)
        raise SystemExit(exit_code(error)) from error
    except OSError as error:
        click.echo(f"✗ Không ghi được vào {directory}: {error.strerror}.", err=True)
        raise SystemExit(5) from error
    if as_json:
        click.echo(json.dumps(asdict(report), default=str, indent=1))
        return
    click.echo(f"{report.people:,} người ({report.dead:,} đã mất), {report.households:,} hộ, {report.residences:,} dòng cư trú")
    click.echo(f"{directory}: {report.seconds:.1f} s, {report.people / report.seconds:,.0f} người/giây")
