"""An index over the evidence, made behind it: which entry is about which transaction, between whom, and how it ended.

The entries stay the truth and the index can be made anew from them. It holds no person and costs the calls nothing: the
worker reads numbered entries about a second after they were committed. What they repeat is given a number for those to come.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from django.db import connections, transaction
from django.db.models import Max

from dean06.core.databases import database_of
from dean06.exchange.domain.proving import is_signed_record
from dean06.exchange.evidence import CONSUMER_LOG, PROVIDER_LOG
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.operations.using import note_use
from dean06.ledger.public import Opened, learn_words, opened_after

LOGS: Final = (PROVIDER_LOG, CONSUMER_LOG)
BATCH: Final = 2000


def index_evidence() -> int:
    """Index the entries that got their number since the last time; return how many."""
    return sum(_index(log) for log in LOGS)


def _index(log: str) -> int:
    using = database_of("exchange")
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended('dean06.exchange.index.' || %s, 0))", [log])
        if not cursor.fetchone()[0]:
            return 0
        last = EvidenceIndex.objects.using(using).filter(log=log).aggregate(last=Max("seq"))["last"] or 0
        new = opened_after(using, log, last, limit=BATCH)
        rows = [_row(log, opened) for opened in new]
        EvidenceIndex.objects.using(using).bulk_create(rows, ignore_conflicts=True)
        learn_words({word for opened in new for word in _repeated(opened)}, using=using)
        note_use(((row.agreement, row.recorded_at) for row in rows), using=using)
    return len(rows)


def _repeated(opened: Opened) -> Iterator[str]:
    """Return what the entries of other transactions repeat: names of members, services and agreements, keys' identifiers."""
    detail = (opened.payload or {}).get("detail", {})
    if is_signed_record(detail):
        yield from (str(detail[name]) for name in ("client", "service", "agreement") if detail.get(name))
        yield from (str(detail[name]["key_id"]) for name in ("request", "answer"))


def _row(log: str, opened: Opened) -> EvidenceIndex:
    payload: Mapping[str, Any] = opened.payload or {}
    detail: Mapping[str, Any] = payload.get("detail", {})

    def text(name: str, longest: int) -> str:
        return str(detail.get(name) or "")[:longest]

    return EvidenceIndex(
        entry_id=opened.entry_id,
        log=log,
        seq=opened.seq,
        kind=opened.kind,
        recorded_at=opened.at,
        transaction_id=text("transaction_id", 64),
        message_id=text("message_id", 255),
        client=text("client", 403),
        service=text("service", 504),
        agreement=text("agreement", 120),
        purpose=str(payload.get("purpose") or "")[:300],
        status=detail.get("status") if isinstance(detail.get("status"), int) else None,
        code=text("code", 100),
        is_signed=bool(detail.get("request")) and bool(detail.get("answer")),
        is_readable=opened.payload is not None,
        bodies=_bodies(detail.get("bodies") or {}),
    )


def _bodies(said: Mapping[str, str]) -> dict[str, str]:
    """Return what an entry says of kept bodies, without the salt."""
    return {name: value for name, value in said.items() if name != "salt"}
