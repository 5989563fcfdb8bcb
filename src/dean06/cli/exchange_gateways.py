"""Operators' commands of the exchange: the certificates with which members' gateways meet."""

from datetime import timedelta
from typing import BinaryIO

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database
from dean06.cli.exchange_members import reason_option, show_held
from dean06.cli.listing import json_option


@click.command("name-gateway")
@click.argument("name")
@click.argument("file", type=click.File("rb"))
@click.option("--overlap-days", default=7, show_default=True, help="How long the member's former certificates still count.")
@click.option("--further", "is_further", is_flag=True, help="It is for one more gateway; the others stay as they are.")
@refusals_shown
@with_database
def name_gateway(name: str, file: BinaryIO, *, overlap_days: int, is_further: bool) -> None:
    """Name the certificate in FILE for the gateway of member NAME; prints its fingerprint, to be compared with the member.

    Example: dean06 exchange member name-gateway VN/GOV/H49 h49-gateway.pem
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import name_certificate

    overlap = timedelta(days=overlap_days)
    made = name_certificate(member=name, certificate_pem=file.read(), actor=SYSTEM, overlap=overlap, is_further=is_further)
    click.echo(made.sha256)


@click.command("revoke-gateway")
@click.argument("name")
@click.argument("sha256")
@reason_option
@refusals_shown
@with_database
def revoke_gateway(name: str, sha256: str, reason: str) -> None:
    """Revoke the certificate with the fingerprint SHA256 for the gateways of member NAME.

    Gateways elsewhere follow with their next fetch.

    Example: dean06 exchange member revoke-gateway VN/GOV/H49 9f86d0... --reason "disk stolen"
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import revoke_certificate

    revoke_certificate(member=name, sha256=sha256, reason=reason, actor=SYSTEM)


@click.command()
@json_option
@refusals_shown
@with_database
def gateways(*, as_json: bool) -> None:
    """List the certificates of members' gateways that were named or revoked.

    Example: dean06 exchange member gateways
    """
    from dean06.exchange.public import gateway_certificates

    held = [(row, row.sha256, "named" if row.is_named else "revoked") for row in gateway_certificates()]
    show_held(held, "sha256", as_json=as_json)
