"""The reader's choices of language and display: POST only, kept in a cookie, back to the page."""

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST

from dean06.portal.domain.login import safe_path
from dean06.portal.errors import BadChoice
from dean06.portal.pages.login import set_cookie
from dean06.portal.sessions import Cookie
from dean06.ui.public import DISPLAY_COOKIE, Display, display_of

A_YEAR: Final = timedelta(days=365)


def _back(request: HttpRequest) -> HttpResponse:
    return redirect(safe_path(request.POST.get("next", "")) or "/")


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language.

    Raises:
        BadChoice: a language that is not offered.
    """
    chosen = request.POST.get("language", "")
    if chosen not in dict(settings.LANGUAGES):
        raise BadChoice
    response = _back(request)
    set_cookie(response, settings.LANGUAGE_COOKIE_NAME, Cookie(chosen, A_YEAR))
    return response


@require_POST
def display(request: HttpRequest) -> HttpResponse:
    """Keep size of text or theme, whichever was sent.

    Raises:
        BadChoice: a choice that is not offered.
    """
    before = display_of(request)
    chosen = Display(request.POST.get("text", before.text), request.POST.get("theme", before.theme))
    if Display.parse(str(chosen)) != chosen:
        raise BadChoice
    response = _back(request)
    set_cookie(response, DISPLAY_COOKIE, Cookie(str(chosen), A_YEAR))
    return response
