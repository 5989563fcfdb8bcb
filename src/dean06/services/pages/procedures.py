"""Which procedures there are, and what one asks, costs and takes."""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_http_methods

from dean06.core.actor import actor_of
from dean06.core.clock import today
from dean06.core.paging import page_of
from dean06.services import actions
from dean06.services.cards import listing_card, procedures, search_procedures
from dean06.services.domain.pack import Pack
from dean06.services.errors import ProcedureNotFound, ProcedureNotOnline
from dean06.services.loading import current_pack, shipped_packs
from dean06.services.models import Draft, ProcedureListing
from dean06.services.pages.requests import for_citizens
from dean06.services.shown import promised
from dean06.services.words import CERTAINTIES, STEPS
from dean06.ui import public as ui

ROWS: Final = 30


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """List procedures: those that can be filed here, then the catalogue, or what a search finds."""
    text = ui.searched(request)
    if text:
        return render(request, "services/procedures.html", {"q": text, "online": search_procedures(text), "is_search": True})
    online = procedures()
    rows = ProcedureListing.objects.exclude(code__in=[card.code for card in online])
    page = page_of(rows, order=("sort_key", "id"), cursor=request.GET.get("cursor", ""), size=ROWS)
    context = {"q": "", "online": online, "catalogue": [listing_card(row) for row in page.rows], "next_cursor": page.next_cursor}
    return render(request, "services/procedures.html", context)


@require_GET
def procedure(request: HttpRequest, code: str) -> HttpResponse:
    """Show one procedure: who, how long, what it costs, what is known already."""
    try:
        pack, _files = current_pack(code, on=today())
    except ProcedureNotFound:
        return _information(request, code)
    is_english = (get_language() or "vi").startswith("en")
    begun = _begun(request, pack)
    context = {
        "pack": pack,
        "name": pack.name_en if is_english else pack.name,
        "summary": pack.summary_en if is_english else pack.summary,
        "clock": promised(pack),
        "evidence": [item for item in pack.evidence.values() if not item.is_asked],
        "cases": [{"case": case, "asked": pack.asked_evidence(case)} for case in pack.cases],
        "steps": [ui.Step(name=str(STEPS[rule.step]), text=rule.does) for rule in pack.steps],
        "sources": [(source.title, CERTAINTIES[source.certainty]) for source in pack.sources.values()],
        "begun": begun,
    }
    return render(request, "services/procedure.html", context)


@require_http_methods(["GET", "POST"])
@for_citizens
def start(request: HttpRequest, code: str) -> HttpResponse:
    """Begin the form, or go on where it was left."""
    actor = actor_of(request)
    if request.method == "GET":
        pack = shipped_packs().get(code)
        begun = _begun(request, pack[0]) if pack else None
        return redirect("services:draft-case", draft_id=begun.pk) if begun else redirect("services:procedure", code=code)
    if code not in shipped_packs():
        raise ProcedureNotOnline if ProcedureListing.objects.filter(code=code).exists() else ProcedureNotFound
    draft = actions.start_draft(procedure_code=code, actor=actor)
    return redirect("services:draft-case", draft_id=draft.pk)


def _begun(request: HttpRequest, pack: Pack) -> Draft | None:
    drafts = Draft.objects.visible_to(actor_of(request))
    return drafts.filter(procedure_code=pack.code, dossier_code="", pack__digest=pack.digest).order_by("-saved_at").first()


def _information(request: HttpRequest, code: str) -> HttpResponse:
    row = ProcedureListing.objects.filter(code=code).first()
    if row is None:
        raise ProcedureNotFound(code=code)
    return render(request, "services/procedure_information.html", {"row": row, "details": row.details, "levels": ", ".join(row.levels)})
