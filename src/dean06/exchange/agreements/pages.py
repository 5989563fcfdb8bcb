"""Pages of the agreement procedure: list, one agreement with its history, approval, and the steps that end it."""

from collections.abc import Mapping
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dean06.core.actor import actor_of
from dean06.core.clock import today
from dean06.core.databases import database_of
from dean06.exchange.agreement_seals import STANDINGS, signed_cases
from dean06.exchange.agreements import actions
from dean06.exchange.agreements.alterations import alterations
from dean06.exchange.agreements.authority import APPROVER, OPERATOR, REQUESTER, Office, case_for, may_request, office_of, visible_to
from dean06.exchange.agreements.deciding import request_digest
from dean06.exchange.agreements.forms import ReasonForm
from dean06.exchange.agreements.naming import Names, is_readable, names, title_of
from dean06.exchange.agreements.words import ALTERATIONS, CERTAINTIES, DECISIONS, EVENTS, SIDES, STATES, shown_state, summary
from dean06.exchange.domain.agreements import WARNED_BEFORE
from dean06.exchange.errors import NotInAgreementOffice
from dean06.exchange.models import AgreementCase, AgreementVersion
from dean06.ui.public import listed

State = AgreementCase.State


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show the agreements that concern the person's agency, newest request first."""
    office = office_of(actor_of(request))
    called = names()
    found = listed(
        request,
        visible_to(office),
        views=_views(office),
        search=_of_words,
        order=("-agreement_id",),
        show=lambda case: _row(case, called),
    )
    return render(request, "exchange/agreements.html", {**found, "may_request": office.post_of(REQUESTER) is not None})


def _of_words(text: str) -> Q:
    return Q(agreement__code__icontains=text) | Q(agreement__client__icontains=text) | Q(agreement__service__icontains=text)


def _views(office: Office) -> dict[str, tuple[str, Q]]:
    day = today()
    mine = Q(pk__in=[])
    if office.is_operator:
        mine |= Q(state=State.REQUESTED, operator_approved_at__isnull=True)
    for post in office.posts:
        if APPROVER in post.roles:
            codes = [".".join(post.unit_code.split(".")[:depth]) for depth in range(1, post.unit_code.count(".") + 2)]
            for code in codes:
                mine |= Q(state=State.REQUESTED, provider_approved_at__isnull=True, provider__endswith=f"/{code}")
    mine &= ~Q(requested_by=office.person) & ~Q(provider_approved_by=office.person) & ~Q(operator_approved_by=office.person)
    in_force = Q(state=State.IN_FORCE, agreement__valid_until__gte=day)
    stopped = Q(state__in=[State.SUSPENDED, State.ENDED]) | Q(state=State.IN_FORCE, agreement__valid_until__lt=day)
    return {
        "all": (_("Tất cả"), Q()),
        "mine": (_("Chờ tôi phê duyệt"), mine),
        "requested": (_("Chờ phê duyệt"), Q(state=State.REQUESTED)),
        "in-force": (_("Đang hiệu lực"), in_force),
        "expiring": (_("Sắp hết hạn"), in_force & Q(agreement__valid_until__lte=day + WARNED_BEFORE)),
        "stopped": (_("Đã dừng hoặc hết hạn"), stopped),
        "declined": (_("Bị từ chối hoặc đã rút"), Q(state__in=[State.REFUSED, State.WITHDRAWN])),
    }


def _row(case: AgreementCase, called: Names) -> dict[str, Any]:
    name, kind = STATES[shown_state(case, today())]
    agreement = case.agreement
    return {
        "code": agreement.code,
        "version": agreement.version,
        "title": title_of(agreement),
        "client": agreement.client or agreement.group,
        "client_name": called.client(agreement.client, agreement.group),
        "service": agreement.service,
        "service_name": called.service(agreement.service),
        "state": name,
        "kind": kind,
        "valid_until": agreement.valid_until,
    }


@require_GET
def agreement(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Show one version: what it allows in plain words, its exact content, its history, and what this person may do."""
    office = office_of(actor_of(request))
    return _shown(request, office, case_for(office, code, version))


def _shown(
    request: HttpRequest, office: Office, case: AgreementCase, *, step_name: str = "", form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    row = case.agreement
    is_applied = case.state not in STANDINGS or row.code in signed_cases(database_of("exchange"), code=row.code)
    name, kind = STATES[shown_state(case, today()) if is_applied or case.state != State.IN_FORCE else "altered"]
    called = names()
    client, service = called.client(row.client, row.group), called.service(row.service)
    steps = [(each, form if each == step_name and form else ReasonForm(auto_id=f"{each}-%s")) for each in steps_open(case, office)]
    context = {
        "case": case,
        "row": row,
        "title": title_of(row),
        "state": name,
        "kind": kind,
        "is_applied": is_applied,
        **_content(row, client=client, service=service),
        "client_name": client,
        "service_name": service,
        "events": [{"name": EVENTS.get(event.event, event.event), "event": event} for event in case.events.order_by("id")],
        **_signatures(case),
        "versions": visible_to(office).filter(agreement__code=row.code).exclude(pk=case.pk).order_by("-agreement__version"),
        "side": _side(case, office),
        "seen": request_digest(case),
        "steps": [{"name": each, "form": each_form, **STEP_WORDS[each]()} for each, each_form in steps],
        "may_renew": case.state in actions.ALIVE and may_request(case, office) and is_readable(row),
    }
    return render(request, "exchange/agreement.html", context, status=status)


def _content(row: AgreementVersion, *, client: str, service: str) -> dict[str, Any]:
    """Return the content in plain words and in full; nothing of one that was altered into what no agreement is."""
    document: Mapping[str, Any] = row.document
    if not is_readable(row):
        return {"document": None}
    return {
        "document": document,
        "summary": summary(document, client=client, service=service),
        "bases": [{"text": _basis(basis), "certainty": CERTAINTIES[basis["certainty"]]} for basis in document["legal_bases"]],
    }


def _signatures(case: AgreementCase) -> dict[str, Any]:
    """Return who signed which decision, whether it still agrees, and what was altered."""
    found = alterations(case)
    doubted = {one.side for one in found}
    return {
        "altered": [{"side": SIDES.get(one.side, ""), "text": ALTERATIONS[one.what]} for one in found],
        "decisions": [
            {
                "side": SIDES.get(one.side, one.side),
                "decision": DECISIONS.get(one.decision, one.decision),
                "key": one.token_kid,
                "is_good": one.side in SIDES and one.side not in doubted,
            }
            for one in case.decisions.order_by("id")
        ],
    }


STEP_WORDS: Final = {
    "refuse": lambda: {"label": _("Từ chối đề nghị"), "hint": _("Người đề nghị đọc được lý do này."), "is_stop": True},
    "withdraw": lambda: {"label": _("Rút đề nghị"), "hint": _("Đề nghị không còn chờ ai."), "is_stop": False},
    "suspend": lambda: {"label": _("Tạm đình chỉ"), "hint": _("Các cổng từ chối ngay những lần hỏi tiếp theo."), "is_stop": True},
    "resume": lambda: {"label": _("Cho hoạt động lại"), "hint": _("Người đã đình chỉ không tự cho hoạt động lại."), "is_stop": False},
    "end": lambda: {"label": _("Chấm dứt thỏa thuận"), "hint": _("Không khôi phục được; cần lại thì gửi đề nghị mới."), "is_stop": True},
}


def steps_open(case: AgreementCase, office: Office) -> list[str]:
    """Return the steps with a reason that this person may take now."""
    requests = may_request(case, office)
    provides = office.post_of(APPROVER, case.provider) is not None
    operates = office.post_of(OPERATOR) is not None
    open_steps = {
        State.REQUESTED: [("refuse", provides or operates), ("withdraw", requests)],
        State.IN_FORCE: [("suspend", provides or operates), ("end", requests or provides or operates)],
        State.SUSPENDED: [("resume", operates), ("end", requests or provides or operates)],
    }
    return [name for name, is_open in open_steps.get(State(case.state), []) if is_open]


def _side(case: AgreementCase, office: Office) -> str:
    """Return for which side the person may approve; nothing if for none."""
    if case.state != State.REQUESTED or office.person in {case.requested_by, case.provider_approved_by, case.operator_approved_by}:
        return ""
    try:
        return actions.side_of(case, office)[0]
    except NotInAgreementOffice:
        return ""


@require_POST
def approve(request: HttpRequest, code: str, version: int) -> HttpResponse:
    """Approve a request for one's side, as the page showed it."""
    case = actions.approve(code=code, version=version, actor=actor_of(request), seen=request.POST.get("seen", ""))
    if case.state == State.IN_FORCE:
        messages.success(request, _("Thỏa thuận đã được ký. Các cổng áp dụng trong vài giây."))
    else:
        messages.success(request, _("Đã ghi nhận phê duyệt. Còn chờ một người của bên kia."))
    return redirect("agreements:agreement", code, version)


@require_POST
def step(request: HttpRequest, code: str, version: int, step: str) -> HttpResponse:
    """Refuse, withdraw, suspend, resume or end, with a reason."""
    if step not in actions.WITH_REASON:
        raise Http404
    actor = actor_of(request)
    form = ReasonForm(request.POST, auto_id=f"{step}-%s")
    if not form.is_valid():
        office = office_of(actor)
        return _shown(request, office, case_for(office, code, version), step_name=step, form=form, status=422)
    actions.WITH_REASON[step](code=code, version=version, reason=form.cleaned_data["reason"], actor=actor)
    messages.success(request, _("Đã ghi nhận."))
    return redirect("agreements:agreement", code, version)


def _basis(basis: Mapping[str, str]) -> str:
    return f"{basis['document']}, {basis['article']}" if basis.get("article") else basis["document"]
