"""What every page needs of a request."""

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, Concatenate, Final, ParamSpec

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext

from dean06.core.actor import actor_of
from dean06.core.errors import Dean06Error
from dean06.services.errors import FileTooLarge, LogInFirst, NotText
from dean06.services.text import LARGEST_FILE_BYTES

P = ParamSpec("P")
LARGEST_VERSION: Final = 1_000_000


def for_citizens(page: Callable[Concatenate[HttpRequest, P], HttpResponse]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
    """Send whoever is not logged in to the log-in page and back."""

    @wraps(page)
    def guarded(request: HttpRequest, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not actor_of(request).is_anonymous:
            return page(request, *args, **kwargs)
        if request.method != "GET":
            raise LogInFirst
        try:
            return redirect(f"{reverse('portal:login')}?{urlencode({'next': request.get_full_path()})}")
        except NoReverseMatch as exc:
            raise LogInFirst from exc

    return guarded  # type: ignore[return-value]  # mypy names the argument that Callable cannot


def typed(request: HttpRequest) -> Mapping[str, str]:
    """Return the fields of a POST, refused when they are not text.

    Raises:
        NotText: the body is not UTF-8.
    """
    if any("\ufffd" in value for values in request.POST.lists() for value in values[1]):
        raise NotText  # Django decodes what is not UTF-8 as the replacement character
    return request.POST


def version_of(request: HttpRequest) -> int:
    """Return the dossier's version that the page showed; 0, which fits none, if there is no such number."""
    text = typed(request).get("version", "")
    return min(int(text), LARGEST_VERSION) if text.isascii() and text.isdigit() and len(text) < 10 else 0  # noqa: PLR2004 -- digits


def content_of(file: Any) -> bytes:
    """Read a file that Django uploaded.

    Raises:
        FileTooLarge: it says that it is larger than 5 MB.
    """
    if (file.size or 0) > LARGEST_FILE_BYTES:
        raise FileTooLarge
    content: bytes = file.read(LARGEST_FILE_BYTES + 1)
    return content


def explain(form: forms.Form, field: str | None, refusal: Dean06Error) -> None:
    """Put a refusal's sentence beside the field that it is about."""
    form.add_error(field if field in form.fields else None, gettext(refusal.message_vi))
