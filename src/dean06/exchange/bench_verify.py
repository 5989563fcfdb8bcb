"""How long it takes to prove that a log of exchange evidence is whole, and that every message in it bears its signatures.

The log is filled with real evidence: two members' keys sign every request and answer, many at a time and without a network.
"""

import hashlib
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dean06.core.bench import Row, Size, benchmark
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.processes import cores, spread
from dean06.exchange import snapshot
from dean06.exchange.bench import CLIENT, PATH, SERVICE, SUBJECTS, _evidence, _load_packs
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.signatures import Signed, answer_lines, request_lines, sign
from dean06.exchange.evidence import PROVIDER_LOG, Evidence, keep, signed_detail
from dean06.exchange.proving.messages import verify_messages
from dean06.ledger.public import sequence, verify

ENTRIES: Final[dict[Size, int]] = {"quick": 2_000, "small": 6_000, "full": 1_000_000}
GROUP: Final = 1_000
SHARE: Final = 20 * GROUP
BARE: Final = 20_000


def fill(count: int) -> None:
    """Write a provider's log of ``count`` transactions: keys, ids, nonces and signatures are each one's own; all are numbered."""
    _load_packs()
    _evidence()
    shares = (min(SHARE, count - first) for first in range(0, count, SHARE))
    deque(spread(_fill_share, shares), maxlen=0)
    sequence(database_of("exchange"))


def _fill_share(count: int) -> None:
    template, _ = _evidence()
    for first in range(0, count, GROUP):
        keep([_another(template) for _ in range(min(GROUP, count - first))])


def _another(template: Evidence) -> Evidence:
    """Return the evidence of another transaction like this one, signed by both members."""
    state, created, request_id = snapshot.current(), int(now().timestamp()), str(uuid4())
    client, provider = ClientId.parse(CLIENT), ClientId.parse(SERVICE.rpartition("/")[0])
    headers = {
        "content-digest": template.detail["request_digest"],
        "x-exchange-head": template.detail["request_digest"],
        "x-road-client": CLIENT,
        "x-road-id": f"BENCH-{request_id}",
        "x-road-request-id": request_id,
        "x-exchange-purpose": "kyc",
    }
    asks, answers = state.signer(client), state.signer(provider)
    lines = request_lines(method="POST", target=f"/x1/{SERVICE}{PATH}", headers=headers)
    asked = sign(lines, key_id=asks.kid, sign_raw=asks.sign_raw, created=created, nonce=secrets.token_urlsafe(16))
    headers |= {
        "content-type": "application/json",
        "content-digest": template.detail["answer_digest"],
        "x-road-service": SERVICE,
        "x-road-request-hash": template.detail["request_hash"],
        "x-exchange-agreement": template.detail["agreement"],
    }
    lines = answer_lines(status=200, headers=headers, request=asked)
    answered = sign(lines, key_id=answers.kid, sign_raw=answers.sign_raw, created=created)
    return replace(template, subjects=(secrets.choice(SUBJECTS),), detail=_detail(template, asked, answered, request_id))


def _detail(template: Evidence, asked: Signed, answered: Signed, request_id: str) -> dict[str, Any]:
    own = {"transaction_id": request_id, "message_id": f"BENCH-{request_id}"}
    return {**template.detail, **own, "request": signed_detail(asked), "answer": signed_detail(answered)}


@benchmark("exchange.verify_log")
def measure_verify_log(size: Size) -> Sequence[Row]:
    """Prove a log of exchange evidence: hashes first, then with readable parts, then every message's signatures."""
    fill(ENTRIES[size])
    using = database_of("exchange")
    return [
        _log_row("exchange.verify_log", using, with_readings=False),
        _log_row("exchange.verify_log_with_text", using, with_readings=True),
        *_signature_rows(),
    ]


def _log_row(name: str, using: str, *, with_readings: bool) -> Row:
    started = time.perf_counter()
    found = verify(using, PROVIDER_LOG, with_readings=with_readings)
    taken = time.perf_counter() - started
    if not found.is_clean:
        raise RuntimeError("the benchmark's log does not verify")
    floor = 1_000_000 / sum(spread(_hashes_a_second, [found.entries] * cores()))
    peer = f"3 bare SHA-256 an entry on {cores()} cores"
    return Row(name, taken * 1_000_000 / found.entries, "s for 1 M", floor=floor, peer=peer, n=found.entries)


def _hashes_a_second(count: int) -> float:
    """Return how many times a second one process hashes what an entry takes: leaf, link and node."""
    leaf, link = bytes(250), bytes(65)
    started = time.perf_counter()
    for _ in range(count):
        for value in (leaf, link, link):
            hashlib.sha256(value).digest()
    return count / (time.perf_counter() - started)


def _signature_rows() -> list[Row]:
    started = time.perf_counter()
    seen = verify_messages()
    taken = time.perf_counter() - started
    if seen.findings:
        raise RuntimeError("the benchmark's messages do not verify")
    floor = 2_000_000 / sum(spread(_verified_a_second, [BARE] * cores()))
    peer = f"bare ECDSA verify on {cores()} cores"
    return [Row("exchange.verify_signatures", taken * 2_000_000 / seen.signatures, "s for 1 M", floor=floor, peer=peer, n=seen.signatures)]


def _verified_a_second(count: int) -> float:
    """Return how many signatures a second one process verifies, nothing else being done."""
    key, data, algorithm = ec.generate_private_key(ec.SECP256R1()), bytes(900), ec.ECDSA(hashes.SHA256())
    signature, public_key = key.sign(data, algorithm), key.public_key()
    started = time.perf_counter()
    for _ in range(count):
        public_key.verify(signature, data, algorithm)
    return count / (time.perf_counter() - started)
