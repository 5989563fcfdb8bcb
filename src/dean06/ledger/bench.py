"""How fast entries are recorded, numbered, verified and shown."""

import hashlib
import time
from collections.abc import Sequence
from uuid import UUID

from django.db import connections, transaction

from dean06.core.actor import SYSTEM
from dean06.core.bench import Row, Size, benchmark
from dean06.core.keys import PersonKey
from dean06.ledger.actions import Draft, record, record_batch, record_many
from dean06.ledger.queries import looks_at, proof_of
from dean06.ledger.sequencer import sequence
from dean06.ledger.verification import verify

USING = "default"
LOG = "bench"
ENTRIES: dict[Size, int] = {"quick": 500, "small": 5_000, "full": 100_000}
PEOPLE = 200
IN_ONE_TRANSACTION = 500


@benchmark("ledger.log")
def measure_log(size: Size) -> Sequence[Row]:
    """Record, number, prove and verify; the rows stay in the throw-away installation, as a ledger's do."""
    n = ENTRIES[size]
    alone = _seconds_to_record(n // 10, together=1)
    together = _seconds_to_record(n, together=IN_ONE_TRANSACTION)
    floor = _seconds_to_insert(n)
    batched = _batched(n, floor=n / floor)
    started = time.perf_counter()
    numbered = sequence(USING)
    sequencing = time.perf_counter() - started
    return [
        Row("ledger.record", n / together, "entries/s", n / floor, f"bare INSERTs, {IN_ONE_TRANSACTION} a transaction", n),
        batched,
        Row("ledger.record_committed", n // 10 / alone, "entries/s", n=n // 10),
        Row("ledger.sequence", numbered / sequencing, "entries/s", n=numbered),
        _verified(),
        *_read(min(n, 500)),
        _bulk(n),
    ]


def _person(number: int) -> PersonKey:
    return PersonKey(UUID(bytes=hashlib.sha256(f"bench {number}".encode()).digest()[:16]))


def _record(number: int) -> UUID:
    return record(
        "bench.looked",
        log=LOG,
        using=USING,
        actor=SYSTEM,
        who="Công an phường Hồng Gai",
        subject=_person(number % PEOPLE),
        purpose="Đăng ký thường trú",
        legal_basis="Luật Cư trú 68/2020/QH14",
        fields=("full_name", "born_on", "permanent_residence"),
    )


def _seconds_to_record(n: int, *, together: int) -> float:
    started = time.perf_counter()
    for first in range(0, n, together):
        with transaction.atomic(using=USING):
            for number in range(first, min(first + together, n)):
                _record(number)
    return time.perf_counter() - started


def _batched(n: int, *, floor: float) -> Row:
    drafts = [Draft("bench.looked", log=LOG, actor=SYSTEM, who="Công an", subjects=(_person(number),)) for number in range(PEOPLE)]
    written = 0
    started = time.perf_counter()
    while written < n:
        with transaction.atomic(using=USING):
            written += len(record_batch(drafts, using=USING))
    taken = time.perf_counter() - started
    return Row("ledger.record_batch", written / taken, "entries/s", floor, f"bare INSERTs, {IN_ONE_TRANSACTION} a transaction", written)


def _seconds_to_insert(n: int) -> float:
    """Insert rows of the same size into a table without indexes, one statement each: what the database alone takes."""
    row = b"x" * 400
    with connections[USING].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE ledger_bench_floor (body bytea)")
        started = time.perf_counter()
        for first in range(0, n, IN_ONE_TRANSACTION):
            with transaction.atomic(using=USING):
                for _ in range(first, min(first + IN_ONE_TRANSACTION, n)):
                    cursor.execute("INSERT INTO ledger_bench_floor VALUES (%s)", [row])
        taken = time.perf_counter() - started
        cursor.execute("DROP TABLE ledger_bench_floor")
    return taken


def _verified() -> Row:
    started = time.perf_counter()
    found = verify(USING, LOG)
    if not found.is_clean:
        raise RuntimeError("the benchmark's log does not verify")
    return Row("ledger.verify", found.entries / (time.perf_counter() - started), "entries/s", n=found.entries)


def _read(n: int) -> list[Row]:
    times: dict[str, list[float]] = {"ledger.looks_at": [], "ledger.proof": []}
    for number in range(n):
        person = _person(number % PEOPLE)
        started = time.perf_counter()
        page = looks_at(person, size=20)
        times["ledger.looks_at"].append(time.perf_counter() - started)
        started = time.perf_counter()
        proof_of(page.rows[0].entry_id, subject=person)
        times["ledger.proof"].append(time.perf_counter() - started)
    return [Row(name, sorted(taken)[int(len(taken) * 0.99)] * 1000, "ms p99", n=n) for name, taken in times.items()]


def _bulk(n: int) -> Row:
    subjects = [_person(number) for number in range(n)]
    started = time.perf_counter()
    with transaction.atomic(using=USING):
        record_many("bench.loaded", log=LOG, using=USING, actor=SYSTEM, subjects=subjects)
    return Row("ledger.record_many", n / (time.perf_counter() - started), "subjects/s", n=n)
