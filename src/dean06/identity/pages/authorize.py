"""The authorization endpoint and the question that it may ask."""

from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from dean06.core.clock import now
from dean06.identity import tokens
from dean06.identity.actions.codes import issue_code
from dean06.identity.actions.consent import consented, give_consent, refuse_consent
from dean06.identity.actions.login import begin_interaction, finish_interaction
from dean06.identity.clients import party
from dean06.identity.domain.assurance import LevelOfAssurance
from dean06.identity.domain.authorize import (
    AuthorizationRequest,
    SessionFacts,
    Step,
    code_response,
    error_response,
    next_step,
    parse_request,
    returned_state,
    trusted_redirect_uri,
)
from dean06.identity.domain.clients import ClaimGrant, Client
from dean06.identity.domain.parameters import LARGEST_QUERY_BYTES, decode_form, required
from dean06.identity.errors import AccessDenied, InteractionExpired, ProtocolRefusal
from dean06.identity.models import Interaction, LoginSession
from dean06.identity.pages.browser import SeeOther, browser_of, interaction_of, page_of, private, remember_browser, session_of
from dean06.identity.words import claim_label

AGREE: Final = "agree"


@require_safe
def discovery(_request: HttpRequest) -> HttpResponse:
    """Answer discovery at the issuer's own origin (OpenID Connect Discovery sec. 4)."""
    response = JsonResponse(tokens.discovery())
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"  # public, and read by clients in browsers
    return response


@csrf_exempt  # a relying party's form is allowed here (OIDC Core sec. 3.1.2.1); it carries nothing of the session
@require_http_methods(["GET", "POST"])
def authorize(request: HttpRequest) -> HttpResponse:
    """Answer a relying party's request, or lead the person to the page that is missing.

    Raises:
        UnknownClient, RedirectUriMismatch, InvalidRequest: shown to the person, as no address can be trusted.
    """
    raw = request.body if request.method == "POST" else request.META.get("QUERY_STRING", "").encode("latin-1", "replace")
    parameters = decode_form(raw, limit=LARGEST_QUERY_BYTES)
    client = party(required(parameters, "client_id")).client
    redirect_uri = trusted_redirect_uri(parameters, client)
    try:
        asked = parse_request(parameters, client)
        return _advance(request, asked, client, parameters=parameters)
    except ProtocolRefusal as refusal:
        return refuse_at(redirect_uri, refusal, state=returned_state(parameters))


def refuse_at(redirect_uri: str, refusal: ProtocolRefusal, *, state: str) -> HttpResponse:
    """Tell the relying party at its own address."""
    return private(SeeOther(error_response(redirect_uri, refusal, state=state, issuer=settings.DEAN06_WEB_ORIGIN)))


def resume(request: HttpRequest, interaction: Interaction, session: LoginSession | None = None) -> HttpResponse:
    """Go on with a request after the person did something for it."""
    asked, client = request_of(interaction)
    try:
        return _advance(request, asked, client, parameters=interaction.parameters, interaction=interaction, session=session)
    except ProtocolRefusal as refusal:
        finish_interaction(interaction)
        return refuse_at(asked.redirect_uri, refusal, state=asked.state)


def request_of(interaction: Interaction) -> tuple[AuthorizationRequest, Client]:
    """Return the relying party's request behind an interaction, checked anew.

    Raises:
        InteractionExpired: there is none, or the relying party may no longer ask so.
    """
    try:
        client = party(interaction.parameters.get("client_id", "")).client
        return parse_request(interaction.parameters, client), client
    except ProtocolRefusal as exc:
        raise InteractionExpired from exc


def _advance(
    request: HttpRequest,
    asked: AuthorizationRequest,
    client: Client,
    *,
    parameters: dict[str, str],
    interaction: Interaction | None = None,
    session: LoginSession | None = None,
) -> HttpResponse:
    session = session or session_of(request)
    agreed = consented(account=session.account_id, client_id=client.client_id) if session else frozenset()
    step = next_step(
        asked,
        client,
        session=SessionFacts(session.auth_time, LevelOfAssurance.parse(session.acr) or LevelOfAssurance(1, 1)) if session else None,
        consented=agreed,
        started_at=interaction.started_at if interaction else None,
        now=now(),
    )
    if step is Step.ISSUE and session is not None:
        return _answer(asked, client, session, agreed, interaction)
    browser = browser_of(request)
    interaction = interaction or begin_interaction(browser=browser, parameters=parameters)
    response = private(SeeOther(page_of("login" if step is Step.LOGIN else "consent", interaction)))
    remember_browser(response, browser)
    return response


def _answer(
    asked: AuthorizationRequest, client: Client, session: LoginSession, agreed: frozenset[str], interaction: Interaction | None
) -> HttpResponse:
    if interaction is not None:
        finish_interaction(interaction)
    code = issue_code(session=session, request=asked, client=client, agreed=agreed)
    return private(SeeOther(code_response(asked, code=code, issuer=settings.DEAN06_WEB_ORIGIN)))


@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Ask the person: who asks, for what, how long; needed and optional apart; nothing ticked.

    Raises:
        InteractionExpired: not this browser's, over, or nobody is signed in any more.
    """
    interaction = interaction_of(request)
    asked, client = request_of(interaction)
    session = session_of(request)
    if session is None:
        return SeeOther(page_of("login", interaction))
    if request.method == "POST":
        return _decided(request, interaction, asked, client, session)
    response = render(request, "identity/consent.html", _question(interaction, asked, client, session))
    return private(response, leads_to=asked.redirect_uri)


def _decided(
    request: HttpRequest, interaction: Interaction, asked: AuthorizationRequest, client: Client, session: LoginSession
) -> HttpResponse:
    facts = SessionFacts(session.auth_time, LevelOfAssurance.parse(session.acr) or LevelOfAssurance(1, 1))
    agreed = consented(account=session.account_id, client_id=client.client_id)
    try:  # the page may have been opened without the sign-in that the request demands
        step = next_step(asked, client, session=facts, consented=agreed, started_at=interaction.started_at, now=now())
    except ProtocolRefusal as refusal:
        finish_interaction(interaction)
        return refuse_at(asked.redirect_uri, refusal, state=asked.state)
    if step is Step.LOGIN:
        return SeeOther(page_of("login", interaction))
    if request.POST.get("answer") != AGREE:
        finish_interaction(interaction)
        refuse_consent(session=session, client=client, request=asked)
        return refuse_at(asked.redirect_uri, AccessDenied(), state=asked.state)
    agreed = give_consent(session=session, request=asked, client=client, chosen=request.POST.getlist("claim"))
    return _answer(asked, client, session, agreed, interaction)


def _question(interaction: Interaction, asked: AuthorizationRequest, client: Client, session: LoginSession) -> dict[str, Any]:
    is_english = (get_language() or "").startswith("en")

    def row(claim: ClaimGrant) -> dict[str, str]:
        return {
            "name": claim.name,
            "label": claim_label(claim.name),
            "reason": (is_english and claim.reason_en) or claim.reason,
            "legal_basis": claim.legal_basis,
        }

    claims = client.claims_of(asked.scopes)
    return {
        "interaction": interaction,
        "client": client,
        "purpose": (is_english and client.purpose_en) or client.purpose,
        "needed": [row(claim) for claim in claims if claim.is_needed],
        "optional": [row(claim) for claim in claims if not claim.is_needed],
        "kept_for": client.kept_for or _("Đơn vị này chưa nói rõ"),
        "days": client.consent_days,
        "device": session.device,
        "status": HTTPStatus.OK,
    }
