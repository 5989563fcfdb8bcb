"""Time-stamps that two programs of others accept, and queries that get none."""

import hashlib
import subprocess

import pytest
import rfc3161_client
from asn1crypto import tsp
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from dean06.signing import public
from dean06.signing.timestamps import POLICY, Response

DATA = "Phiếu kiểm soát quá trình giải quyết hồ sơ".encode()
DIGEST = hashlib.sha256(DATA).digest()


@pytest.fixture(scope="module", autouse=True)
def _trust():
    public.ensure_trust()


def query(**changes):
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": DIGEST}
    return tsp.TimeStampReq({"version": "v1", "message_imprint": imprint, "cert_req": True, **changes}).dump()


def answered(der):
    return Response.load(public.answer_timestamp_query(der), strict=True)


def openssl_ts(*arguments):
    return subprocess.run(["openssl", "ts", *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("algorithm", ["sha256", "sha384", "sha512", "sha3-256"])
@pytest.mark.parametrize("options", [["-cert"], [], ["-cert", "-no_nonce"], ["-cert", "-tspolicy", POLICY]])
def test_openssl_asks_and_verifies(tmp_path, algorithm, options):
    data, asked, reply, root, chain = (tmp_path / name for name in ("data", "query", "reply", "root.pem", "chain.pem"))
    data.write_bytes(DATA)
    root.write_bytes(public.trust_anchor_pem())
    chain.write_bytes(public.chain_pem("tsa"))
    openssl_ts("-query", "-data", str(data), f"-{algorithm}", *options, "-out", str(asked))

    reply.write_bytes(public.answer_timestamp_query(asked.read_bytes()))

    untrusted = ["-untrusted", str(chain)]
    verdict = openssl_ts("-verify", "-queryfile", str(asked), "-in", str(reply), "-CAfile", str(root), *untrusted)
    assert verdict.returncode == 0, verdict.stdout + verdict.stderr
    assert "Verification: OK" in verdict.stdout
    data.write_bytes(DATA + b".")
    verdict = openssl_ts("-verify", "-data", str(data), "-in", str(reply), "-CAfile", str(root), *untrusted)
    assert verdict.returncode != 0
    shown = openssl_ts("-reply", "-in", str(reply), "-text").stdout
    assert POLICY in shown
    assert "Accuracy: 0x01 seconds" in shown


def test_rfc3161_client_asks_and_verifies():
    asked = rfc3161_client.TimestampRequestBuilder().data(DATA).hash_algorithm(rfc3161_client.HashAlgorithm.SHA256).build()
    answer = rfc3161_client.decode_timestamp_response(public.answer_timestamp_query(asked.as_bytes()))
    root = x509.load_pem_x509_certificate(public.trust_anchor_pem())

    verifier = (
        rfc3161_client.VerifierBuilder().add_root_certificate(root).policy_id(x509.ObjectIdentifier(POLICY)).nonce(asked.nonce).build()
    )

    assert verifier.verify_message(answer, DATA)
    with pytest.raises(rfc3161_client.VerificationError):
        verifier.verify_message(answer, DATA + b".")


def test_a_token_made_in_process_carries_digest_and_certificates():
    token = tsp.ContentInfo.load(public.timestamp(DIGEST))

    info = token["content"]["encap_content_info"]["content"].parsed.native
    assert info["message_imprint"]["hashed_message"] == DIGEST
    assert len(token["content"]["certificates"]) == 2
    with pytest.raises(public.TimestampRefused):
        public.timestamp(b"short")


def test_certificates_come_only_when_asked_for_and_the_nonce_returns():
    token = answered(query(cert_req=False, nonce=2**64 + 7))["time_stamp_token"]["content"]

    assert token["certificates"].native is None
    assert token["encap_content_info"]["content"].parsed["nonce"].native == 2**64 + 7


def test_no_serial_number_is_given_twice():
    serials = {
        answered(query())["time_stamp_token"]["content"]["encap_content_info"]["content"].parsed["serial_number"].native for _ in range(300)
    }

    assert len(serials) == 300
    assert max(serials) < 2**160  # RFC 3161, sec. 2.4.2


MD5 = {"hash_algorithm": {"algorithm": "md5"}, "hashed_message": b"x" * 16}
SHA1 = {"hash_algorithm": {"algorithm": "sha1"}, "hashed_message": b"x" * 20}
SHORT = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": b"x" * 20}


@pytest.mark.parametrize(
    ("der", "failure"),
    [
        (lambda: b"", "bad_data_format"),
        (lambda: b"hello", "bad_data_format"),
        (lambda: query()[:-3], "bad_data_format"),
        (lambda: query() + b"\0", "bad_data_format"),
        (lambda: b"\x30\x84\x7f\xff\xff\xff" + b"\0" * 9000, "bad_data_format"),
        (lambda: query(message_imprint=MD5), "bad_alg"),
        (lambda: query(message_imprint=SHA1), "bad_alg"),
        (lambda: query(message_imprint=SHORT), "bad_data_format"),
        (lambda: query(req_policy="1.2.3.4"), "unaccepted_policy"),
        (lambda: query(extensions=[{"extn_id": "1.2.3.4", "critical": True, "extn_value": b"\x05\x00"}]), "unaccepted_extensions"),
        (lambda: query(version=2), "bad_request"),
    ],
    ids=["nothing", "words", "cut", "trailing", "huge", "md5", "sha1", "short imprint", "policy", "extension", "version"],
)
def test_a_bad_query_is_rejected_with_the_standards_reason(der, failure):
    answer = answered(der())

    assert answer["status"]["status"].native == "rejection"
    assert answer["status"]["fail_info"].native == {failure}
    assert answer["status"]["status_string"].native[0]
    assert answer["time_stamp_token"].native is None


@given(st.binary(max_size=300))
def test_any_bytes_get_an_answer(der):
    assert answered(der)["status"]["status"].native == "rejection"


@given(st.integers(0, 200), st.integers(0, 255))
def test_a_mangled_query_gets_an_answer(place, value):
    der = bytearray(query(nonce=5))
    der[place % len(der)] = value

    assert answered(bytes(der))["status"]["status"].native in {"granted", "rejection"}


def test_a_lost_key_is_a_system_failure_not_a_crash(settings, tmp_path):
    settings.DEAN06_KEY_DIR = tmp_path

    assert answered(query())["status"]["fail_info"].native == {"system_failure"}


def post(client, body, content_type="application/timestamp-query"):
    return client.post("/tsa", data=body, content_type=content_type)


def test_the_endpoint_answers_stamps(client):
    response = post(client, query())

    assert response.headers["Content-Type"] == "application/timestamp-reply"
    assert Response.load(response.content)["status"]["status"].native == "granted"


def test_the_endpoint_refuses_other_types_methods_and_sizes(client):
    assert post(client, query(), "application/json").status_code == 415
    assert post(client, b"x" * 5000).status_code == 413
    assert client.get("/tsa").status_code == 405
    assert post(client, b"x" * 5000).json()["code"] == "signing.timestamp_query_too_large"
