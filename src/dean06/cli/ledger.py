"""``dean06 ledger``: prove that nothing was altered, take proofs out, hand out the public keys."""

import json
from dataclasses import asdict
from pathlib import Path
from uuid import UUID

import click

from dean06.cli.console import show
from dean06.cli.django_setup import with_database, with_django
from dean06.core.errors import Dean06Error

COULD_NOT_RUN = 2


@click.group()
def ledger() -> None:
    """The append-only log: verify, export, proof, keys."""


@ledger.command()
@click.option("--log", default="", help="Only this log.")
@click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
@with_database
def verify(*, log: str, as_json: bool) -> None:
    """Recompute every log of every database and name each entry that does not fit.

    Exit code: 0 nothing found, 1 findings, 2 could not run, 5 not running.

    Example: dean06 ledger verify
    """
    from django.db import DatabaseError

    from dean06.core.databases import all_databases
    from dean06.ledger.public import Findings
    from dean06.ledger.public import verify as verify_in

    try:
        found = sum((verify_in(using, log or None) for using in all_databases()), Findings())
    except Dean06Error as error:
        show(error)
        raise SystemExit(COULD_NOT_RUN) from error
    except DatabaseError as error:
        click.echo(f"✗ {error}".strip(), err=True)
        raise SystemExit(COULD_NOT_RUN) from error
    if as_json:
        click.echo(json.dumps({**asdict(found), "is_clean": found.is_clean}, ensure_ascii=False, indent=1, default=str))
    else:
        for finding in found.findings:
            click.echo(click.style(f"✗ {finding}", fg="red"))
        verdict = "không có sai lệch" if found.is_clean else f"{len(found.findings)} sai lệch"
        click.echo(
            f"{len(found.logs)} nhật ký, {found.entries} lượt ghi, {found.checkpoints} chữ ký điểm chốt, "
            f"{found.pending} đang chờ đánh số, {found.destroyed} đã xóa nội dung: {verdict}"
        )
    raise SystemExit(0 if found.is_clean else 1)


@ledger.command()
@click.argument("directory", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
@with_database
def export(*, directory: Path, as_json: bool) -> None:
    """Write all logs, without any readable part, into a new directory for tools/verify_ledger.py.

    Example: dean06 ledger export ledger-2026-11
    """
    from dean06.ledger.public import export as export_to

    try:
        manifest = export_to(directory)
    except FileExistsError as error:
        click.echo(f"✗ {directory} đã có; hãy chọn thư mục mới.", err=True)
        raise SystemExit(COULD_NOT_RUN) from error
    if as_json:
        click.echo(json.dumps(manifest, indent=1))
        return
    for log in manifest["logs"]:
        click.echo(f"{log['directory']}: {log['entries']} lượt ghi, {log['checkpoints']} điểm chốt")
    click.echo(f"python tools/verify_ledger.py export {directory} --key {directory}/keys.pem")


@ledger.command()
@click.argument("entry", type=click.UUID)
@with_database
def proof(*, entry: UUID) -> None:
    """Print the proof of one entry as JSON, without its readable part, which only the one it concerns may open.

    Exit code 3: no such entry. 5: not numbered yet.

    Example: dean06 ledger proof 019ab2c4-5d6e-7f80-9123-456789abcdef > proof.json
    """
    from dean06.ledger.public import closed_proof_of

    click.echo(json.dumps(closed_proof_of(entry), ensure_ascii=False, indent=1))


@ledger.command()
@with_django
def keys() -> None:
    """Print the public keys that sign checkpoints, current and retired, as PEM.

    Example: dean06 ledger keys > keys.pem
    """
    from dean06.ledger.public import public_keys_pem

    click.echo(public_keys_pem().decode(), nl=False)
