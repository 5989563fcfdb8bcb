"""Starting, watching and refusing: what a newcomer meets when something is in the way."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import pytest

from dean06.cli import instance
from dean06.cli.instance import (
    AlreadyRunning,
    DataDirectoryUnusable,
    DiskFull,
    PortTaken,
    ProcessBook,
    require_free_ports,
    require_room,
    sole_use,
)
from dean06.cli.postgres import EmbeddedPostgres, find_bin_dir
from dean06.cli.supervisor import ProcessDidNotStart, Program, Supervisor
from dean06.core.config import Config

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def settings(tmp_path):
    return Config(data_dir=tmp_path / "state")


@pytest.fixture
def supervisor(settings):
    (settings.data_dir / "run").mkdir(parents=True)
    environment = {**os.environ, "DEAN06_DATA_DIR": str(settings.data_dir)}
    made = Supervisor(environment=environment, log_dir=settings.data_dir / "log", book=ProcessBook(settings))
    yield made
    made.request_stop()
    made.stop()


def sleeper(name="sleeper"):
    return Program(name, (sys.executable, "-c", "import time; time.sleep(600)"))


def test_two_runs_on_one_directory_are_refused_with_the_number_of_the_first(settings):
    with sole_use(settings), pytest.raises(AlreadyRunning) as refusal, sole_use(settings):
        pass

    assert refusal.value.context["process"] == str(os.getpid())


def test_the_lock_goes_with_the_run(settings):
    with sole_use(settings):
        pass
    with sole_use(settings):
        pass


def test_a_directory_that_is_a_file_is_named(tmp_path):
    (tmp_path / "state").write_text("not a directory")

    with pytest.raises(DataDirectoryUnusable) as refusal, sole_use(Config(data_dir=tmp_path / "state")):
        pass

    assert str(tmp_path / "state") in refusal.value.context["directory"]


def test_a_taken_port_is_named_with_its_holder():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(PortTaken) as refusal:
            require_free_ports({"web": port})

    assert refusal.value.context["port"] == port
    assert str(os.getpid()) in refusal.value.context["held_by"]


def test_a_full_disk_is_said_before_anything_is_made(settings, monkeypatch):
    settings.data_dir.mkdir(parents=True)
    monkeypatch.setattr(instance, "FIRST_START_BYTES", 2**62)

    with pytest.raises(DiskFull):
        require_room(settings)


def test_a_killed_process_is_started_again(supervisor):
    """The supervisor watches in this thread: a child ends with the thread that started it."""
    supervisor.start([sleeper()])
    child = supervisor._children["sleeper"]
    first = child.process.pid

    def kill_and_wait():
        os.kill(first, signal.SIGKILL)
        deadline = time.monotonic() + 120
        while child.restarts == 0 and time.monotonic() < deadline:
            time.sleep(0.05)
        supervisor.request_stop()

    killer = threading.Thread(target=kill_and_wait)
    killer.start()
    supervisor.watch()
    killer.join()

    assert child.process.pid != first
    assert child.process.poll() is None


def test_a_process_that_ends_at_once_is_reported_with_its_last_words(supervisor):
    with pytest.raises(ProcessDidNotStart) as refusal:
        supervisor.start([Program("broken", (sys.executable, "-c", "raise SystemExit('no such table')"), "http://127.0.0.1:9/")])

    assert "no such table" in refusal.value.context["last_lines"]


def test_what_a_killed_run_left_is_ended_and_nothing_else(settings, supervisor):
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
    supervisor.start([sleeper()])
    left = supervisor._children["sleeper"].process.pid
    book = ProcessBook(settings)
    book.note({"sleeper": left, "stranger": stranger.pid})

    ended = book.end_leftovers()

    assert ended == ["sleeper"]
    assert supervisor._children["sleeper"].process.wait(60) != 0
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_the_next_start_goes_on_when_a_leftover_is_gone_not_when_it_was_told_to_go(settings, supervisor, monkeypatch):
    """What is killed needs a moment to go, and its ports are taken until then."""
    supervisor.start([sleeper()])
    left = supervisor._children["sleeper"].process
    tell = instance._signal_group

    def late(group, number):
        if number == signal.SIGKILL:  # the milder signal is not heard
            monkeypatch.setattr(instance, "STOP_SECONDS", 120)
            threading.Timer(0.5, tell, [group, number]).start()

    monkeypatch.setattr(instance, "STOP_SECONDS", 0.1)
    monkeypatch.setattr(instance, "_signal_group", late)

    assert ProcessBook(settings).end_leftovers() == ["sleeper"]
    assert left.poll() == -signal.SIGKILL


def test_a_half_made_cluster_is_put_aside_not_deleted(tmp_path):
    postgres = EmbeddedPostgres(tmp_path / "pg", tmp_path / "run", find_bin_dir(), tmp_path / "log" / "pg.log")
    postgres.data_dir.mkdir()
    (postgres.data_dir / "half").write_text("an interrupted initdb")

    postgres.make()

    assert postgres.is_made
    assert (tmp_path / "pg.half-made-1" / "half").exists()
