"""How the provider's gateway is started: by mutual TLS unless a proxy in front ends it; again when its certificate is renewed."""

import os
import threading
import time

from dean06.cli.instance import ProcessBook
from dean06.cli.supervisor import Program, Supervisor
from dean06.cli.up import hop_is_ready, provider_gateway
from dean06.core.config import Config


def test_behind_a_proxy_the_gateway_is_plain(tmp_path):
    program = provider_gateway(Config(data_dir=tmp_path, hop_tls="external"))

    assert program.ready_url.startswith("http://")
    assert not [part for part in program.command if part.startswith("--ssl")]
    assert Config(data_dir=tmp_path, hop_tls="external").provider_gateway_origin.startswith("http://")


def test_without_a_certificate_the_hop_is_not_ready(tmp_path):
    settings = Config(data_dir=tmp_path)

    assert settings.provider_gateway_origin.startswith("https://")
    assert not hop_is_ready(settings)


def test_a_process_starts_again_when_its_certificate_is_renewed(tmp_path):
    (tmp_path / "run").mkdir()
    certificate, starts = tmp_path / "gateway.pem", tmp_path / "starts"
    certificate.write_text("old")
    program = Program("gateway", ("sh", "-c", f"echo started >> {starts}; exec sleep 60"), renewed_by=certificate)
    supervisor = Supervisor(dict(os.environ), tmp_path / "log", ProcessBook(Config(data_dir=tmp_path)))
    supervisor.start([program])
    watching = threading.Thread(target=supervisor.watch)
    watching.start()
    try:
        wait_for_starts(starts, 1)
        certificate.write_text("new")
        wait_for_starts(starts, 2)
    finally:
        supervisor.request_stop()
        watching.join()
        supervisor.stop()

    assert starts.read_text().count("started") == 2


def wait_for_starts(starts, count):
    deadline = time.monotonic() + 60
    while not starts.exists() or starts.read_text().count("started") < count:
        assert time.monotonic() < deadline, f"not started {count} times"
        time.sleep(0.1)
