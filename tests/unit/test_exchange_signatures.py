"""HTTP message signatures: RFC 9421's own vector, an independent library as oracle, and everything that must fail."""

import base64
import datetime as dt
from types import SimpleNamespace

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from http_message_signatures import HTTPMessageSigner, HTTPMessageVerifier, MappingKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from http_message_signatures.resolvers import HTTPSignatureComponentResolver
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.domain.signatures import (
    REQUEST_HEADERS,
    answer_lines,
    request_lines,
    sign,
    signature_base,
    verify,
)
from dean06.exchange.errors import InvalidSignature, StaleMessage

NOW = 1_790_000_000
KEY = ec.generate_private_key(ec.SECP256R1())
TARGET = "/x1/VN/GOV/G01/POPULATION/population/v1/persons/verify"
HEADERS = {
    "content-digest": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
    "x-exchange-head": "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:",
    "x-road-client": "VN/COM/DEMOBANK/CUSTOMERS",
    "x-road-id": "VN-1",
    "x-road-request-id": "5e0b6a9e",
    "x-exchange-purpose": "kyc",
}
# RFC 9421, B.1.3 (test-key-ecc-p256): the point's coordinates
RFC_KEY = ec.EllipticCurvePublicNumbers(
    x=int.from_bytes(base64.urlsafe_b64decode("qIVYZVLCrPZHGHjP17CTW0_-D9Lfw0EkjqF7xB4FivA="), "big"),
    y=int.from_bytes(base64.urlsafe_b64decode("Mc4nN9LTDOBhfoUeg8Ye9WedFRhnZXZJA12Qp0zZ6F0="), "big"),
    curve=ec.SECP256R1(),
).public_key()


def sign_raw(data):
    r, s = decode_dss_signature(KEY.sign(data, ec.ECDSA(SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def is_valid(key, data, signature):
    from cryptography.exceptions import InvalidSignature as Wrong

    try:
        key.verify(
            encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")), data, ec.ECDSA(SHA256())
        )
    except Wrong:
        return False
    return True


def verify_raw(key_id, data, signature):
    return key_id == "key-1" and is_valid(KEY.public_key(), data, signature)


def signed_request(headers=HEADERS, method="POST", target=TARGET, created=NOW, nonce="n" * 22):
    lines = request_lines(method=method, target=target, headers=headers)
    made = sign(lines, key_id="key-1", sign_raw=sign_raw, created=created, nonce=nonce)
    return {**headers, "signature-input": made.input, "signature": made.signature}, made


def check(headers, method="POST", target=TARGET, now=NOW):
    lines = request_lines(method=method, target=target, headers=headers)
    return verify(lines, headers, verify_raw=verify_raw, now=now, once=True)


def test_the_signature_of_rfc_9421_b_2_4_verifies_over_our_base():
    base = signature_base(
        [
            ('"@status"', "200"),
            ('"content-type"', "application/json"),
            (
                '"content-digest"',
                "sha-512=:mEWXIS7MaLRuGgxOBdODa3xqM1XdEvxoYhvlCFJ41QJgJc4GTsPp29l5oGX69wWdXymyU0rjJuahq4l5aGgfLQ==:",
            ),
            ('"content-length"', "23"),
        ],
        '("@status" "content-type" "content-digest" "content-length");created=1618884473;keyid="test-key-ecc-p256"',
    )
    signature = base64.b64decode("wNmSUAhwb5LxtOtOpNa6W5xj067m5hFrj0XQ4fvpaCLx0NKocgPquLgyahnzDnDAUy5eCdlYUEkLIj+32oiasw==")

    assert is_valid(RFC_KEY, base, signature)
    assert not is_valid(RFC_KEY, base.replace(b"200", b"201"), signature)


# -- the library as oracle


class Resolver(HTTPSignatureComponentResolver):
    pass


def oracle_keys():
    private = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return MappingKeyResolver(public_keys={"key-1": public}, private_keys={"key-1": private})


def oracle_message(headers, method="POST", target=TARGET):
    return SimpleNamespace(method=method, url=f"https://gateway.example{target}", headers=dict(headers))


@given(
    method=st.sampled_from(["GET", "POST", "PUT", "DELETE"]),
    query=st.sampled_from(["", "?a=1", "?a=%20&b=x/y"]),
    present=st.sets(st.sampled_from(["x-road-issue", "x-road-userid", "x-exchange-purpose", "x-exchange-legal-basis"])),
)
def test_an_independent_library_verifies_what_we_sign(method, query, present):
    headers = {name: value for name, value in HEADERS.items() if name != "x-exchange-purpose"} | dict.fromkeys(present, "some value")
    now = int(dt.datetime.now(dt.UTC).timestamp())
    signed, _ = signed_request(headers, method=method, target=TARGET + query, created=now)

    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=oracle_keys())
    [result] = verifier.verify(oracle_message(signed, method, TARGET + query))

    covered = set(result.covered_components)
    assert {'"@method"', '"@path"', '"@query"'} <= covered
    assert {f'"{name}"' for name in headers} <= covered


def test_we_verify_what_an_independent_library_signs():
    message = oracle_message(HEADERS)
    components = ['"@method"', '"@path"', '"@query"', *(f'"{name}"' for name in REQUEST_HEADERS if name in HEADERS)]
    HTTPMessageSigner(signature_algorithm=ECDSA_P256_SHA256, key_resolver=oracle_keys()).sign(
        message,
        key_id="key-1",
        created=dt.datetime.fromtimestamp(NOW, dt.UTC),
        nonce="n" * 22,
        label="x1",
        tag="x1",
        covered_component_ids=components,
        use_existing_digest=True,
    )
    headers = {name.lower(): value for name, value in message.headers.items()}

    assert check(headers).key_id == "key-1", headers["signature-input"]


def test_an_independent_library_verifies_our_answers_with_the_requests_signature():
    now = int(dt.datetime.now(dt.UTC).timestamp())
    request_headers, request = signed_request(created=now)
    answer_headers = {"content-type": "application/json", "content-digest": HEADERS["content-digest"], "x-road-id": "VN-1"}
    made = sign(answer_lines(status=200, headers=answer_headers, request=request), key_id="key-1", sign_raw=sign_raw, created=now)
    message = SimpleNamespace(
        status_code=200,
        headers={**answer_headers, "signature-input": made.input, "signature": made.signature},
        request=oracle_message(request_headers),
        url=f"https://gateway.example{TARGET}",
        method="POST",
    )

    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=oracle_keys())
    [result] = verifier.verify(message)

    assert '"signature";req;key="x1"' in result.covered_components


# -- refusals


def test_a_good_signature_tells_key_nonce_and_time():
    headers, made = signed_request()

    found = check(headers)

    assert (found.key_id, found.nonce, found.created) == ("key-1", "n" * 22, NOW)
    assert found.base == made.base
    assert found.raw == made.raw


@pytest.mark.parametrize("name", list(HEADERS))
def test_a_changed_header_breaks_the_signature(name):
    headers, _ = signed_request()

    with pytest.raises(InvalidSignature):
        check({**headers, name: headers[name] + "x"})


@pytest.mark.parametrize("name", [*HEADERS, "signature", "signature-input"])
def test_a_removed_header_breaks_the_signature(name):
    headers, _ = signed_request()
    del headers[name]

    with pytest.raises(InvalidSignature):
        check(headers)


@pytest.mark.parametrize("name", ["x-road-issue", "x-road-userid", "x-exchange-legal-basis"])
def test_an_added_header_of_the_list_breaks_the_signature(name):
    headers, _ = signed_request()

    with pytest.raises(InvalidSignature):
        check({**headers, name: "x"})


@pytest.mark.parametrize(("method", "target"), [("GET", TARGET), ("POST", TARGET + "x"), ("POST", TARGET + "?a=1")])
def test_another_method_path_or_query_breaks_the_signature(method, target):
    headers, _ = signed_request()

    with pytest.raises(InvalidSignature):
        check(headers, method=method, target=target)


@pytest.mark.parametrize("age", [61, -61, 3600])
def test_a_message_older_or_newer_than_sixty_seconds_is_stale(age):
    headers, _ = signed_request()

    with pytest.raises(StaleMessage):
        check(headers, now=NOW + age)


@pytest.mark.parametrize("age", [60, -60, 0])
def test_clocks_may_differ_by_sixty_seconds(age):
    headers, _ = signed_request()

    assert check(headers, now=NOW + age).created == NOW


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('keyid="key-1"', 'keyid="key-2"'),
        (';nonce="nnnnnnnnnnnnnnnnnnnnnn"', ""),
        (';nonce="nnnnnnnnnnnnnnnnnnnnnn"', ';nonce="mmmmmmmmmmmmmmmmmmmmmm"'),
        (';nonce="nnnnnnnnnnnnnnnnnnnnnn"', ';nonce="n"'),
        ('alg="ecdsa-p256-sha256"', 'alg="hmac-sha256"'),
        ('tag="x1"', 'tag="x2"'),
        ("x1=(", "x2=("),
        ('"@method" ', ""),
        (f"created={NOW}", f"created={NOW + 1}"),
        ("x1=", "x0=();created=1, x1="),
    ],
)
def test_a_changed_parameter_breaks_the_signature(old, new):
    headers, _ = signed_request()
    headers["signature-input"] = headers["signature-input"].replace(old, new)

    with pytest.raises(InvalidSignature):
        check(headers)


@pytest.mark.parametrize(
    "signature", ["", "x1=::", "x1=:AAAA:", "x1=:" + "A" * 86 + "==:", "x1=" + "A" * 86 + "==", "sig=:" + "A" * 86 + "==:"]
)
def test_a_signature_of_another_shape_is_refused(signature):
    headers, _ = signed_request()

    with pytest.raises(InvalidSignature):
        check({**headers, "signature": signature})


def test_an_answer_belongs_to_one_request_only():
    _, request = signed_request()
    _, other = signed_request(nonce="m" * 22)
    headers = {"content-digest": HEADERS["content-digest"]}
    made = sign(answer_lines(status=200, headers=headers, request=request), key_id="key-1", sign_raw=sign_raw, created=NOW)
    headers |= {"signature-input": made.input, "signature": made.signature}

    verify(answer_lines(status=200, headers=headers, request=request), headers, verify_raw=verify_raw, now=NOW, once=False)
    for lines in (answer_lines(status=200, headers=headers, request=other), answer_lines(status=201, headers=headers, request=request)):
        with pytest.raises(InvalidSignature):
            verify(lines, headers, verify_raw=verify_raw, now=NOW, once=False)
