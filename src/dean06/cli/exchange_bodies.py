"""Commands about bodies that are kept beside the evidence."""

from datetime import datetime

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database
from dean06.cli.listing import json_option, print_json


@click.group("bodies")
def bodies() -> None:
    """What gateways kept of what was asked and answered, where an agreement says so: list by day, shred."""


@bodies.command("list")
@json_option
@with_database
def list_days(*, as_json: bool) -> None:
    """Show for each day and side how many calls' bodies are kept, how large they are, and when a day was shredded.

    Example: dean06 exchange bodies list
    """
    from dean06.exchange.public import kept_days

    rows = [
        {
            "day": one.day.isoformat(),
            "side": one.side,
            "bodies": one.bodies,
            "bytes": one.size_bytes,
            "shredded_at": one.shredded_at.isoformat() if one.shredded_at else None,
        }
        for one in kept_days()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = f"shredded {row['shredded_at']}" if row["shredded_at"] else f"{row['bodies']:,} bodies  {row['bytes']:,} bytes"
        click.echo(f"{row['day']}  {row['side']}  {state}")


@bodies.command("shred")
@click.option("--before", type=click.DateTime(["%Y-%m-%d"]), required=True, help="The first day that stays; today at the latest.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@with_database
@refusals_shown
def shred_days(*, before: datetime, yes: bool) -> None:
    """Destroy keys and rows of all bodies kept before a day. Cannot be taken back; the evidence stays and stays provable.

    Each day and side becomes an entry in the ledger. Backups made before still hold wrapped keys and the secret that opens them.

    Example: dean06 exchange bodies shred --before 2026-11-01
    """
    from dean06.core.actor import Actor
    from dean06.exchange.public import kept_days, shred_bodies

    day = before.date()
    if not yes:
        count = sum(one.bodies for one in kept_days() if one.day < day and one.shredded_at is None)
        click.confirm(f"{count:,} bodies kept before {day} will be destroyed for good. Go on?", abort=True)
    for one in shred_bodies(before=day, actor=Actor(account="command-line")):
        click.echo(f"{one.day}  {one.side}  {one.bodies:,} bodies destroyed")
