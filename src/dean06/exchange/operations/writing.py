"""Write a group of calls: each record by COPY, and their sums, in one transaction that does not wait for the disk."""

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connections, transaction

from dean06.core.databases import database_of
from dean06.core.instance import kept_secret
from dean06.exchange import snapshot
from dean06.exchange.domain.metering import UNKNOWN, Seen
from dean06.exchange.evidence import harmless
from dean06.exchange.metadata import endpoints_of
from dean06.exchange.operations.domain.histogram import bucket_of
from dean06.exchange.operations.domain.paths import pattern_of

WINDOW: Final = timedelta(minutes=10)
LONGEST_ENDPOINT: Final = 300
LONGEST_TRANSACTION: Final = 64
USER_CHARACTERS: Final = 32  # 128 bits in hexadecimal digits
UNFORESEEN: Final = "exchange.error"
COPY: Final = (
    "COPY exchange_operations_record (side, request_in_at, duration_us, client, service, method, endpoint, message_id, transaction_id,"
    " user_key, has_issue, request_bytes, answer_bytes, outcome, status) FROM STDIN"
)
ADD: Final = (
    "INSERT INTO exchange_operations_callsum AS mine"
    " (window_at, side, client, service, outcome, bucket, calls, request_bytes, answer_bytes)"
    " SELECT * FROM unnest(%s::timestamptz[], %s::text[], %s::text[], %s::text[], %s::text[], %s::smallint[], %s::bigint[], %s::bigint[],"
    " %s::bigint[]) ON CONFLICT (window_at, side, client, service, outcome, bucket) DO UPDATE SET calls = mine.calls + EXCLUDED.calls,"
    " request_bytes = mine.request_bytes + EXCLUDED.request_bytes, answer_bytes = mine.answer_bytes + EXCLUDED.answer_bytes"
)


class Ended(NamedTuple):
    """A call that ended.

    Attributes:
        side: ``consumer`` or ``provider``.
        seen: the call.
        ended: of the same clock as ``seen.began``.
        at: when it ended, seconds since 1970.
    """

    side: str
    seen: Seen
    ended: float
    at: float


Place = tuple[datetime, str, str, str, str, int]
Row = tuple[str, datetime, int, str, str, str, str, str, str, str, bool, int, int, str, int]


def write(calls: Sequence[Ended]) -> None:
    """Write the records of calls and add them to the sums, both or neither."""
    patterns = _patterns({call.seen.service for call in calls})
    rows = [_row(call, patterns) for call in calls]
    using = database_of("exchange")
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        with cursor.copy(COPY) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(ADD, _columns(_summed(rows)))


def user_key(client: str, user: str) -> str:
    """Return the pseudonym of an end user of a client, who is somebody else at another client; nothing for nobody."""
    return _user_key(str(settings.DEAN06_DATA_DIR), client, user) if user else ""


@lru_cache(maxsize=4096)
def _user_key(data_dir: str, client: str, user: str) -> str:
    secret = kept_secret(Path(data_dir) / "secrets" / "operations-users").encode()
    return hmac.digest(secret, f"{client}\n{user}".encode(), hashlib.sha256).hex()[:USER_CHARACTERS]


def _patterns(services: AbstractSet[str]) -> Mapping[str, Sequence[tuple[str, str]]]:
    known = {str(identifier): entry for identifier, entry in snapshot.current().services.items()}
    return {name: endpoints_of(known[name]) for name in services & known.keys()}


def _row(call: Ended, patterns: Mapping[str, Sequence[tuple[str, str]]]) -> Row:
    seen: Seen = call.seen
    seconds = max(0.0, call.ended - seen.began)
    client, service = seen.client or UNKNOWN, seen.service or UNKNOWN
    return (
        call.side,
        datetime.fromtimestamp(call.at - seconds, UTC),
        round(seconds * 1_000_000),
        client,
        service,
        seen.method,
        pattern_of(seen.method, seen.path, patterns.get(service, ()))[:LONGEST_ENDPOINT],
        harmless(seen.message_id),
        seen.transaction_id[:LONGEST_TRANSACTION],
        user_key(client, seen.user),
        seen.has_issue,
        seen.request_bytes,
        seen.answer_bytes,
        seen.outcome or UNFORESEEN,
        seen.status,
    )


def _summed(rows: Iterable[Row]) -> dict[Place, list[int]]:
    sums: dict[Place, list[int]] = {}
    for side, at, duration_us, client, service, *_middle, request_bytes, answer_bytes, outcome, _status in rows:
        window = datetime.fromtimestamp(at.timestamp() // WINDOW.total_seconds() * WINDOW.total_seconds(), UTC)
        figures = sums.setdefault((window, side, client, service, outcome, bucket_of(duration_us)), [0, 0, 0])
        for place, value in enumerate((1, request_bytes, answer_bytes)):
            figures[place] += value
    return sums


def _columns(sums: Mapping[Place, Sequence[int]]) -> list[list[object]]:
    """Return the columns of the rows, in the order of their key: two processes that add to the same rows never wait crosswise."""
    rows = [(*place, *figures) for place, figures in sorted(sums.items())]
    return [list(column) for column in zip(*rows, strict=True)]
