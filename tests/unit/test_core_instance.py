"""The secrets that an installation makes for itself."""

import threading

import pytest

from dean06.core import instance
from dean06.core.instance import kept_secret


def test_processes_that_start_together_read_one_secret(tmp_path):
    ready, found = threading.Barrier(8), []

    def read():
        ready.wait()
        found.append(kept_secret(tmp_path / "secrets" / "keystore"))

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(found[0]) == 43
    assert (tmp_path / "secrets" / "keystore").stat().st_mode & 0o777 == 0o600
    assert list((tmp_path / "secrets").iterdir()) == [tmp_path / "secrets" / "keystore"]


def test_a_process_that_dies_while_it_makes_a_secret_leaves_none(tmp_path, monkeypatch):
    class Killed(BaseException):
        """The process is gone."""

    def die(_handle):
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(instance.os, "fsync", die)
        with pytest.raises(Killed):
            kept_secret(tmp_path / "keystore")

    assert not (tmp_path / "keystore").exists()
    assert len(kept_secret(tmp_path / "keystore")) == 43
