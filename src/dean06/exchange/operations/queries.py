"""What the sums and records say about a period; the decisions on it stand in ``domain``."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connections
from django.db.models import Count, Max, Min, Q, Sum

from dean06.core.clock import LEGAL_TIME_ZONE, now, today
from dean06.core.databases import database_of
from dean06.exchange.domain.metering import ANSWERED, PROBLEM
from dean06.exchange.errors import PeerResting, ServiceResting
from dean06.exchange.models import AgreementVersion
from dean06.exchange.operations.domain.anomalies import Anomaly, browsing, piling_refusals, unusual_volume
from dean06.exchange.operations.domain.figures import Agreed, Cell, LeftAlone, figures_by, unused
from dean06.exchange.operations.models import RESTING, AgreementUse, CallSum, Record
from dean06.exchange.operations.writing import WINDOW
from dean06.exchange.queries import agreements

DAY: Final = timedelta(days=1)
LATELY: Final = timedelta(minutes=15)
HISTORY_DAYS: Final = 14
BY_DAY: Final = (
    "SELECT client, greatest(0, floor(extract(epoch FROM %s - window_at) / 86400))::int AS days_ago, sum(calls)::bigint"
    " FROM exchange_operations_callsum WHERE side = %s AND window_at > %s GROUP BY 1, 2"
)
BY_HOUR: Final = (
    "SELECT client, service, outcome, bucket, sum(calls)::bigint,"
    " extract(hour FROM window_at AT TIME ZONE 'Asia/Ho_Chi_Minh')::int AS hour"
    " FROM exchange_operations_callsum WHERE side = 'provider' AND window_at >= %s AND window_at < %s GROUP BY 1, 2, 3, 4, 6"
)


def begin_of(length: timedelta) -> datetime:
    """Return since when sums count for a period that ends now: whole windows, so up to one window more."""
    since, window = (now() - length).timestamp(), WINDOW.total_seconds()
    return datetime.fromtimestamp(since // window * window, UTC)


def cells_since(since: datetime, *, side: str) -> list[Cell]:
    """Return the calls of one side since an instant."""
    rows = CallSum.objects.using(database_of("exchange")).filter(window_at__gte=since, side=side)
    groups = rows.values_list("client", "service", "outcome", "bucket").annotate(total=Sum("calls")).order_by()
    return [Cell(*group) for group in groups]


def cells_of(day: date) -> list[Cell]:
    """Return the calls of a legal day by hour, as the providers' gateways of this installation saw them."""
    begin = datetime.combine(day, datetime.min.time(), LEGAL_TIME_ZONE)
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute(BY_HOUR, [begin, begin + DAY])
        return [Cell(*row) for row in cursor.fetchall()]


def unused_agreements() -> list[Agreed]:
    """Return the agreements that nobody used for as long as the setting says, though they are in force."""
    using = database_of("exchange")
    used = dict(AgreementUse.objects.using(using).values_list("code", "last_used_at"))
    first = dict(AgreementVersion.objects.using(using).values_list("code").annotate(first=Min("loaded_at")).order_by())
    in_force = {one.code: one for one in agreements() if one.is_in_force(today())}
    agreed = (
        Agreed(
            one.code,
            one.group or str(one.client),
            str(one.service),
            max(one.valid_from, first[one.code].astimezone(LEGAL_TIME_ZONE).date()) if one.code in first else one.valid_from,
            used.get(one.code),
        )
        for one in in_force.values()
    )
    return unused(agreed, now=now(), days=settings.DEAN06_OPERATIONS.unused_days)


def left_alone() -> list[LeftAlone]:
    """Return whom the circuits of this installation's gateways left alone lately, the last first."""
    rows = Record.objects.using(database_of("exchange")).filter(outcome__in=RESTING, request_in_at__gte=now() - LATELY)
    mine = rows.filter(Q(side="consumer", outcome=PeerResting.code) | Q(side="provider", outcome=ServiceResting.code))
    counted: Any = mine.values_list("side", "service").annotate(Count("id"), Min("request_in_at"), last=Max("request_in_at"))
    return [
        LeftAlone(service, side == "consumer", calls, first_at, last_at, _answered_since(side, service, last_at))
        for side, service, calls, first_at, last_at in counted.order_by("-last")
    ]


def _answered_since(side: str, service: str, instant: datetime) -> bool:
    rows = Record.objects.using(database_of("exchange")).filter(side=side, service=service, outcome__in=(ANSWERED, PROBLEM))
    return rows.filter(request_in_at__gt=instant).exists()


def anomalies() -> list[Anomaly]:
    """Return what stands out in the last 24 hours, by the thresholds of the settings."""
    limits = settings.DEAN06_OPERATIONS
    cells = cells_since(begin_of(DAY), side="provider")
    return [
        *browsing(_without_dossier(), least=limits.browsing_calls),
        *unusual_volume(_by_day(), factor=limits.volume_factor, least=limits.volume_calls),
        *piling_refusals(figures_by(cells, lambda cell: cell.client), least=limits.refused_calls, share=limits.refused_share),
    ]


def _without_dossier() -> Iterable[tuple[str, str, int]]:
    rows = Record.objects.using(database_of("exchange")).filter(side="provider", has_issue=False, request_in_at__gte=now() - DAY)
    asked: Any = rows.exclude(user_key="").values_list("client", "user_key").annotate(calls=Count("id")).order_by()
    return asked.filter(calls__gte=settings.DEAN06_OPERATIONS.browsing_calls)  # type: ignore[no-any-return]  # rows of three values


def _by_day() -> Mapping[str, list[int]]:
    """Return the calls of each client by days of 24 hours, the last first, back to its first call or two weeks."""
    instant = now()
    with connections[database_of("exchange")].cursor() as cursor:
        cursor.execute(BY_DAY, [instant, "provider", instant - (HISTORY_DAYS + 1) * DAY])
        counted: dict[str, dict[int, int]] = {}
        for client, days_ago, calls in cursor.fetchall():
            counted.setdefault(client, {})[days_ago] = calls
    return {client: [days.get(ago, 0) for ago in range(max(days) + 1)] for client, days in counted.items()}
