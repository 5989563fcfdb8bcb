"""Commands of an operator: database, worker, backup, restore, upgrade, bench."""

import compileall
import json
from pathlib import Path

import click

import dean06
from dean06.cli.backup import make_backup, restore_backup
from dean06.cli.console import step
from dean06.cli.django_setup import require_running, with_django
from dean06.cli.up import database, require_stopped, run_step
from dean06.core.clock import legal, now
from dean06.core.config import config


@click.group("database")
def database_commands() -> None:
    """Prepare and inspect the databases."""


@database_commands.command("upgrade")
@with_django
def database_upgrade() -> None:
    """Bring roles, tables and rights of every database to this version (run as the owner).

    Example: DEAN06_DATABASE_ROLE=owner dean06 database upgrade
    """
    from dean06.cli.database import prepare_databases

    prepare_databases()
    click.echo("databases are at this version")


@database_commands.command("pending")
@with_django
def database_pending() -> None:
    """Print, as JSON, how many migrations each database lacks; exit code 1 if any.

    Example: dean06 database pending
    """
    from dean06.cli.database import unapplied_migrations

    behind = unapplied_migrations()
    click.echo(json.dumps(behind))
    raise SystemExit(1 if behind else 0)


@click.command()
@with_django
def ready() -> None:
    """Make keys and certificates, translations and typefaces where they are missing; safe to run again.

    Example: dean06 ready
    """
    from dean06.core.catalogues import compile_stale
    from dean06.signing.public import ensure_trust
    from dean06.ui.public import make_fonts

    ensure_trust()
    compile_stale()
    make_fonts()
    # Also where PYTHONDONTWRITEBYTECODE is set: else each process compiles every module at every start. A read-only tree stays as it is.
    compileall.compile_dir(Path(dean06.__file__).parent, quiet=2, workers=0)
    click.echo("keys, translations and typefaces are ready")


@click.command()
@with_django
def worker() -> None:
    """Deliver messages and run recurring tasks until SIGTERM; started by dean06 up.

    Example: dean06 worker
    """
    from dean06.cli.worker import run_worker

    run_worker()


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False), required=False)
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def backup(file: Path | None, *, as_json: bool) -> None:
    """Write databases, keys and secrets into one file; works while dean06 runs.

    Each database is dumped as one consistent snapshot. The file holds secrets: keep it encrypted and apart.

    Example: dean06 backup backups/2026-11-24.tar
    """
    settings = config()
    require_running()
    target = file or settings.data_dir / "backups" / f"{legal(now()):%Y%m%d-%H%M%S}.tar"
    manifest = make_backup(settings, target)
    click.echo(
        json.dumps(manifest, indent=1) if as_json else f"{target}  ({target.stat().st_size // 1024} KiB, {len(manifest['files'])} files)"
    )


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--replace", is_flag=True, help="Put existing state aside (it is kept beside, never deleted).")
def restore(file: Path, *, replace: bool) -> None:
    """Bring back a backup into the data directory, then verify that no ledger entry was altered.

    Example: dean06 restore backups/2026-11-24.tar --replace
    """
    settings = config()
    require_stopped(settings)
    with step("restore"):
        restore_backup(settings, file, replace=replace)
    with database(settings):
        with step("tables and rights"):
            run_step(settings, "database", "upgrade", role="owner")
        with step("ledger verify"):
            run_step(settings, "ledger", "verify")


@click.command()
def upgrade() -> None:
    """Bring the state to this version of the programs: a backup first, then the migrations.

    Example: dean06 upgrade
    """
    settings = config()
    require_stopped(settings)
    with database(settings):
        with step("backup"):
            target = settings.data_dir / "backups" / f"before-upgrade-{legal(now()):%Y%m%d-%H%M%S}.tar"
            make_backup(settings, target)
        click.echo(f"    {target}")
        with step("tables and rights"):
            run_step(settings, "database", "upgrade", role="owner")


@click.command()
@click.argument("names", nargs=-1)
@click.option("--quick", "size", flag_value="quick", help="Seconds: shows that each benchmark runs.")
@click.option("--small", "size", flag_value="small", default="small", help="At most five minutes.")
@click.option("--full", "size", flag_value="full", help="What a closing note cites.")
@click.option("--json", "as_json", is_flag=True, help="One JSON array of rows.")
def bench(names: tuple[str, ...], size: str, *, as_json: bool) -> None:
    """Measure, on a throw-away database, and print one table; NAMES are prefixes (exchange, registry.look_up).

    Example: dean06 bench registry --quick
    """
    from dean06.cli.bench import run_benchmarks

    run_benchmarks(names, size=size, as_json=as_json)
