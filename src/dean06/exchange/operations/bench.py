"""What a record of each call costs: to note it on the way, to write it behind, to keep it."""

import time
from collections.abc import Sequence
from typing import Final

from django.db import connections, transaction

from dean06.core.bench import Row, Size, benchmark
from dean06.core.databases import database_of
from dean06.exchange.domain.metering import Seen
from dean06.exchange.operations.recording import MOST_AT_ONCE, Recorder
from dean06.exchange.operations.writing import COPY, Ended, write

CALLS: Final = {"quick": 4_000, "small": 40_000, "full": 400_000}
CLIENTS: Final = 40
BARE: Final = COPY.replace("exchange_operations_record ", "operations_bench ")
RECORD: Final = "exchange_operations_record"


@benchmark("exchange.records")
def measure_records(size: Size) -> Sequence[Row]:
    """Measure calls noted and records written a second, and bytes of a record on the disk; the floor is a bare COPY of the same rows."""
    count = CALLS[size]
    before = _bytes()
    busy = time.process_time()
    began = time.perf_counter()
    for _ in range(count // MOST_AT_ONCE):
        write([_ended(number) for number in range(MOST_AT_ONCE)])
    elapsed, busy = time.perf_counter() - began, time.process_time() - busy
    rows = [
        Row("exchange.records_written", count / elapsed, "calls/s", floor=count / _bare_seconds(count), peer="bare COPY", n=count),
        Row("exchange.records_cpu", 1e6 * busy / count, "µs of the process a call", n=count),
        Row("exchange.records_bytes", (_bytes() - before) / count, "bytes a call", n=count),
        Row("exchange.records_noted", _note_us(count), "µs of the serving thread a call", n=count),
    ]
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute("DELETE FROM exchange_operations_record WHERE client LIKE 'BENCH/%%'")
        cursor.execute("DELETE FROM exchange_operations_callsum WHERE client LIKE 'BENCH/%%'")
    return rows


def _ended(number: int) -> Ended:
    client = f"BENCH/COM/BANK{number % CLIENTS}/CUSTOMERS"
    seen = Seen(
        0.0,
        client=client,
        service="BENCH/GOV/G01/POPULATION/population",
        outcome="answered",
        request_bytes=1024,
        answer_bytes=1024,
        status=200,
        method="POST",
        path="/v1/persons/look-up",
        message_id=f"0190a000-0000-7000-8000-{number:012}",
        user=f"officer-{number % 500}",
        transaction_id=f"0190a000-0000-4000-8000-{number:012}",
    )
    return Ended("provider", seen, 0.001 * (1 + number % 50), time.time())


def _note_us(count: int) -> float:
    """Return the time of the thread that serves: what the way of a call pays."""
    recorder = Recorder(lambda _group: None, most=count)
    recorder.start()
    seen = _ended(1).seen
    began = time.thread_time()
    for _ in range(count):
        recorder.note("provider", seen, ended=0.1, at=1.0)
    busy = time.thread_time() - began
    recorder.stop()
    return 1e6 * busy / count


def _bare_seconds(count: int) -> float:
    using = database_of("exchange")
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("CREATE TEMPORARY TABLE operations_bench ON COMMIT DROP AS SELECT * FROM exchange_operations_record LIMIT 0")
        cursor.execute(
            "SELECT side, request_in_at, duration_us, client, service, method, endpoint, message_id, transaction_id, user_key, has_issue,"
            " request_bytes, answer_bytes, outcome, status, trace_id FROM exchange_operations_record WHERE client LIKE 'BENCH/%%' LIMIT %s",
            [count],
        )
        rows = cursor.fetchall()
        began = time.perf_counter()
        for start in range(0, len(rows), MOST_AT_ONCE):
            with cursor.copy(BARE) as copy:
                for row in rows[start : start + MOST_AT_ONCE]:
                    copy.write_row(row)
        return time.perf_counter() - began


def _bytes() -> int:
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute("SELECT pg_total_relation_size(%s) + pg_total_relation_size('exchange_operations_callsum')", [RECORD])
        return int(cursor.fetchone()[0])
