"""Commands of the demonstration: seed, people, code, walk."""

import click

from dean06.cli.django_setup import with_database, with_django
from dean06.core.config import config


@click.group("demo")
def demo_commands() -> None:
    """The invented country: make it, see its people, walk the whole flow."""


@demo_commands.command("seed")
@click.option("--people", default=20_000, show_default=True)
@click.option("--province", default="22", show_default=True)
@click.option("--seed", "seed_number", default=2026, show_default=True)
@with_django
def seed_command(people: int, province: str, seed_number: int) -> None:
    """Make population, agencies, posts, certificates, agreements and accounts; what is there is kept.

    Example: dean06 demo seed --people 5000
    """
    from dean06.demo.public import seed_country

    seed_country(data_dir=config().data_dir, people=people, province=province, seed_number=seed_number, report=click.echo)


@demo_commands.command("people")
def people_command() -> None:
    """Print the invented people that one can log in as, with their passwords.

    Example: dean06 demo people
    """
    from dean06.demo.public import introduce, read_accounts

    click.echo(introduce(read_accounts(config().data_dir)))


@demo_commands.command("code")
@click.argument("part")
def code_command(part: str) -> None:
    """Print the present one-time code of a demonstration person.

    Example: dean06 demo code citizen
    """
    from dean06.demo.public import NoDemoPeople, read_accounts

    account = read_accounts(config().data_dir).get(part)
    if account is None:
        raise NoDemoPeople(part=part)
    click.echo(account.code())


@demo_commands.command("walk")
@click.option("--json", "as_json", is_flag=True, help="Steps and figures as JSON.")
@with_database
def walk_command(*, as_json: bool) -> None:
    """Walk the whole flow by HTTP against the running installation and print each step with its figures.

    Example: dean06 demo walk
    """
    from dean06.demo.public import walk_flow

    walk_flow(config(), report=click.echo, as_json=as_json)
