"""What a householder or owner is asked, and her answer."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dean06.core.actor import actor_of
from dean06.services import actions
from dean06.services.errors import ConsentNotFound
from dean06.services.models import Consent
from dean06.services.pages.requests import for_citizens, typed
from dean06.services.words import ANSWER_KINDS, ANSWERS


@require_GET
@for_citizens
def listing(request: HttpRequest) -> HttpResponse:
    """List what this person is and was asked, one line a dossier."""
    rows = Consent.objects.visible_to(actor_of(request)).select_related("dossier").order_by("-asked_at", "role")[:100]
    by_dossier: dict[str, dict[str, object]] = {}
    for row in rows:
        shown = by_dossier.setdefault(row.dossier.code, {"row": row, "answer": ANSWERS[row.answer], "kind": ANSWER_KINDS[row.answer]})
        if row.answer == "pending":
            shown.update(row=row, answer=ANSWERS[row.answer], kind=ANSWER_KINDS[row.answer])
    return render(request, "services/consents.html", {"consents": list(by_dossier.values())})


@require_http_methods(["GET", "POST"])
@for_citizens
def consent(request: HttpRequest, consent_id: UUID) -> HttpResponse:
    """Show what is asked, word for word, and take the answer; nothing is chosen beforehand."""
    actor = actor_of(request)
    asked = Consent.objects.visible_to(actor).select_related("dossier").filter(pk=consent_id).first()
    if asked is None:
        raise ConsentNotFound
    if request.method == "POST":
        answer = typed(request).get("answer", "")
        if answer == "give":
            actions.give_consent(consent_id=consent_id, actor=actor)
            messages.success(request, _("Đã ghi nhận: bạn đồng ý."))
            return redirect("services:consents")
        if answer == "refuse":
            actions.refuse_consent(consent_id=consent_id, text=typed(request).get("text", ""), actor=actor)
            messages.success(request, _("Đã ghi nhận: bạn không đồng ý."))
            return redirect("services:consents")
    together = Consent.objects.visible_to(actor).filter(dossier=asked.dossier)
    shown = together.filter(answer="pending") if asked.answer == "pending" else together.filter(pk=asked.pk)
    context = {"asked": asked, "questions": shown.order_by("role"), "answer": ANSWERS[asked.answer], "kind": ANSWER_KINDS[asked.answer]}
    return render(request, "services/consent.html", context)
