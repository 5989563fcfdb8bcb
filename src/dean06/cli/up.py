"""``dean06 up``: one command from an empty directory to a running installation."""

import hashlib
import json
import os
import signal
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import click
from cryptography import x509

import dean06
from dean06.cli.backup import make_backup
from dean06.cli.console import step
from dean06.cli.instance import AlreadyRunning, ProcessBook, require_free_ports, require_room, sole_use
from dean06.cli.postgres import EmbeddedPostgres, find_bin_dir
from dean06.cli.supervisor import Program, Supervisor
from dean06.core.clock import legal, now
from dean06.core.config import Config, HopFiles, config
from dean06.core.databases import embedded_databases
from dean06.core.errors import Unavailable


class PreparationFailed(Unavailable):
    """A step of the start did not succeed; what it printed stands below. Nothing half-made is used: run the command again."""

    code = "cli.preparation_failed"
    message_vi = "Một bước khởi động không thành công. Nội dung bên dưới nói rõ lý do. Có thể chạy lại lệnh này."


@click.command()
@click.option("--people", default=20_000, show_default=True, help="How many invented people the demonstration country has.")
@click.option("--province", default="22", show_default=True, help="Province code of the demonstration (22 Quảng Ninh), or all.")
@click.option("--seed", default=2026, show_default=True, help="Seed of the invented country: the same seed gives the same people.")
@click.option("--empty", is_flag=True, help="Start without the demonstration country.")
def up(people: int, province: str, seed: int, empty: bool) -> None:  # noqa: FBT001 -- click passes options so
    """Start everything and stay until Ctrl-C.

    First time: makes the database, the reference data, an invented country, agencies, keys and procedures.

    Example: dean06 up --people 5000
    """
    settings = config()
    with sole_use(settings):
        click.echo(click.style("dean06", bold=True) + f" · {settings.data_dir}")
        require_room(settings)
        book = ProcessBook(settings)
        if left := book.end_leftovers():
            click.echo(f"  ✓ ended what a killed run had left: {', '.join(left)}")
        require_free_ports(ports_of(settings))
        with database(settings) as postgres:
            _prepare(settings, demo=None if empty else {"people": people, "province": province, "seed": seed})
            _serve(settings, book, postgres)
    click.echo("  ✓ stopped; the state stays in the data directory")


def ports_of(settings: Config) -> dict[str, int]:
    """Return the ports of the serving processes by name."""
    return {
        "web": settings.web_port,
        "protocol": settings.protocol_port,
        "gateway-consumer": settings.consumer_gateway_port,
        "gateway-provider": settings.provider_gateway_port,
    }


def embedded(settings: Config) -> EmbeddedPostgres:
    """Return the installation's own database cluster (not started)."""
    return EmbeddedPostgres(settings.data_dir / "postgres", settings.socket_dir, find_bin_dir(), settings.data_dir / "log" / "postgres.log")


@contextmanager
def database(settings: Config) -> Iterator[EmbeddedPostgres | None]:
    """Have the database running inside the block: the embedded one, or none of ours when DATABASE_URL names another."""
    names = embedded_databases(settings)
    if not names:
        yield None
        return
    postgres = embedded(settings)
    with step("PostgreSQL"):
        postgres.make()
        postgres.start()
        for name in names:
            postgres.create_database(name)
    try:
        yield postgres
    finally:
        with step("PostgreSQL stops"):
            postgres.stop()


def run_step(settings: Config, *arguments: str, role: str = "app") -> None:
    """Run a dean06 command as a process of its own (own database role), showing its output only if it fails.

    Raises:
        PreparationFailed: it ended with an error.
    """
    done = subprocess.run(
        [sys.executable, "-m", "dean06", *arguments],
        env=environment_of(settings, role=role),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        lines = (done.stdout + done.stderr).strip().splitlines()
        raise PreparationFailed(step=" ".join(arguments), output="\n    ".join(["", *lines[-15:]]))


def environment_of(settings: Config, *, role: str = "app") -> dict[str, str]:
    """Return the environment of a child process of this installation."""
    return {
        **os.environ,  # noqa: TID251 -- children inherit the operator's environment
        "DEAN06_DATA_DIR": str(settings.data_dir),
        "DEAN06_DATABASE_ROLE": role,
        "PYTHONUNBUFFERED": "1",
    }


def _prepare(settings: Config, *, demo: dict[str, object] | None) -> None:
    """Bring the state to this version of the programs; nothing to do if it was prepared by the same files before."""
    stamp = settings.data_dir / "run" / "prepared.json"
    wanted = {"programs": fingerprint(), "demo": demo}
    if _read(stamp) == wanted:
        return
    if stamp.exists():
        with step("backup before the upgrade"):
            make_backup(settings, settings.data_dir / "backups" / f"before-upgrade-{legal(now()):%Y%m%d-%H%M%S}.tar")
    with step("tables and rights"):
        run_step(settings, "database", "upgrade", role="owner")
    with step("keys, translations, typefaces"):
        run_step(settings, "ready")
    if demo is not None:
        with step(f"demonstration country ({demo['people']} invented people)"):
            run_step(settings, "demo", "seed", *(text for name, value in demo.items() for text in (f"--{name}", str(value))))
    stamp.write_text(json.dumps(wanted))


def fingerprint() -> str:
    """Return a digest of the programs' files as they lie on disk: names, sizes, times of change."""
    root = Path(dean06.__file__).parent
    entries = sorted(
        (str(path.relative_to(root)), path.stat().st_size, path.stat().st_mtime_ns)
        for path in root.rglob("*")
        if path.is_file() and path.suffix not in {".pyc", ".mo"}
    )
    return hashlib.sha256(repr(entries).encode()).hexdigest()


def _read(stamp: Path) -> object:
    try:
        return json.loads(stamp.read_text())
    except (OSError, ValueError):
        return None


def _serve(settings: Config, book: ProcessBook, postgres: EmbeddedPostgres | None) -> None:
    supervisor = Supervisor(
        environment=environment_of(settings),
        log_dir=settings.data_dir / "log",
        book=book,
        keep_alive=(lambda: postgres.start()) if postgres else (lambda: None),  # noqa: PLW0108 -- late binding reads better here
    )
    if settings.hop_tls == "own" and not hop_is_ready(settings):
        with step("certificate of the gateway"):
            run_step(settings, "keys", "hop")
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: supervisor.request_stop())
    with step("web, protocol, two gateways, worker"):
        supervisor.start(programs(settings))
    try:
        click.echo(welcome(settings) + _people(settings))
        supervisor.watch()
        click.echo("\n  … stopping")
    finally:
        supervisor.stop()


def _people(settings: Config) -> str:
    """Return what introduces the demonstration people; nothing where the installation has none."""
    from dean06.demo.public import NoDemoPeople, introduce, read_accounts

    try:
        return introduce(read_accounts(settings.data_dir))
    except NoDemoPeople:
        return ""


def programs(settings: Config) -> list[Program]:
    """Return the serving processes: web (WSGI), protocol and gateways (ASGI), worker."""
    ports = ports_of(settings)
    return [
        Program("worker", (sys.executable, "-m", "dean06", "worker")),
        _granian("web", "wsgi", "dean06.site.wsgi:application", ports["web"], "--blocking-threads", "4"),
        _granian("protocol", "asgi", "dean06.site.asgi:protocol", ports["protocol"]),
        provider_gateway(settings),
        _gateway("consumer", ports["gateway-consumer"]),
    ]


def provider_gateway(settings: Config) -> Program:
    """Return the provider's gateway: by mutual TLS with this installation's certificate, or plain behind a proxy that ends TLS."""
    port, files = settings.provider_gateway_port, settings.hop_files
    if settings.hop_tls == "external":
        return _gateway("provider", port)
    program = _gateway("provider", port, tls=(files.certificate, files.key, files.authorities))
    return replace(program, tls=hop_context(files), renewed_by=files.certificate)


def _gateway(side: str, port: int, *, tls: tuple[Path, ...] = ()) -> Program:
    shown = ("--tls", *map(str, tls)) if tls else ()
    command = (sys.executable, "-m", "dean06.site.gateway", f"dean06.site.asgi:{side}_gateway", "--port", str(port), *shown)
    return Program(f"gateway-{side}", command, f"{'https' if tls else 'http'}://127.0.0.1:{port}/health")


def hop_context(files: HopFiles) -> ssl.SSLContext:
    """Return what it takes to ask our own gateway over loopback, whatever host its certificate names."""
    context = ssl.create_default_context(cafile=str(files.authorities))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN  # the gateways' authority is trusted as such, not for its root
    context.check_hostname = False
    context.load_cert_chain(files.certificate, files.key)
    return context


def hop_is_ready(settings: Config) -> bool:
    """Say whether the files of the hop are there, for this host, and valid for another month."""
    try:
        certificate = x509.load_pem_x509_certificate(settings.hop_files.certificate.read_bytes())
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (OSError, ValueError, x509.ExtensionNotFound):
        return False
    known = {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}
    return settings.host in known and certificate.not_valid_after_utc > now() + RENEWED_BEFORE_EXPIRY


RENEWED_BEFORE_EXPIRY: Final = timedelta(days=30)


def _granian(name: str, interface: str, target: str, port: int, *more: str) -> Program:
    command = (
        *(str(Path(sys.executable).with_name("granian")), "--interface", interface, "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", "1", "--respawn-failed-workers", "--no-ws", "--log-level", "warning", *more, target),
    )
    return Program(name, command, f"http://127.0.0.1:{port}/health")


def welcome(settings: Config) -> str:
    """Return what a newcomer reads first: the portal's address, then the others."""
    bold = click.style(settings.web_origin, bold=True)
    return (
        f"\n  Cổng / portal      {bold}\n"
        f"  Giao thức / OIDC   {settings.protocol_origin}\n"
        f"  Gateway (consumer) http://{settings.host}:{settings.consumer_gateway_port}\n"
        f"  Gateway (provider) {settings.provider_gateway_origin}\n"
    )


def require_stopped(settings: Config) -> None:
    """Refuse to go on while an installation runs on the data directory.

    Raises:
        AlreadyRunning: it does.
    """
    with sole_use(settings):
        pass


__all__ = ["AlreadyRunning", "database", "embedded", "environment_of", "ports_of", "require_stopped", "run_step", "up", "welcome"]
