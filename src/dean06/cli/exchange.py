"""Commands of the data exchange."""

from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Final
from urllib.parse import quote

import click

from dean06.cli.console import refusals_shown
from dean06.cli.django_setup import with_database, with_django
from dean06.cli.exchange_bodies import bodies
from dean06.cli.exchange_credentials import credential
from dean06.cli.exchange_events import events
from dean06.cli.exchange_gateways import gateways, name_gateway, revoke_gateway
from dean06.cli.exchange_members import configuration, member
from dean06.cli.exchange_operations import open_data_command
from dean06.cli.listing import json_option, print_json
from dean06.core.clock import now, today

FAILED: Final = 1
REFUSED: Final = 3
FIRST_ERROR_STATUS: Final = 400
WAIT_SECONDS: Final = 60


@click.group()
def exchange() -> None:
    """Members, agreements, calls and events of the data exchange."""


for group in (events, configuration, member, credential, open_data_command, bodies):
    exchange.add_command(group)
for command in (name_gateway, revoke_gateway, gateways):
    member.add_command(command)


@exchange.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@with_database
def load(directory: Path) -> None:
    """Load the packs of members, agreements, types of events and addresses for NGSP systems in DIRECTORY.

    Each fault is named with file, line and remedy, and then nothing is changed. Running gateways follow within two seconds.

    Example: dean06 exchange load agreements/
    """
    from dean06.exchange.errors import PackRefused
    from dean06.exchange.public import load_agreements, load_event_types, load_front, load_members, warnings_since

    began = now()
    try:
        members = load_members(directory, are_descriptions_required=True)
        changed = load_agreements(directory)
        types = load_event_types(directory)
        addresses = load_front(directory)
    except PackRefused as refused:
        raise click.ClickException(refused.detail) from refused
    for warning in warnings_since(began):
        click.secho(f"breaks callers: {warning}", fg="yellow", err=True)
    changes = f"{changed} agreements in a new version; {types} types of events new or changed"
    click.echo(f"{members} members; {changes}; {addresses} addresses for NGSP systems")


@exchange.command("lint")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_django
def lint_command(file: Path, *, as_json: bool) -> None:
    """Check the description of a service (OpenAPI 3.1, YAML or JSON) by the rules of registration.

    Each finding names file, line, place and remedy. Exit code 0: may be registered; 1: findings.

    Example: dean06 exchange lint permits.yaml
    """
    from dean06.exchange.errors import PackRefused
    from dean06.exchange.public import findings_in

    try:
        findings = findings_in(file)
    except PackRefused as refused:
        raise click.ClickException(refused.detail) from refused
    if as_json:
        print_json(findings)
    else:
        for finding in findings:
            click.echo(finding)
        click.echo(f"{len(findings)} findings" if findings else "may be registered")
    raise SystemExit(FAILED if findings else 0)


@exchange.command("compare")
@click.argument("old", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("new", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_django
def compare_command(old: Path, new: Path, *, as_json: bool) -> None:
    """Name what a new description of a service breaks for those who call the old one.

    Exit code 0: nothing; 1: something.

    Example: dean06 exchange compare permits-1.yaml permits-2.yaml
    """
    from dean06.exchange.errors import PackRefused
    from dean06.exchange.public import breaks_between

    try:
        changes = breaks_between(old, new)
    except PackRefused as refused:
        raise click.ClickException(refused.detail) from refused
    if as_json:
        print_json(changes)
    else:
        for change in changes:
            click.echo(f"{change['kind']}  {change['text']}")
        click.echo(f"{len(changes)} breaking changes" if changes else "breaks nobody")
    raise SystemExit(FAILED if changes else 0)


@exchange.command("verify-agreements")
@json_option
@refusals_shown
@with_database
def verify_agreements_command(*, as_json: bool) -> None:
    """Verify each agreement: content, signed decisions, the exchange's signature, state; exit code 1 if anything was altered.

    Example: dean06 exchange verify-agreements
    """
    from dean06.exchange.public import verify_agreements

    rows, seen = [], 0
    for case, found in verify_agreements():
        seen += 1
        rows += [{"agreement": case.agreement.code, "version": case.agreement.version, "side": one.side, "what": one.what} for one in found]
    if as_json:
        print_json({"verified": seen, "altered": rows})
    else:
        for row in rows:
            click.echo(f"{row['agreement']} v{row['version']}  {row['side'] or '-'}  {row['what']}")
        click.echo(f"{seen} versions verified, {len(rows)} alterations")
    if rows:
        raise SystemExit(FAILED)


@exchange.command("agreements")
@json_option
@with_database
def list_agreements(*, as_json: bool) -> None:
    """Show who may ask whom for what, why and until when.

    Example: dean06 exchange agreements
    """
    from dean06.exchange.public import agreements

    rows = [
        {
            "code": one.code,
            "version": one.version,
            "title": one.title,
            "client": str(one.client),
            "service": str(one.service),
            "endpoints": [f"{endpoint.method} {endpoint.path}" for endpoint in one.endpoints],
            "fields": list(one.mask.fields),
            "purposes": sorted(one.purposes),
            "legal_bases": [basis.text for basis in one.legal_bases],
            "valid_from": one.valid_from.isoformat(),
            "valid_until": one.valid_until.isoformat(),
            "is_in_force": one.is_in_force(today()),
        }
        for one in agreements()
    ]
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "in force" if row["is_in_force"] else "not in force"
        click.echo(f"{row['code']} v{row['version']}  {row['client']} → {row['service']}  until {row['valid_until']} ({state})")
        click.echo(f"    {row['title']}: {', '.join(row['purposes'])}; {'; '.join(row['legal_bases'])}")  # type: ignore[arg-type]  # lists of text


@exchange.command()
@click.argument("transaction")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), required=True, help="The zip to write.")
@with_database
@refusals_shown
def evidence(transaction: str, *, out: Path) -> None:
    """Write the evidence of one TRANSACTION (X-Road-Request-Id or X-Road-Id) as a file that proves itself offline.

    Handing it out is itself an entry in the ledger. Exit code 3: no such transaction. 5: its proof is still being made.

    Example: dean06 exchange evidence 8e2f0c5e-6a3f-4f5e-9b1d-2f6a1c0d9e77 --out bundle.zip
    """
    from dean06.core.actor import Actor
    from dean06.exchange.public import evidence_bundle, note_hand_out

    rows, content = evidence_bundle(transaction, name=out.name)
    note_hand_out(rows, actor=Actor(account="command-line"), who="dean06 exchange evidence")
    out.write_bytes(content)
    click.echo(f"python tools/verify_ledger.py bundle {out} --key ledger-keys.pem --trust root.pem --witness witnesses.txt")


@exchange.command()
@click.argument("method")
@click.argument("path")
@click.option("--client", required=True, help="Who asks: VN/COM/DEMOBANK/CUSTOMERS.")
@click.option("--purpose", required=True, help="Why: a purpose of the agreement.")
@click.option("--legal-basis", default="", help="On which legal basis; may be left out when the agreement has only one.")
@click.option("--issue", default="", help="Dossier or case number.")
@click.option("--user", default="", help="End user, as the client names him.")
@click.option("--token", default="", envvar="DEAN06_EXCHANGE_TOKEN", help="The subsystem's token, where it has one.")
@click.option("--body", type=click.File("rb"), default=None, help="JSON file, - for standard input.")
@click.option("--gateway", default="", help="Origin of the consumer's gateway; this installation's if left out.")
def call(
    method: str,
    path: str,
    *,
    client: str,
    purpose: str,
    legal_basis: str,
    issue: str,
    user: str,
    token: str,
    body: BinaryIO | None,
    gateway: str,
) -> None:
    """Ask a service through the running consumer's gateway: METHOD and PATH (service identifier, then the path).

    Prints the answer. Exit code 0: answered; 1: the service answered with a problem; 3: a gateway refused.

    Example: echo '{"personal_id": "…"}' | dean06 exchange call --client VN/COM/DEMOBANK/CUSTOMERS --purpose kyc --body -
    POST VN/GOV/G01/POPULATION/population/v1/persons/verify
    """
    from pyreqwest.client import SyncClientBuilder
    from pyreqwest.exceptions import PyreqwestError

    from dean06.core.config import config

    origin = gateway or f"http://127.0.0.1:{config().consumer_gateway_port}"
    given = {
        "X-Road-Client": client,
        "X-Exchange-Purpose": quote(purpose, safe="/ ,.-_"),
        "X-Exchange-Legal-Basis": quote(legal_basis, safe="/ ,.-_"),
        "X-Road-Issue": issue,
        "X-Road-UserId": user,
        "X-Exchange-Token": token,
        "Content-Type": "application/json" if body else "",
    }
    try:
        with SyncClientBuilder().timeout(timedelta(seconds=WAIT_SECONDS)).follow_redirects(False).no_proxy().build() as http:
            request = http.request(method.upper(), f"{origin}/r1/{path.lstrip('/')}")
            request = request.headers({name: value for name, value in given.items() if value})
            response = (request.body_bytes(body.read()) if body else request).build().send()
    except PyreqwestError as exc:
        raise click.ClickException(f"The gateway {origin} does not answer. Start it with: dean06 up") from exc
    click.echo(response.text())
    if refusal := response.get_header("x-road-error"):
        click.echo(f"refused: {refusal} ({response.get_header('x-exchange-error') or 'no code'})", err=True)
        raise SystemExit(REFUSED)
    if response.status >= FIRST_ERROR_STATUS:
        raise SystemExit(FAILED)
