"""``dean06 ledger``: prove that nothing was altered, take proofs out, hand out the public keys."""

import json
from dataclasses import asdict
from datetime import datetime
from functools import partial
from pathlib import Path
from uuid import UUID

import click

from dean06.cli.console import progress, refusals_shown, show
from dean06.cli.django_setup import with_database, with_django
from dean06.cli.listing import json_option, print_json
from dean06.core.errors import Dean06Error

COULD_NOT_RUN = 2


@click.group()
def ledger() -> None:
    """The append-only log: verify, export, proof, keys."""


@ledger.command()
@click.option("--log", default="", help="Only this log.")
@click.option("--alone", is_flag=True, help="Do not ask the witnesses what they saw; compare with their stored cosignatures only.")
@click.option("--without-text", is_flag=True, help="Chain, tree, checkpoints, witnesses and stamps only: three times as fast.")
@click.option("--signatures", is_flag=True, help="Verify the signatures of every message of the exchange, too.")
@click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
@with_database
def verify(*, log: str, alone: bool, without_text: bool, signatures: bool, as_json: bool) -> None:
    """Recompute every log of every database and name each entry that does not fit.

    Witnesses are asked what they saw last, so that a tail that was cut and signed anew shows. One that does not answer is
    named and is no finding. Long logs are shared out over the cores; a terminal shows how far it is.

    Exit code: 0 nothing found, 1 findings, 2 could not run, 5 not running.

    Example: dean06 ledger verify
    """
    from django.db import DatabaseError

    from dean06.core.databases import all_databases
    from dean06.exchange.public import SignaturesSeen, verify_messages
    from dean06.ledger.public import Findings, ask_witnesses, vanished
    from dean06.ledger.public import verify as verify_in

    try:
        seen, away = ([], []) if alone else ask_witnesses()
        verify_one = partial(verify_in, log=log or None, seen=seen, with_readings=not without_text, tell=progress)
        found = sum(map(verify_one, all_databases()), Findings())
        found += Findings() if log else vanished(seen, found.logs)
        messages = verify_messages(tell=progress) if signatures else SignaturesSeen()
        found += Findings(messages.findings)
    except Dean06Error as error:
        show(error)
        raise SystemExit(COULD_NOT_RUN) from error
    except DatabaseError as error:
        click.echo(f"✗ {error}".strip(), err=True)
        raise SystemExit(COULD_NOT_RUN) from error
    for name in away:
        click.echo(click.style(f"! nhân chứng {name} không trả lời", fg="yellow"), err=True)
    if as_json:
        click.echo(
            json.dumps(
                {**asdict(found), "signatures": messages.signatures, "is_clean": found.is_clean}, ensure_ascii=False, indent=1, default=str
            )
        )
    else:
        for finding in found.findings:
            click.echo(click.style(f"✗ {finding}", fg="red"))
        verdict = "không có sai lệch" if found.is_clean else f"{len(found.findings)} sai lệch"
        signed = f"{messages.signatures} chữ ký thông điệp, " if signatures else ""
        click.echo(
            f"{len(found.logs)} nhật ký, {found.entries} lượt ghi, {found.checkpoints} chữ ký điểm chốt, "
            f"{found.cosignatures} lời nhân chứng, {found.stamps} dấu thời gian, {signed}"
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
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--log", default="", help="Only this log.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day to write; yesterday if left out.")
@click.option("--dry-run", is_flag=True, help="Say what would be written and write nothing.")
@with_database
@refusals_shown
def archive(*, directory: Path, log: str, until: datetime | None, dry_run: bool) -> None:
    """Write each closed day that is not yet in DIRECTORY, a file a log and day; nothing leaves the database.

    Readable parts stay encrypted. ``tools/verify_ledger.py archive`` verifies the files offline.

    Example: dean06 ledger archive /srv/archive --log exchange.provider
    """
    from dean06.ledger.public import archive as archive_to

    for one in archive_to(directory, until=until.date() if until else None, log=log, is_dry=dry_run):
        click.echo(f"{one.log}  {one.day}  {one.first}-{one.last}  {one.file or 'sẽ ghi'}")


@ledger.command()
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--log", default="", help="Only this log.")
@json_option
@with_database
@refusals_shown
def retention(*, directory: Path | None, log: str, as_json: bool) -> None:
    """Show which entries are past their time in the database, by which source, and which of them could go; nothing is removed.

    DIRECTORY is the archive: its files are read to their ends. Without it no entry counts as archived. Entries could go up to
    the end of a file that holds what the database signed, and that a witness saw.

    Example: dean06 ledger retention /srv/archive
    """
    from dean06.cli.retention import lines_of, row_of
    from dean06.ledger.public import retention as retention_of

    logs = retention_of(directory, log=log)
    if as_json:
        print_json([row_of(one) for one in logs])
        return
    for line in (line for one in logs for line in lines_of(one)):
        click.echo(line)
    click.echo("Lệnh này không xóa gì.")


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


@ledger.group()
def witness() -> None:
    """Witnesses: another keeper cosigns our checkpoints, and we cosign another's."""


@witness.command("watch")
@click.argument("name")
@click.argument("keeper")
@click.argument("log")
@click.option("--key", "key_file", required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The log's keys, PEM.")
@with_database
@refusals_shown
def watch_log(name: str, keeper: str, log: str, *, key_file: Path) -> None:
    """Let our witness NAME follow the LOG of KEEPER; print the verifier key that the keeper needs.

    Example: dean06 ledger witness watch VN.COM.DEMOBANK VN.GOV.G01 exchange.provider --key keys.pem
    """
    from dean06.ledger.public import keys_of_pem, watch

    click.echo(str(watch(witness=name, keeper=keeper, log_name=log, keys=keys_of_pem(key_file.read_bytes()))))


@witness.command("add")
@click.argument("verifier_key")
@click.argument("address")
@click.option("--log", "logs", multiple=True, help="Only this log (repeatable).")
@with_database
@refusals_shown
def add(verifier_key: str, address: str, *, logs: tuple[str, ...]) -> None:
    """Submit our checkpoints to the witness with VERIFIER_KEY that listens at ADDRESS.

    Example: dean06 ledger witness add "VN.COM.DEMOBANK+…" http://localhost:8062/witness/VN.COM.DEMOBANK
    """
    from dean06.ledger.public import add_witness

    click.echo(add_witness(verifier_key=verifier_key, address=address, logs=logs))


@witness.command("list")
@click.option("--json", "as_json", is_flag=True, help="JSON for programs.")
@with_database
def list_witnesses(*, as_json: bool) -> None:
    """Show our witnesses, when each last cosigned and what it contradicts. Exit code 1: one of them does.

    Example: dean06 ledger witness list
    """
    from dean06.ledger.public import witnesses

    rows = [
        {
            "name": one.name,
            "address": one.address,
            "verifier_key": one.verifier_key,
            "logs": one.logs,
            "answered_at": one.answered_at.isoformat() if one.answered_at else None,
            "problem": one.problem,
            "problem_log": one.problem_log,
            "problem_detail": one.problem_detail,
        }
        for one in witnesses()
    ]
    if as_json:
        click.echo(json.dumps(rows, ensure_ascii=False, indent=1))
    for row in () if as_json else rows:
        contradiction = f"  ✗ {row['problem_log']}: {row['problem']}: {row['problem_detail']}" if row["problem"] else ""
        click.echo(f"{row['name']}  {row['address']}  {row['answered_at'] or 'chưa trả lời'}{contradiction}")
    raise SystemExit(1 if any(row["problem"] for row in rows) else 0)
