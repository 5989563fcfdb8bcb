"""My account: passkeys, sessions, sign-in history, what I agreed to."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Concatenate, Final, ParamSpec
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from dean06.core.clock import now
from dean06.identity import queries
from dean06.identity.actions.accounts import add_passkey
from dean06.identity.actions.accounts import remove_passkey as remove
from dean06.identity.actions.consent import withdraw_consent
from dean06.identity.actions.login import begin_interaction, finish_interaction, set_challenge, take_challenge
from dean06.identity.actions.sessions import end_sessions_of
from dean06.identity.ceremonies import CeremonyRefused, registration_options, verify_registration
from dean06.identity.errors import AccountExists, PasskeyRefused
from dean06.identity.models import LoginSession
from dean06.identity.pages.browser import (
    SeeOther,
    browser_of,
    forget_session,
    interaction_of,
    private,
    remember_browser,
    session_of,
    visit_of,
)
from dean06.identity.pages.login import begin_for_account
from dean06.identity.words import claim_label, method_words

FRESH: Final = timedelta(minutes=15)
"""How recent the sign-in must be before authenticators change: a borrowed browser must not plant a key."""
LONGEST_NAME: Final = 60

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, LoginSession, P], HttpResponse]


def signed_in_only(*, fresh: bool = False) -> Callable[[View[P]], Callable[Concatenate[HttpRequest, P], HttpResponse]]:
    """Hand the session to the page, or lead to the sign-in first; ``fresh`` wants one made in the last minutes."""

    def decorate(view: View[P]) -> Callable[Concatenate[HttpRequest, P], HttpResponse]:
        @wraps(view)
        def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
            session = session_of(request)
            if session is None or (fresh and now() - session.auth_time > FRESH):
                is_page = request.path == reverse("identity:new-passkey")
                return begin_for_account(request, request.path if is_page else reverse("identity:account"))
            return private(view(request, session, *args, **kwargs))

        return page

    return decorate


@require_safe
@signed_in_only()
def overview(request: HttpRequest, session: LoginSession) -> HttpResponse:
    """Show the holder everything that this module keeps about her account."""
    account = session.account
    context = {
        "account": account,
        "level_label": _("Mức độ %(level)02d") % {"level": account.level},
        "session": session,
        "passkeys": queries.passkeys_of(account.key),
        "sessions": [
            {"row": row, "is_this": row.key == session.key, "methods": method_words(row.amr)}
            for row in queries.living_sessions_of(account.key)
        ],
        "history": [{"row": row, "methods": method_words(row.methods.split())} for row in queries.history_of(account.key)],
        "agreements": [
            {"row": row, "claims": ", ".join(claim_label(name) for name in row.claims)} for row in queries.agreements_of(account.key)
        ],
    }
    return render(request, "identity/account.html", context)


@require_http_methods(["GET", "POST"])
@signed_in_only(fresh=True)
def new_passkey(request: HttpRequest, session: LoginSession) -> HttpResponse:
    """Make a passkey on this device."""
    if request.method == "POST":
        return _keep_passkey(request, session)
    browser = browser_of(request)
    interaction = begin_interaction(browser=browser, parameters={}, next_path=reverse("identity:account"))
    known = [bytes(one.credential_id) for one in queries.passkeys_of(session.account_id)]
    options, challenge = registration_options(account=session.account_id, known=known)
    set_challenge(interaction, challenge)
    context = {"interaction": interaction, "passkey_options": options, "suggested_name": session.device or _("Máy của tôi")}
    response = render(request, "identity/new_passkey.html", context)
    remember_browser(response, browser)
    return response


def _keep_passkey(request: HttpRequest, session: LoginSession) -> HttpResponse:
    interaction = interaction_of(request)
    challenge = take_challenge(interaction)
    finish_interaction(interaction)
    name = " ".join(request.POST.get("name", "").split())[:LONGEST_NAME] or _("Máy của tôi")
    try:
        made = verify_registration(request.POST.get("credential", ""), challenge=challenge)
        add_passkey(
            account=session.account_id,
            credential_id=made.credential_id,
            public_key=made.public_key,
            sign_count=made.sign_count,
            is_synced=made.is_synced,
            name=name,
            visit=visit_of(request),
        )
    except (CeremonyRefused, AccountExists) as exc:
        raise PasskeyRefused from exc
    messages.success(request, _("Đã thêm khóa “%(name)s”. Lần sau bạn đăng nhập bằng khóa này, không cần mật khẩu.") % {"name": name})
    return SeeOther(reverse("identity:account"))


@require_POST
@signed_in_only(fresh=True)
def remove_passkey(request: HttpRequest, session: LoginSession) -> HttpResponse:
    """Remove one of the holder's passkeys."""
    key = _uuid(request.POST.get("passkey", ""))
    if key and remove(account=session.account_id, passkey=key, visit=visit_of(request)):
        messages.success(request, _("Đã gỡ khóa. Khóa đó không đăng nhập được nữa."))
    return SeeOther(reverse("identity:account"))


@require_POST
@signed_in_only()
def end_sessions(request: HttpRequest, session: LoginSession) -> HttpResponse:
    """End one of the holder's sessions, or all of them, this one included."""
    text = request.POST.get("session", "")
    only = _uuid(text)
    if text and only is None:
        return SeeOther(reverse("identity:account"))
    end_sessions_of(account=session.account_id, visit=visit_of(request), only=only)
    if only is not None and only != session.key:
        messages.success(request, _("Đã đăng xuất máy đó."))
        return SeeOther(reverse("identity:account"))
    response = SeeOther(reverse("identity:logout"))
    forget_session(response)
    return response


@require_POST
@signed_in_only()
def withdraw(request: HttpRequest, session: LoginSession) -> HttpResponse:
    """Take back what was agreed to for one relying party."""
    client_id = request.POST.get("client_id", "")[:60]
    name = queries.name_of(client_id)
    if withdraw_consent(session=session, client_id=client_id, client_name=name):
        messages.success(request, _("Đã rút lại đồng ý. %(name)s không lấy được thông tin của bạn qua đăng nhập nữa.") % {"name": name})
    return SeeOther(reverse("identity:account"))


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
