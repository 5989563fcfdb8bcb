"""Signing in: number and password, then a one-time code; or a passkey."""

from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from dean06.identity.actions.login import (
    begin_interaction,
    finish_interaction,
    needs_code,
    prove_password,
    set_challenge,
    sign_in_by_code,
    sign_in_by_passkey,
    sign_in_by_password,
)
from dean06.identity.actions.sessions import OpenedSession
from dean06.identity.ceremonies import authentication_options
from dean06.identity.domain.clients import Client
from dean06.identity.errors import CodeRefused, LoginBusy, LoginRefused, MalformedUsername, PasskeyRefused, TooManyAttempts
from dean06.identity.models import Interaction
from dean06.identity.pages.authorize import request_of, resume
from dean06.identity.pages.browser import (
    SeeOther,
    browser_of,
    interaction_of,
    page_of,
    private,
    remember_browser,
    remember_session,
    session_cookie,
    visit_of,
)

ACCOUNT_PAGES = ("identity:account", "identity:new-passkey")


class LoginForm(forms.Form):
    """Number and password."""

    number = forms.CharField(
        label=gettext_lazy("Số định danh cá nhân"),
        help_text=gettext_lazy("12 chữ số, in trên thẻ căn cước"),
        max_length=20,
        error_messages={
            "required": MalformedUsername.message_vi,
            "max_length": MalformedUsername.message_vi,
            "null_characters_not_allowed": MalformedUsername.message_vi,
        },
    )
    password = forms.CharField(
        label=gettext_lazy("Mật khẩu"),
        max_length=200,
        strip=False,
        widget=forms.PasswordInput,
        error_messages={"required": gettext_lazy("Nhập mật khẩu."), "max_length": LoginRefused.message_vi},
    )


class CodeForm(forms.Form):
    """One-time code."""

    code = forms.CharField(
        label=gettext_lazy("Mã dùng một lần"),
        help_text=gettext_lazy("6 chữ số trong ứng dụng tạo mã trên điện thoại của bạn"),
        max_length=10,
        error_messages={"required": gettext_lazy("Nhập 6 chữ số mà ứng dụng đang hiện."), "max_length": CodeRefused.message_vi},
    )


@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """Ask for number and password, or a passkey.

    Raises:
        InteractionExpired: not this browser's, or over.
    """
    if "t" not in request.GET and "t" not in request.POST:
        return begin_for_account(request, reverse("identity:account"))
    interaction = interaction_of(request)
    form = LoginForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            account = prove_password(
                interaction=interaction, visit=visit_of(request), client_name=_asker_name(interaction), **form.cleaned_data
            )
            interaction.password_proved_for = account
            if needs_code(account):
                return private(SeeOther(page_of("code", interaction)))
            opened = sign_in_by_password(
                interaction=interaction, visit=visit_of(request), client_name=_asker_name(interaction), replaces=session_cookie(request)
            )
            return signed_in(request, interaction, opened)
        except MalformedUsername as refusal:
            form.add_error("number", _(refusal.message_vi))
        except TooManyAttempts as refusal:
            form.add_error(None, _wait_words(refusal))
        except (LoginRefused, LoginBusy) as refusal:
            form.add_error(None, _(refusal.message_vi))
    return _show(request, "identity/login.html", interaction, {"form": form})


@require_http_methods(["GET", "POST"])
def code(request: HttpRequest) -> HttpResponse:
    """Ask for the one-time code after the password.

    Raises:
        InteractionExpired: not this browser's, over, or too many wrong codes.
    """
    interaction = interaction_of(request)
    if interaction.password_proved_for_id is None:
        return SeeOther(page_of("login", interaction))
    form = CodeForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            opened = sign_in_by_code(
                interaction=interaction,
                code=form.cleaned_data["code"],
                visit=visit_of(request),
                client_name=_asker_name(interaction),
                replaces=session_cookie(request),
            )
            return signed_in(request, interaction, opened)
        except TooManyAttempts as refusal:
            form.add_error(None, _wait_words(refusal))
        except (CodeRefused, LoginRefused) as refusal:
            form.add_error("code", _(refusal.message_vi))
    return _show(request, "identity/login_code.html", interaction, {"form": form})


@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Take a passkey's answer.

    Raises:
        InteractionExpired: not this browser's, or over.
    """
    interaction = interaction_of(request)
    try:
        opened = sign_in_by_passkey(
            interaction=interaction,
            credential=request.POST.get("credential", ""),
            visit=visit_of(request),
            client_name=_asker_name(interaction),
            replaces=session_cookie(request),
        )
    except PasskeyRefused as refusal:
        return _show(request, "identity/login.html", interaction, {"form": LoginForm(), "refusal": refusal})
    return signed_in(request, interaction, opened)


def begin_for_account(request: HttpRequest, next_path: str) -> HttpResponse:
    """Begin a sign-in that leads to one of the account's own pages."""
    browser = browser_of(request)
    interaction = begin_interaction(browser=browser, parameters={}, next_path=next_path)
    response = private(SeeOther(page_of("login", interaction)))
    remember_browser(response, browser)
    return response


def signed_in(request: HttpRequest, interaction: Interaction, opened: OpenedSession) -> HttpResponse:
    """Set the new session's cookie and go on with what the sign-in was for."""
    if interaction.parameters:
        response = resume(request, interaction, opened.session)
    else:
        finish_interaction(interaction)
        response = private(SeeOther(interaction.next_path))
    remember_session(response, opened.cookie)
    return response


def _asker(interaction: Interaction) -> Client | None:
    return request_of(interaction)[1] if interaction.parameters else None


def _asker_name(interaction: Interaction) -> str:
    client = _asker(interaction)
    return client.name if client else ""


def _wait_words(refusal: TooManyAttempts) -> str:
    seconds = int(str(refusal.context.get("seconds", 0))) + 1
    return _("Đã thử sai nhiều lần. Chờ %(seconds)d giây rồi thử lại.") % {"seconds": seconds}


def _show(request: HttpRequest, template: str, interaction: Interaction, context: dict[str, Any]) -> HttpResponse:
    options, challenge = authentication_options()
    set_challenge(interaction, challenge)
    asked = request_of(interaction) if interaction.parameters else None
    has_errors = "refusal" in context or bool(context["form"].errors)
    page = {**context, "interaction": interaction, "client": asked[1] if asked else None, "passkey_options": options}
    response = render(request, template, page, status=422 if has_errors else 200)
    return private(response, leads_to=asked[0].redirect_uri if asked else "")
