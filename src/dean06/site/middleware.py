"""Middleware that joins modules: request id, actor, refusals as pages."""

from collections.abc import Callable
from uuid import uuid4

import structlog
from django.db import DataError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode

from dean06.core.actor import ANONYMOUS
from dean06.core.databases import DATABASE_AWAY
from dean06.core.errors import Dean06Error, Denied, Invalid, Unavailable
from dean06.core.problems import status_of
from dean06.portal.public import actor_of


class DatabaseAway(Unavailable):
    """The database does not answer at the moment; nothing of this request was saved."""

    code = "site.database_away"
    message_vi = "Cơ sở dữ liệu đang gián đoạn. Yêu cầu này chưa được lưu; hãy thử lại sau ít phút."


class UnstorableText(Invalid):
    """The address or a field holds a NUL, which nobody can type and no text of the database can hold."""

    code = "site.unstorable_text"
    message_vi = "Địa chỉ hoặc nội dung gửi lên có ký tự không lưu được. Hãy nhập lại bằng bàn phím."


log = structlog.get_logger(__name__)

GetResponse = Callable[[HttpRequest], HttpResponse]


class RequestIdMiddleware:
    """Give each request an id, bind it to the log and return it in a header."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.request_id = uuid4().hex  # type: ignore[attr-defined]
        with structlog.contextvars.bound_contextvars(request_id=request.request_id):  # type: ignore[attr-defined]
            response = self.get_response(request)
        response["X-Request-Id"] = request.request_id  # type: ignore[attr-defined]
        return response


class ActorMiddleware:
    """Build the Actor of the request."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = ANONYMOUS  # type: ignore[attr-defined]
        try:
            request.actor = actor_of(request)  # type: ignore[attr-defined]
        except (*DATABASE_AWAY, Dean06Error) as exc:
            if (refused := refusal_page(request, exc)) is not None:
                return refused
        return self.get_response(request)


class RefusalMiddleware:
    """Turn a foreseen failure that no view caught into a page with its sentence and status."""

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer with the refusal page; anything unforeseen goes on to the 500 handler."""
        return refusal_page(request, exception)


def refusal_page(request: HttpRequest, exception: Exception) -> HttpResponse | None:
    """Return the page of a foreseen failure, or None for an unforeseen one."""
    if isinstance(exception, DATABASE_AWAY):
        log.warning("site.database_unavailable", path=request.path, error=type(exception).__name__)
        exception = DatabaseAway()
    if isinstance(exception, DataError) and _holds_nul(request):
        exception = UnstorableText()
    if not isinstance(exception, Dean06Error):
        return None
    log.info("site.refused", **{**exception.context, "code": exception.code, "path": request.path})
    actor = getattr(request, "actor", ANONYMOUS)
    if isinstance(exception, Denied) and exception.asks_for_login and actor.is_anonymous and request.method == "GET":
        return redirect(f"{reverse('portal:login')}?{urlencode({'next': request.get_full_path()})}")  # who it is decides; ask first
    status = status_of(exception)
    return render(request, "ui/refusal.html", {"refusal": exception, "status": int(status)}, status=status)


def _holds_nul(request: HttpRequest) -> bool:
    sent = [text for fields in (request.GET, request.POST) for _, texts in fields.lists() for text in texts]
    return any("\x00" in str(text) for text in (request.path, *sent))
