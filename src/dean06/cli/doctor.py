"""``dean06 doctor``: looks at everything an installation needs and says what to do about what is wrong."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from typing import Final, Literal

import click

from dean06.cli.django_setup import require_running, with_django
from dean06.core.config import Config, config
from dean06.core.errors import Dean06Error

State = Literal["ok", "warning", "problem"]
SIGNS: Final = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "problem": ("✗", "red")}
LOW_SPACE_BYTES: Final = 500_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: what, how it stands, what to do."""

    what: str
    state: State
    text: str
    remedy: str = ""


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Findings as JSON.")
@with_django
def doctor(*, as_json: bool) -> None:
    """Look at programs, data directory, database, keys, queues and ledger; exit code 1 if something is wrong.

    Example: dean06 doctor --json
    """
    findings = [finding for check in ALWAYS for finding in _run(check, config())]
    unreachable = _run(_running, config())
    findings += unreachable or [finding for check in ASKING_THE_DATABASE for finding in _run(check, config())]
    if as_json:
        click.echo(json.dumps([asdict(finding) for finding in findings], ensure_ascii=False, indent=1))
    else:
        for finding in findings:
            sign, colour = SIGNS[finding.state]
            click.echo(f"{click.style(sign, fg=colour)} {finding.what}: {finding.text}")
            if finding.remedy:
                click.echo(f"    → {finding.remedy}")
    raise SystemExit(1 if any(finding.state == "problem" for finding in findings) else 0)


def _run(check: "Check", settings: Config) -> list[Finding]:
    try:
        return list(check(settings))
    except Dean06Error as exc:
        return [Finding(check.__name__.strip("_"), "problem", f"{exc.message_vi} [{exc.code}]", exc.detail)]
    except Exception as exc:  # noqa: BLE001 -- a doctor who faints helps nobody
        return [
            Finding(
                check.__name__.strip("_"),
                "problem",
                f"{type(exc).__name__}: {str(exc).partition(chr(10))[0]}",
                "run dean06 up, then dean06 doctor again",
            )
        ]


def _python(_settings: Config) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = sys.version_info >= (3, 11)
    yield Finding("python", "ok" if good else "problem", version, "" if good else "install Python 3.11 or later and run make install")


def _data_directory(settings: Config) -> Iterator[Finding]:
    if not settings.data_dir.exists():
        yield Finding("data directory", "warning", f"{settings.data_dir} is not there yet", "run dean06 up")
        return
    free = shutil.disk_usage(settings.data_dir).free
    low = free < LOW_SPACE_BYTES
    yield Finding(
        "data directory",
        "problem" if low else "ok",
        f"{settings.data_dir}, {free // 1_000_000:,} MB free",
        "free some space" if low else "",
    )


def _running(_settings: Config) -> Iterator[Finding]:
    require_running()
    yield from ()


def _database(_settings: Config) -> Iterator[Finding]:
    from django.db import connections

    from dean06.cli.database import require_server, unapplied_migrations
    from dean06.core.databases import all_databases

    for alias in all_databases():
        require_server(alias)
        major = connections[alias].pg_version // 10000  # type: ignore[attr-defined]
        yield Finding(f"database {alias}", "ok", f"PostgreSQL {major}")
    behind = unapplied_migrations()
    yield Finding(
        "migrations", "problem" if behind else "ok", str(behind) if behind else "none pending", "run dean06 upgrade" if behind else ""
    )


def _messages(_settings: Config) -> Iterator[Finding]:
    from dean06.core.databases import all_databases
    from dean06.core.messages import parked

    for alias in all_databases():
        waiting = parked(alias)
        text = ", ".join(sorted({f"{topic} ({error})" for _, topic, error in waiting}))
        yield Finding(
            f"messages {alias}",
            "problem" if waiting else "ok",
            text or "none parked",
            "mend the cause, then dean06 messages retry" if waiting else "",
        )


def _ledger(_settings: Config) -> Iterator[Finding]:
    from dean06.core.databases import all_databases
    from dean06.ledger.public import verify

    for alias in all_databases():
        found = list(verify(alias).findings)
        yield Finding(
            f"ledger {alias}",
            "problem" if found else "ok",
            f"{len(found)} findings" if found else "verified",
            "dean06 ledger verify names the entries" if found else "",
        )


def _witnesses(_settings: Config) -> Iterator[Finding]:
    from dean06.ledger.public import overdue, witnesses

    for one in witnesses():
        if one.problem:
            yield Finding(
                f"witness {one.name}",
                "problem",
                f"{one.problem_log}: {one.problem}: {one.problem_detail}",
                "dean06 ledger verify names where",
            )
        else:
            yield Finding(f"witness {one.name}", "ok" if one.answered_at else "warning", f"last answer {one.answered_at or 'none yet'}")
    for late in overdue():
        yield Finding(
            f"time stamp {late.log}", "warning", f"none since {late.since:%Y-%m-%d %H:%M} UTC", "Is the time-stamp authority reachable?"
        )


Check = Callable[[Config], Iterator[Finding]]
ALWAYS: Final[tuple[Check, ...]] = (_python, _data_directory)
ASKING_THE_DATABASE: Final[tuple[Check, ...]] = (_database, _messages, _ledger, _witnesses)
