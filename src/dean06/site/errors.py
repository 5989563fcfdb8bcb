"""Pages for failures that no view handles."""

from http import HTTPStatus

import structlog
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.template.loader import render_to_string

log = structlog.get_logger(__name__)


def refusal(request: HttpRequest, status: HTTPStatus) -> HttpResponse:
    """Answer with the page that says what happened and what to do."""
    return render(request, "ui/refusal.html", {"status": int(status)}, status=status)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Tell a person that the form was too old or came from elsewhere."""
    log.info("site.csrf_refused", reason=reason)
    return render(request, "ui/stale_form.html", {"status": 403}, status=HTTPStatus.FORBIDDEN)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what cannot be read at all."""
    del exception
    return refusal(request, HTTPStatus.BAD_REQUEST)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer what this caller may not do."""
    del exception
    return refusal(request, HTTPStatus.FORBIDDEN)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponseBase:
    """Answer an address that leads nowhere."""
    del exception
    return refusal(request, HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponseBase:
    """Answer the unforeseen: with the whole layout if that still works, else with the bare page."""
    try:
        return refusal(request, HTTPStatus.INTERNAL_SERVER_ERROR)
    except Exception:
        log.warning("site.error_page_bare", exc_info=True)
        page = render_to_string("ui/500.html", {"request_id": getattr(request, "request_id", "")})
        return HttpResponse(page, status=HTTPStatus.INTERNAL_SERVER_ERROR)
