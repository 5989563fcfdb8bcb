"""An operator's search over the evidence: what happened between whom and how it ended, never whose data it was.

Each search is an entry in the ledger, and so is each bundle that is taken out.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final

from django import forms
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from dean06.core.actor import Actor
from dean06.core.clock import LEGAL_TIME_ZONE
from dean06.core.databases import database_of
from dean06.core.paging import page_of
from dean06.exchange.domain.proving import faults, is_signed_record
from dean06.exchange.models import EvidenceIndex
from dean06.exchange.operators import operator_of
from dean06.exchange.proving.bundles import OPERATORS_LOG, evidence_bundle, note_hand_out
from dean06.exchange.proving.keys import KnownKeys
from dean06.exchange.proving.opening import standings
from dean06.ledger.public import evidence_of, record

PAGE_SIZE: Final = 25
KINDS: Final[Mapping[str, object]] = {
    "exchange.answered": gettext_lazy("Đã trả lời"),
    "exchange.received": gettext_lazy("Đã nhận câu trả lời"),
    "exchange.refused": gettext_lazy("Từ chối"),
}
SIGNATURES: Final[Mapping[str, tuple[object, str]]] = {
    "valid": (gettext_lazy("Hai chữ ký đúng"), "ok"),
    "wrong": (gettext_lazy("Chữ ký không đúng"), "stop"),
    "ended": (gettext_lazy("Ký sau khi khóa hết hiệu lực"), "stop"),
    "none": (gettext_lazy("Không có chữ ký"), ""),
}


INPUT: Final = forms.TextInput(attrs={"class": "input"})
DAY: Final = forms.DateInput(attrs={"type": "date", "class": "input"}, format="%Y-%m-%d")
NO_DAY: Final = {"invalid": gettext_lazy("Chọn một ngày trên lịch")}


class SearchForm(forms.Form):
    """What an operator may search by; nothing here is about a person."""

    transaction = forms.CharField(max_length=255, required=False, label=gettext_lazy("Mã giao dịch hoặc mã thông điệp"), widget=INPUT)
    client = forms.CharField(max_length=403, required=False, label=gettext_lazy("Hệ thống hỏi"), widget=INPUT)
    service = forms.CharField(max_length=504, required=False, label=gettext_lazy("Dịch vụ"), widget=INPUT)
    status = forms.ChoiceField(
        required=False,
        label=gettext_lazy("Kết thúc"),
        widget=forms.Select(attrs={"class": "select"}),
        choices=[("", gettext_lazy("Tất cả")), ("ok", gettext_lazy("Thành công")), ("failed", gettext_lazy("Lỗi hoặc từ chối"))],
    )
    code = forms.CharField(max_length=100, required=False, label=gettext_lazy("Mã từ chối"), widget=INPUT)
    since = forms.DateField(required=False, label=gettext_lazy("Từ ngày"), widget=DAY, error_messages=NO_DAY)
    until = forms.DateField(required=False, label=gettext_lazy("Đến ngày"), widget=DAY, error_messages=NO_DAY)

    def clean(self) -> dict[str, Any]:
        """Refuse a time that ends before it begins, rather than finding nothing in it."""
        asked = super().clean() or {}
        if asked.get("since") and asked.get("until") and asked["until"] < asked["since"]:
            self.add_error("until", _("Chọn ngày cuối không trước ngày đầu"))
        return asked


@never_cache
@require_GET
def search(request: HttpRequest) -> HttpResponse:
    """Search the evidence and record that it was searched; a search that can't be meant is not made."""
    actor = operator_of(request)
    form = SearchForm(request.GET or None)
    if form.is_bound and not form.is_valid():
        return render(request, "exchange/evidence.html", {"form": form}, status=422)
    asked: dict[str, Any] = form.cleaned_data if form.is_bound else {}
    page = page_of(_found(asked), order=("-entry_id",), cursor=request.GET.get("cursor", ""), size=PAGE_SIZE)
    _note_search(asked, shown=len(page.rows), actor=actor)
    keys = KnownKeys()
    kept = standings(page.rows)
    rows = [
        {
            "row": row,
            "kind": KINDS.get(row.kind, row.kind),
            "signatures": SIGNATURES[_signatures(row, keys)],
            "kept": kept.get(row.entry_id),
        }
        for row in page.rows
    ]
    return render(request, "exchange/evidence.html", {"form": form, "rows": rows, "next_cursor": page.next_cursor})


@never_cache
@require_POST
def bundle(request: HttpRequest, transaction_id: str) -> HttpResponse:
    """Hand out the evidence of one transaction as a file."""
    actor = operator_of(request)
    name = f"{transaction_id}.zip"
    entries, content = evidence_bundle(transaction_id, name=name)
    note_hand_out(entries, actor=actor, who=actor.unit_code or actor.account)
    response = HttpResponse(content, content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="evidence.zip"'
    return response


def _found(asked: Mapping[str, Any]) -> QuerySet[EvidenceIndex]:
    rows = EvidenceIndex.objects.using(database_of("exchange")).all()
    if text := asked.get("transaction"):
        rows = rows.filter(transaction_id=text) | rows.filter(message_id=text)
    if asked.get("client"):
        rows = rows.filter(client__startswith=asked["client"])
    if asked.get("service"):
        rows = rows.filter(service__startswith=asked["service"])
    if asked.get("status") == "ok":
        rows = rows.filter(status__lt=400)
    elif asked.get("status") == "failed":
        rows = rows.exclude(status__lt=400)
    if asked.get("code"):
        rows = rows.filter(code=asked["code"])
    if asked.get("since"):
        rows = rows.filter(recorded_at__gte=_midnight(asked["since"]))
    if asked.get("until"):
        rows = rows.filter(recorded_at__lt=_midnight(asked["until"] + timedelta(days=1)))
    return rows


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time.min, LEGAL_TIME_ZONE).astimezone(UTC)


def _signatures(row: EvidenceIndex, keys: KnownKeys) -> str:
    """Verify both signatures of a record anew with the keys that the members had."""
    if not row.is_signed:
        return "none"
    reading = evidence_of(row.entry_id)["reading"]
    detail = json.loads(reading["payload"])["detail"] if reading else {}
    if not is_signed_record(detail):
        return "none"
    found = {problem for problem, _sentence in faults(detail, recorded_at=row.recorded_at, keys=keys)}
    return ("ended" if found == {"key_ended"} else "wrong") if found else "valid"


def _note_search(asked: Mapping[str, Any], *, shown: int, actor: Actor) -> None:
    using = database_of("exchange")
    detail = {"asked": {name: str(value) for name, value in asked.items() if value}, "shown": shown}
    with transaction.atomic(using=using, durable=True):
        record(
            "exchange.evidence_searched", log=OPERATORS_LOG, using=using, actor=actor, who=actor.unit_code or actor.account, detail=detail
        )
