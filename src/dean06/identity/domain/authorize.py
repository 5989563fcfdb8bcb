"""The authorization request: what is asked, whether it may be asked, and what has to happen next.

Source: RFC 6749 sec. 4.1.1, OpenID Connect Core sec. 3.1.2.1, RFC 7636, RFC 9207, RFC 9700.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Final
from urllib.parse import urlencode, urlsplit, urlunsplit

from dean06.identity.domain import pkce
from dean06.identity.domain.assurance import LevelOfAssurance
from dean06.identity.domain.clients import OPENID, Client
from dean06.identity.domain.parameters import required
from dean06.identity.errors import (
    ConsentRequired,
    InvalidRequest,
    InvalidScope,
    LoginRequired,
    ProtocolRefusal,
    RedirectUriMismatch,
    RegistrationNotSupported,
    RequestNotSupported,
    RequestUriNotSupported,
    UnmetAuthenticationRequirements,
    UnsupportedResponseType,
)

LONGEST_STATE: Final = 1024
LONGEST_MAX_AGE_DIGITS: Final = 9
PROMPTS: Final = frozenset({"none", "login", "consent", "select_account"})
LOGIN_PROMPTS: Final = frozenset({"login", "select_account"})
_NUMBER: Final = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A request that passed every check which needs no person."""

    client_id: str
    redirect_uri: str
    scopes: tuple[str, ...]
    code_challenge: str
    state: str = ""
    nonce: str = ""
    prompts: frozenset[str] = frozenset()
    max_age_seconds: int | None = None
    acr_values: tuple[LevelOfAssurance, ...] = ()


@dataclass(frozen=True, slots=True)
class SessionFacts:
    """What is known of the browser's session."""

    auth_time: datetime
    assurance: LevelOfAssurance


class Step(Enum):
    """What has to happen next."""

    LOGIN = "login"
    CONSENT = "consent"
    ISSUE = "issue"


def trusted_redirect_uri(parameters: Mapping[str, str], client: Client) -> str:
    """Return the address to which this request's answer, also a refusal, may go.

    Raises:
        InvalidRequest: there is no ``redirect_uri``.
        RedirectUriMismatch: it is not exactly a registered one (RFC 9700 sec. 4.1.3: no pattern, no normalising).
    """
    uri = required(dict(parameters), "redirect_uri")
    if uri not in client.redirect_uris:
        raise RedirectUriMismatch
    return uri


def returned_state(parameters: Mapping[str, str]) -> str:
    """Return the ``state`` that goes back with an answer; an overlong one is refused elsewhere and not echoed."""
    state = parameters.get("state", "")
    return state if len(state) <= LONGEST_STATE else ""


def parse_request(parameters: Mapping[str, str], client: Client) -> AuthorizationRequest:
    """Check a request whose ``redirect_uri`` is trusted.

    Raises:
        ProtocolRefusal: one of its children, to be told to the relying party at its address.
    """
    _refuse_what_is_not_offered(parameters)
    if required(dict(parameters), "response_type") != "code":
        raise UnsupportedResponseType
    scopes = tuple(dict.fromkeys(parameters.get("scope", "").split()))
    if OPENID not in scopes:
        raise InvalidScope
    return AuthorizationRequest(
        client_id=client.client_id,
        redirect_uri=trusted_redirect_uri(parameters, client),
        scopes=tuple(scope for scope in scopes if scope in client.scopes),
        code_challenge=pkce.check_challenge(parameters.get("code_challenge", ""), parameters.get("code_challenge_method", "")),
        state=_bounded(parameters, "state"),
        nonce=_bounded(parameters, "nonce"),
        prompts=_prompts(parameters.get("prompt", "")),
        max_age_seconds=_max_age(parameters.get("max_age", "")),
        acr_values=tuple(level for acr in parameters.get("acr_values", "").split() if (level := LevelOfAssurance.parse(acr))),
    )


def _refuse_what_is_not_offered(parameters: Mapping[str, str]) -> None:
    unsupported = {"request": RequestNotSupported, "request_uri": RequestUriNotSupported, "registration": RegistrationNotSupported}
    for name, refusal in unsupported.items():
        if name in parameters:
            raise refusal
    if parameters.get("response_mode", "query") != "query":
        raise InvalidRequest("Only response_mode=query is offered.")


def _bounded(parameters: Mapping[str, str], name: str) -> str:
    value = parameters.get(name, "")
    if len(value) > LONGEST_STATE:
        raise InvalidRequest(f"The parameter {name} is longer than {LONGEST_STATE} characters.")
    return value


def _prompts(text: str) -> frozenset[str]:
    prompts = frozenset(text.split())
    if not prompts <= PROMPTS or ("none" in prompts and len(prompts) > 1):
        raise InvalidRequest("The parameter prompt holds an unknown value, or none together with another.")
    return prompts


def _max_age(text: str) -> int | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise InvalidRequest("The parameter max_age is not a number of seconds.")
    return int(text)


def next_step(
    request: AuthorizationRequest,
    client: Client,
    *,
    session: SessionFacts | None,
    consented: Collection[str],
    started_at: datetime | None,
    now: datetime,
) -> Step:
    """Decide what this request needs next.

    Args:
        request: the checked request.
        client: who asks.
        session: the browser's session, if there is one.
        consented: names that the person has agreed to for this client and that are still in force; ``openid`` stands
            for the sign-in itself.
        started_at: when the person was first sent to a page for this request; None if she was not.
        now: the present instant.

    Raises:
        LoginRequired, ConsentRequired: a page would be needed and ``prompt=none`` forbids one.
        UnmetAuthenticationRequirements: the person has just signed in as well as she can and it is not enough.
    """
    is_silent = "none" in request.prompts
    if session is None or _must_sign_in_again(request, session, started_at=started_at, now=now):
        if is_silent:
            raise LoginRequired
        return Step.LOGIN
    if not _is_assured(request, client, session.assurance):
        if is_silent or _signed_in_for_this(session, started_at):
            raise UnmetAuthenticationRequirements
        return Step.LOGIN
    if "consent" in request.prompts or not needed_names(request, client) <= frozenset(consented):
        if is_silent:
            raise ConsentRequired
        return Step.CONSENT
    return Step.ISSUE


def needed_names(request: AuthorizationRequest, client: Client) -> frozenset[str]:
    """Return what the person must agree to before this client is answered."""
    return frozenset({OPENID, *(claim.name for claim in client.claims_of(request.scopes) if claim.is_needed)})


def _signed_in_for_this(session: SessionFacts, started_at: datetime | None) -> bool:
    return started_at is not None and session.auth_time >= started_at


def _must_sign_in_again(request: AuthorizationRequest, session: SessionFacts, *, started_at: datetime | None, now: datetime) -> bool:
    if _signed_in_for_this(session, started_at):
        return False
    if request.prompts & LOGIN_PROMPTS:
        return True
    return request.max_age_seconds is not None and now - session.auth_time > timedelta(seconds=request.max_age_seconds)


def _is_assured(request: AuthorizationRequest, client: Client, assurance: LevelOfAssurance) -> bool:
    return assurance.meets_any(request.acr_values) and (client.minimum is None or assurance.meets(client.minimum))


def code_response(request: AuthorizationRequest, *, code: str, issuer: str) -> str:
    """Return the address that brings a code to the relying party, with ``iss`` (RFC 9207)."""
    return answer_at(request.redirect_uri, {"code": code, "state": request.state, "iss": issuer})


def error_response(redirect_uri: str, refusal: ProtocolRefusal, *, state: str, issuer: str) -> str:
    """Return the address that brings a refusal to the relying party (RFC 6749 sec. 4.1.2.1)."""
    answer = {"error": refusal.oauth_error, "error_description": refusal.detail, "state": state, "iss": issuer}
    return answer_at(redirect_uri, answer)


def answer_at(uri: str, answer: Mapping[str, str]) -> str:
    """Append parameters to a registered address, keeping its own query; empty ones are left out."""
    parts = urlsplit(uri)
    added = urlencode({name: value for name, value in answer.items() if value})
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, added)))))
