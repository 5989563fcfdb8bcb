"""What is locked is packed first; what is opened is what was written, byte by byte."""

import base64
import json
import random
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dean06.ledger.domain.leaves import canonical_payload
from dean06.ledger.domain.packing import LEAST_BYTES, NEWEST, PLACES, packed, unpacked

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)


@given(st.binary(min_size=LEAST_BYTES).map(lambda tail: b"{" + tail) | st.binary(max_size=9).map(lambda tail: b"{" + 99 * b"abc " + tail))
def test_a_text_comes_back_as_it_was(text):
    assert unpacked(packed(text)) == text


def test_a_text_of_before_packing_is_read_as_it_is():
    assert unpacked(b'{"version":1}') == b'{"version":1}'


def evidence(
    chance: random.Random, *, client="VN/COM/BANK/CUSTOMERS", service="VN/GOV/G01/POPULATION/population", message="VN-", before=10**10
):
    """What a provider keeps of a transaction, in its form but with random digests, signatures and moments, some too late to be packed."""
    digest, hashed, own = (base64.b64encode(chance.randbytes(size)).decode() for size in (32, 64, 64))
    key, nonce = (base64.urlsafe_b64encode(chance.randbytes(size)).decode().rstrip("=") for size in (32, 16))
    transaction, made = str(UUID(bytes=chance.randbytes(16))), chance.randrange(10**9, before)
    message += str(UUID(bytes=chance.randbytes(16)))
    params = f'("@method" "@path");created={made};keyid="{key}";alg="ecdsa-p256-sha256";nonce="{nonce}";tag="x1"'
    base = f'"@method": POST\n"content-digest": sha-256=:{digest}:\n"x-road-client": {client}\n"x-road-id": {message}\n'
    base += f'"x-road-request-id": {transaction}\n"@signature-params": {params}'
    signed = {"base": base, "key_id": key, "signature": f"x1=:{own}:"}
    detail = {"request": signed, "answer": signed, "request_hash": hashed, "request_digest": f"sha-256=:{digest}:"}
    names = {"client": client, "service": service, "message_id": message, "transaction_id": transaction, "agreement": "A-1/1"}
    return canonical_payload({"version": 1, "kind": "exchange.answered", "detail": {**detail, **names}})


@given(
    st.randoms(use_true_random=False),
    st.text(min_size=1, max_size=30),
    st.sampled_from(["VN/COM/BANK/CUSTOMERS/x", "1", "\\", '"', "=="]),
    st.text(max_size=3),
)
def test_evidence_of_any_names_comes_back_as_it_was(chance, client, service, message):
    text = evidence(chance, client=client, service=service, message=message)

    assert unpacked(packed(text)) == text
    assert packed(text)[0] == NEWEST


@given(
    st.sampled_from(PLACES),
    st.text(alphabet="-+_ 019aZ=/.x\u0661", min_size=1, max_size=100) | st.text(max_size=100),
)
def test_whatever_a_caller_writes_where_a_value_is_looked_for_can_be_kept(place, written):
    text = place[0] + written.encode() + 9 * b'"padding":"abcdefghijklmnopqrstuvw",'

    assert unpacked(packed(b"{" + text)) == b"{" + text


@pytest.mark.parametrize("written", ["-123456789", "+123456789", " 123456789", "-1234567_8", "9999999999"])
def test_what_only_looks_like_a_moment_is_kept_as_it_is_written(written):
    text = evidence(random.Random(1), message=f";created={written}")

    assert unpacked(packed(text)) == text


def test_evidence_takes_what_is_random_in_it_and_little_more():
    text = evidence(random.Random(6))
    random_bytes = 32 + 64 + 64 + 32 + 16 + 16 + 16 + 4

    assert len(text) > 5 * random_bytes
    assert len(packed(text)) < random_bytes + 180


def test_known_words_and_keys_are_numbers_and_whoever_does_not_know_them_reads_nothing():
    text = evidence(random.Random(6))
    detail = json.loads(text)["detail"]
    known = {detail[name].encode(): 300 + place for place, name in enumerate(("client", "service", "agreement"))}
    known[detail["request"]["key_id"].encode()] = 17
    by_number = {number: word for word, number in known.items()}

    short = packed(text, known)

    assert unpacked(short, by_number.__getitem__) == text
    assert len(short) < len(packed(text)) - 32
    assert unpacked(short) == b""
    assert unpacked(short, lambda number: by_number[number][::-1]) != text


@given(
    st.randoms(use_true_random=False),
    st.sets(st.sampled_from([b"VN/GOV/G01/POPULATION/population", b"VN/GOV/G01/POPULATION", b"VN", b"A-1/1"])),
)
def test_any_words_may_be_known(chance, words):
    text = evidence(chance, client="VN/GOV/G01/POPULATION")
    known = {word: place for place, word in enumerate(words)}

    assert unpacked(packed(text, known), list(words).__getitem__) == text


def exchanged(message="VN-0190a000-0000-7000-8000-000000000001", *, late=0):
    """What a consumer keeps of a usual transaction, in the exact form that the exchange gives it."""
    chance = random.Random(8)
    digests = [base64.b64encode(chance.randbytes(size)).decode() for size in (32, 32, 32, 64, 64, 64)]
    asked, head, answered, hashed, first, second = digests
    keys = [base64.urlsafe_b64encode(chance.randbytes(32)).decode().rstrip("=") for _ in range(2)]
    client, service, own = "VN/COM/BANK/CUSTOMERS", "VN/GOV/G01/POPULATION/population", "0190a000-0000-7000-8000-000000000002"
    order = '("@method" "@path" "@query" "content-digest" "x-exchange-head" "x-road-client" "x-road-id" "x-road-request-id" "x-exchange-purpose")'
    params = f'{order};created=1795434648;keyid="{keys[0]}";alg="ecdsa-p256-sha256";nonce="{22 * "A"}";tag="x1"'
    names = f'"x-road-id": {message}\n"x-road-request-id": {own}\n'
    request = (
        f'"@method": POST\n"@path": /x1/{service}/v1/persons/look-up\n"@query": ?\n"content-digest": sha-256=:{asked}:\n'
        f'"x-exchange-head": sha-256=:{head}:\n"x-road-client": {client}\n{names}"x-exchange-purpose": kyc\n"@signature-params": {params}'
    )
    answer = (
        f'"@status": 200\n"content-type": application/json\n"content-digest": sha-256=:{answered}:\n"x-road-client": {client}\n'
        f'"x-road-service": {service}\n{names}"x-road-request-hash": {hashed}\n"x-exchange-agreement": BANK-1/1\n'
        f'"signature";req;key="x1": :{first}:\n"signature-input";req;key="x1": {params}\n"@signature-params": ("@status" "content-type"'
        ' "content-digest" "x-road-client" "x-road-service" "x-road-id" "x-road-request-id" "x-road-request-hash" "x-exchange-agreement"'
        f' "signature";req;key="x1" "signature-input";req;key="x1");created={1795434648 + late};keyid="{keys[1]}";alg="ecdsa-p256-sha256";tag="x1"'
    )
    detail = {
        "agreement": "BANK-1/1",
        "answer": {"base": answer, "key_id": keys[1], "signature": f"x1=:{second}:"},
        "client": client,
        "message_id": message,
        "request": {"base": request, "key_id": keys[0], "signature": f"x1=:{first}:"},
        "request_hash": hashed,
        "service": service,
        "status": 200,
        "transaction_id": own,
    }
    actor = {"account": client, "acting_for": "", "assurance": "", "posts": [], "unit": ""}
    rest = {"dossier": "", "fields": [], "kind": "exchange.received", "legal_basis": "", "on_behalf_of": "", "purpose": "kyc", "version": 1}
    return canonical_payload({"actor": actor, "detail": detail, **rest, "who": "Bank"}), [*keys, "BANK-1/1", client, service]


RANDOM_BYTES = 3 * 32 + 3 * 64 + 16 + 2 * 16 + 4


def test_a_usual_transaction_takes_its_random_bytes_and_some_thirty_more():
    text, words = exchanged()
    known = {word.encode(): number for number, word in enumerate(words, start=1)}
    by_number = {number: word for word, number in known.items()}.__getitem__

    assert unpacked(packed(text, known), by_number) == text
    assert len(packed(text, known)) <= RANDOM_BYTES + 30


@pytest.mark.parametrize("first", [0, 120, 127, 128, 9_000, 32_760])
def test_words_of_any_number_come_back(first):
    text, words = exchanged(late=1)
    known = {word.encode(): number for number, word in enumerate(words, start=first)}

    assert unpacked(packed(text, known), {number: word for word, number in known.items()}.__getitem__) == text


@pytest.mark.parametrize(
    "message", ["VN-0190a000-0000-7000-8000-000000000001", "LA-0190a000-0000-7000-8000-000000000001", "VN-1", "-", "x"]
)
def test_a_message_s_name_is_kept_whether_it_begins_with_the_instance_or_not(message):
    text, _ = exchanged(message)

    assert unpacked(packed(text)) == text


def test_a_number_without_end_opens_to_nothing():
    text, words = exchanged()
    short = packed(text, {words[0].encode(): 200})
    at = short.rindex(bytes([200, 1]))

    assert unpacked(short[:at] + b"\xff", {200: words[0].encode()}.__getitem__) == b""


@pytest.mark.parametrize(
    "value",
    [
        '"request_hash":"' + 85 * "A" + "B==",
        '"transaction_id":"0190A000-0000-7000-8000-000000000000',
        ";created=99999999999;created= 123456789;created=1_3_5_7_90;created=9999999999;created=4294967296",
        '"key_id":"' + 42 * "-" + "_",
        "sha-256=:" + 43 * "/" + "=:",
    ],
)
def test_what_only_looks_like_a_value_stays_as_it_is(value):
    text = ('{"padding":"' + 40 * "0123456789" + f'",{value}","end":""}}').encode()

    assert unpacked(packed(text)) == text


def test_a_text_with_control_characters_is_not_packed_and_a_short_one_stays():
    assert packed(b"{\x03" + bytes(LEAST_BYTES)) == b"{\x03" + bytes(LEAST_BYTES)
    assert packed(b"{}") == b"{}"


PACKED = packed(evidence(random.Random(7)))


@pytest.mark.parametrize("broken", [bytes([NEWEST]), bytes([NEWEST]) + b"no deflate", PACKED[:40], PACKED[:-50], PACKED[:1] + PACKED[50:]])
def test_a_broken_packing_opens_to_nothing(broken):
    assert unpacked(broken) == b""


@given(st.dictionaries(st.text(), JSON))
def test_a_payload_is_json_with_sorted_keys(payload):
    written = canonical_payload(payload)

    assert json.loads(written) == payload
    assert list(json.loads(written)) == sorted(payload)
    assert written == canonical_payload(dict(reversed(payload.items())))


def test_what_json_does_not_know_is_refused():
    with pytest.raises((TypeError, ValueError)):
        canonical_payload({"a": object()})


def test_msgspec_is_not_asked_to_guess():
    class Word(str):
        __slots__ = ()

    assert canonical_payload({"a": Word("b")}) == b'{"a":"b"}' == msgspec.json.encode({"a": "b"})
