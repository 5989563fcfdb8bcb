"""Pages that send a request: who asks which service, what of it, why; or the next version of what is in force."""

from typing import Any, Final

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from dean06.core.actor import actor_of
from dean06.core.databases import database_of
from dean06.exchange.agreements import actions
from dean06.exchange.agreements.authority import REQUESTER, Office, belongs, groups_of, may_request, office_of, visible_to
from dean06.exchange.agreements.forms import PartiesForm, RequestForm
from dean06.exchange.agreements.naming import is_readable, names
from dean06.exchange.agreements.offers import offer_of
from dean06.exchange.errors import AgreementAltered, AgreementFaulty, AgreementNotFound, NotInAgreementOffice
from dean06.exchange.events.queries import SERVICE_CODE, event_types
from dean06.exchange.models import ClientGroup, Service, Subsystem

GROUP: Final = "group:"


@require_GET
def parties(request: HttpRequest) -> HttpResponse:
    """Ask who wants to ask which service."""
    office = _requesting(request)
    form = _parties_form(office)
    return render(request, "exchange/agreement_parties.html", {"form": form})


@require_http_methods(["GET", "POST"])
def request_new(request: HttpRequest) -> HttpResponse:
    """Fill in and send a request; endpoints and fields come from the service's description."""
    office = _requesting(request)
    chosen = _parties_form(office, request.GET)
    if not chosen.is_valid():
        return render(request, "exchange/agreement_parties.html", {"form": chosen}, status=422)
    asks, service = chosen.cleaned_data["client"], chosen.cleaned_data["service"]
    group, client = (asks.removeprefix(GROUP), "") if asks.startswith(GROUP) else ("", asks)
    form = RequestForm(request.POST if request.method == "POST" else None, offer=offer_of(service), events=_events_of(service))
    return _requested(request, form, client=client, group=group, service=service)


@require_http_methods(["GET", "POST"])
def renew(request: HttpRequest, code: str) -> HttpResponse:
    """Request the next version of an agreement, prefilled with the one before."""
    office = _requesting(request)
    case = visible_to(office).filter(agreement__code=code, state__in=actions.ALIVE).order_by("-agreement__version").first()
    if case is None or not may_request(case, office):
        raise AgreementNotFound(code=code)
    row = case.agreement
    if not is_readable(row):
        raise AgreementAltered(code=code)
    form = RequestForm(
        request.POST if request.method == "POST" else None,
        offer=offer_of(row.service),
        events=_events_of(row.service),
        document=row.document,
    )
    return _requested(request, form, client=row.client, group=row.group, service=row.service, renews=code)


def _requested(request: HttpRequest, form: RequestForm, *, client: str, group: str, service: str, renews: str = "") -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        document = form.document(client=client, group=group, service=service)
        try:
            case = actions.request_agreement(document=document, reason=form.cleaned_data["reason"], actor=actor_of(request), renews=renews)
        except AgreementFaulty as faulty:
            form.add_error(None, faulty.detail)
        else:
            messages.success(request, _("Đã gửi đề nghị. Bên cung cấp và đơn vị vận hành cùng phê duyệt thì thỏa thuận có hiệu lực."))
            return redirect("agreements:agreement", case.agreement.code, case.agreement.version)
    called = names()
    context = {
        "form": form,
        "renews": renews,
        "client_name": called.client(client, group),
        "service_name": called.service(service),
    }
    return render(request, "exchange/agreement_request.html", context, status=422 if form.errors else 200)


def _requesting(request: HttpRequest) -> Office:
    office = office_of(actor_of(request))
    if office.post_of(REQUESTER) is None:
        raise NotInAgreementOffice(account=office.account)
    return office


def _parties_form(office: Office, data: Any = None) -> PartiesForm:
    using = database_of("exchange")
    mine = [post.unit_code for post in office.posts if REQUESTER in post.roles]
    clients = [
        (str(row), f"{row.name} · {row}")
        for row in Subsystem.objects.using(using).select_related("member").order_by("member__name", "code")
        if any(belongs(unit, str(row.member)) for unit in mine)
    ]
    codes = {group for client, _name in clients for group in groups_of(client.split("/")[2])}
    groups: QuerySet[ClientGroup] = ClientGroup.objects.using(using).filter(code__in=codes).order_by("name")
    clients += [(f"{GROUP}{group.code}", _("Nhóm: %(name)s") % {"name": group.name}) for group in groups]
    rows = Service.objects.using(using).select_related("subsystem__member").order_by("subsystem__member__name", "title")
    services = [(str(row), f"{row.title} · {row.subsystem.member.name}") for row in rows if offer_of(str(row)).endpoints]
    return PartiesForm(data, clients=clients, services=services)


def _events_of(service: str) -> list[tuple[str, str]]:
    """Return the types of events that stand behind a service, with their titles; most services have none."""
    provider, _slash, code = service.rpartition("/")
    return [(one.name, one.title) for one in event_types(provider)] if code == SERVICE_CODE else []
