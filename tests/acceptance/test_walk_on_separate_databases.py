"""Each module's tables in a database of its own: the flow is the same, because nothing joins across modules."""

import json
import time

import pytest
from installation import Installation

from dean06.demo.walk.flow import NEW_ADDRESS

pytestmark = [pytest.mark.acceptance, pytest.mark.enable_socket, pytest.mark.timeout(1200)]

MODULES = ("registry", "exchange", "identity", "organisation", "services", "oversight", "portal")


@pytest.fixture(scope="module")
def separate(tmp_path_factory):
    environment = {"DEAN06_MODULE_DATABASES": json.dumps(dict.fromkeys(MODULES, "embedded"))}
    made = Installation(tmp_path_factory.mktemp("separate") / "state", extra_environment=environment)
    made.start()
    yield made
    made.stop()


def test_two_walks_with_each_module_in_a_database_of_its_own(separate):
    first = separate.run("demo", "walk").stdout
    second = separate.run("demo", "walk").stdout

    assert "whole flow in" in first
    citizen = separate.demo_people()["citizen"]["full_name"]
    assert f"of the walk before: {citizen} lives at {NEW_ADDRESS}, 1 result" in second
    assert "whole flow in" in second

    for module, table in (("registry", "registry_person"), ("services", "services_dossier"), ("oversight", "oversight_dossierfigures")):
        assert separate.value("SELECT to_regclass(%s) IS NULL", table), f"{table} is in the common database too"
        assert separate.value(f"SELECT count(*) FROM {table}", database=f"dean06_{module}") > 0

    verified = json.loads(separate.run("ledger", "verify", "--json").stdout)
    assert verified["is_clean"]
    assert {log.rpartition("/")[2] for log in map(str, verified["logs"])}, "no log was looked at"
    assert what_the_doctor_finds(separate) == []
    print(first, second)


def what_the_doctor_finds(installation, seconds=60):
    """What is not well; a witness that has not been asked yet gets the time that it takes to ask it."""
    deadline = time.monotonic() + seconds
    while True:
        findings = json.loads(installation.run("doctor", "--json").stdout)
        unwell = [finding for finding in findings if finding["state"] != "ok"]
        if not unwell or time.monotonic() > deadline:
            return unwell
        time.sleep(2)
