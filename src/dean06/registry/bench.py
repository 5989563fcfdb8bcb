"""How fast a population is loaded, a person looked up and people found, beside the bare mechanism in the same run.

``bench_population`` runs ``measuring`` as a program against a database of its own on the throw-away cluster of ``dean06 bench``
(the registry's tables then live apart from all others, as a deployment may have it) and removes that database.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import quote

import psycopg
from django.conf import settings
from django.db import connections
from psycopg import sql

from dean06.core.bench import Row

DATABASE: Final = "dean06_bench_registry"
PROGRAM: Final = "import django; django.setup(); from dean06.registry.measuring import main; main()"


def bench_population(directory: Path) -> Sequence[Row]:
    """Measure with the population of a directory; one row for each figure."""
    host = connections["default"].settings_dict["HOST"]
    with _database(host) as url:
        environment = {
            **os.environ,  # noqa: TID251 -- handed on to the child
            "DJANGO_SETTINGS_MODULE": settings.SETTINGS_MODULE,
            "DEAN06_MODULE_DATABASES": json.dumps({"registry": url}),
            "DEAN06_DATABASE_ROLE": "owner",
            "DEAN06_LOG_LEVEL": "WARNING",
        }
        subprocess.run([sys.executable, "-m", "dean06", "database", "upgrade"], env=environment, check=True, stdout=sys.stderr)
        done = subprocess.run([sys.executable, "-c", PROGRAM, str(directory)], env=environment, check=True, stdout=subprocess.PIPE)
    return [Row(**row) for row in json.loads(done.stdout.splitlines()[-1])]


@contextmanager
def _database(host: str) -> Iterator[str]:
    name = sql.Identifier(DATABASE)
    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as server:
        server.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))
        server.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(name))
        try:
            yield f"postgresql://postgres@/{DATABASE}?host={quote(host, safe='')}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))
