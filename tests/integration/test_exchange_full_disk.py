"""The database's disk is full: calls are refused by name, and when there is room again they go on by themselves."""

import contextlib
import os
import subprocess

import pytest

from exchange_faults_world import FaultyGateways, Line
from exchange_gateways import database
from free_ports import free_ports

pytestmark = pytest.mark.xdist_group("exchange_faults")

SIZE = "360m"
MOST_QUESTIONS = 400


@pytest.fixture
def small_disk(tmp_path):
    """A file system of its own, small enough to be filled."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE},mode=0700", "tmpfs", place], capture_output=True, check=False)
    if os.geteuid() != 0 or mounted.returncode != 0:
        pytest.skip("mounting a file system takes the rights of root")
    yield place
    subprocess.run(["umount", "-l", place], check=True)


@pytest.fixture
def cluster(small_disk, tmp_path_factory):
    """A PostgreSQL whose cluster lies on the small disk; its log and socket do not."""
    from dean06.cli.postgres import EmbeddedPostgres, find_bin_dir

    beside = tmp_path_factory.mktemp("pg")
    made = EmbeddedPostgres(small_disk / "postgres", beside / "run", find_bin_dir(), beside / "log" / "postgres.log")
    made.make()
    made.start()
    yield made
    made.stop()


@contextlib.contextmanager
def filled(disk):
    """Take all the room there is; give it back afterwards."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while True:
            file.write(bytes(4096))
    try:
        yield
    finally:
        ballast.unlink()


@pytest.mark.timeout(300)
def test_a_full_disk_refuses_by_name_loses_nothing_and_mends_itself(small_disk, cluster, tmp_path):
    with database(cluster) as url:
        *ports, line_port = free_ports(4)
        gateways = FaultyGateways(tmp_path, url, *ports, line_port=line_port)
        gateways.prepare()
        gateways.line = Line(line_port, ("127.0.0.1", gateways.provider_port))
        gateways.start()
        try:
            for _ in range(3):
                assert gateways.ask().status == 200

            with filled(small_disk):
                refused = next(one for one in (gateways.ask() for _ in range(MOST_QUESTIONS)) if one.status != 200)
                again = [gateways.ask() for _ in range(3)]

            gateways.ask_until_answered()
            gateways.assert_nothing_lost_or_doubled()
        finally:
            gateways.stop()
            gateways.line.stop()
    assert refused.status in {500, 503}
    assert refused.headers["x-exchange-error"] in {"exchange.evidence_not_kept", "exchange.database_away"}
    assert {one.status for one in again} <= {200, 500, 503}
    assert "Traceback" not in refused.body.decode()
