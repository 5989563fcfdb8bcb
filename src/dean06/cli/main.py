"""The command line: one group, one file of commands for each concern."""

import click

from dean06 import __version__
from dean06.cli import operate
from dean06.cli.demo import demo_commands
from dean06.cli.doctor import doctor
from dean06.cli.exchange import exchange
from dean06.cli.keys import keys
from dean06.cli.ledger import ledger
from dean06.cli.messages import messages
from dean06.cli.reference import reference
from dean06.cli.registry import registry_commands
from dean06.cli.services import services_commands
from dean06.cli.synth import synth
from dean06.cli.up import up


@click.group()
@click.version_option(__version__)
def cli() -> None:
    """The software of a digital state. Start with: dean06 up."""


for command in (
    messages,
    reference,
    synth,
    ledger,
    registry_commands,
    services_commands,
    up,
    doctor,
    keys,
    demo_commands,
    exchange,
    operate.database_commands,
    operate.ready,
    operate.worker,
    operate.backup,
    operate.restore,
    operate.upgrade,
    operate.bench,
):
    cli.add_command(command)
