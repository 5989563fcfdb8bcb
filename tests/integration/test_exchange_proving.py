"""The signatures of every message in the evidence logs are verified; a record that a keeper made up is named."""

from dataclasses import replace

import pytest

from dean06.core.databases import database_of
from dean06.exchange import providing
from dean06.exchange.evidence import Evidence, keep, write
from dean06.exchange.public import verify_messages
from dean06.ledger.public import sequence, verify
from exchange_evidence_world import look_up, populate

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def kept(monkeypatch):
    """The evidence of two calls, as it was handed to the ledger."""
    seen: list[Evidence] = []

    def noting(evidence, *, using):
        seen.extend(evidence)
        return write(evidence, using=using)

    monkeypatch.setattr(providing, "_providers", {})
    for module in ("calling", "evidence"):
        monkeypatch.setattr(f"dean06.exchange.{module}.write", noting, raising=False)
    populate()
    look_up()
    look_up()
    return seen


def problems():
    return {(one.problem, one.seq) for one in verify_messages(processes=1).findings}


def test_both_signatures_of_each_side_s_record_are_verified(kept):
    seen = verify_messages()

    assert (seen.signatures, seen.findings) == (8, ())


def forged(detail, name, **changes):
    return {**detail, name: {**detail[name], **changes}}


FORGERIES = {
    "another answer's signature": (lambda own, other: forged(own, "answer", signature=other["answer"]["signature"]), {"signature_wrong"}),
    "another request's signature": (
        lambda own, other: forged(own, "request", signature=other["request"]["signature"]),
        {"signature_wrong", "record_altered"},
    ),
    "another status": (lambda own, _: {**own, "status": 404}, {"record_altered"}),
    "another client": (lambda own, _: {**own, "client": "VN/GOV/H49/SERVICES"}, {"signature_wrong", "record_altered"}),
    "a member nobody knows": (lambda own, _: {**own, "client": "VN/COM/NOBODY/X"}, {"signature_wrong", "record_altered"}),
    "an unknown key": (lambda own, _: forged(own, "answer", key_id="x" * 43), {"signature_wrong"}),
    "no signature": (lambda own, _: forged(own, "answer", signature=""), {"signature_wrong"}),
    "something else signed": (lambda own, _: forged(own, "request", base="GET"), {"signature_wrong", "record_altered"}),
    "one byte more": (lambda own, _: forged(own, "answer", base=own["answer"]["base"] + " "), {"signature_wrong"}),
}


@pytest.mark.parametrize("name", FORGERIES)
def test_a_record_that_its_keeper_made_up_is_named_though_the_log_is_whole(kept, name):
    change, expected = FORGERIES[name]
    answered = [one for one in kept if one.kind == "exchange.answered"]

    keep([replace(answered[0], detail=change(answered[0].detail, answered[1].detail))])
    sequence(database_of("exchange"))

    assert verify(database_of("exchange"), "exchange.provider").is_clean
    assert problems() == {(problem, 3) for problem in expected}
