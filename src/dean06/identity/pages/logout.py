"""Ending the session, also when a relying party asks for it (OpenID Connect RP-Initiated Logout 1.0)."""

import hmac
from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_http_methods

from dean06.identity.actions.release import subject_of
from dean06.identity.actions.sessions import end_session
from dean06.identity.clients import party
from dean06.identity.domain.authorize import answer_at, returned_state
from dean06.identity.domain.clients import Client
from dean06.identity.domain.parameters import LARGEST_QUERY_BYTES, decode_form
from dean06.identity.errors import InvalidRequest, RedirectUriMismatch
from dean06.identity.models import LoginSession
from dean06.identity.pages.browser import SeeOther, forget_session, private, session_of, visit_of
from dean06.identity.tokens import own_id_token


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """What a relying party asked for, checked."""

    client: Client | None
    return_to: str
    state: str
    subject: str


@require_http_methods(["GET", "POST"])
def logout(request: HttpRequest) -> HttpResponse:
    """Sign out: at once when the relying party shows whose session it means, else after a question.

    Raises:
        InvalidRequest, UnknownClient, RedirectUriMismatch: shown to the person, nothing is ended.
    """
    asked = _read(decode_form(request.META.get("QUERY_STRING", "").encode("latin-1", "replace"), limit=LARGEST_QUERY_BYTES))
    session = session_of(request)
    if session is not None and request.method == "GET" and not _means(asked, session):
        context = {"client": asked.client, "query": request.META.get("QUERY_STRING", "")}
        return private(render(request, "identity/logout.html", context), leads_to=asked.return_to)
    if session is not None:
        end_session(session=session, visit=visit_of(request))
    back = answer_at(asked.return_to, {"state": asked.state}) if asked.return_to else ""
    response = SeeOther(back) if back else render(request, "identity/logged_out.html")
    forget_session(response)
    return private(response)


def _means(asked: LogoutRequest, session: LoginSession) -> bool:
    """Say whether the id_token that was shown is this session's holder's."""
    if asked.client is None or not asked.subject:
        return False
    return hmac.compare_digest(asked.subject.encode(), subject_of(session, asked.client).encode())


def _read(parameters: dict[str, str]) -> LogoutRequest:
    hint = own_id_token(parameters["id_token_hint"]) if "id_token_hint" in parameters else {}
    client_id = str(hint.get("aud", "")) or parameters.get("client_id", "")
    if hint and parameters.get("client_id", client_id) != client_id:
        raise InvalidRequest("The client_id is not the one of the id_token_hint.")
    client = party(client_id).client if client_id else None
    return_to = parameters.get("post_logout_redirect_uri", "")
    if return_to and (client is None or return_to not in client.post_logout_redirect_uris):
        raise RedirectUriMismatch
    return LogoutRequest(client, return_to, returned_state(parameters), str(hint.get("sub", "")))
