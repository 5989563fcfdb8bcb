"""Whether a record of a transaction says what was signed, judged from the record and the members' keys alone.

``tools/verify_ledger.py`` states the same rules a second time, on purpose without sharing this code.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import unquote

from dean06.exchange.domain.signatures import LABEL, REQUEST_SIGNATURE, raw_signature
from dean06.exchange.errors import InvalidSignature

SignedBy = Callable[[str, str, bytes, bytes], bool]
"""Takes a party (client or service), a key id, data and r || s; says whether that party's key made the signature."""


def is_signed_record(detail: Mapping[str, Any]) -> bool:
    """Say whether a record holds signatures; a refusal holds none."""
    return bool(detail.get("request")) and bool(detail.get("answer"))


def faults(detail: Mapping[str, Any], *, signed_by: SignedBy) -> Iterator[tuple[str, str]]:
    """Return what is wrong with a record: a stable name and a sentence for each fault."""
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
            is_good = signed_by(party, signed["key_id"], signed["base"].encode(), raw_signature(signed["signature"]))
        except InvalidSignature:
            is_good = False
        if not is_good:
            yield "signature_wrong", f"the {who} does not bear the signature of {party}"


def _is_same_transaction(detail: Mapping[str, Any], asked: Mapping[str, str], answered: Mapping[str, str]) -> bool:
    digests = ((asked, "request_digest"), (answered, "answer_digest"))
    return (
        asked['"x-road-request-id"'] == answered['"x-road-request-id"'] == detail["transaction_id"]
        and unquote(asked['"x-road-client"']) == detail["client"]
        and unquote(answered['"x-road-service"']) == detail["service"]
        and answered['"@status"'] == str(detail["status"])
        and answered['"x-road-request-hash"'] == detail["request_hash"]
        and all(name not in detail or base['"content-digest"'] == detail[name] for base, name in digests)
    )


def _parts(base: str) -> dict[str, str]:
    """Take a signature base apart into components and values (RFC 9421, sec. 2.5)."""
    parts: dict[str, str] = {}
    for line in base.split("\n"):
        name, colon, value = line.partition(": ")
        if not colon:
            raise ValueError(line)
        parts[name] = value
    return parts
