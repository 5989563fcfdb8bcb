"""Operators' commands for systems that speak NGSP: consumer keys for ``/token``."""

import json

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database


@click.group()
def credential() -> None:
    """Consumer keys of information systems that ask for bearer tokens at /token, as they did at NGSP."""


@credential.command()
@click.argument("client")
@refusals_shown
@with_database
def issue(client: str) -> None:
    """Make a key and secret for CLIENT and print them once; the secret is kept nowhere.

    Example: dean06 exchange credential issue VN/COM/DEMOBANK/CUSTOMERS
    """
    from dean06.core.actor import Actor
    from dean06.exchange.public import issue_credential

    issued = issue_credential(client=client, actor=Actor(account="command-line"))
    click.echo(json.dumps({"consumer_key": issued.key, "consumer_secret": issued.secret}))


@credential.command()
@click.argument("key")
@refusals_shown
@with_database
def revoke(key: str) -> None:
    """End the credential KEY; tokens that were given for it end at once.

    Example: dean06 exchange credential revoke kY3xQ0Hn5mZrT2VbA7Lc
    """
    from dean06.core.actor import Actor
    from dean06.exchange.public import revoke_credential

    revoke_credential(key=key, actor=Actor(account="command-line"))
    click.echo("revoked")


@credential.command("list")
@with_database
def list_credentials() -> None:
    """Show the credentials: key, client, since when, until when.

    Example: dean06 exchange credential list
    """
    from dean06.exchange.public import credentials

    for row in credentials():
        end = f"revoked {row.revoked_at.isoformat()}" if row.revoked_at else "in use"
        click.echo(f"{row.key}  {row.client}  since {row.issued_at.isoformat()}  {end}")
