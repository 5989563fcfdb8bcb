"""How the command line speaks: steps with their time, Vietnamese and English side by side, no traceback for what was foreseen."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import ParamSpec

import click

from dean06.core.errors import Dean06Error, Denied, Invalid, NotFound, Unavailable

Parameters = ParamSpec("Parameters")
EXIT_CODES = ((Invalid, 2), (NotFound, 3), (Denied, 4), (Unavailable, 5))


def exit_code(error: Dean06Error) -> int:
    """Return the exit code of an error's kind: 2 wrong input, 3 not found, 4 not allowed, 5 out of reach, 1 otherwise."""
    return next((code for kind, code in EXIT_CODES if isinstance(error, kind)), 1)


@contextmanager
def step(text: str) -> Iterator[None]:
    """Show one step of a longer work and how long it took."""
    click.echo(f"  … {text}", nl=False)
    started = time.monotonic()
    try:
        yield
    except BaseException:
        click.echo(click.style("  ✗", fg="red"))
        raise
    click.echo(f"\r  {click.style('✓', fg='green')} {text} {click.style(f'({time.monotonic() - started:.1f} s)', dim=True)}")


def progress(log: str, done: int, of: int) -> None:
    """Show on a terminal how far a long verification is; elsewhere say nothing."""
    if sys.stderr.isatty():
        click.echo(f"\r  … {log}: {done:,}/{of:,}{' ' * 8}", nl=done >= of, err=True)


def show(error: Dean06Error) -> None:
    """Tell a person at the terminal what went wrong and what to do."""
    click.echo(click.style(f"✗ {error.message_vi}", fg="red"), err=True)
    click.echo(f"  {error.detail}", err=True)
    for name, value in error.context.items():
        click.echo(f"  {name}: {value}", err=True)
    click.echo(click.style(f"  [{error.code}]", dim=True), err=True)


def refusals_shown(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Show what was foreseen as sentences and leave with the exit code of its kind."""

    @wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except Dean06Error as error:
            show(error)
            raise SystemExit(exit_code(error)) from error

    return run
