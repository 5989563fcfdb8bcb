"""The applicant's own dossier: where it stands, by when, and what she can do."""

from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dean06.core.actor import actor_of
from dean06.core.errors import Invalid
from dean06.services import actions
from dean06.services.authority import own_dossier
from dean06.services.documents import document_for
from dean06.services.domain import lifecycle
from dean06.services.domain.states import Kind, State
from dean06.services.forms import ReasonForm, SupplementForm
from dean06.services.models import Dossier, DossierEvent, StoredResult
from dean06.services.pages.requests import content_of, explain, for_citizens, typed, version_of
from dean06.services.papers import RESULT, SHEET
from dean06.services.pinning import pinned
from dean06.services.shown import clock_of, form_facts, steps_of
from dean06.services.trail import events_of, progress_of
from dean06.services.words import ANSWER_KINDS, ANSWERS, STATE_KINDS, STATES
from dean06.signing import public as signing

SHOWN_PAPERS: Final = ("appointment_slip", "refusal", "result", "processing_sheet")
WHY: Final = frozenset({Kind.RECEPTION_REFUSED, Kind.STOPPED, Kind.SUPPLEMENT_REQUESTED, Kind.WITHDRAWN})


@require_GET
@for_citizens
def dossier(request: HttpRequest, code: str) -> HttpResponse:
    """Show where a dossier stands."""
    return _page(request, own_dossier(code, actor_of(request)))


def _page(
    request: HttpRequest,
    found: Dossier,
    *,
    supplement: SupplementForm | None = None,
    withdrawal: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    pack = pinned(found.pack)
    events = events_of(found)
    progress = progress_of(found, events)
    result = StoredResult.objects.filter(source_dossier=found, is_in_store=True, revoked_at__isnull=True).first()
    context: dict[str, Any] = {
        "dossier": found,
        "pack": pack,
        "state_name": STATES[found.state],
        "state_kind": STATE_KINDS[found.state],
        "clock": clock_of(found, progress, pack),
        "steps": steps_of(found, pack, events),
        "facts": form_facts(pack, found.answers),
        "consents": [
            {"row": row, "answer": ANSWERS[row.answer], "kind": ANSWER_KINDS[row.answer]}
            for row in found.consents.order_by("asked_at", "role")
        ],
        "can_ask_again": [
            role
            for role, answer in progress.consents.items()
            if answer == lifecycle.REFUSED and lifecycle.may(progress, Kind.CONSENT_ASKED)
        ],
        "papers": _papers(found, has_result=result is not None),
        "result": result,
        "receipt": getattr(found, "receipt", None),
        "why": next((event.data.get("text") for event in reversed(events) if event.kind in WHY), "") if _needs_why(found) else "",
        "can_withdraw": lifecycle.may(progress, Kind.WITHDRAWN),
        "is_supplement": found.state == State.SUPPLEMENT,
        "supplement_form": supplement or SupplementForm(),
        "withdraw_form": withdrawal or ReasonForm(prefix="w"),
    }
    return render(request, "services/dossier.html", context, status=status)


def _needs_why(found: Dossier) -> bool:
    return found.state in {State.NOT_RECEIVED, State.STOPPED, State.SUPPLEMENT, State.WITHDRAWN}


def _papers(found: Dossier, *, has_result: bool) -> list[Any]:
    rows = {row.kind: row for row in found.documents.defer("content").order_by("version")}  # the last version wins
    return [rows[kind] for kind in SHOWN_PAPERS if kind in rows and (kind != RESULT or has_result)]


@require_POST
@for_citizens
def withdraw(request: HttpRequest, code: str) -> HttpResponse:
    """Take the application back."""
    found = own_dossier(code, actor_of(request))
    form = ReasonForm(typed(request), prefix="w")
    if not form.is_valid():
        return _page(request, found, withdrawal=form, status=422)
    actions.withdraw(code=code, version=version_of(request), text=form.cleaned_data["text"], actor=actor_of(request))
    messages.success(request, _("Đã rút hồ sơ."))
    return redirect("services:dossier", code=code)


@require_POST
@for_citizens
def supplement(request: HttpRequest, code: str) -> HttpResponse:
    """Send what the officer asked for."""
    actor = actor_of(request)
    found = own_dossier(code, actor)
    form = SupplementForm(typed(request), request.FILES)
    if not form.is_valid():
        return _page(request, found, supplement=form, status=422)
    file = form.cleaned_data["file"]
    try:
        files = ((str(file.name), content_of(file)),) if file else ()
        actions.answer_supplement(code=code, version=version_of(request), text=form.cleaned_data["text"], files=files, actor=actor)
    except Invalid as refusal:
        explain(form, "file" if file else "text", refusal)
        return _page(request, found, supplement=form, status=422)
    messages.success(request, _("Đã gửi bổ sung. Đồng hồ giải quyết chạy lại từ ngày làm việc kế tiếp."))
    return redirect("services:dossier", code=code)


@require_POST
@for_citizens
def ask_again(request: HttpRequest, code: str, role: str) -> HttpResponse:
    """Ask a householder or owner who refused once more."""
    actions.ask_consent(code=code, role=role, actor=actor_of(request))
    messages.success(request, _("Đã gửi lại lời hỏi ý kiến."))
    return redirect("services:dossier", code=code)


@require_http_methods(["GET", "HEAD"])
@for_citizens
def document(request: HttpRequest, key: UUID) -> HttpResponse:
    """Hand out a paper to those who may see it."""
    row = document_for(key, actor=actor_of(request))
    response = HttpResponse(bytes(row.content), content_type="application/pdf")
    response["Content-Disposition"] = f'inline; filename="{row.dossier.code}-{row.kind}.pdf"'
    response["X-Content-Type-Options"] = "nosniff"
    response["Cache-Control"] = "private, no-store"
    return response


@require_GET
@for_citizens
def signatures(request: HttpRequest, code: str) -> HttpResponse:
    """Examine every signature on the dossier's papers now, and show what each one covers."""
    found = own_dossier(code, actor_of(request))
    events = {bytes(event.hash): event for event in events_of(found)}
    papers = []
    for kind in (SHEET, RESULT):
        row = found.documents.filter(kind=kind).order_by("-version").first()
        if row is not None:
            papers.append({"paper": row, "signatures": [_signature(one, events) for one in signing.inspect_pdf(bytes(row.content))]})
    return render(request, "services/signatures.html", {"dossier": found, "papers": papers})


def _signature(one: signing.PdfSignature, events: dict[bytes, DossierEvent]) -> dict[str, Any]:
    bound = getattr(one, "bound_hash", None)
    return {"one": one, "event": events.get(bytes(bound)) if bound else None, "hash": bytes(bound).hex() if bound else ""}
