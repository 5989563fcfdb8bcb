"""What ties a page to one browser: cookies, the interaction in the address, where it may lead next."""

from typing import Final
from urllib.parse import urlencode, urlsplit
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from dean06.identity.actions.login import open_interaction
from dean06.identity.actions.sessions import LIFETIME, session_by_cookie
from dean06.identity.domain.encoding import random_token
from dean06.identity.models import Interaction, LoginSession
from dean06.identity.visits import Visit, describe_device

SESSION_COOKIE: Final = "dean06_eid"
BROWSER_COOKIE: Final = "dean06_browser"
LONGEST_COOKIE: Final = 100
INTERACTION: Final = "t"


class SeeOther(HttpResponseRedirect):
    """Redirect with 303: the next request is a GET, so no form is sent on (RFC 9700 sec. 4.12)."""

    status_code = 303


def visit_of(request: HttpRequest) -> Visit:
    """Return where the request comes from."""
    return Visit(source=request.META.get("REMOTE_ADDR", ""), device=describe_device(request.headers.get("User-Agent", "")))


def session_of(request: HttpRequest) -> LoginSession | None:
    """Return the browser's living session."""
    return session_by_cookie(session_cookie(request))


def session_cookie(request: HttpRequest) -> str:
    """Return the value of the session cookie, or empty."""
    return request.COOKIES.get(SESSION_COOKIE, "")[:LONGEST_COOKIE]


def browser_of(request: HttpRequest) -> str:
    """Return the browser's mark, making one that ``remember_browser`` sets if it has none."""
    mark = request.COOKIES.get(BROWSER_COOKIE, "")
    return mark if 0 < len(mark) <= LONGEST_COOKIE else random_token()


def remember_browser(response: HttpResponse, mark: str) -> None:
    """Set the browser's mark until it is closed."""
    _set(response, BROWSER_COOKIE, mark, max_age=None)


def remember_session(response: HttpResponse, cookie: str) -> None:
    """Set the session's cookie."""
    _set(response, SESSION_COOKIE, cookie, max_age=int(LIFETIME.total_seconds()))


def forget_session(response: HttpResponse) -> None:
    """Remove the session's cookie."""
    response.delete_cookie(SESSION_COOKIE, samesite="Lax")


def _set(response: HttpResponse, name: str, value: str, *, max_age: int | None) -> None:
    # Lax, not Strict: a relying party's redirect to /authorize is a navigation from another site.
    response.set_cookie(name, value, max_age=max_age, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE)


def interaction_of(request: HttpRequest) -> Interaction:
    """Return the interaction named in the address, if this browser began it.

    Raises:
        InteractionExpired: it did not, or it is over.
    """
    text = request.POST.get(INTERACTION) or request.GET.get(INTERACTION, "")
    try:
        key = UUID(text)
    except ValueError:
        key = None
    return open_interaction(key=key, browser=request.COOKIES.get(BROWSER_COOKIE, "")[:LONGEST_COOKIE])


def page_of(name: str, interaction: Interaction) -> str:
    """Return the address of a page for an interaction."""
    return f"{reverse(f'identity:{name}')}?{urlencode({INTERACTION: interaction.key})}"


def private(response: HttpResponse, *, leads_to: str = "") -> HttpResponse:
    """Keep a page out of caches, and let its form end at a relying party's address.

    Chromium holds ``form-action`` against every redirect that follows a form, so the policy of these pages names the one origin
    to which the answer goes.
    """
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "same-origin"  # not "no-referrer": browsers would send "Origin: null" with our own forms
    if leads_to:
        parts = urlsplit(leads_to)
        response._csp_update = {"form-action": [f"{parts.scheme}://{parts.netloc}"]}  # type: ignore[attr-defined]  # noqa: SLF001 -- as django-csp's own decorator does
    return response
