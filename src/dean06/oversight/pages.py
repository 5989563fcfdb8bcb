"""Pages of the steering group: country → province → commune → procedure → dossiers → events."""

from collections.abc import Sequence
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from dean06.core.actor import Actor, actor_of
from dean06.core.clock import legal, now, today
from dean06.core.errors import NotFound
from dean06.oversight.errors import FiguresNotFound, NotALeader
from dean06.oversight.models import LEADER
from dean06.oversight.queries import Figures, Level, Scope, by_level, dossiers_behind, history, step_figures, total
from dean06.oversight.words import EVENTS, MEASURES, duration_words
from dean06.reference.public import unit
from dean06.services.public import STATE_NAMES, STEP_NAMES
from dean06.ui.public import TileValue, formats

NEXT_LEVEL: Final[dict[str, Level]] = {"": "province", "province": "commune", "commune": "procedure"}
CLASS_BOUNDS: Final = (0.85, 0.90, 0.95, 0.98)
"""Lower bounds of the map's classes 2 to 5; a display choice, not a legal target."""
SHOWN_MEASURES: Final = ("received", "in_progress", "overdue", "before", "on", "after")
TABLE_MEASURES: Final = ("received", "in_progress", "overdue", "after")


def overview(request: HttpRequest, province: str = "", commune: str = "") -> HttpResponse:
    """Show the figures of the country, a province or a commune, and those of the level below."""
    actor = _leader(request)
    scope = Scope(province=province, commune=commune, procedure=request.GET.get("procedure", ""))
    level = "commune" if commune else "province" if province else ""
    figures = total(actor, scope, today=today())
    if level and not (figures.received or figures.in_progress):
        raise FiguresNotFound(province=province, commune=commune)
    below = NEXT_LEVEL[level]
    rows = by_level(actor, scope, below, today=today())
    context = {
        "heading": _place_name(commune or province),
        "crumbs": _crumbs(province, commune),
        "at": legal(now()),
        "measures": [_cell(measure, figures, scope) for measure in SHOWN_MEASURES],
        "on_time": figures.on_time,
        "on_time_url": _list_url("on_time", scope),
        "settled_url": _list_url("settled", scope),
        "rows": [_row(row, scope, below) for row in rows],
        "below": {"province": _("Tỉnh, thành phố"), "commune": _("Xã, phường, đặc khu"), "procedure": _("Thủ tục")}[below],
        "steps": _steps(actor, scope),
        "tiles": _tiles(rows) if below == "province" else None,
        "bounds": [_("dưới 85"), _("85 đến dưới 90"), _("90 đến dưới 95"), _("95 đến dưới 98"), _("từ 98")],
    }
    return render(request, "oversight/overview.html", context)


def listing(request: HttpRequest, measure: str) -> HttpResponse:
    """Show the dossiers that one figure counts."""
    actor = _leader(request)
    if measure not in MEASURES:
        raise FiguresNotFound(measure=measure)
    asked = request.GET
    scope = Scope(province=asked.get("province", ""), commune=asked.get("commune", ""), procedure=asked.get("procedure", ""))
    page = dossiers_behind(actor, scope, measure, today=today(), cursor=request.GET.get("cursor", ""))  # type: ignore[arg-type]
    rows = [
        {
            "code": row.dossier_code,
            "url": reverse("oversight:dossier", args=[row.dossier_code]),
            "place": _place_name(row.commune_code),
            "procedure": row.procedure_code,
            "state": STATE_NAMES[row.state],
            "submitted_at": row.submitted_at,
            "due_on": row.due_on,
            "settled_at": row.settled_at,
        }
        for row in page.rows
    ]
    context = {
        "heading": MEASURES[measure],
        "scope_name": _scope_name(scope),
        "rows": rows,
        "next_cursor": page.next_cursor,
        "back_url": _page_url(scope.province, scope.commune),
    }
    return render(request, "oversight/listing.html", context)


def dossier(request: HttpRequest, code: str) -> HttpResponse:
    """Show the events that one dossier's figures were computed from: code, unit and times, nothing about a person."""
    actor = _leader(request)
    found = history(actor, code)
    if found is None:
        raise FiguresNotFound(dossier=code)
    row, events = found
    context = {
        "row": row,
        "place": _place_name(row.commune_code),
        "state": STATE_NAMES[row.state],
        "events": [
            {"seq": e.seq, "name": EVENTS.get(e.kind, e.kind), "state": STATE_NAMES[e.state], "at": e.at, "due_on": e.due_on}
            for e in events
        ],
        "steps": [
            {"name": STEP_NAMES[time.step], "words": duration_words(time.seconds / 3600)} for time in row.step_times.order_by("step")
        ],
    }
    return render(request, "oversight/dossier.html", context)


def _leader(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if not actor.has_role(LEADER):
        raise NotALeader
    return actor


def _place_name(code: str) -> str:
    """Name a unit as it is called today; a code that no list knows is shown as it is."""
    if not code:
        return _("Cả nước")
    try:
        return unit(code).full_name
    except NotFound:
        return code


def _scope_name(scope: Scope) -> str:
    place = _place_name(scope.commune or scope.province)
    return f"{place} · {scope.procedure}" if scope.procedure else place


def _crumbs(province: str, commune: str) -> list[tuple[str, str]]:
    trail = [(_("Cả nước"), reverse("oversight:overview"))] if province else []
    return [*trail, (_place_name(province), reverse("oversight:province", args=[province]))] if commune else trail


def _page_url(province: str, commune: str) -> str:
    if commune:
        return reverse("oversight:commune", args=[province, commune])
    return reverse("oversight:province", args=[province]) if province else reverse("oversight:overview")


def _list_url(measure: str, scope: Scope) -> str:
    parts = {"province": scope.province, "commune": scope.commune, "procedure": scope.procedure}
    query = urlencode({name: value for name, value in parts.items() if value})
    return reverse("oversight:listing", args=[measure]) + (f"?{query}" if query else "")


def _cell(measure: str, figures: Figures, scope: Scope) -> dict[str, Any]:
    return {
        "name": MEASURES[measure],
        "value": getattr(figures, measure),
        "url": _list_url(measure, scope),
        "is_bad": measure in {"overdue", "after"},
    }


def _row(figures: Figures, scope: Scope, level: Level) -> dict[str, Any]:
    narrowed = scope.narrowed(level, figures.code)
    url = _list_url("received", narrowed) if level == "procedure" else _page_url(narrowed.province, narrowed.commune)
    return {
        "name": figures.code if level == "procedure" else _place_name(figures.code),
        "url": url,
        "on_time": figures.on_time,
        "on_time_url": _list_url("on_time", narrowed),
        "settled_url": _list_url("settled", narrowed),
        "cells": [_cell(measure, figures, narrowed) for measure in TABLE_MEASURES],
    }


def _steps(actor: Actor, scope: Scope) -> list[dict[str, Any]]:
    found = step_figures(actor, scope)
    longest = max((row.p90_hours for row in found), default=0.0)
    return [
        {
            "name": STEP_NAMES[row.step],
            "median_words": duration_words(row.median_hours),
            "p90_words": duration_words(row.p90_hours),
            "median": row.median_hours,
            "p90": row.p90_hours,
            "count": row.count,
            "longest": longest,
        }
        for row in found
    ]


def _tiles(rows: Sequence[Figures]) -> dict[str, TileValue]:
    tiles = {}
    for row in rows:
        ratio = row.on_time
        level = 0 if ratio.value is None else 1 + sum(ratio.value >= bound for bound in CLASS_BOUNDS)
        text = formats.undefined() if ratio.value is None else formats.number(ratio.value * 100, 1)
        detail = f"({formats.number(ratio.numerator)}/{formats.number(ratio.denominator)})"
        tiles[row.code] = TileValue(text, level, reverse("oversight:province", args=[row.code]), detail)
    return tiles
