"""A member's own records, by X-Road's names of its operational monitoring data."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db import connections
from django.db.models import Q

from dean06.core.databases import database_of
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.metering import UNKNOWN
from dean06.exchange.errors import BadRequest
from dean06.exchange.operations.domain.figures import SUCCEEDED
from dean06.exchange.operations.models import Record

MOST: Final = 10_000
LONGEST: Final = timedelta(hours=1)
SETTLED: Final = timedelta(seconds=5)
"""A group of records is committed so long after it was written at the latest: younger ones are not handed out yet."""
TYPES: Final = {"consumer": "Client", "provider": "Producer"}
PARTS: Final = ("XRoadInstance", "MemberClass", "MemberCode", "SubsystemCode")


def records_of(party: ClientId, *, since: str, until: str) -> dict[str, Any]:
    """Return what this installation's gateways noted of a subsystem's calls: those that it made, and those that its services got.

    Records are taken by when they were written, by the database's clock, as X-Road takes them by ``monitoringDataTs``: a call is
    written when it has ended, or later if the database was away, and who follows ``nextRecordsFrom`` gets it none the less, once.

    Args:
        party: the subsystem.
        since: seconds since 1970 from which on records were written; empty: an hour ago.
        until: the same, up to which; at most an hour later. What is left, or is too young, is for the next question, which
            ``nextRecordsFrom`` says.

    Raises:
        BadRequest: no times.
    """
    settled = _settled()
    begin = _instant(since) if since else settled - LONGEST
    wanted = _instant(until) if until else None
    end = min(wanted or settled, settled, begin + LONGEST)
    mine = Q(side="consumer", client=str(party)) | Q(side="provider", service__startswith=f"{party}/")
    rows = Record.objects.using(database_of("exchange")).filter(mine, written_at__gte=begin, written_at__lt=end)
    found = list(rows.order_by("written_at", "id")[: MOST + 1])
    next_from = int(max(begin, end).timestamp()) if wanted is None or end < wanted else None
    if len(found) > MOST:
        next_from = int(found[-1].written_at.timestamp())
        whole = [row for row in found if row.written_at.timestamp() < next_from]
        if not whole:  # more in one second than fit: that second is handed out as a whole
            next_from += 1
            whole = list(rows.filter(written_at__lt=datetime.fromtimestamp(next_from, UTC)).order_by("written_at", "id"))
        found = whole
    return {"records": told(found), **({"nextRecordsFrom": next_from} if next_from is not None else {})}


def _settled() -> datetime:
    """Return the whole second before which nothing is written any more."""
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        settled: datetime = cursor.fetchone()[0] - SETTLED
    return settled.replace(microsecond=0)


def told(rows: Sequence[Record]) -> list[dict[str, Any]]:
    """Return records by X-Road's names; what is not known is left out."""
    return [_told(row) for row in rows]


def _told(row: Record) -> dict[str, Any]:
    began_ms = int(row.request_in_at.timestamp() * 1000)
    succeeded = row.outcome in SUCCEEDED
    known = {
        "monitoringDataTs": int(row.written_at.timestamp()),
        "securityServerType": TYPES[row.side],
        "requestInTs": began_ms,
        "responseOutTs": began_ms + row.duration_us // 1000,
        **_parts("client", row.client),
        **_parts("service", row.service),
        "restMethod": row.method,
        "restPath": row.endpoint,
        "messageId": row.message_id,
        "xRequestId": row.transaction_id,
        "requestSize": row.request_bytes,
        "responseSize": row.answer_bytes,
        "succeeded": succeeded,
        "faultCode": "" if succeeded else row.outcome,
        "statusCode": row.status or None,
        "traceId": row.trace_id,
        "serviceType": "REST",
    }
    return {name: value for name, value in known.items() if value not in ("", None)}


def _parts(who: str, identifier: str) -> dict[str, str]:
    if identifier == UNKNOWN:
        return {}
    *party, last = identifier.split("/")
    code = {"serviceCode": last} if who == "service" else {}
    names = [f"{who}{part}" for part in PARTS]
    return {**dict(zip(names, party if code else [*party, last], strict=False)), **code}


def _instant(seconds: str) -> datetime:
    try:
        return datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError) as exc:
        raise BadRequest("recordsFrom and recordsTo are whole seconds since 1970.") from exc
