"""Whether a record of a transaction says what was signed, judged from the record and the members' keys alone.

``tools/verify_ledger.py`` states the same rules a second time, on purpose without sharing this code.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol
from urllib.parse import unquote

from dean06.exchange.domain.signatures import LABEL, REQUEST_SIGNATURE, raw_signature
from dean06.exchange.errors import InvalidSignature

LONGEST_ON_ITS_WAY: Final = timedelta(minutes=10)
"""From signing to the record at most: a message is fresh for 60 s, a service has 300 s at most, the hops add seconds."""
_CREATED: Final = re.compile(r";created=([0-9]{1,12});")


class Keys(Protocol):
    """The keys that are or were a party's (client or service)."""

    def signed(self, party: str, key_id: str, data: bytes, signature: bytes, /) -> bool:
        """Say whether the party's key of this id made the signature, r || s."""

    def ends_at(self, party: str, key_id: str, /) -> datetime | None:
        """Return from when on what the key signs does not count; None: nothing ended it."""


def is_signed_record(detail: Mapping[str, Any]) -> bool:
    """Say whether a record holds signatures; a refusal holds none."""
    return bool(detail.get("request")) and bool(detail.get("answer"))


def faults(detail: Mapping[str, Any], *, recorded_at: datetime, keys: Keys) -> Iterator[tuple[str, str]]:
    """Return what is wrong with a record: a stable name and a sentence for each fault.

    What a key signed before it ended stays good. ``key_ended`` is what it signed after: by the signature's own word, or because the
    record was written so long after the end that no message that was signed before could still have been on its way. The first the
    signer says himself, the second says the log, which a thief of the key does not write.
    """
    request, answer = detail["request"], detail["answer"]
    try:
        asked, answered = _parts(request["base"]), _parts(answer["base"])
        if not _is_same_transaction(detail, asked, answered):
            yield "record_altered", "what was signed is another transaction, client, service or answer than the record says"
        if answered[REQUEST_SIGNATURE] != request["signature"].removeprefix(f"{LABEL}="):
            yield "record_altered", "the answer was signed for another request"
    except (KeyError, ValueError):
        yield "record_altered", "what was signed is no message between gateways"
    for who, party, signed in (("request", detail["client"], request), ("answer", detail["service"], answer)):
        try:
            is_good = keys.signed(party, signed["key_id"], signed["base"].encode(), raw_signature(signed["signature"]))
        except InvalidSignature:
            is_good = False
        if not is_good:
            yield "signature_wrong", f"the {who} does not bear the signature of {party}"
        elif (ended := keys.ends_at(party, signed["key_id"])) is not None and _is_after(ended, signed["base"], recorded_at):
            yield "key_ended", f"the {who} was signed by a key of {party} that no longer counted from {ended:%Y-%m-%d %H:%M:%S %Z}"


def _is_after(ended: datetime, base: str, recorded_at: datetime) -> bool:
    created = _CREATED.search(base.rpartition("\n")[2])
    signed_late = created is not None and datetime.fromtimestamp(int(created[1]), UTC) > ended
    return signed_late or recorded_at > ended + LONGEST_ON_ITS_WAY


def _is_same_transaction(detail: Mapping[str, Any], asked: Mapping[str, str], answered: Mapping[str, str]) -> bool:
    return (
        asked['"x-road-request-id"'] == answered['"x-road-request-id"'] == detail["transaction_id"]
        and unquote(asked['"x-road-client"']) == detail["client"]
        and unquote(answered['"x-road-service"']) == detail["service"]
        and answered['"@status"'] == str(detail["status"])
        and answered['"x-road-request-hash"'] == detail["request_hash"]
        and _is_of(asked, detail, "request_digest")
        and _is_of(answered, detail, "answer_digest")
    )


def _is_of(parts: Mapping[str, str], detail: Mapping[str, Any], name: str) -> bool:
    """Say whether what was signed covers the body of this digest; a record may leave it out."""
    return name not in detail or parts['"content-digest"'] == detail[name]


def _parts(base: str) -> dict[str, str]:
    """Take a signature base apart into components and values (RFC 9421, sec. 2.5).

    Raises:
        ValueError: a line is no component.
    """
    return dict([line.split(": ", 1) for line in base.split("\n")])  # refuses a line of one piece
