"""Pages of gateways' certificates: list, one certificate, naming one; an operator names and revokes, an agency sees its own."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from dean06.core.actor import actor_of
from dean06.core.clock import now
from dean06.exchange import peers
from dean06.exchange.agreements.authority import Office, office_of
from dean06.exchange.agreements.forms import ReasonForm
from dean06.exchange.configuration import gateways
from dean06.exchange.configuration.forms import GatewayCertificateForm
from dean06.exchange.configuration.holding import held_for, members_for, of_member
from dean06.exchange.configuration.models import GatewayCertificate
from dean06.exchange.errors import GatewayCertificateNotFound, NotInAgreementOffice
from dean06.ui.public import listed

SOON: Final = timedelta(days=30)


@require_GET
def listing(request: HttpRequest) -> HttpResponse:
    """Show the certificates of gateways that concern the person's agency, newest first, and those of this installation."""
    office = office_of(actor_of(request))
    found = listed(
        request,
        held_for(office, GatewayCertificate),
        views=_views(),
        search=lambda text: of_member(text) | Q(sha256__startswith=text.replace(":", "").lower()),
        order=("-id",),
        show=lambda row: {"certificate": row, **_state(row)},
    )
    context = {
        **found,
        "own": [{"sha256": sha256, "since": one.not_before, "until": one.not_after} for sha256, one in peers.hosted().items()],
        "may_name": office.is_operator,
    }
    return render(request, "exchange/gateways.html", context)


@require_GET
def certificate(request: HttpRequest, number: int) -> HttpResponse:
    """Show one certificate, and to an operator the way to revoke it."""
    office = office_of(actor_of(request))
    return _shown(request, office, certificate_for(office, number))


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Name a certificate whose fingerprint the member gave by another way."""
    actor = actor_of(request)
    office = office_of(actor)
    if not office.is_operator:
        raise NotInAgreementOffice(account=actor.account)
    form = GatewayCertificateForm(request.POST if request.method == "POST" else None, members=members_for(office))
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            made = gateways.name_certificate(
                member=data["member"], certificate_pem=data["certificate"].encode(), actor=actor, is_further=data["is_further"]
            )
        except GatewayCertificateNotFound as refused:
            form.add_error("certificate", str(_(refused.message_vi)))
        else:
            messages.success(
                request, _("Đã ghi nhận chứng thư số. Cổng ở đây áp dụng trong vài giây, cổng ở nơi khác ở lần đọc cấu hình tới.")
            )
            return redirect("membership:gateway", made.pk)
    return render(request, "exchange/gateway_new.html", {"form": form}, status=422 if form.errors else 200)


@require_POST
def revoke(request: HttpRequest, number: int) -> HttpResponse:
    """Revoke a certificate, with a reason."""
    actor = actor_of(request)
    office = office_of(actor)
    found = certificate_for(office, number)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _shown(request, office, found, form=form, status=422)
    gateways.revoke_certificate(member=str(found.member), sha256=found.sha256, reason=form.cleaned_data["reason"], actor=actor)
    messages.success(request, _("Chứng thư số đã bị thu hồi."))
    return redirect("membership:gateway", number)


def certificate_for(office: Office, number: int) -> GatewayCertificate:
    """Return a certificate.

    Raises:
        GatewayCertificateNotFound: none, or none that this person may see.
    """
    if (found := held_for(office, GatewayCertificate).filter(pk=number).first()) is None:
        raise GatewayCertificateNotFound(certificate=number)
    return found


def _shown(
    request: HttpRequest, office: Office, found: GatewayCertificate, *, form: ReasonForm | None = None, status: int = 200
) -> HttpResponse:
    may_revoke = office.is_operator and found.is_named
    context = {"certificate": found, **_state(found), "form": (form or ReasonForm()) if may_revoke else None}
    return render(request, "exchange/gateway.html", context, status=status)


def _views() -> Mapping[str, tuple[str, Q]]:
    counts = Q(revoked_at__isnull=True, not_after__gt=now())
    return {
        "all": (_("Tất cả"), Q()),
        "counts": (_("Đang dùng"), counts),
        "soon": (_("Sắp hết hạn"), counts & Q(not_after__lte=now() + SOON)),
        "over": (_("Không còn dùng"), ~counts),
    }


def _state(found: GatewayCertificate) -> dict[str, Any]:
    if not found.is_named:
        return {"state": _("Đã thu hồi"), "kind": "stop"}
    if found.not_after is None or found.not_after <= now():
        return {"state": _("Hết hạn"), "kind": ""}
    if found.not_after <= now() + SOON:
        return {"state": _("Sắp hết hạn"), "kind": "warn"}
    return {"state": _("Đang dùng"), "kind": "ok"}
