"""Entry point of the ``dean06`` command: names the settings, then hands over to ``cli``."""

import errno
import os
import sys

from pydantic import ValidationError

from dean06.cli.console import exit_code, show
from dean06.cli.instance import DiskFull
from dean06.cli.main import cli
from dean06.core.errors import Dean06Error, Invalid


class BadSetting(Invalid):
    """A setting cannot be read: correct the environment variable named below."""

    code = "site.bad_setting"
    message_vi = "Có thiết lập không đúng. Hãy sửa biến môi trường nêu bên dưới."


def main() -> None:
    """Run the command line; what was foreseen ends with a sentence and an exit code, never with a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251
    try:
        cli(prog_name="dean06")
    except Dean06Error as error:
        refuse(error)
    except ValidationError as error:
        refuse(BadSetting(**{str(part["loc"][0]): part["msg"] for part in error.errors()}))
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        refuse(DiskFull())


def refuse(error: Dean06Error) -> None:
    """Show a foreseen failure and end."""
    show(error)
    sys.exit(exit_code(error))
