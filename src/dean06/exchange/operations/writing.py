"""Write a group of calls: each record by COPY, and their sums, in one transaction that does not wait for the disk."""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from django.conf import settings
from django.db import connections, transaction

from dean06.core.databases import database_of
from dean06.core.instance import kept_secret
from dean06.exchange import snapshot
from dean06.exchange.domain.metering import Seen
from dean06.exchange.errors import ConfigurationExpired, ConfigurationMissing
from dean06.exchange.evidence import harmless
from dean06.exchange.metadata import endpoints_of
from dean06.exchange.operations.domain.histogram import bucket_of
from dean06.exchange.operations.domain.paths import pattern_of

WINDOW: Final = timedelta(minutes=10)
UNPRINTED: Final = re.compile(r"[\x00-\x1f\x7f]")
LONGEST_ENDPOINT: Final = 300
LONGEST_TRANSACTION: Final = 64
USER_CHARACTERS: Final = 32  # 128 bits in hexadecimal digits
UNFORESEEN: Final = "exchange.error"
COPY: Final = (
    "COPY exchange_operations_record (side, request_in_at, duration_us, client, service, method, endpoint, message_id, transaction_id,"
    " user_key, has_issue, request_bytes, answer_bytes, outcome, status, trace_id) FROM STDIN"
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


Place = tuple[float, str, str, str, str, int]
"""Begin of the window in seconds since 1970, side, client, service, outcome and bucket."""


def write(calls: Sequence[Ended]) -> None:
    """Write the records of calls and add them to the sums, both or neither."""
    patterns = _Patterns({call.seen.service for call in calls})
    lines = [_line(call, patterns) for call in calls]
    sums = _summed(calls)
    using = database_of("exchange")
    with transaction.atomic(using=using), connections[using].cursor() as cursor:
        cursor.execute("SET LOCAL synchronous_commit = off")
        with cursor.copy(COPY) as copy:
            copy.write("".join(lines))
        cursor.execute(ADD, _columns(sums))


def user_key(client: str, user: str) -> str:
    """Return the pseudonym of an end user of a client, who is somebody else at another client; nothing for nobody."""
    return hmac.digest(_secret(), f"{client}\n{user}".encode(), hashlib.sha256).hex()[:USER_CHARACTERS] if user else ""


@cache
def _secret() -> bytes:
    return kept_secret(Path(settings.DEAN06_DATA_DIR) / "secrets" / "operations-users").encode()


class _Patterns(dict[tuple[str, str, str], str]):
    """Registered pattern by service, method and path, found once for all calls of a group that ask the same."""

    def __init__(self, services: AbstractSet[str]) -> None:
        super().__init__()
        try:
            known = {str(identifier): entry for identifier, entry in snapshot.current().services.items()}
        except (ConfigurationMissing, ConfigurationExpired):
            known = {}  # the calls that are refused for it are what operators look for now
        self._endpoints = {name: endpoints_of(known[name]) for name in services & known.keys()}

    def __missing__(self, key: tuple[str, str, str]) -> str:
        service, method, path = key
        self[key] = found = pattern_of(method, path, self._endpoints.get(service, ()))[:LONGEST_ENDPOINT]
        return found


def _line(call: Ended, patterns: _Patterns) -> str:
    """Return a record as a line of COPY's text format; written out here because it costs a third of what psycopg's writer does."""
    side, seen, ended, at = call
    seconds = max(0.0, ended - seen.began)
    values = (
        side,
        datetime.fromtimestamp(at - seconds, UTC).isoformat(),
        str(round(seconds * 1_000_000)),
        seen.client,
        seen.service,
        seen.method,
        patterns[seen.service, seen.method, seen.path],
        harmless(seen.message_id),
        seen.transaction_id[:LONGEST_TRANSACTION],
        user_key(seen.client, seen.user),
        "t" if seen.has_issue else "f",
        str(seen.request_bytes),
        str(seen.answer_bytes),
        seen.outcome or UNFORESEEN,
        str(seen.status),
        seen.trace.trace_id if seen.trace else "",
    )
    line = "\t".join(values)
    if not "".join(values).isprintable():
        line = "\t".join(UNPRINTED.sub(" ", value) for value in values)
    return line.replace("\\", "\\\\") + "\n"


def _summed(calls: Sequence[Ended]) -> dict[Place, list[int]]:
    length = WINDOW.total_seconds()
    sums: dict[Place, list[int]] = {}
    for side, seen, ended, at in calls:
        seconds = max(0.0, ended - seen.began)
        bucket = bucket_of(round(seconds * 1_000_000))
        place = ((at - seconds) // length * length, side, seen.client, seen.service, seen.outcome or UNFORESEEN, bucket)
        if (figures := sums.get(place)) is None:
            figures = sums[place] = [0, 0, 0]
        figures[0] += 1
        figures[1] += seen.request_bytes
        figures[2] += seen.answer_bytes
    return sums


def _columns(sums: Mapping[Place, Sequence[int]]) -> list[list[object]]:
    """Return the columns of the rows, in the order of their key: two processes that add to the same rows never wait crosswise."""
    rows = [(datetime.fromtimestamp(place[0], UTC), *place[1:], *figures) for place, figures in sorted(sums.items())]
    return [list(column) for column in zip(*rows, strict=True)]
