"""Entry point of the ``dean06`` command: names the settings, then hands over to ``cli``."""

import errno
import os
import sys
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from dean06.cli.console import exit_code, show
from dean06.cli.errors import DatabaseUnreachable
from dean06.cli.instance import DataDirectoryUnusable, DiskFull
from dean06.cli.main import cli
from dean06.core.config import config
from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error, Invalid
from dean06.core.logs import configure

UNUSABLE: Final = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOTDIR, errno.EEXIST})


class BadSetting(Invalid):
    """A setting cannot be read: correct the environment variable named below."""

    code = "site.bad_setting"
    message_vi = "Có thiết lập không đúng. Hãy sửa biến môi trường nêu bên dưới."


def main() -> None:
    """Run the command line; what was foreseen ends with a sentence and an exit code, never with a traceback."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dean06.site.settings")  # noqa: TID251
    try:
        configure(level=config().log_level, console=True)
        cli(prog_name="dean06")
    except Dean06Error as error:
        refuse(error)
    except ValidationError as error:
        refuse(BadSetting(**{str(part["loc"][0]): part["msg"] for part in error.errors()}))
    except OSError as error:
        refuse(foreseen(error))
    except DATABASE_AWAY as error:
        refuse(DatabaseUnreachable(reason=str(error).partition("\n")[0]))


def foreseen(error: OSError) -> Dean06Error:
    """Say what a full disk or a data directory that cannot be used means; anything else is raised again."""
    if error.errno == errno.ENOSPC:
        return DiskFull()
    directory = config().data_dir
    if isinstance(error.filename, str) and error.errno in UNUSABLE and directory in (place := Path(error.filename), *place.parents):
        return DataDirectoryUnusable(directory=str(directory), reason=error.strerror)
    raise error


def refuse(error: Dean06Error) -> None:
    """Show a foreseen failure and end."""
    show(error)
    sys.exit(exit_code(error))
