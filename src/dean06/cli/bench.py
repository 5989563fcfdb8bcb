"""Runs the modules' benchmarks on a throw-away installation and prints one table."""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict
from pathlib import Path
from typing import cast

import click

from dean06.cli.postgres import EmbeddedPostgres, find_bin_dir
from dean06.core.bench import Row, Size
from dean06.core.clock import legal, now

INSIDE = "DEAN06_BENCH_INSIDE"


def run_benchmarks(names: tuple[str, ...], *, size: str, as_json: bool) -> None:
    """Run benchmarks whose name starts with one of ``names`` (all if none) and print their rows.

    The measuring process is a child with a data directory and cluster of its own, so the installation is not touched.
    """
    if os.environ.get(INSIDE):  # noqa: TID251 -- set by ourselves, below
        _measure(names, cast("Size", size), as_json=as_json)
        return
    folder = Path(tempfile.mkdtemp(prefix="dean06-bench-"))
    cluster = EmbeddedPostgres(folder / "postgres", folder / "run", find_bin_dir(), folder / "log" / "postgres.log")
    environment = {**os.environ, INSIDE: "1", "DEAN06_DATA_DIR": str(folder), "DEAN06_DATABASE_ROLE": "owner", "DATABASE_URL": ""}  # noqa: TID251
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # whoever stops us finds nothing left behind
    try:
        cluster.make()
        cluster.start()
        cluster.create_database()
        dean06 = [sys.executable, "-m", "dean06"]
        subprocess.run([*dean06, "database", "upgrade"], env=environment, check=True, stdout=sys.stderr)
        subprocess.run([*dean06, "keys", "ensure"], env=environment, check=True, stdout=sys.stderr)
        environment["DEAN06_DATABASE_ROLE"] = "app"
        flags = [f"--{size}", *(["--json"] if as_json else [])]
        done = subprocess.run([*dean06, "bench", *flags, *names], env=environment, check=False)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    raise SystemExit(done.returncode)


def _measure(names: tuple[str, ...], size: Size, *, as_json: bool) -> None:
    import django

    django.setup()
    from django.utils.module_loading import autodiscover_modules

    from dean06.core.bench import benchmarks

    autodiscover_modules("bench", "bench_verify")
    chosen = {name: measure for name, measure in benchmarks().items() if not names or name.startswith(names)}
    if not chosen:
        raise click.UsageError(f"no benchmark begins so; there are: {', '.join(benchmarks())}")
    rows: list[Row] = []
    failed = []
    for place, (name, measure) in enumerate(chosen.items(), start=1):
        click.echo(f"[{place}/{len(chosen)}] {name} …", err=True)
        started = time.perf_counter()
        try:
            rows.extend(measure(size))
        except Exception as exc:  # noqa: BLE001 -- one broken benchmark must not hide the others
            failed.append(name)
            click.echo(f"✗ {name}: {type(exc).__name__}: {exc}", err=True)
        click.echo(f"[{place}/{len(chosen)}] {name}: {time.perf_counter() - started:.1f} s", err=True)
    if as_json:
        click.echo(json.dumps([{**asdict(row), "ratio": row.ratio} for row in rows], ensure_ascii=False, indent=1))
    else:
        click.echo(table(rows))
        click.echo(stamp(size))
    raise SystemExit(1 if failed else 0)


def table(rows: list[Row]) -> str:
    """Return the rows as an aligned text table."""
    lines = [("name", "value", "unit", "floor", "ratio", "peer", "n")]
    for row in rows:
        floor = "" if row.floor is None else f"{row.floor:,.2f}"
        ratio = "" if row.ratio is None else f"{row.ratio:.2f}"
        lines.append((row.name, f"{row.value:,.2f}", row.unit, floor, ratio, row.peer, f"{row.n:,}"))
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    left = {0, 2, 5}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        for line in lines
    )


def stamp(size: Size) -> str:
    """Return size, time and load of this machine (over 1, 5 and 15 minutes) for the foot of a table."""
    load = " ".join(f"{average:.1f}" for average in os.getloadavg())
    return f"{size} · {legal(now()).isoformat(timespec='seconds')} · load {load} · {os.cpu_count()} cores"
