"""The hop between gateways runs by mutual TLS: strangers are not heard, and a renewed certificate is taken without a word."""

import contextlib
import socket
import ssl
import subprocess
import sys

import pytest
from cryptography import x509

from exchange_gateways import POPULATION, Gateways, served

pytestmark = pytest.mark.xdist_group("exchange_gateways_tls")


@pytest.fixture(scope="module")
def gateways(postgres, tmp_path_factory):
    with served(Gateways, postgres, tmp_path_factory.mktemp("gateways-tls"), hop_tls="own") as running:
        yield running


def certificate(gateways):
    return x509.load_pem_x509_certificate((gateways.tls_folder / "gateway.pem").read_bytes())


def spoken_to(gateways, context):
    """Return the status line that the provider's gateway answers, or nothing if it does not talk to us."""
    with (
        contextlib.suppress(ssl.SSLError, ConnectionError, TimeoutError),
        socket.create_connection(("127.0.0.1", gateways.provider_port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        return secure.recv(4096).split(b"\r\n")[0]
    return b""


def trusting(gateways):
    context = ssl.create_default_context(cafile=str(gateways.tls_folder / "authorities.pem"))
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return context


def test_a_call_passes_both_gateways_over_mutual_tls(gateways):
    answered = gateways.curl(f"{POPULATION}/v1/persons/look-up")

    assert answered.status == 200, answered
    assert answered.json["full_name"] == "Nguyễn Thị Mẫu"


def test_the_certificate_names_the_host_and_its_key_signs_nothing_else(gateways):
    shown = certificate(gateways)
    usages = set(shown.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)

    assert usages == {x509.ExtendedKeyUsageOID.CLIENT_AUTH, x509.ExtendedKeyUsageOID.SERVER_AUTH}
    assert not shown.extensions.get_extension_for_class(x509.KeyUsage).value.content_commitment
    assert (gateways.tls_folder / "gateway.key").stat().st_mode & 0o077 == 0


def test_a_gateway_with_a_certificate_is_heard(gateways):
    context = trusting(gateways)
    context.load_cert_chain(gateways.tls_folder / "gateway.pem", gateways.tls_folder / "gateway.key")

    assert spoken_to(gateways, context) == b"HTTP/1.1 200 OK"


def test_a_gateway_that_speaks_only_tls_1_2_is_not_heard(gateways):
    context = trusting(gateways)
    context.load_cert_chain(gateways.tls_folder / "gateway.pem", gateways.tls_folder / "gateway.key")
    context.maximum_version = ssl.TLSVersion.TLSv1_2

    assert spoken_to(gateways, context) == b""


def test_a_caller_without_a_certificate_is_not_heard(gateways):
    assert spoken_to(gateways, trusting(gateways)) == b""


def test_a_caller_without_tls_is_not_heard(gateways):
    assert b"200" not in gateways.raw(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", gateway="provider")


@pytest.mark.parametrize("usage", ["clientAuth", "serverAuth"])
def test_a_certificate_of_another_authority_is_not_heard(gateways, tmp_path, usage):
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    more = [
        "-subj",
        "/CN=127.0.0.1",
        "-addext",
        f"extendedKeyUsage={usage}",
        "-keyout",
        tmp_path / "key.pem",
        "-out",
        tmp_path / "cert.pem",
    ]
    subprocess.run([*command, *more], check=True, capture_output=True)
    context = trusting(gateways)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")

    assert spoken_to(gateways, context) == b""


def test_the_key_that_signs_a_member_s_messages_opens_no_hop(gateways, tmp_path):
    script = (
        "import django; django.setup()\n"
        "from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat\n"
        "from dean06.signing.public import chain_pem, signer\n"
        "key = signer('member.VN.COM.DEMOBANK').private_key_for_jose()\n"
        "print(chain_pem('member.VN.COM.DEMOBANK').decode() + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())"
    )
    environment = {**gateways.environment, "DJANGO_SETTINGS_MODULE": "dean06.site.settings"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=True)
    (tmp_path / "member.pem").write_text(done.stdout)
    context = trusting(gateways)
    context.load_cert_chain(tmp_path / "member.pem")

    assert spoken_to(gateways, context) == b""


def test_rotation_writes_a_new_certificate_and_the_hop_goes_on(gateways):
    before = certificate(gateways)

    gateways.run("keys", "rotate", "gateway")

    assert certificate(gateways).serial_number != before.serial_number
    assert gateways.curl(f"{POPULATION}/v1/persons/look-up").status == 200
