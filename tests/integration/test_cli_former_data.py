"""What a person reads whose database was written by programs that these no longer understand."""

import os
import subprocess
import sys
import uuid

import psycopg
import pytest

from exchange_gateways import database

pytestmark = [pytest.mark.enable_socket, pytest.mark.timeout(300)]
BEFORE = "0003_fewer_nodes_and_shorter_indexes"
TO_BEFORE = "import django; django.setup(); from django.core.management import call_command as c; c('migrate', 'ledger', '{}', verbosity=0)"

STORED = "SELECT app, name, (SELECT count(*) FROM pg_tables WHERE schemaname = 'public') FROM django_migrations ORDER BY id"
"""What was applied, and how many tables there are."""


def run(environment, *arguments):
    return subprocess.run([sys.executable, *arguments], env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_entries_of_before_the_first_release_are_left_alone_and_the_refusal_says_where_to_go(postgres, tmp_path):
    with database(postgres) as url:
        address = url.replace("dean06_app@", "dean06_owner@")
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("DEAN06_")},
            "DJANGO_SETTINGS_MODULE": "dean06.site.settings",
            "DATABASE_URL": address,
            "DEAN06_DATABASE_ROLE": "owner",
            "DEAN06_DATA_DIR": str(tmp_path),
        }
        made = run(environment, "-c", TO_BEFORE.format(BEFORE))
        assert made.returncode == 0, made.stderr
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute(
                "INSERT INTO ledger_ledgerentry (id, log, kind, recorded_at, subject_count, commitment) VALUES (%s, 'a', 'b', now(), 0, '')",
                [uuid.uuid4()],
            )

            before = connection.execute(STORED).fetchall()

            refused = run(environment, "-m", "dean06", "database", "upgrade")

            assert refused.returncode != 0
            assert "cli.former_data" in refused.stderr
            assert "DEAN06_DATA_DIR" in refused.stderr
            assert "Traceback" not in refused.stdout + refused.stderr
            assert connection.execute("SELECT count(*) FROM ledger_ledgerentry").fetchone() == (1,)
            assert connection.execute(STORED).fetchall() == before
