"""Logging in and out, as an OpenID Connect client."""

from typing import Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.cache import add_never_cache_headers
from django.utils.translation import get_language
from django.views.decorators.http import require_GET, require_POST

from dean06.core.clock import today
from dean06.core.errors import Dean06Error
from dean06.portal import neighbours
from dean06.portal.domain.login import Attempt, returned_code
from dean06.portal.errors import TokenRefused
from dean06.portal.provider import identity_provider
from dean06.portal.sessions import COOKIE, LOGIN_COOKIE, Cookie, begin_login, end_session, open_session, take_login

CALLBACK_COOKIE_PATH: Final = "/oidc/"
LONGEST_NAME: Final = 200


def set_cookie(response: HttpResponse, name: str, cookie: Cookie, *, path: str = "/") -> None:
    """Set a cookie that no script reads and no other site sends along with a form."""
    response.set_cookie(
        name,
        cookie.value,
        max_age=cookie.max_age,
        path=path,
        httponly=True,
        secure=settings.DEAN06_WEB_ORIGIN.startswith("https://"),
        samesite="Lax",
    )


@require_GET
def login(request: HttpRequest) -> HttpResponse:
    """Send the browser to the identity provider."""
    attempt = Attempt()
    address = identity_provider().authorization_address(attempt, language=get_language() or "vi")
    response = redirect(address)
    set_cookie(response, LOGIN_COOKIE, begin_login(attempt, next_path=request.GET.get("next", "")), path=CALLBACK_COOKIE_PATH)
    add_never_cache_headers(response)
    return response


@require_GET
def callback(request: HttpRequest) -> HttpResponse:
    """Take the provider's answer and open the session.

    The pending log-in is consumed by its first answer, good or bad: a replayed address finds nothing.
    """
    provider = identity_provider()
    expected = take_login(state=request.GET.get("state", ""), secret=request.COOKIES.get(LOGIN_COOKIE, ""))
    code = returned_code({name: str(value) for name, value in request.GET.items()}, issuer=provider.issuer)
    redeemed = provider.redeem(code, verifier=expected.verifier, nonce=expected.nonce)
    try:
        person = neighbours.person_by_number(str(redeemed.claims.get("number", "")))
    except Dean06Error as exc:
        raise TokenRefused("The provider's number claim is nobody's.") from exc
    end_session(request.COOKIES.get(COOKIE, ""))
    cookie = open_session(
        redeemed.who,
        person=person,
        name=str(redeemed.claims.get("name", ""))[:LONGEST_NAME],
        id_token=redeemed.id_token,
        posts=neighbours.posts_of(person, today()),
    )
    response = redirect(expected.next_path or "/me")
    set_cookie(response, COOKIE, cookie)
    response.delete_cookie(LOGIN_COOKIE, path=CALLBACK_COOKIE_PATH)
    add_never_cache_headers(response)
    return response


@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """End the session here, then at the provider, which sends the browser back."""
    id_token = end_session(request.COOKIES.get(COOKIE, ""))
    response = redirect((identity_provider().logout_address(id_token) if id_token else "") or "/")
    response.delete_cookie(COOKIE)
    return response
