"""Start Django only for the commands that need it, so that ``dean06 --help`` stays quick."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import django
from django.apps import apps

from dean06.cli.errors import NotRunning
from dean06.core.config import config
from dean06.core.databases import embedded_databases

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


def require_running() -> None:
    """Refuse at once what would wait in vain for the embedded database; an external one is simply asked.

    Raises:
        NotRunning: no socket is there.
    """
    settings = config()
    if embedded_databases(settings) and not any(settings.socket_dir.glob(".s.PGSQL.*[0-9]")):
        raise NotRunning(data_dir=str(settings.data_dir))


def with_database(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Set Django up before a command that asks the database; refuse it if the installation is not running."""
    ready = with_django(command)

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        require_running()
        return ready(*args, **kwargs)

    return run


def with_django(command: Callable[Parameters, Result]) -> Callable[Parameters, Result]:
    """Set Django up before the command runs; the command imports models and modules inside its body.

    Put it below the click decorators::

        @cli.command()
        @with_django
        def doctor() -> None: ...
    """

    @functools.wraps(command)
    def run(*args: Parameters.args, **kwargs: Parameters.kwargs) -> Result:
        if not apps.ready:
            django.setup()
        return command(*args, **kwargs)

    return run
