"""A member's own records, by X-Road's names of its operational monitoring data."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.domain.metering import UNKNOWN
from dean06.exchange.errors import BadRequest
from dean06.exchange.operations.domain.figures import SUCCEEDED
from dean06.exchange.operations.models import Record

MOST: Final = 10_000
LONGEST: Final = timedelta(hours=1)
SETTLED: Final = timedelta(seconds=5)
"""So long after its end a call is written at the latest, as a rule: younger records may still be missing and are not handed out."""
TYPES: Final = {"consumer": "Client", "provider": "Producer"}
PARTS: Final = ("XRoadInstance", "MemberClass", "MemberCode", "SubsystemCode")


def records_of(party: ClientId, *, since: str, until: str) -> dict[str, Any]:
    """Return what this installation's gateways noted of a subsystem's calls: those that it made, and those that its services got.

    Args:
        party: the subsystem.
        since: seconds since 1970 from which on requests came in; empty: an hour ago.
        until: the same, up to which; at most an hour later. What is left, or falls into a second that is not whole, is for the next
            question, which ``nextRecordsFrom`` says.

    Raises:
        BadRequest: no times.
    """
    begin = _instant(since) if since else now() - LONGEST
    settled = now() - SETTLED
    wanted = min(_instant(until), settled) if until else settled
    end = min(wanted, begin + LONGEST)
    mine = Q(side="consumer", client=str(party)) | Q(side="provider", service__startswith=f"{party}/")
    rows = Record.objects.using(database_of("exchange")).filter(mine, request_in_at__gte=begin, request_in_at__lt=end)
    found = list(rows.order_by("request_in_at", "id")[: MOST + 1])
    next_from = int(end.timestamp()) if end < wanted else None
    if len(found) > MOST:
        next_from = int(found[-1].request_in_at.timestamp())
        whole = [row for row in found if row.request_in_at.timestamp() < next_from]
        if not whole:  # more in one second than fit: that second is handed out as a whole
            next_from += 1
            whole = list(rows.filter(request_in_at__lt=datetime.fromtimestamp(next_from, UTC)).order_by("request_in_at", "id"))
        found = whole
    return {"records": told(found), **({"nextRecordsFrom": next_from} if next_from is not None else {})}


def told(rows: Sequence[Record]) -> list[dict[str, Any]]:
    """Return records by X-Road's names; what is not known is left out."""
    return [_told(row) for row in rows]


def _told(row: Record) -> dict[str, Any]:
    began_ms = int(row.request_in_at.timestamp() * 1000)
    succeeded = row.outcome in SUCCEEDED
    known = {
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
