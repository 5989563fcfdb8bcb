"""Pages of members' keys: list, one key, a new request; one person enters it, another one approves."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dean06.core.actor import actor_of
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.exchange.agreements.authority import Office, office_of
from dean06.exchange.agreements.forms import ReasonForm
from dean06.exchange.configuration import enrolling
from dean06.exchange.configuration.forms import KeyRequestForm
from dean06.exchange.configuration.holding import held_for, members_for, of_member
from dean06.exchange.configuration.models import KeyDecision
from dean06.exchange.errors import MemberKeyNotFound, NotInAgreementOffice
from dean06.exchange.models import MemberKey
from dean06.signing.errors import RequestNotUsable
from dean06.ui.public import listed

State = MemberKey.State
STATES: Final[Mapping[str, tuple[object, str]]] = {
    State.REQUESTED: (gettext_lazy("Chờ phê duyệt"), "warn"),
    State.ACTIVE: (gettext_lazy("Đang dùng"), "ok"),
    State.REFUSED: (gettext_lazy("Bị từ chối"), "stop"),
    State.REVOKED: (gettext_lazy("Đã thu hồi"), "stop"),
}
STEPS: Final[Mapping[str, Callable[..., MemberKey]]] = {"refuse": enrolling.refuse_key, "revoke": enrolling.revoke_key}


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show the keys of the members that concern the person's agency, newest request first."""
    office = office_of(actor_of(request))
    found = listed(
        request,
        held_for(office, MemberKey),
        views=_views(),
        search=lambda text: of_member(text) | Q(kid__startswith=text),
        order=("-id",),
        show=lambda key: {"key": key, **_state(key)},
    )
    return render(request, "exchange/keys.html", {**found, "may_enter": bool(members_for(office))})


@require_GET
def key(request: HttpRequest, number: int) -> HttpResponse:
    """Show one key, what is to be compared before it is approved, and what this person may do."""
    office = office_of(actor_of(request))
    return _shown(request, office, key_for(office, number))


def _shown(
    request: HttpRequest, office: Office, found: MemberKey, *, step: str = "", form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    decision = KeyDecision.objects.using(database_of("exchange")).filter(key=found).first()
    is_own = bool(decision and decision.entered_by == office.person)
    steps = (
        {State.REQUESTED: [] if is_own else ["refuse"], State.ACTIVE: ["revoke"]}.get(State(found.state), []) if office.is_operator else []
    )
    context = {
        "key": found,
        **_state(found),
        "decision": decision,
        "may_approve": office.is_operator and found.state == State.REQUESTED and not is_own,
        "is_own": is_own,
        "steps": [{"name": name, "form": form if name == step and form else ReasonForm(auto_id=f"{name}-%s")} for name in steps],
    }
    return render(request, "exchange/key.html", context, status=status)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Enter the request of a member."""
    actor = actor_of(request)
    members = members_for(office_of(actor))
    if not members:
        raise NotInAgreementOffice(account=actor.account)
    form = KeyRequestForm(request.POST if request.method == "POST" else None, members=members)
    if request.method == "POST" and form.is_valid():
        pem = form.cleaned_data["request"].strip().encode("ascii", "replace") + b"\n"
        try:
            made = enrolling.request_key(member=form.cleaned_data["member"], request_pem=pem, actor=actor)
        except (RequestNotUsable, MemberKeyNotFound) as refused:
            form.add_error("request", str(_(refused.message_vi)))
        else:
            messages.success(request, _("Đã ghi nhận yêu cầu. Một người vận hành khác so dấu vân của khóa rồi mới phê duyệt."))
            return redirect("membership:key", made.pk)
    return render(request, "exchange/key_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def approve(request: HttpRequest, number: int) -> HttpResponse:
    """Certify a requested key."""
    actor = actor_of(request)
    found = key_for(office_of(actor), number)
    enrolling.approve_key(member=str(found.member), kid=found.kid, actor=actor)
    messages.success(request, _("Khóa đã được chứng thực. Các cổng áp dụng trong vài giây."))
    return redirect("membership:key", number)


@require_POST
def step(request: HttpRequest, number: int, step: str) -> HttpResponse:
    """Refuse a request or revoke a key, with a reason."""
    if step not in STEPS:
        raise Http404
    actor = actor_of(request)
    office = office_of(actor)
    found = key_for(office, number)
    form = ReasonForm(request.POST, auto_id=f"{step}-%s")
    if not form.is_valid():
        return _shown(request, office, found, step=step, form=form, status=422)
    STEPS[step](member=str(found.member), kid=found.kid, reason=form.cleaned_data["reason"], actor=actor)
    messages.success(request, _("Đã ghi nhận."))
    return redirect("membership:key", number)


def key_for(office: Office, number: int) -> MemberKey:
    """Return a key.

    Raises:
        MemberKeyNotFound: none, or none that this person may see.
    """
    if (found := held_for(office, MemberKey).filter(pk=number).first()) is None:
        raise MemberKeyNotFound(key=number)
    return found


def _views() -> Mapping[str, tuple[str, Q]]:
    return {
        "all": (_("Tất cả"), Q()),
        "requested": (_("Chờ phê duyệt"), Q(state=State.REQUESTED)),
        "active": (_("Đang dùng"), Q(state=State.ACTIVE, not_after__gt=now())),
        "over": (_("Không còn dùng"), Q(state__in=[State.REFUSED, State.REVOKED]) | Q(state=State.ACTIVE, not_after__lte=now())),
    }


def _state(found: MemberKey) -> dict[str, Any]:
    name, kind = STATES[found.state]
    if found.state == State.ACTIVE and found.not_after is not None and found.not_after <= now():
        name, kind = _("Hết hạn"), ""
    return {"state": name, "kind": kind}
