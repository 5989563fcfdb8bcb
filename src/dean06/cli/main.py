"""The command line: one group, one file of commands for each concern."""

import click

from dean06 import __version__


@click.group()
@click.version_option(__version__)
def cli() -> None:
    """The software of a digital state. Start with: dean06 up."""
