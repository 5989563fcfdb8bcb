"""Commands of events between agencies."""

from uuid import UUID

import click

from dean06.cli.django_setup import with_database
from dean06.cli.listing import json_option, show_rows
from dean06.core.actor import Actor

OPERATOR = Actor(account="cli")


@click.group("events")
def events() -> None:
    """Events between agencies: types, subscriptions, addresses, dead letters, replay."""


@events.command("types")
@json_option
@with_database
def list_types(*, as_json: bool) -> None:
    """Show which types of events are registered, by whom, and the number of the newest event.

    Example: dean06 exchange events types
    """
    from dean06.exchange.public import event_types

    rows = [
        {
            "name": one.name,
            "provider": one.provider,
            "title": one.title,
            "about_subject": one.about_subject,
            "retention_days": one.retention_days,
            "schema_version": one.schema_version,
            "last": one.last_seq,
        }
        for one in event_types()
    ]
    line = "{name}  {provider}  up to {last}, kept {retention_days} days: {title}"
    show_rows(rows, line.format_map, as_json=as_json, nothing="no types of events")


@events.command("subscriptions")
@json_option
@with_database
def list_subscriptions(*, as_json: bool) -> None:
    """Show who hears of what, how far each one is, what waits and what is dead.

    Example: dean06 exchange events subscriptions
    """
    from dean06.exchange.public import event_subscriptions

    rows = event_subscriptions()
    for row in rows:
        row["covered"] = "covered" if row["is_covered"] else "NOT covered by an agreement in force"
        row["where"] = row["target"] or row["mode"]
    line = (
        "{id}  {consumer}  {type} ({purpose})  {state}, {covered}\n"
        "    {where}: at {position} of {last}, {waiting} waiting, {dead} dead, {delivered} delivered"
    )
    show_rows(rows, line.format_map, as_json=as_json, nothing="no subscriptions")


@events.command("targets")
@json_option
@with_database
def list_targets(*, as_json: bool) -> None:
    """Show the addresses that events may be sent to and whether each has given its permission.

    Example: dean06 exchange events targets
    """
    from dean06.exchange.public import event_targets

    rows = [
        {
            "consumer": one.consumer,
            "address": one.address,
            "allowed": "allowed" if one.allowed_at else f"not allowed yet, asked {one.handshakes} times",
            "rate_per_minute": one.rate_per_minute,
        }
        for one in event_targets()
    ]
    show_rows(rows, "{consumer}  {address}  {allowed}".format_map, as_json=as_json, nothing="no addresses")


@events.command("allow")
@click.argument("consumer")
@click.argument("address")
@with_database
def allow(consumer: str, address: str) -> None:
    """Register ADDRESS of CONSUMER: the worker asks it for permission, then its subscriptions may name it.

    The address is https, or http on this machine; redirects are never followed. Registered again, it is asked again.

    Example: dean06 exchange events allow VN/COM/DEMOBANK/CUSTOMERS https://bank.example/events
    """
    from dean06.exchange.public import register_target

    target = register_target(consumer=consumer, address=address, actor=OPERATOR)
    click.echo(f"{target.address} is registered for {target.consumer}; the worker asks it now")


@events.command("forbid")
@click.argument("consumer")
@click.argument("address")
@with_database
def forbid(consumer: str, address: str) -> None:
    """Take ADDRESS of CONSUMER back: nothing more is sent there, its subscriptions stop.

    Example: dean06 exchange events forbid VN/COM/DEMOBANK/CUSTOMERS https://bank.example/events
    """
    from dean06.exchange.public import forget_target

    forget_target(consumer=consumer, address=address, actor=OPERATOR)
    click.echo("nothing more is sent there")


@events.command("dead-letters")
@click.option("--subscription", type=click.UUID, default=None, help="Of one subscription only.")
@json_option
@with_database
def list_dead_letters(subscription: UUID | None, *, as_json: bool) -> None:
    """Show deliveries that were refused for good: status 0 is no answer for three days.

    Example: dean06 exchange events dead-letters
    """
    from dean06.exchange.public import dead_letters

    rows = dead_letters(subscription)
    line = "{id}  {consumer}  {type} {sequence}  status {status} after {attempts}  since {dead_at}  event {event}"
    show_rows(rows, line.format_map, as_json=as_json, nothing="no dead letters")


@events.command("retry")
@click.argument("letters", type=int, nargs=-1)
@click.option("--subscription", type=click.UUID, default=None, help="All dead letters of one subscription.")
@with_database
def retry(letters: tuple[int, ...], *, subscription: UUID | None) -> None:
    """Send dead letters again: those with the numbers LETTERS, or all of one subscription.

    Example: dean06 exchange events retry 17 18
    """
    from dean06.exchange.public import retry_dead

    if not letters and subscription is None:
        raise click.UsageError("Name dead letters, or a subscription.")
    click.echo(f"{retry_dead(actor=OPERATOR, subscription=subscription, letters=letters or None)} are sent again")


@events.command("replay")
@click.argument("subscription", type=click.UUID)
@click.argument("sequence", type=click.IntRange(min=1))
@with_database
def replay_from(subscription: UUID, sequence: int) -> None:
    """Tell SUBSCRIPTION everything from number SEQUENCE on once more, as far as it is kept and covered.

    A subscription that was stopped (the target answered 410) goes on.

    Example: dean06 exchange events replay 0190a000-0000-7000-8000-000000000001 1
    """
    from dean06.exchange.public import replay

    replay(subscription, from_sequence=sequence, actor=OPERATOR)
    click.echo(f"{subscription} goes on from {sequence}")
