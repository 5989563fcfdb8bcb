"""Pages of groups: who is in them, which agreements that opens, and changes that one person asks for and another decides."""

from typing import Final

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from dean06.core.actor import actor_of
from dean06.core.clock import today
from dean06.core.databases import database_of
from dean06.exchange.agreements.authority import Office, office_of
from dean06.exchange.agreements.forms import ReasonForm
from dean06.exchange.configuration.forms import GroupChangeForm
from dean06.exchange.configuration.grouping import decide_change, group_for, groups_for, may_ask_for, request_change
from dean06.exchange.configuration.models import GroupChange
from dean06.exchange.models import AgreementCase, AgreementVersion, ClientGroup, GroupMember, Subsystem

EXCHANGE: Final = database_of("exchange")
SHOWN_CHANGES: Final = 20
Kind = GroupChange.Kind
State = GroupChange.State


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show the groups with how many clients and waiting changes they have."""
    office = office_of(actor_of(request))
    rows = [
        {
            "group": group,
            "clients": group.clients.count(),
            "agreements": len(_agreements_of(group)),
            "waiting": GroupChange.objects.using(EXCHANGE).filter(group=group, state=State.REQUESTED).count(),
        }
        for group in groups_for(office)
    ]
    return render(request, "exchange/groups.html", {"rows": rows})


@require_GET
def group(request: HttpRequest, code: str) -> HttpResponse:
    """Show one group: its clients, the agreements that it opens, waiting and past changes, what this person may ask."""
    office = office_of(actor_of(request))
    return _shown(request, office, group_for(office, code))


def _shown(request: HttpRequest, office: Office, found: ClientGroup, *, refused: tuple[str, ReasonForm] | None = None) -> HttpResponse:
    inside = [row.subsystem for row in GroupMember.objects.using(EXCHANGE).filter(group=found).select_related("subsystem__member")]
    changes = GroupChange.objects.using(EXCHANGE).filter(group=found).select_related("subsystem__member").order_by("-id")
    waiting = list(changes.filter(state=State.REQUESTED))
    context = {
        "group": found,
        "clients": sorted(inside, key=lambda row: (row.member.name, row.name)),
        "agreements": _agreements_of(found),
        "waiting": [_waiting(change, office, refused) for change in waiting],
        "past": changes.exclude(state=State.REQUESTED)[:SHOWN_CHANGES],
        "forms": [
            {"kind": kind, "form": refused[1] if refused and refused[0] == kind else form} for kind, form in _forms(office, found).items()
        ],
    }
    return render(request, "exchange/group.html", context, status=422 if refused else 200)


def _waiting(change: GroupChange, office: Office, refused: tuple[str, ReasonForm] | None) -> dict[str, object]:
    name = f"refuse-{change.pk}"
    is_own = change.requested_by == office.person
    return {
        "change": change,
        "is_own": is_own,
        "may_decide": office.is_operator and not is_own,
        "form": refused[1] if refused and refused[0] == name else ReasonForm(auto_id=f"{name}-%s"),
    }


def _forms(office: Office, found: ClientGroup, data: object = None, of: str = "") -> dict[str, GroupChangeForm]:
    """Return the forms that a person may fill in: clients that may join, and those that may leave."""
    inside = set(GroupMember.objects.using(EXCHANGE).filter(group=found).values_list("subsystem_id", flat=True))
    waiting = GroupChange.objects.using(EXCHANGE).filter(group=found, state=State.REQUESTED).values_list("subsystem_id", flat=True)
    rows = Subsystem.objects.using(EXCHANGE).exclude(pk__in=list(waiting)).select_related("member").order_by("member__name", "code")
    mine = [row for row in rows if may_ask_for(office, row)]
    clients = {
        Kind.JOIN: [(str(row), f"{row.name} · {row}") for row in mine if row.pk not in inside],
        Kind.LEAVE: [(str(row), f"{row.name} · {row}") for row in mine if row.pk in inside],
    }
    return {
        kind.value: GroupChangeForm(data if kind == of else None, clients=choices, auto_id=f"{kind.value}-%s")
        for kind, choices in clients.items()
        if choices
    }


@require_POST
def ask(request: HttpRequest, code: str, kind: str) -> HttpResponse:
    """Ask that a client joins or leaves."""
    actor = actor_of(request)
    office = office_of(actor)
    found = group_for(office, code)
    form = _forms(office, found, request.POST, kind).get(kind)
    if form is None:
        raise Http404
    if not form.is_valid():
        return _shown(request, office, found, refused=(kind, form))
    request_change(group=code, client=form.cleaned_data["client"], kind=kind, reason=form.cleaned_data["reason"], actor=actor)
    messages.success(request, _("Đã gửi đề nghị. Một người vận hành khác quyết định."))
    return redirect("membership:group", code)


@require_POST
def approve(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Let a change happen."""
    decide_change(change=_change(request, code, number).pk, approves=True, actor=actor_of(request))
    messages.success(request, _("Nhóm đã thay đổi. Các cổng áp dụng trong vài giây."))
    return redirect("membership:group", code)


@require_POST
def refuse(request: HttpRequest, code: str, number: int) -> HttpResponse:
    """Refuse a change, with a reason."""
    office = office_of(actor_of(request))
    change = _change(request, code, number)
    form = ReasonForm(request.POST, auto_id=f"refuse-{number}-%s")
    if not form.is_valid():
        return _shown(request, office, group_for(office, code), refused=(f"refuse-{number}", form))
    decide_change(change=change.pk, approves=False, reason=form.cleaned_data["reason"], actor=actor_of(request))
    messages.success(request, _("Đã ghi nhận."))
    return redirect("membership:group", code)


def _change(request: HttpRequest, code: str, number: int) -> GroupChange:
    found = group_for(office_of(actor_of(request)), code)
    change = GroupChange.objects.using(EXCHANGE).filter(group=found, pk=number).first()
    if change is None:
        raise Http404
    return change


def _agreements_of(found: ClientGroup) -> list[AgreementVersion]:
    """Return the agreements in force that whoever is in the group has."""
    rows = AgreementVersion.objects.using(EXCHANGE).filter(
        group=found.code, case__state=AgreementCase.State.IN_FORCE, valid_from__lte=today(), valid_until__gte=today()
    )
    return list(rows.order_by("code", "-version").distinct("code"))
