"""The operators' page: calls by member and service, refusals by code, unused agreements, what stands out."""

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from dean06.core.clock import LEGAL_TIME_ZONE, now
from dean06.exchange.domain.metering import UNKNOWN
from dean06.exchange.operations.domain.anomalies import Anomaly
from dean06.exchange.operations.queries import DAY, anomalies
from dean06.exchange.operations.report import PERIODS, Line, Report, report
from dean06.exchange.operations.words import meaning, sentence, service_title, service_titles
from dean06.exchange.operators import operator_of

MOST_ROWS: Final = 50
SIDES: Final = ("", "consumer", "provider")


@never_cache
@require_GET
def overview(request: HttpRequest) -> HttpResponse:
    """Show the figures of a period."""
    operator_of(request)
    shown = _report(request)
    since = f"{shown.since.astimezone(LEGAL_TIME_ZONE):%Y-%m-%d}"
    titles = service_titles()
    context = {
        "report": shown,
        "periods": [_chip(label, period=name, side=shown.side, is_current=name == shown.period) for name, label in _period_words().items()],
        "sides": [_chip(label, period=shown.period, side=name, is_current=name == shown.side) for name, label in _side_words().items()],
        "anomalies": [_anomaly(one) for one in anomalies()],
        "left_alone": [{"one": one, "title": service_title(one.service, titles)} for one in shown.left_alone],
        "members": [_row(line, since=since, client=f"{line.id}/") for line in shown.members[:MOST_ROWS]],
        "services": [_row(line, since=since, service=line.id) for line in shown.services[:MOST_ROWS]],
        "hidden": max(0, len(shown.members) - MOST_ROWS) + max(0, len(shown.services) - MOST_ROWS),
        "refusals": [
            {"code": code, "calls": calls, "meaning": meaning(code), "url": evidence_url(since=since, status="failed", code=code)}
            for code, calls in shown.refusals.items()
        ],
        "export": urlencode({"period": shown.period, "side": shown.side}),
    }
    return render(request, "exchange/operations.html", context)


@never_cache
@require_GET
def export_json(request: HttpRequest) -> HttpResponse:
    """Hand out the figures of a period for a program."""
    operator_of(request)
    return JsonResponse(_report(request).document(), json_dumps_params={"ensure_ascii": False, "indent": 1})


@never_cache
@require_GET
def export_csv(request: HttpRequest) -> HttpResponse:
    """Hand out the figures of a period as a table."""
    operator_of(request)
    response = HttpResponse(_report(request).table(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = 'attachment; filename="operations.csv"'
    return response


def evidence_url(**asked: str) -> str:
    """Return the address of a search over the evidence."""
    return f"{reverse('evidence:search')}?{urlencode(asked)}"


def _report(request: HttpRequest) -> Report:
    period, side = request.GET.get("period", "day"), request.GET.get("side", "")
    if period not in PERIODS or side not in SIDES:
        raise Http404
    return report(period, side)


def _period_words() -> Mapping[str, str]:
    return {"hour": _("Một giờ qua"), "day": _("24 giờ qua"), "week": _("7 ngày qua")}


def _side_words() -> Mapping[str, str]:
    return {"consumer": _("Theo cổng bên hỏi"), "provider": _("Theo cổng bên cung cấp")}


def _chip(label: str, *, period: str, side: str, is_current: bool) -> dict[str, Any]:
    return {"label": label, "url": f"?{urlencode({'period': period, 'side': side})}", "is_current": is_current}


def _row(line: Line, **asked: str) -> dict[str, Any]:
    is_known = line.id != UNKNOWN
    return {"line": line, "figures": line.figures, "url": evidence_url(**asked) if is_known else "", "id": line.id if is_known else ""}


def _anomaly(one: Anomaly) -> dict[str, str]:
    since = f"{(now() - DAY).astimezone(LEGAL_TIME_ZONE):%Y-%m-%d}"
    asked = {"client": one.client, "since": since, **({"status": "failed"} if one.kind == "refusals" else {})}
    return {
        "sentence": sentence(one),
        "kind": _kind_words()[one.kind],
        "url": evidence_url(**asked) if one.client != UNKNOWN else evidence_url(since=since, status="failed"),
    }


def _kind_words() -> Mapping[str, str]:
    return {"browsing": _("Tra cứu không có hồ sơ"), "volume": _("Lượng hỏi khác thường"), "refusals": _("Bị từ chối dồn dập")}
