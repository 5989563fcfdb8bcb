"""The public check of a result: true or not, in force or not, and nothing about the person beyond a masked name."""

import hashlib

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_http_methods

from dean06.core.clock import now, today
from dean06.core.errors import Dean06Error, Invalid
from dean06.services.domain.codes import read_verification_code
from dean06.services.errors import FileTypeRefused, NotAPdf, ResultNotFound
from dean06.services.forms import VerifyForm
from dean06.services.models import StoredResult
from dean06.services.pages.requests import content_of, explain, typed
from dean06.services.text import sniffed_type
from dean06.signing import public as signing


@require_http_methods(["GET", "POST"])
def verify(request: HttpRequest) -> HttpResponse:
    """Ask for a code or a file; a file is examined in memory and not kept."""
    if request.method == "GET":
        if code := request.GET.get("code", ""):
            return _by_code(request, code, VerifyForm(initial={"code": code[:40]}))
        return render(request, "services/verify.html", {"form": VerifyForm()})
    form = VerifyForm(typed(request), request.FILES)
    if not form.is_valid():
        return render(request, "services/verify.html", {"form": form}, status=422)
    if file := form.cleaned_data["file"]:
        return _by_file(request, form, content_of_or_refuse(form, file))
    return _by_code(request, form.cleaned_data["code"], form)


def content_of_or_refuse(form: VerifyForm, file: object) -> bytes:
    """Read the file; what is wrong with it stands beside the field."""
    try:
        content = content_of(file)
        if sniffed_type(content) != "application/pdf":
            raise NotAPdf
    except FileTypeRefused:
        explain(form, "file", NotAPdf())
    except Invalid as refusal:
        explain(form, "file", refusal)
    else:
        return content
    return b""


def _by_code(request: HttpRequest, code: str, form: VerifyForm) -> HttpResponse:
    try:
        found = _result(code)
    except (Invalid, ResultNotFound) as refusal:
        bound = form if form.is_bound else VerifyForm({"code": code[:40]})
        bound.full_clean()
        explain(bound, "code", refusal)
        return render(request, "services/verify.html", {"form": bound}, status=404 if isinstance(refusal, ResultNotFound) else 422)
    return redirect("services:verify-code", code=found.verification_code)


def _by_file(request: HttpRequest, form: VerifyForm, content: bytes) -> HttpResponse:
    if not content:
        return render(request, "services/verify.html", {"form": form}, status=422)
    try:
        signatures = signing.inspect_pdf(content)
    except Dean06Error:
        explain(form, "file", NotAPdf())
        return render(request, "services/verify.html", {"form": form}, status=422)
    found = StoredResult.objects.filter(sha256=hashlib.sha256(content).hexdigest()).first()
    is_sound = bool(signatures) and all(one.is_intact and one.is_trusted for one in signatures)
    context = {"form": VerifyForm(), "found": found, "signatures": signatures, "is_sound": is_sound, **_verdict(found)}
    return render(request, "services/verify_file.html", context)


@require_GET
def verify_code(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is true of the result with this code."""
    found = _result(code)
    content = bytes(found.document.content)
    signatures = signing.inspect_pdf(content)
    context = {
        "result": found,
        "signatures": signatures,
        "is_unchanged": hashlib.sha256(content).hexdigest() == found.sha256,
        "is_signed": bool(signatures) and all(one.is_intact and one.is_trusted for one in signatures),
        "checked_at": now(),
        "form": VerifyForm(),
        **_verdict(found),
    }
    return render(request, "services/verify_result.html", context)


def _result(code: str) -> StoredResult:
    found = StoredResult.objects.select_related("document").filter(verification_code=read_verification_code(code)).first()
    if found is None:
        raise ResultNotFound
    return found


def _verdict(found: StoredResult | None) -> dict[str, bool]:
    if found is None:
        return {"is_in_force": False, "is_revoked": False, "is_expired": False}
    is_revoked = found.revoked_at is not None
    is_expired = found.valid_until is not None and found.valid_until < today()
    return {"is_in_force": not is_revoked and not is_expired, "is_revoked": is_revoked, "is_expired": is_expired}
