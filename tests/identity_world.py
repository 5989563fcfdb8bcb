"""What identity's tests share: relying parties, accounts of invented people, a browser that follows redirects, a relying party."""

import base64
import secrets
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs, urlencode, urlsplit

from dean06.core import clock
from dean06.core.actor import SYSTEM
from dean06.identity import tokens
from dean06.identity.clients import client_secret, forget_parties, load_clients
from dean06.identity.domain import totp
from dean06.identity.domain.pkce import challenge_of
from dean06.identity.public import AccountKey, client_assertion, register_account
from registry_people import a_person, key_of, number_of

PACKS = Path(__file__).parents[1] / "src/dean06/demo/packs"
PASSWORD = "một mật khẩu dài"
BANK_CALLBACK = "http://localhost:8099/oidc/callback"
PORTAL_CALLBACK = "http://localhost:8060/oidc/callback"
WEB = "http://localhost:8060"


def prepare():
    """Make keys, the registry's road and the relying parties of the demonstration."""
    from dean06.exchange.public import load_agreements, load_members
    from dean06.signing.public import ensure_trust

    ensure_trust()
    load_members(PACKS / "exchange")
    load_agreements(PACKS / "exchange")
    forget_parties()
    load_clients(PACKS / "identity/clients.yaml")


@dataclass
class Holder:
    """An invented person with an account."""

    person: object
    number: str
    account: AccountKey
    password: str = PASSWORD
    secret: str = ""

    def code(self, *, steps=0):
        """Return the one-time code of now, or of some steps later."""
        return totp.hotp(totp.decode_secret(self.secret), totp.step_of(clock.now()) + steps)


def a_holder(full_name="Vũ Thí Dụ", *, level=2, has_totp=True, password=PASSWORD, **person):
    """Add a person with an account."""
    row = a_person(full_name, **person)
    number = number_of(row)
    secret = base64.b32encode(secrets.token_bytes(20)).decode() if has_totp else ""
    account = register_account(person=key_of(row), level=level, username=number, password=password, actor=SYSTEM, totp_secret=secret)
    return Holder(row, number, account, password, secret)


def a_request(client_id="bank", *, verifier="v" * 43, **changed):
    """Return the parameters of an authorization request; None takes one away."""
    parameters = {
        "client_id": client_id,
        "redirect_uri": BANK_CALLBACK if client_id == "bank" else PORTAL_CALLBACK,
        "response_type": "code",
        "scope": "openid profile address" if client_id == "bank" else "openid profile number",
        "state": "state-1",
        "nonce": "nonce-1",
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    } | changed
    return {name: value for name, value in parameters.items() if value is not None}


def authorize(browser, client_id="bank", **changed):
    """Send an authorization request by a Django test client."""
    return browser.get("/authorize?" + urlencode(a_request(client_id, **changed)))


def query_of(response):
    """Return the parameters of a redirect."""
    return {name: values[0] for name, values in parse_qs(urlsplit(response["Location"]).query).items()}


@dataclass
class Visitor:
    """One person's browser: goes through sign-in and consent like a person without script."""

    browser: object
    trail: list = field(default_factory=list)

    def sign_in(self, response, holder, *, steps=0):
        """Go from a redirect to the sign-in page on to whatever follows it."""
        page = response["Location"]
        assert urlsplit(page).path == "/identity/login", page
        key = query_of(response)["t"]
        response = self.browser.post("/identity/login", {"t": key, "number": holder.number, "password": holder.password})
        if urlsplit(response.get("Location", "")).path == "/identity/login/code":
            response = self.browser.post("/identity/login/code", {"t": key, "code": holder.code(steps=steps)})
        return response

    def agree(self, response, *, claims=(), answer="agree"):
        """Answer the question of the consent page."""
        assert urlsplit(response["Location"]).path == "/identity/consent", response["Location"]
        return self.browser.post("/identity/consent", {"t": query_of(response)["t"], "answer": answer, "claim": list(claims)})

    def code_for(self, holder, client_id="bank", *, claims=(), **changed):
        """Go the whole way and return the code."""
        response = authorize(self.browser, client_id, **changed)
        if urlsplit(response["Location"]).path == "/identity/login":
            response = self.sign_in(response, holder)
        if urlsplit(response["Location"]).path == "/identity/consent":
            response = self.agree(response, claims=claims)
        return query_of(response)["code"]


def basic(client_id="bank", secret=None):
    """Return a client's Authorization header."""
    shown = f"{client_id}:{secret if secret is not None else client_secret(client_id)}"
    return "Basic " + base64.b64encode(shown.encode()).decode()


def token_form(code, *, verifier="v" * 43, **changed):
    """Return the parameters of a token request; None takes one away."""
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": BANK_CALLBACK, "code_verifier": verifier} | changed
    return {name: value for name, value in form.items() if value is not None}


def redeem(code, **changed):
    """Redeem a code as the bank."""
    return tokens.answer_token_request(token_form(code, **changed), basic())


def redeem_as_portal(code):
    """Redeem a code as the portal, which signs."""
    assertion = client_assertion("portal", key_name="client.portal")
    form = token_form(code, redirect_uri=PORTAL_CALLBACK)
    kind = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    return tokens.answer_token_request({**form, "client_assertion": assertion, "client_assertion_type": kind}, "")
