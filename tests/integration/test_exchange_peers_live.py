"""Two running gateways of two installations: each knows the other from the signed configuration alone, and says why it refuses."""

import contextlib
import json
import socket
import ssl
import subprocess
import sys
import time

import pytest

from exchange_gateways import POPULATION, Gateways, database, finished, refusal
from free_ports import free_ports

pytestmark = [pytest.mark.xdist_group("exchange_gateways_peers"), pytest.mark.timeout(900)]
BANK = "VN/COM/DEMOBANK"
REGISTER = "VN/GOV/G01"


class TwoInstallations(Gateways):
    """The provider's gateway beside the registry; the consumer's elsewhere, with keys and an authority of its own."""

    @property
    def away(self):
        """What the consumer's installation is told."""
        return {
            "DEAN06_DATA_DIR": str(self.folder / "away"),
            "DEAN06_EXCHANGE_CONFIGURATION": str(self.published),
            "DEAN06_EXCHANGE_TRUST_ANCHOR": str(self.folder / "root.pem"),
            "DEAN06_EXCHANGE_REFRESH_SECONDS": "0.5",
        }

    @property
    def published(self):
        return self.folder / "configuration.jws"

    def there(self, *arguments):
        """Run a command in the consumer's installation."""
        command = [sys.executable, "-m", "dean06", *arguments]
        environment = {**self.environment, "DEAN06_DATABASE_ROLE": "app", **self.away}
        return finished(
            subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False), check=True
        ).stdout

    def publish(self):
        self.run("exchange", "configuration", "publish", "--output", str(self.published))

    def name(self, step):
        """Name the certificate that the consumer's gateway shows or prepared; return its fingerprint."""
        certificate = self.folder / "away.pem"
        certificate.write_text(self.there("keys", "hop", f"--{step}"))
        made = self.run("exchange", "member", "name-gateway", BANK, str(certificate)).stdout.strip()
        self.publish()
        return made

    def revoke(self, member, sha256):
        self.run("exchange", "member", "revoke-gateway", member, sha256, "--reason", "taken over")

    def enrol(self):
        """Let the consumer's installation sign for the bank."""
        request = self.folder / "bank.csr"
        request.write_text(self.there("exchange", "member", "request", BANK))
        kid = self.run("exchange", "member", "enrol", BANK, str(request)).stdout.strip()
        self.run("exchange", "member", "approve", BANK, kid)


@pytest.fixture(scope="module")
def installations(postgres, tmp_path_factory):
    with database(postgres) as url:
        running = TwoInstallations(tmp_path_factory.mktemp("peers"), url, *free_ports(3), hop_tls="own")
        running.prepare()
        (running.folder / "root.pem").write_text(running.run("keys", "trust").stdout)
        running.enrol()
        running.own_environment["consumer_gateway"] = running.away
        running.run("keys", "hop")
        running.publish()
        try:
            running.start()
            yield running
        finally:
            running.stop()


def asked(gateways, *, until=None, kind=None, seconds=90):
    """Ask until the answer is refused with a code (None: answered), as gateways look for news every few seconds."""
    ends = time.monotonic() + seconds
    while True:
        answered = gateways.curl(f"{POPULATION}/v1/persons/look-up")
        if (refusal(answered)[1] == until and kind in (None, refusal(answered)[0])) or time.monotonic() > ends:
            return answered
        time.sleep(0.3)


def shown_here(gateways):
    """Return the fingerprint of the certificate of the provider's gateway, as OpenSSL tells it."""
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(gateways.tls_folder / "gateway.pem")]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.partition("=")[2].strip()


def test_gateways_of_two_installations_know_each_other_from_the_configuration_alone(installations):
    not_named = installations.curl(f"{POPULATION}/v1/persons/look-up")
    assert refusal(not_named)[:2] == ("Server.ClientProxy.SslAuthenticationFailed", "exchange.peer_not_named")
    assert BANK in not_named.json["message"]

    installations.name("show")
    assert asked(installations).json["full_name"] == "Nguyễn Thị Mẫu"

    prepared = installations.name("prepare")
    time.sleep(12)  # so long the provider's gateway may take to know it, also on a busy machine
    installations.there("keys", "hop", "--switch")
    time.sleep(12)  # so long the consumer's may take to show it
    assert asked(installations, seconds=0).status == 200
    installations.revoke(BANK, prepared)
    refused = asked(installations, until="exchange.peer_not_named")
    assert refusal(refused)[:2] == ("Server.ServerProxy.SslAuthenticationFailed", "exchange.peer_not_named")
    assert prepared in refused.json["message"]
    installations.publish()
    refused = asked(installations, until="exchange.peer_not_named", kind="Server.ClientProxy.SslAuthenticationFailed")
    assert refusal(refused)[0] == "Server.ClientProxy.SslAuthenticationFailed"
    installations.there("keys", "rotate", "gateway")
    installations.name("show")
    assert asked(installations).status == 200

    installations.revoke(REGISTER, shown_here(installations))
    installations.publish()
    refused = asked(installations, until="exchange.gateway_not_named")
    assert refusal(refused)[:2] == ("Server.ClientProxy.SslAuthenticationFailed", "exchange.gateway_not_named")
    recorded = [entry for entry in (installations.folder / "provider_gateway.log").read_text().splitlines() if "peer_not_named" in entry]
    assert recorded


def test_the_operator_learns_why_a_stranger_was_not_heard(installations, tmp_path):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=x"]
    subprocess.run([*command, "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"], check=True, capture_output=True)
    context = ssl.create_default_context(cafile=str(installations.tls_folder / "authorities.pem"))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    answered = b""
    with (
        contextlib.suppress(ssl.SSLError, ConnectionError, TimeoutError),
        socket.create_connection(("127.0.0.1", installations.provider_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        answered = secure.recv(4096)

    assert answered == b""
    lines = (installations.folder / "provider_gateway.log").read_text().splitlines()
    said = [json.loads(line) if line.startswith("{") else line for line in lines if "exchange.gateway_not_heard" in line]
    assert any("certificate" in str(line) for line in said), lines[-5:]
