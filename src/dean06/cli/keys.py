"""``dean06 keys``: the keys of this installation, their renewal, and the root that others must trust."""

from typing import Any

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_django
from dean06.cli.listing import json_option, print_json
from dean06.core.config import config


@click.group()
def keys() -> None:
    """Keys and certificates: make, list, renew, publish the root."""


@keys.command()
@refusals_shown
@with_django
def ensure() -> None:
    """Make the chain of trust and the services' keys where they are missing; safe to run again.

    Example: dean06 keys ensure
    """
    from dean06.signing.public import ensure_trust

    ensure_trust()


@keys.command("list")
@json_option
@refusals_shown
@with_django
def list_keys(as_json: bool) -> None:  # noqa: FBT001 -- click passes options by name
    """List every key: name, use, identifier, subject, end of its certificate; never a secret.

    Example: dean06 keys list --json
    """
    from dean06.signing.public import key_states

    rows: list[dict[str, Any]] = [
        {
            "name": state.name,
            "usage": state.usage,
            "kid": state.kid,
            "algorithm": state.algorithm,
            "subject": state.subject,
            "made_at": state.made_at.isoformat(timespec="seconds"),
            "expires_at": state.expires_at.isoformat(timespec="seconds") if state.expires_at else None,
            "versions": state.versions,
        }
        for state in key_states()
    ]
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo("Chưa có khóa nào. Hãy chạy: dean06 keys ensure")
        return
    for row in rows:
        ends = f"đến {row['expires_at'][:10]}" if row["expires_at"] else "không có chứng thư"
        click.echo(f"{row['name']:<48} {row['algorithm']:<8} {row['kid'][:12]}… {ends:<20} {row['subject']}")


@keys.command()
@click.argument("name", required=False, default="")
@click.option("--all", "every", is_flag=True, help="Renew every key, authorities first.")
@refusals_shown
@with_django
def rotate(name: str, every: bool) -> None:  # noqa: FBT001 -- click passes options by name
    """Replace a key by a new one; the old public key stays published for its overlap.

    Running processes take the new key at their next signature; nothing needs a restart.

    Example: dean06 keys rotate oidc
    """
    from dean06.exchange.public import write_hop_files
    from dean06.signing.public import key_states, rotation_order
    from dean06.signing.public import rotate as renew

    if bool(name) == every:
        raise click.UsageError("Name one key, or say --all.")
    names = rotation_order(tuple(state.name for state in key_states())) if every else (name,)
    for each in names:
        click.echo(f"{each}: {renew(each).kid}")
    if {"gateway", "ca.gateways"} & set(names):
        write_hop_files()


@keys.command("hop")
@click.option("--show", "step", flag_value="show", help="Print the certificate that the gateway shows.")
@click.option("--prepare", "step", flag_value="prepare", help="Print the certificate that it will show; make it where none waits.")
@click.option("--switch", "step", flag_value="switch", help="Show from now on the one that was prepared.")
@refusals_shown
@with_django
def write_hop(step: str | None) -> None:
    """Make or renew the certificate of this installation's gateway for its server; with an option, print it, or prepare and show the next.

    dean06 up does it by itself; a running gateway takes the new certificate at once. Where gateways elsewhere know it from the signed
    configuration: prepare, let the registry's operator name it, then switch.

    Example: dean06 keys hop --prepare > h49-next.pem
    """
    from dean06.exchange.public import ensure_hop, hop_certificate_pem, prepare_hop, switch_hop, write_hop_files

    if step in {"show", "prepare"}:
        click.echo(hop_certificate_pem(ensure_hop() if step == "show" else prepare_hop()), nl=False)
        return
    if step == "switch":
        switch_hop()
    write_hop_files()
    click.echo(str(config().hop_files.certificate))


@keys.command()
@refusals_shown
@with_django
def trust() -> None:
    """Print the root certificates as PEM, for viewers and for the certificate stores of partners.

    Example: dean06 keys trust > root.pem
    """
    from dean06.signing.public import trust_anchor_pem

    click.echo(trust_anchor_pem().decode(), nl=False)
