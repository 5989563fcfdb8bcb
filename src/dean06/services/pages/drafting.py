"""The form, a step a page: with whom, where to, read it through, file it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dean06.core.actor import actor_of
from dean06.core.clock import today
from dean06.core.errors import Dean06Error, Invalid
from dean06.reference import public as reference
from dean06.services import actions
from dean06.services.domain.pack import Case, Pack
from dean06.services.domain.states import Channel
from dean06.services.errors import (
    AnswersIncomplete,
    DraftNotFound,
    EvidenceMissing,
    FormChanged,
    NoReceivingAgency,
    OtherCommune,
    PersonDead,
    UnknownPerson,
)
from dean06.services.forms import CaseForm, PlaceForm
from dean06.services.models import Draft
from dean06.services.pages.requests import content_of, explain, for_citizens, typed
from dean06.services.pinning import pinned
from dean06.services.residence import compose
from dean06.services.shown import form_facts, household_facts, person_facts, promised

STEPS: Final = 3


@require_http_methods(["GET", "POST"])
@for_citizens
def case(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Step 1: how she qualifies, and with whom she moves in."""
    draft = _draft(request, draft_id)
    pack = pinned(draft.pack)
    person = draft.facts.get("person") or {}
    if request.method == "POST":
        form = CaseForm(typed(request), pack=pack, person=person)
        if form.is_valid() and _chosen(request, draft, form):
            return redirect("services:draft-place", draft_id=draft.pk)
    else:
        form = CaseForm(initial=_first_choice(draft, pack), pack=pack, person=person)
    context = {**_common(draft, pack, step=1), "form": form, "known": person_facts(pack, person)}
    return render(request, "services/draft_case.html", context, status=422 if form.errors else 200)


def _chosen(request: HttpRequest, draft: Draft, form: CaseForm) -> bool:
    values = form.cleaned_data
    try:
        actions.choose_case(
            draft_id=draft.pk,
            case_id=values["case"],
            relative=values["relative"],
            relative_number=values["relative_number"],
            actor=actor_of(request),
        )
    except (Invalid, PersonDead) as refusal:
        explain(form, "relative_number" if values["relative"] == "other" else "relative", refusal)
        return False
    return True


def _first_choice(draft: Draft, pack: Pack) -> dict[str, str]:
    chosen = {name: str(draft.answers.get(name, "")) for name in ("case", "relative")}
    return chosen if chosen["case"] else {"case": pack.cases[0].id}


@require_http_methods(["GET", "POST"])
@for_citizens
def place(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Step 2: where she moves to; what the registers know stands above, not in inputs."""
    draft = _draft(request, draft_id)
    pack = pinned(draft.pack)
    if not draft.answers.get("case"):
        return redirect("services:draft-case", draft_id=draft.pk)
    chosen = pack.case(draft.answers["case"])
    options: dict[str, Any] = {
        "case": chosen,
        "communes": _communes(draft, chosen),
        "evidence": pack.asked_evidence(chosen),
        "attached": set(draft.attachments.values_list("evidence", flat=True)),
    }
    if request.method == "POST":
        form = PlaceForm(typed(request), request.FILES, **options)
        if form.is_valid() and _placed(request, draft, form):
            return redirect("services:draft-check", draft_id=draft.pk)
    else:
        form = PlaceForm(initial=_first_place(draft, chosen), **options)
    known = person_facts(pack, draft.facts.get("person") or {})
    context = {
        **_common(draft, pack, step=2),
        "form": form,
        "case": chosen,
        "known": [*known, *(household_facts(pack, draft.facts) if chosen.joins_household else [])],
        "files": draft.attachments.defer("content").order_by("uploaded_at"),
        "asked_at": (draft.facts.get("asked") or [{}])[-1].get("at"),
    }
    return render(request, "services/draft_place.html", context, status=422 if form.errors else 200)


def _placed(request: HttpRequest, draft: Draft, form: PlaceForm) -> bool:
    values = form.cleaned_data
    actor = actor_of(request)
    field: str | None = None
    try:
        for name in [name for name in form.fields if name.startswith("file_") and values.get(name)]:
            field = name
            file = values[name]
            actions.attach_file(
                draft_id=draft.pk, evidence=name.removeprefix("file_"), name=file.name or "", content=content_of(file), actor=actor
            )
        field = None
        actions.save_draft(
            draft_id=draft.pk,
            unit_code=values["unit_code"],
            address=values["address"],
            owner=values.get("owner", "householder"),
            owner_number=values.get("owner_number", "") if values.get("owner") == "other" else "",
            phone=values["phone"],
            email=values["email"],
            note=values["note"],
            actor=actor,
        )
    except (Invalid, PersonDead, NoReceivingAgency) as refusal:
        explain(form, field or _field_of(refusal), refusal)
        return False
    return True


def _field_of(refusal: Dean06Error) -> str:
    if isinstance(refusal, UnknownPerson | PersonDead):
        return "owner_number"
    return "unit_code" if isinstance(refusal, OtherCommune | NoReceivingAgency) else "address"


def _communes(draft: Draft, case: Case) -> list[tuple[str, str]]:
    """List where she may move to: the household's commune if she joins one, else those of the served province."""
    on = today()
    if case.joins_household:
        unit = reference.unit(draft.facts["household"]["unit_code"], on=on)
        return [(unit.code, unit.path_name)]
    here = ((draft.facts.get("person") or {}).get("permanent_residence") or {}).get("unit_code")
    provinces = [reference.province_of(here, on=on)] if here else list(reference.units("province", on=on))
    rows = [unit for province in provinces for unit in reference.units("commune", parent=province.code, on=on)]
    return [("", _("Chọn phường, xã, đặc khu")), *((unit.code, unit.full_name) for unit in rows)]


def _first_place(draft: Draft, case: Case) -> dict[str, Any]:
    """Offer what was typed before; the address of a household that she joins is known already."""
    answers: Mapping[str, Any] = draft.answers
    before = answers.get("new_place") or {}
    household = draft.facts.get("household") or {}
    known = {"unit_code": household.get("unit_code"), "address": household.get("address")} if case.joins_household else {}
    return {
        **known,
        "owner": answers.get("owner", "householder"),
        **{name: answers.get(name, "") for name in ("phone", "email", "note")},
        "owner_number": answers.get("owner_personal_id", ""),
        **({"unit_code": before["unit_code"], "address": before["address"]} if before else {}),
    }


@require_http_methods(["GET", "POST"])
@for_citizens
def check(request: HttpRequest, draft_id: UUID) -> HttpResponse:
    """Step 3: read everything, then file exactly that."""
    actor = actor_of(request)
    if request.method == "POST":
        try:
            dossier = actions.submit(draft_id=draft_id, form_hash=typed(request).get("form_hash", ""), actor=actor)
            return redirect("services:dossier", code=dossier.code)
        except (AnswersIncomplete, EvidenceMissing, FormChanged) as exc:
            refusal: Dean06Error | None = exc
    else:
        refusal = None
    filed = Draft.objects.visible_to(actor).filter(pk=draft_id).exclude(dossier_code="").first()
    if filed is not None:
        return redirect("services:dossier", code=filed.dossier_code)
    draft = _draft(request, draft_id)
    pack = pinned(draft.pack)
    if not draft.answers.get("new_place"):
        return redirect("services:draft-place", draft_id=draft.pk)
    form = compose(pack, facts=draft.facts, typed=draft.answers)
    chosen = pack.case(draft.answers["case"])
    context = {
        **_common(draft, pack, step=3),
        "facts": form_facts(pack, form.answers),
        "form_hash": form.hash,
        "missing": form.missing,
        "refusal": refusal,
        "consents": [pack.consents[name] for name in chosen.consents],
        "files": draft.attachments.defer("content").order_by("uploaded_at"),
        "clock": promised(pack),
        "fee_vnd": pack.fee.amount_vnd(Channel.ONLINE),
        "agency_name": draft.facts.get("agency_name", ""),
    }
    return render(request, "services/draft_check.html", context, status=422 if refusal else 200)


def _draft(request: HttpRequest, draft_id: UUID) -> Draft:
    draft = Draft.objects.visible_to(actor_of(request)).select_related("pack").filter(pk=draft_id, dossier_code="").first()
    if draft is None:
        raise DraftNotFound
    return draft


def _common(draft: Draft, pack: Pack, *, step: int) -> dict[str, Any]:
    marks = ["done" if number < step else "now" if number == step else "" for number in range(1, STEPS + 1)]
    return {"draft": draft, "pack": pack, "step": step, "steps_total": STEPS, "marks": marks}
