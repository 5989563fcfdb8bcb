"""The officers' desk: queue, dossier, and each action as one POST."""

from collections.abc import Callable, Mapping
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dean06.core.actor import Actor, actor_of
from dean06.core.clock import today
from dean06.core.errors import Dean06Error, NotFound
from dean06.core.problems import status_of
from dean06.organisation import public as organisation
from dean06.services import papers, work
from dean06.services.actions import consents, duties, outcomes, steps
from dean06.services.authority import certified_name, citizen, dossier_in_charge
from dean06.services.errors import DossierNotFound, LogInFirst, NotYourStep
from dean06.services.looking import note_look
from dean06.services.models import STEP_ROLES, Dossier
from dean06.services.words import ANSWER_KINDS, ANSWERS, SEXES
from dean06.ui.public import searched

LONGEST_SEARCH: Final = 60
SIGNING_ACTIONS: Final = frozenset({"receive", "appraise", "approve", "sign", "return"})


@require_GET
def queue(request: HttpRequest) -> HttpResponse:
    """Show the dossiers in the officer's charge, nearest due day first."""
    actor = _officer(request)
    view = request.GET.get("view", "all")
    text = searched(request, longest=LONGEST_SEARCH)
    page = work.queue(actor, view=view, text=text, cursor=request.GET.get("cursor", ""))
    counts = work.counts(actor)
    labels = {
        "all": _("Tất cả"),
        "mine": _("Của tôi"),
        "unclaimed": _("Chưa ai nhận"),
        "mine-to-sign": _("Chờ tôi ký"),
        "late": _("Quá hạn"),
        "soon": _("Còn đến 1 ngày"),
        "paused": _("Tạm dừng"),
        "closed": _("Đã kết thúc, 90 ngày"),
    }
    context = {
        **_who(actor),
        "chips": [{"view": key, "label": labels[key], "count": counts[key], "is_current": key == view} for key in work.VIEWS],
        "view": view,
        "q": text,
        "rows": [work.queue_row(row, actor) for row in page.rows],
        "next_cursor": page.next_cursor,
        "today": today(),
    }
    return render(request, "services/officer_queue.html", context)


@require_GET
def desk(request: HttpRequest, code: str) -> HttpResponse:
    """Show one dossier with its sources and what may be done next; the applicant finds the opening in her log."""
    actor = _officer(request)
    dossier = dossier_in_charge(code, actor)
    note_look("services.dossier_opened", dossier, fields=sorted(dossier.answers), actor=actor)
    return _render_desk(request, actor, dossier)


@require_GET
def evidence(request: HttpRequest, code: str, key: UUID) -> HttpResponse:
    """Hand out a file of the dossier, as a download that no browser runs."""
    dossier = dossier_in_charge(code, _officer(request))
    file = work.attachment(dossier, key)
    if file is None:
        raise DossierNotFound
    response = HttpResponse(bytes(file.content), content_type=file.media_type)
    response["Content-Disposition"] = f'attachment; filename="{file.evidence}.{file.media_type.rpartition("/")[2]}"'
    response["X-Content-Type-Options"] = "nosniff"
    return response


@require_POST
def act(request: HttpRequest, code: str, action: str) -> HttpResponse:
    """Carry out one action; a refusal comes back as a message on the same dossier, with what was typed kept."""
    actor = _officer(request)
    run = ACTIONS.get(action)
    if run is None:
        raise DossierNotFound
    try:
        run(code, _version(request), actor, request.POST)
    except NotFound:
        raise
    except Dean06Error as refusal:
        messages.error(request, refusal.message_vi)
        return _render_desk(request, actor, dossier_in_charge(code, actor), status=status_of(refusal))
    messages.success(request, DONE[action]())
    return redirect("services:officer-dossier", code=code)


Run = Callable[[str, int, Actor, Any], object]


def _claim(code: str, version: int, actor: Actor, _form: Any) -> object:
    return duties.claim(code=code, version=version, actor=actor)


def _release(code: str, version: int, actor: Actor, _form: Any) -> object:
    return duties.release(code=code, version=version, actor=actor)


def _duty(code: str, version: int, actor: Actor, _form: Any) -> object:
    return duties.request_duty(code=code, version=version, actor=actor)


def _pay(code: str, version: int, actor: Actor, form: Any) -> object:
    number, exemption = form.get("number", ""), form.get("exemption", "")
    return duties.record_payment(code=code, version=version, actor=actor, number=number, exemption=exemption)


def _receive(code: str, version: int, actor: Actor, form: Any) -> object:
    return steps.receive(code=code, version=version, actor=actor, text=form.get("text", ""))


def _appraise(code: str, version: int, actor: Actor, form: Any) -> object:
    checked = tuple(form.getlist("checked"))
    is_eligible = form.get("finding") == "eligible"
    return steps.appraise(code=code, version=version, actor=actor, text=form.get("text", ""), checked=checked, is_eligible=is_eligible)


def _approve(code: str, version: int, actor: Actor, form: Any) -> object:
    return steps.approve(code=code, version=version, actor=actor, text=form.get("text", ""))


def _sign(code: str, version: int, actor: Actor, _form: Any) -> object:
    return steps.sign_result(code=code, version=version, actor=actor)


def _return(code: str, version: int, actor: Actor, form: Any) -> object:
    return steps.return_result(code=code, version=version, actor=actor, text=form.get("text", ""))


def _refuse(code: str, version: int, actor: Actor, form: Any) -> object:
    return outcomes.refuse_reception(code=code, version=version, actor=actor, text=form.get("text", ""))


def _supplement(code: str, version: int, actor: Actor, form: Any) -> object:
    return outcomes.request_supplement(code=code, version=version, actor=actor, text=form.get("text", ""))


def _stop(code: str, version: int, actor: Actor, form: Any) -> object:
    return outcomes.stop(code=code, version=version, actor=actor, text=form.get("text", ""))


def _ask(code: str, _version: int, actor: Actor, form: Any) -> object:
    return consents.ask_consent(code=code, role=form.get("role", ""), actor=actor)


ACTIONS: Final[Mapping[str, Run]] = {
    "claim": _claim,
    "release": _release,
    "duty": _duty,
    "pay": _pay,
    "receive": _receive,
    "appraise": _appraise,
    "approve": _approve,
    "sign": _sign,
    "return": _return,
    "refuse": _refuse,
    "supplement": _supplement,
    "stop": _stop,
    "ask-consent": _ask,
}
DONE: Final[Mapping[str, Callable[[], str]]] = {
    "claim": lambda: _("Bạn đã nhận việc."),
    "release": lambda: _("Đã trả hồ sơ về hàng chờ."),
    "duty": lambda: _("Đã yêu cầu nộp lệ phí. Đồng hồ tạm dừng."),
    "pay": lambda: _("Đã ghi nhận lệ phí."),
    "receive": lambda: _("Đã ký tiếp nhận. Thời hạn bắt đầu tính."),
    "appraise": lambda: _("Đã ký thẩm định."),
    "approve": lambda: _("Đã ký phê duyệt."),
    "sign": lambda: _("Đã ký số kết quả và đóng dấu. Cơ sở dữ liệu dân cư sẽ xác nhận trong giây lát."),
    "return": lambda: _("Đã trả kết quả vào kho dữ liệu của người dân."),
    "refuse": lambda: _("Đã từ chối tiếp nhận, có nêu lý do."),
    "supplement": lambda: _("Đã gửi yêu cầu bổ sung. Đồng hồ tạm dừng."),
    "stop": lambda: _("Đã dừng xử lý, có nêu lý do."),
    "ask-consent": lambda: _("Đã hỏi lại ý kiến."),
}


def _officer(request: HttpRequest) -> Actor:
    actor = actor_of(request)
    if actor.is_anonymous:
        raise LogInFirst
    if not actor.roles & STEP_ROLES:
        raise NotYourStep
    return actor


def _version(request: HttpRequest) -> int:
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 -- what a form of ours sends


def _who(actor: Actor) -> dict[str, Any]:
    held = [post for post in organisation.posts_held_by(citizen(actor), on=today()) if post.unit_code == actor.unit_code]
    return {"desk_name": held[0].unit_name, "post_title": held[0].title} if held else {}


def _render_desk(request: HttpRequest, actor: Actor, dossier: Dossier, *, status: int = 200) -> HttpResponse:
    shown = work.desk(dossier, actor)
    facts: Mapping[str, Any] = dossier.facts
    person = facts.get("person") or {}
    sheet = dossier.documents.filter(kind=papers.SHEET).order_by("-version").first()
    context = {
        **_who(actor),
        "desk": shown,
        "dossier": dossier,
        "answers": dossier.answers,
        "sex": SEXES.get(str(dossier.answers.get("sex", "")), ""),
        "person": person,
        "case": shown.pack.case(dossier.case_id),
        "consents": [
            {"row": one, "answer": ANSWERS[one.answer], "kind": ANSWER_KINDS[one.answer]} for one in dossier.consents.order_by("asked_at")
        ],
        "files": [
            {"row": file, "title": shown.pack.evidence[file.evidence].title if file.evidence in shown.pack.evidence else file.name}
            for file in dossier.attachments.defer("content").order_by("uploaded_at")
        ],
        "documents": dossier.documents.defer("content").order_by("kind", "-version").distinct("kind"),
        "sheet": sheet,
        "receipt": getattr(dossier, "receipt", None),
        "certificate": certified_name(f"officer.{actor.person}"),
        "typed": request.POST,
        "typed_checks": request.POST.getlist("checked"),
        "is_mine": dossier.held_by is not None and dossier.held_by == actor.person,
    }
    return render(request, "services/officer_dossier.html", context, status=status)
