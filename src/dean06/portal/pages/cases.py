"""A look that is not right: the person's own page for it, and the data protection officer's desk."""

from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods

from dean06.core.actor import Actor, actor_of
from dean06.core.keys import PersonKey
from dean06.portal import neighbours
from dean06.portal.cases import (
    LONGEST_WORDS,
    answer_case,
    answer_of,
    case_for,
    cases_for,
    days_left,
    note_look_at_case,
    open_case,
    own_cases,
    words_of,
)
from dean06.portal.errors import CaseNotFound, WordsNeeded
from dean06.portal.looks import is_told, line_of
from dean06.portal.models import LookCase
from dean06.portal.pages.me import own_form, person_of

WORDS: Final = {"required": gettext_lazy(WordsNeeded.message_vi), "max_length": gettext_lazy(WordsNeeded.message_vi)}


class CaseForm(forms.Form):
    """What a person says of a look."""

    words = forms.CharField(
        label=gettext_lazy("Điều gì không đúng?"),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=gettext_lazy("Viết bằng lời của bạn. Không cần nêu số định danh."),
        error_messages=WORDS,
    )


class AnswerForm(forms.Form):
    """What the officer answers."""

    words = forms.CharField(
        label=gettext_lazy("Trả lời công dân"),
        max_length=LONGEST_WORDS,
        widget=forms.Textarea(attrs={"rows": 6}),
        error_messages=WORDS,
    )


@own_form
def own_case(request: HttpRequest, actor: Actor, entry: UUID) -> HttpResponse:
    """Show a look with its case, or the form that opens one; take the form."""
    person = person_of(actor)
    form = CaseForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        open_case(entry=entry, words=form.cleaned_data["words"], actor=actor)
        messages.success(request, _("Đã gửi phản ánh. Câu trả lời sẽ hiện ở đây và trong danh sách các lần xem."))
        return redirect("portal:case", entry=entry)
    look = neighbours.one_look(entry, person=person)
    if not is_told(look):
        raise CaseNotFound(entry=str(entry))
    case = own_cases(person, [entry]).get(entry)
    context: dict[str, object] = {"look": line_of(look, procedure_names=_procedures()), "case": case, "form": form}
    if case is not None:
        context |= {"words": words_of(case), "answer": answer_of(case)}
    return render(request, "portal/case.html", context, status=422 if form.errors else 200)


@never_cache
@require_GET
def desk(request: HttpRequest) -> HttpResponse:
    """List the cases for the data protection officer."""
    rows = [{"case": case, "days_left": days_left(case)} for case in cases_for(actor_of(request))]
    return render(request, "portal/cases.html", {"rows": rows})


@never_cache
@require_http_methods(["GET", "POST"])
def desk_case(request: HttpRequest, case: UUID) -> HttpResponse:
    """Show a case with the evidence of its look; take the answer."""
    actor = actor_of(request)
    found = case_for(case, actor=actor)
    form = AnswerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        answer_case(case=case, words=form.cleaned_data["words"], actor=actor)
        messages.success(request, _("Đã gửi câu trả lời cho công dân."))
        return redirect(reverse("portal:cases"))
    if not form.is_bound:
        note_look_at_case(found, actor=actor)
    return render(request, "portal/desk_case.html", _evidence(found) | {"form": form}, status=422 if form.errors else 200)


def _evidence(case: LookCase) -> dict[str, object]:
    look = neighbours.one_look(case.entry_id, person=PersonKey(case.person))
    detail = look.detail
    return {
        "case": case,
        "words": words_of(case),
        "answer": answer_of(case),
        "days_left": days_left(case),
        "look": line_of(look, procedure_names=_procedures()),
        "evidence": [
            (name, str(detail[key]))
            for key, name in (
                ("transaction_id", _("Mã giao dịch")),
                ("client", _("Hệ thống hỏi")),
                ("service", _("Dịch vụ")),
                ("agreement", _("Thỏa thuận")),
                ("status", _("Kết quả")),
            )
            if detail.get(key)
        ],
        "is_signed": bool(detail.get("request")) and bool(detail.get("answer")),
    }


def _procedures() -> dict[str, str]:
    return {card.code: str(card.name) for card in neighbours.procedures()}
