"""Start Django only for the commands that need it, so that ``dean06 --help`` stays quick."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

import django
from django.apps import apps

Parameters = ParamSpec("Parameters")
Result = TypeVar("Result")


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
