"""Events: the envelope beside the project's own library, the signature beside an independent one, answers, pauses, addresses."""

import base64
import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_structured_event
from cloudevents.core.formats.json import JSONFormat
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from http_message_signatures import HTTPMessageVerifier, HTTPSignatureKeyResolver
from http_message_signatures.algorithms import ECDSA_P256_SHA256
from hypothesis import given
from hypothesis import strategies as st

from dean06.exchange.events.domain.envelopes import CONTENT_TYPE, Envelope, faults, sequence_text
from dean06.exchange.events.domain.outcomes import (
    LONGEST_PAUSE_SECONDS,
    LONGEST_RETRY_AFTER_SECONDS,
    Outcome,
    pause_after,
    seconds_asked,
    verdict_on,
)
from dean06.exchange.events.domain.sealing import sealed_headers
from dean06.exchange.events.domain.targets import Permission, checked_address, permission_of
from dean06.exchange.events.errors import TargetRefused

NOW = datetime(2026, 11, 23, 3, 0, tzinfo=UTC)
GOOD = {"specversion": "1.0", "id": "1", "source": "/a", "type": "a.b.c"}
texts = st.text(st.characters(blacklist_categories=("Cs", "Cc")), min_size=1, max_size=20)
envelopes = st.builds(
    Envelope,
    id=texts,
    source=st.just("urn:dean06:subsystem:VN/GOV/G01/POPULATION"),
    type=texts,
    sequence=st.integers(1, 2**63 - 1),
    time=st.datetimes(
        timezones=st.just(UTC),
        min_value=datetime(2000, 1, 1),  # noqa: DTZ001 -- hypothesis wants it naive
    ),
    subject=st.one_of(st.just(""), texts),
    dataschema=st.just("urn:dean06:event-schema:a.b.c:1"),
    data=st.dictionaries(texts, st.one_of(texts, st.booleans(), st.integers(), st.lists(texts))),
)


@given(envelopes)
def test_the_project_s_own_library_reads_what_we_send(envelope):
    event = from_structured_event(HTTPMessage({"content-type": CONTENT_TYPE}, envelope.body()), JSONFormat())

    assert event.get_id() == envelope.id
    assert event.get_source() == envelope.source
    assert event.get_type() == envelope.type
    assert (event.get_subject() or "") == envelope.subject
    assert event.get_time() == envelope.time.replace(microsecond=0)
    assert event.get_dataschema() == envelope.dataschema
    assert event.get_extension("sequence") == sequence_text(envelope.sequence)
    assert event.get_data() == dict(envelope.data)


@given(envelopes)
def test_what_we_send_has_no_fault(envelope):
    assert faults(json.loads(envelope.body())) == []


@given(st.integers(0, 2**63 - 1), st.integers(0, 2**63 - 1))
def test_sequence_texts_sort_as_the_numbers_do(one, other):
    assert (sequence_text(one) < sequence_text(other)) == (one < other)


@pytest.mark.parametrize(
    "change",
    [
        {"id": ""},
        {"id": None},
        {"id": 7},
        {"source": ""},
        {"source": "not a uri"},
        {"specversion": "0.3"},
        {"type": ""},
        {"subject": ""},
        {"time": "yesterday"},
        {"time": "2026-13-01T00:00:00Z"},
        {"time": "2026-11-23T00:00:00"},
        {"dataschema": "relative/uri"},
        {"datacontenttype": "nonsense"},
        {"Extension": "x"},
        {"my-extension": "x"},
        {"extension": {"nested": 1}},
        {"extension": 1.5},
        {"extension": 2**31},
        {"extension": "a\x07b"},
        {"data": 1, "data_base64": "AA=="},
    ],
)
def test_what_the_specification_forbids_is_named(change):
    assert faults({**GOOD, **change}) != []


@pytest.mark.parametrize("document", [[], "x", None, 1, {}])
def test_what_is_no_event_is_refused(document):
    assert faults(document) != []


@pytest.mark.parametrize("extra", [{"extension": True}, {"extension": 5}, {"time": "2026-11-23T00:00:00.123+07:00"}, {"subject": None}])
def test_what_the_specification_allows_passes(extra):
    assert faults({**GOOD, **extra}) == []


class Message:
    """A request as the independent verifier wants it."""

    def __init__(self, address, headers, body, method="POST"):
        self.url, self.headers, self.body, self.method = address, headers, body, method


class Keys(HTTPSignatureKeyResolver):
    def __init__(self, key):
        self.key = key

    def resolve_public_key(self, key_id):  # noqa: ARG002 -- one key
        return self.key.public_key()


KEY = ec.generate_private_key(ec.SECP256R1())


def sign_raw(data):
    r, s = decode_dss_signature(KEY.sign(data, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def delivery(body=b'{"id":"1"}', address="https://bank.example/events?x=1"):
    created = int(datetime.now(UTC).timestamp())
    headers = sealed_headers(address=address, body=body, origin="dean06.example", key_id="k1", sign_raw=sign_raw, created=created)
    return Message(address, dict(headers), body)


def verified(message):
    verifier = HTTPMessageVerifier(signature_algorithm=ECDSA_P256_SHA256, key_resolver=Keys(KEY))
    return verifier.verify(message, max_age=timedelta(minutes=1))


def test_an_independent_library_verifies_a_delivery():
    (result,) = verified(delivery())

    assert set(result.covered_components) >= {'"@method"', '"@target-uri"', '"content-type"', '"content-digest"'}
    assert result.parameters["tag"] == "dean06-event"


@pytest.mark.parametrize("change", [{"url": "https://bank.example/other"}, {"method": "PUT"}, {"digest": True}, {"kind": True}])
def test_an_altered_delivery_does_not_verify(change):
    from http_message_signatures import InvalidSignature

    message = delivery()
    message.url = change.get("url", message.url)
    message.method = change.get("method", message.method)
    if change.get("digest"):
        message.headers["content-digest"] = f"sha-256=:{base64.b64encode(bytes(32)).decode()}:"
    if change.get("kind"):
        message.headers["content-type"] = "text/plain"

    with pytest.raises(InvalidSignature):
        verified(message)


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (200, Outcome.DELIVERED),
        (202, Outcome.DELIVERED),
        (204, Outcome.DELIVERED),
        (0, Outcome.PAUSED),
        (429, Outcome.PAUSED),
        (503, Outcome.PAUSED),
        (408, Outcome.LATER),
        (500, Outcome.LATER),
        (502, Outcome.LATER),
        (410, Outcome.STOPPED),
        (415, Outcome.DEAD),
        (401, Outcome.DEAD),
        (302, Outcome.DEAD),
        (101, Outcome.DEAD),
    ],
)
def test_what_an_answer_means(status, outcome):
    assert verdict_on(status, now=NOW).outcome is outcome


@given(st.integers(-1000, 100_000), st.text(max_size=30))
def test_every_answer_has_a_meaning(status, retry_after):
    verdict = verdict_on(status, retry_after=retry_after, now=NOW)

    assert verdict.seconds is None or 0 <= verdict.seconds <= LONGEST_RETRY_AFTER_SECONDS


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120.0),
        (" 5 ", 5.0),
        ("99999999999999", LONGEST_RETRY_AFTER_SECONDS),
        ("Mon, 23 Nov 2026 03:02:00 GMT", 120.0),
        ("Mon, 23 Nov 2026 02:00:00 GMT", 0.0),
        ("soon", None),
        ("-5", None),
        ("", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text, seconds):
    assert seconds_asked(text, now=NOW) == seconds


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_pauses_grow_to_a_bound_and_half_of_each_is_chance(failures, chance):
    whole = pause_after(failures, chance=1.0)

    assert whole / 2 <= pause_after(failures, chance=chance) <= whole <= LONGEST_PAUSE_SECONDS
    assert pause_after(failures + 1, chance=1.0) >= whole


@pytest.mark.parametrize(
    ("headers", "permission"),
    [
        ({"webhook-allowed-origin": "*", "webhook-allowed-rate": "*"}, Permission(None)),
        ({"webhook-allowed-origin": "us.example", "webhook-allowed-rate": "120"}, Permission(120)),
        ({"webhook-allowed-origin": "us.example"}, None),
        ({"webhook-allowed-origin": "us.example", "webhook-allowed-rate": "0"}, None),
        ({"webhook-allowed-origin": "us.example", "webhook-allowed-rate": "fast"}, None),
        ({"webhook-allowed-origin": "other.example", "webhook-allowed-rate": "*"}, None),
        ({"webhook-allowed-rate": "*"}, None),
        ({}, None),
    ],
)
def test_a_permission_is_said_in_both_headers(headers, permission):
    assert permission_of(headers, origin="us.example") == permission


@pytest.mark.parametrize(
    "address", ["https://bank.example/events", "https://10.1.2.3:8443/x?y=1", "http://127.0.0.1:9000/", "http://[::1]/x"]
)
def test_addresses_that_events_may_go_to(address):
    assert checked_address(address) == address


@given(st.text(max_size=60))
def test_no_text_slips_through_as_an_address(text):
    try:
        address = checked_address(text)
    except TargetRefused:
        return
    assert address.startswith(("https://", "http://localhost", "http://127.", "http://[::1]"))


def test_the_tables_of_events_live_in_the_exchange_s_database(monkeypatch):
    from dean06.core import databases

    monkeypatch.setattr(databases, "settings", SimpleNamespace(DATABASES={"default": {}, "exchange": {}}))
    router = databases.ModuleRouter()

    assert router.allow_migrate("exchange", "exchange_events") is True
    assert router.allow_migrate("default", "exchange_events") is False
    assert router.allow_migrate("default", "registry") is True
