"""Operators' commands of the exchange: signed configuration, keys and standing of members."""

import json
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO, Final

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database, with_django
from dean06.cli.listing import json_option, show_rows

OF_A_KEY: Final = {"ignore_unknown_options": True}
"""One identifier of a key in 64 begins with a dash (base64url) and is no option."""
reason_option = click.option("--reason", required=True, help="Why, for the ledger.")


@click.group()
def configuration() -> None:
    """The signed configuration that gateways elsewhere follow."""


@configuration.command()
@click.option(
    "--output", type=click.Path(dir_okay=False, path_type=Path), help="Also write it to a file, for gateways that no network reaches."
)
@refusals_shown
@with_database
def publish(output: Path | None) -> None:
    """Sign the present state if it changed; the worker does the same every five seconds.

    Example: dean06 exchange configuration publish --output configuration.jws
    """
    from dean06.exchange.public import publish_configuration

    row = publish_configuration()
    if output is not None:
        (making := output.with_suffix(".new")).write_text(row.token)
        making.replace(output)
    click.echo(f"version {row.version}, issued {row.issued_at.isoformat()}")


@configuration.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--anchor", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Root certificates (dean06 keys trust)."
)
@refusals_shown
@with_django
def verify(file: Path, anchor: Path) -> None:
    """Verify a configuration in FILE as a gateway would and print what it says; exit code 1 if it is not believed.

    Example: dean06 exchange configuration verify configuration.jws --anchor root.pem
    """
    from dean06.core.clock import now
    from dean06.exchange.public import verified_configuration

    found = verified_configuration(file.read_bytes(), anchors_pem=anchor.read_bytes(), at=now())
    counts = {name: len(found.content[name]) for name in ("members", "groups", "agreements")}
    click.echo(json.dumps({"version": found.version, "valid_until": found.valid_until.isoformat(), **counts}))


@click.group()
def member() -> None:
    """Members: their keys, and shutting one out."""


@member.command()
@click.argument("name")
@refusals_shown
@with_django
def request(name: str) -> None:
    """Make the signing key of member NAME in this installation and print a request (PKCS#10) for the operator.

    Example: dean06 exchange member request VN/GOV/H49 > h49.csr
    """
    from dean06.exchange.public import ClientId
    from dean06.signing.public import certificate_request, ensure_key

    identifier = ClientId.parse(name)
    key = f"member.{identifier.member.replace('/', '.')}"
    ensure_key(key, common_name=identifier.member_code, organisation=identifier.member_code, usage="member")
    click.echo(certificate_request(key).decode(), nl=False)


@member.command()
@click.argument("name")
@click.argument("file", type=click.File("rb"))
@refusals_shown
@with_database
def enrol(name: str, file: BinaryIO) -> None:
    """Take in the request in FILE for member NAME; prints the key's identifier, to be compared with the member.

    Example: dean06 exchange member enrol VN/GOV/H49 h49.csr
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import request_key

    click.echo(request_key(member=name, request_pem=file.read(), actor=SYSTEM).kid)


@member.command(context_settings=OF_A_KEY)
@click.argument("name")
@click.argument("kid")
@click.option("--overlap-days", default=7, show_default=True, help="How long the member's older keys still count.")
@refusals_shown
@with_database
def approve(name: str, kid: str, overlap_days: int) -> None:
    """Certify the requested key KID of member NAME and print the certificate.

    Example: dean06 exchange member approve VN/GOV/H49 6tEQ...
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import approve_key

    click.echo(approve_key(member=name, kid=kid, actor=SYSTEM, overlap=timedelta(days=overlap_days)).certificate, nl=False)


@member.command(context_settings=OF_A_KEY)
@click.argument("name")
@click.argument("kid")
@reason_option
@refusals_shown
@with_database
def refuse(name: str, kid: str, reason: str) -> None:
    """Refuse the requested key KID of member NAME.

    Example: dean06 exchange member refuse VN/GOV/H49 6tEQ... --reason "not confirmed by telephone"
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import refuse_key

    refuse_key(member=name, kid=kid, reason=reason, actor=SYSTEM)


@member.command("revoke-key", context_settings=OF_A_KEY)
@click.argument("name")
@click.argument("kid")
@reason_option
@refusals_shown
@with_database
def revoke_key(name: str, kid: str, reason: str) -> None:
    """Revoke the key KID of member NAME, wherever it is held; gateways elsewhere follow with their next fetch.

    Example: dean06 exchange member revoke-key VN/GOV/H49 6tEQ... --reason "disk stolen"
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import revoke_key as revoke

    revoke(member=name, kid=kid, reason=reason, actor=SYSTEM)


@member.command("shut-out")
@click.argument("name")
@reason_option
@refusals_shown
@with_database
def shut_out(name: str, reason: str) -> None:
    """Refuse every call of and to member NAME from now on.

    Example: dean06 exchange member shut-out VN/COM/DEMOBANK --reason "gateway taken over"
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import revoke_member

    revoke_member(member=name, reason=reason, actor=SYSTEM)


@member.command()
@click.argument("name")
@reason_option
@refusals_shown
@with_database
def readmit(name: str, reason: str) -> None:
    """Let member NAME take part again.

    Example: dean06 exchange member readmit VN/COM/DEMOBANK --reason "new keys enrolled"
    """
    from dean06.core.actor import SYSTEM
    from dean06.exchange.public import readmit_member

    readmit_member(member=name, reason=reason, actor=SYSTEM)


@member.command()
@json_option
@refusals_shown
@with_database
def keys(*, as_json: bool) -> None:
    """List requested, enrolled, refused and revoked keys of members.

    Example: dean06 exchange member keys
    """
    from dean06.exchange.public import keys_of_members

    show_held([(key, key.kid, key.state) for key in keys_of_members()], "kid", as_json=as_json)


def show_held(held: Iterable[tuple[Any, str, str]], what: str, *, as_json: bool) -> None:
    """List what members show: whose, its identifier under the name ``what``, how it stands, until when it counts."""
    rows = [
        {"member": str(one.member), what: identifier, "state": state, "not_after": one.not_after.isoformat() if one.not_after else None}
        for one, identifier, state in held
    ]
    show_rows(rows, lambda row: f"{row['member']}  {row[what]}  {row['state']}  {row['not_after'] or ''}", as_json=as_json)
