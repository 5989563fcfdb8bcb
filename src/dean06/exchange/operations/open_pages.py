"""The public page of open data, and its files."""

from datetime import date
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_GET

from dean06.exchange.operations import open_data
from dean06.exchange.operations.errors import DayNotPublished

KEPT_SECONDS: Final = 3600


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show which days can be had."""
    context = {"days": open_data.published_days(), "least": settings.DEAN06_OPERATIONS.open_data_least}
    return render(request, "exchange/open_data.html", context)


@require_GET
@cache_control(public=True, max_age=KEPT_SECONDS)
def csv_file(_request: HttpRequest, day: str) -> HttpResponse:
    """Hand out a day as CSV."""
    response = HttpResponse(open_data.table(_day(day)), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="exchange-{day}.csv"'
    return response


@require_GET
@cache_control(public=True, max_age=KEPT_SECONDS)
def json_file(_request: HttpRequest, day: str) -> HttpResponse:
    """Hand out a day as JSON."""
    return JsonResponse(open_data.document(_day(day)), json_dumps_params={"ensure_ascii": False, "indent": 1})


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as exc:
        raise DayNotPublished from exc
