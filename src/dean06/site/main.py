"""Entry point of the ``dean06`` command: names the settings, then hands over to ``cli``."""

import os

from dean06.cli.main import cli


def main() -> None:
    """Run the command line."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251
    cli(prog_name="dean06")
