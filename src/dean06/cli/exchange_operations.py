"""Commands about what the exchange publishes of its operation."""

import json
from datetime import datetime
from pathlib import Path

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database


@click.command("open-data")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), required=True, help="A day of the legal calendar that is over.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write; nothing: exchange-DAY.csv or .json here.")
@click.option("--json", "as_json", is_flag=True, help="JSON instead of CSV.")
@with_database
@refusals_shown
def open_data_command(day: datetime, out: Path | None, *, as_json: bool) -> None:
    """Write the anonymised figures of a day: by hour, client and service, no cell of few calls, no people.

    Example: dean06 exchange open-data --day 2026-11-22
    """
    from dean06.exchange.public import open_data_document, open_data_table

    on = day.date()
    text = json.dumps(open_data_document(on), ensure_ascii=False, indent=1) + "\n" if as_json else open_data_table(on)
    target = out or Path(f"exchange-{on}.{'json' if as_json else 'csv'}")
    target.write_text(text, encoding="utf-8", newline="")
    click.echo(f"{target}: {len(text.encode()):,} bytes")
