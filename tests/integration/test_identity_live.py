"""The provider as relying parties and people meet it: real processes, Authlib as an independent client, chromium with passkeys."""

import re
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.rfc7523 import PrivateKeyJWT
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet
from playwright.sync_api import expect

from browser import assert_accessible, shoot
from dean06.identity.clients import client_secret, load_clients
from dean06.ledger.public import looks_at
from dean06.signing.public import rotate, signer
from identity_live import running
from identity_world import BANK_CALLBACK, PACKS, a_holder, prepare

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

PATIENCE_SECONDS = 120
FIELD = re.compile(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"')
THIRD_CALLBACK = "https://third.example/cb"


@pytest.fixture(scope="module")
def processes(tmp_path_factory, django_db_setup, django_db_blocker):
    with django_db_blocker.unblock(), running(tmp_path_factory.mktemp("identity")) as live:
        yield live


@pytest.fixture
def live(processes, settings):
    settings.DEAN06_WEB_ORIGIN = processes.web
    settings.DEAN06_PROTOCOL_ORIGIN = processes.protocol
    prepare()
    return processes


class Person:
    """A person without script: reads pages, fills in forms."""

    def __init__(self, live):
        self.live = live
        self.http = requests.Session()
        self.http.headers["User-Agent"] = "Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0"

    def open(self, url):
        """Follow redirects as long as they stay with the provider; return the last answer."""
        answer = self.http.get(url, allow_redirects=False, timeout=PATIENCE_SECONDS)
        return self._follow(answer)

    def submit(self, page, values):
        form = {**dict(FIELD.findall(page.text)), **values}
        return self._follow(
            self.http.post(
                page.url.partition("?")[0], data=form, allow_redirects=False, timeout=PATIENCE_SECONDS, headers={"Referer": page.url}
            )
        )

    def _follow(self, answer):
        while answer.is_redirect and answer.headers["Location"].startswith(("/", self.live.web)):
            answer = self.http.get(
                requests.compat.urljoin(self.live.web, answer.headers["Location"]), allow_redirects=False, timeout=PATIENCE_SECONDS
            )
        return answer

    def reach(self, url, holder, *, claims=()):
        """Sign in and agree as far as asked; return the address to which the relying party's answer goes."""
        page = self.open(url)
        if "/identity/login" in page.url:
            page = self.submit(page, {"number": holder.number, "password": holder.password})
            page = self.submit(page, {"code": holder.code()})
        if "/identity/consent" in page.url:
            page = self.submit(page, {"answer": "agree", **({"claim": list(claims)} if claims else {})})
        assert page.status_code == 303, page.text
        return page.headers["Location"]


def bank_client(**changed):
    options = {
        "scope": "openid profile",
        "client_secret": client_secret("bank"),
        "token_endpoint_auth_method": "client_secret_basic",
        "redirect_uri": BANK_CALLBACK,
    }
    return OAuth2Session("bank", code_challenge_method="S256", **(options | changed))


def metadata_of(live):
    return requests.get(f"{live.web}/.well-known/openid-configuration", timeout=PATIENCE_SECONDS).json()


class BankSite(BaseHTTPRequestHandler):
    """The relying party's own page, at an origin of its own."""

    def do_GET(self):
        body = "<!doctype html><title>Ngân hàng</title><h1>Ngân hàng</h1>".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args):
        pass


@pytest.fixture
def bank_url(live, tmp_path):
    """The address with which a bank at a running site of its own asks for a sign-in."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BankSite) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        client_id = f"bank-site-{server.server_port}"  # processes go on for seconds with the pack of an id that they have seen
        pack = tmp_path / "site.yaml"
        text = (PACKS / "identity/clients.yaml").read_text().replace("8099", str(server.server_port))
        pack.write_text(text.replace("client_id: bank", f"client_id: {client_id}"))
        load_clients(pack)
        client = OAuth2Session(
            client_id,
            scope="openid profile address",
            redirect_uri=BANK_CALLBACK.replace("8099", str(server.server_port)),
            code_challenge_method="S256",
        )
        yield client.create_authorization_url(f"{live.web}/authorize", code_verifier=VERIFIER)[0]
        server.shutdown()


VERIFIER = "a-verifier-of-at-least-forty-three-characters-long"


def test_authlib_discovers_signs_in_redeems_and_reads_claims(live):
    holder = a_holder("Vũ Thị Minh Hà")
    about = metadata_of(live)
    client = bank_client()
    url, state = client.create_authorization_url(about["authorization_endpoint"], code_verifier=VERIFIER, nonce="n-1")

    back = Person(live).reach(url, holder)
    token = client.fetch_token(about["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER)
    keys = KeySet.import_key_set(requests.get(about["jwks_uri"], timeout=PATIENCE_SECONDS).json())
    claims = jwt.decode(token["id_token"], keys, algorithms=["ES256"]).claims
    facts = client.get(about["userinfo_endpoint"]).json()

    assert parse_qs(urlsplit(back).query)["iss"] == [about["issuer"]] == [live.web]
    assert (claims["iss"], claims["aud"], claims["nonce"], claims["acr"]) == (live.web, "bank", "n-1", "urn:dean06:loa:2.2")
    assert facts == {"sub": claims["sub"], "name": "Vũ Thị Minh Hà", "birthdate": "1990-05-02"}
    assert requests.get(f"{live.protocol}/.well-known/openid-configuration", timeout=PATIENCE_SECONDS).json() == about
    kinds = {look.kind for look in looks_at(holder.person.key).rows}
    assert {"identity.logged_in", "identity.consent_given", "identity.claims_released", "exchange.answered"} <= kinds

    # a second use of the code, with everything else right
    form = {"grant_type": "authorization_code", "code": parse_qs(urlsplit(back).query)["code"][0], "redirect_uri": BANK_CALLBACK}
    secret = ("bank", client_secret("bank"))
    replay = requests.post(about["token_endpoint"], data={**form, "code_verifier": VERIFIER}, auth=secret, timeout=PATIENCE_SECONDS)
    assert (replay.status_code, replay.json()["error"]) == (400, "invalid_grant")
    assert client.get(about["userinfo_endpoint"]).status_code == 401  # the second use took the first one's token back


def test_authlib_authenticates_by_private_key_jwt(live, tmp_path):
    key = ECKey.generate_key("P-256", {"kid": "third-1"})
    public = key.as_dict(private=False)
    pack = tmp_path / "third.yaml"
    pack.write_text(
        "kind: clients\nversion: '1'\nclients:\n"
        f"  - {{client_id: third, name: Bên thứ ba, redirect_uris: ['{THIRD_CALLBACK}'], purpose: thử, auth_method: private_key_jwt,\n"
        f"     claims: [], jwks: [{{kty: EC, crv: P-256, kid: third-1, x: '{public['x']}', y: '{public['y']}'}}]}}\n"
    )
    load_clients(pack)
    holder = a_holder()
    about = metadata_of(live)
    client = OAuth2Session(
        "third",
        client_secret=key,
        token_endpoint_auth_method=PrivateKeyJWT(
            about["token_endpoint"], alg="ES256", headers={"kid": "third-1"}, claims={"exp": int(time.time()) + 60}
        ),
        redirect_uri=THIRD_CALLBACK,
        scope="openid",
        code_challenge_method="S256",
    )
    url, state = client.create_authorization_url(about["authorization_endpoint"], code_verifier=VERIFIER)

    back = Person(live).reach(url, holder)
    client.fetch_token(about["token_endpoint"], authorization_response=back, state=state, code_verifier=VERIFIER)
    facts = client.get(about["userinfo_endpoint"]).json()

    assert list(facts) == ["sub"]


@pytest.mark.parametrize(
    ("url", "options", "status", "error"),
    [
        ("/oauth2/token", {"data": {"grant_type": "authorization_code"}}, 401, "invalid_client"),
        ("/oauth2/token", {"data": {"grant_type": "password"}, "auth": ("bank", "wrong")}, 401, "invalid_client"),
        ("/oauth2/token", {"data": {"grant_type": "password"}, "auth": ("nobody", "wrong")}, 401, "invalid_client"),
        ("/oauth2/token", {"json": {"grant_type": "authorization_code"}}, 400, "invalid_request"),
        ("/oauth2/token", {"data": "code=%ff", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400, "invalid_request"),
        ("/oauth2/token", {"data": {"code": "x" * 20_000}}, 413, "invalid_request"),
        ("/oauth2/token", {"data": "a=1&a=2", "headers": {"Content-Type": "application/x-www-form-urlencoded"}}, 400, "invalid_request"),
        ("/oauth2/userinfo", {"headers": {"Authorization": "Bearer nothing"}}, 401, "invalid_token"),
        ("/oauth2/userinfo", {"headers": {"Authorization": "Bearer " + "x" * 5000}}, 401, "invalid_token"),
        ("/oauth2/revoke", {"data": {"token": "x"}}, 401, "invalid_client"),
        ("/oauth2/nothing", {}, 404, "invalid_request"),
    ],
)
def test_machines_get_a_code_and_a_sentence(live, url, options, status, error):
    answer = requests.post(live.protocol + url, timeout=PATIENCE_SECONDS, **options)

    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.json()["error_description"].endswith(".")
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_request_without_a_token_is_told_the_scheme_alone(live):
    answer = requests.get(f"{live.protocol}/oauth2/userinfo", timeout=PATIENCE_SECONDS)

    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="dean06"')


def test_a_rotated_key_stays_published_until_its_tokens_are_gone(live):
    before = signer("oidc").kid
    rotate("oidc")

    keys = requests.get(f"{live.protocol}/oauth2/jwks", timeout=PATIENCE_SECONDS).json()["keys"]

    assert [keys[0]["kid"], keys[1]["kid"]] == [signer("oidc").kid, before]
    assert all(key["alg"] == "ES256" and key["use"] == "sig" and "d" not in key for key in keys)


# -- in a browser


def virtual_authenticator(page):
    """Give the page a platform authenticator whose owner is there and verifies herself."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return session, session.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def sign_in_with_code(page, holder):
    page.get_by_label("Số định danh cá nhân").fill(holder.number)
    page.get_by_label("Mật khẩu").fill(holder.password)
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    page.get_by_label("Mã dùng một lần").wait_for()
    page.get_by_label("Mã dùng một lần").fill(holder.code())  # of now, not of before the page was there
    page.get_by_role("button", name="Kiểm tra mã").click()


def test_a_passkey_is_made_used_and_removed(live, page):
    holder = a_holder()
    session, authenticator = virtual_authenticator(page)
    page.goto(f"{live.web}/identity/account")
    sign_in_with_code(page, holder)
    page.get_by_role("link", name="Thêm khóa trên máy này").click()
    assert_accessible(page)
    page.get_by_label("Tên của máy").fill("Máy ở nhà")
    page.get_by_role("button", name="Tạo khóa").click()
    page.get_by_text("Đã thêm khóa “Máy ở nhà”").wait_for()
    page.get_by_role("button", name="Đăng xuất khỏi mọi máy").click()
    page.get_by_role("heading", name="Bạn đã đăng xuất").wait_for()
    assert_accessible(page)

    page.get_by_role("link", name="Đăng nhập lại").click()
    page.get_by_role("button", name="Dùng khóa trên máy này").click()
    page.get_by_role("heading", name="Tài khoản định danh").wait_for()
    expect(page.get_by_text("khóa trên máy")).not_to_have_count(0)
    assert_accessible(page)
    shoot(page, "identity-account", widths=(390, 1280))

    page.get_by_role("button", name="Gỡ khóa Máy ở nhà").click()
    page.get_by_text("Đã gỡ khóa.").wait_for()
    page.get_by_role("button", name="Đăng xuất khỏi mọi máy").click()
    page.get_by_role("link", name="Đăng nhập lại").click()
    page.get_by_role("button", name="Dùng khóa trên máy này").click()
    page.get_by_text("Không dùng được khóa này.").wait_for()

    assert len(session.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]) == 1


def test_a_device_that_does_not_verify_its_holder_is_refused(live, page):
    holder = a_holder()
    session, authenticator = virtual_authenticator(page)
    page.goto(f"{live.web}/identity/account")
    sign_in_with_code(page, holder)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})

    page.get_by_role("link", name="Thêm khóa trên máy này").click()
    page.get_by_role("button", name="Tạo khóa").click()

    page.get_by_text("Máy chưa tạo được khóa.").wait_for()


def test_the_way_through_sign_in_and_consent_works_without_script_and_is_accessible(bank_url, page_without_script, page):
    holder = a_holder()

    page.goto(bank_url)
    assert_accessible(page, themes=("", "contrast", "dark"))
    shoot(page, "identity-login", widths=(390, 1280))
    page.get_by_label("Số định danh cá nhân").fill("123")
    page.get_by_role("button", name="Đăng nhập", exact=True).click()
    assert_accessible(page)

    other = page_without_script
    other.goto(bank_url)
    assert other.get_by_role("button", name="Dùng khóa trên máy này").count() == 0
    sign_in_with_code(other, holder)
    other.get_by_role("heading", name="Bạn có đồng ý").wait_for()
    expect(other.get_by_role("checkbox")).to_have_count(1)
    expect(other.get_by_role("checkbox")).not_to_be_checked()
    agree, refuse = (other.get_by_role("button", name=name, exact=True).bounding_box() for name in ("Đồng ý", "Không đồng ý"))
    assert (agree["width"], agree["height"]) == (refuse["width"], refuse["height"])
    shoot(other, "identity-consent", widths=(390, 1280))
    other.get_by_role("button", name="Đồng ý", exact=True).click()
    other.get_by_role("heading", name="Ngân hàng").wait_for()

    assert "/oidc/callback?code=" in other.url


def test_the_consent_page_is_accessible_and_a_refusal_goes_back(bank_url, page):
    holder = a_holder()

    page.goto(bank_url)
    sign_in_with_code(page, holder)
    page.get_by_role("heading", name="Bạn có đồng ý").wait_for()
    assert_accessible(page, themes=("", "contrast", "dark"))
    page.get_by_role("button", name="Không đồng ý", exact=True).click()
    page.get_by_role("heading", name="Ngân hàng").wait_for()

    assert "error=access_denied" in page.url
