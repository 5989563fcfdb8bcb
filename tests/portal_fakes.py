"""Fakes of the portal's neighbours: an identity provider in memory, and rooms that answer with invented people."""

import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from urllib.parse import parse_qs, urlsplit
from uuid import UUID, uuid4

from django.conf import settings
from joserfc import jwt
from joserfc.jwk import ECKey

from dean06.core.paging import Page
from dean06.ledger.public import Look
from dean06.organisation.public import HeldPost
from dean06.portal import neighbours, provider
from dean06.portal.domain.login import base64url

PERSON = UUID("01890000-0000-7000-8000-000000000001")
NUMBER = "022185000017"
NAME = "Vũ Thị Minh Hà"


@dataclass
class FakeProvider:
    """An OpenID provider behind the portal's transport; ``change`` alters the id_token's claims before it is signed."""

    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "k1"}))
    codes: dict = field(default_factory=dict)
    change: dict = field(default_factory=dict)
    userinfo: dict = field(default_factory=lambda: {"sub": "sub-1", "name": NAME, "number": NUMBER})
    is_away: bool = False
    forms: list = field(default_factory=list)
    signing_key: ECKey | None = None

    @property
    def origin(self):
        return settings.DEAN06_WEB_ORIGIN

    def authorize(self, address):
        """Do what the provider does with the browser: return the parameters of its answer."""
        asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = uuid4().hex
        self.codes[code] = asked
        return {"code": code, "state": asked["state"], "iss": self.origin}

    def get(self, url, *, bearer=""):
        if self.is_away:
            raise provider.ProviderAway
        if url.endswith(provider.DISCOVERY_PATH):
            names = {
                "authorization_endpoint": "/authorize", "token_endpoint": "/t", "userinfo_endpoint": "/u", "jwks_uri": "/j",
                "end_session_endpoint": "/identity/logout",
            }  # fmt: skip
            return 200, json.dumps({"issuer": self.origin, **{name: self.origin + path for name, path in names.items()}}).encode()
        if url.endswith("/j"):
            return 200, json.dumps({"keys": [self.key.as_dict(private=False)]}).encode()
        assert bearer == "access-1"
        return 200, json.dumps(self.userinfo).encode()

    def post(self, url, form):
        assert url.endswith("/t")
        self.forms.append(dict(form))
        asked = self.codes.pop(form["code"], None)
        if asked is None or asked["redirect_uri"] != form["redirect_uri"]:
            return 400, b'{"error": "invalid_grant"}'
        challenge = base64url(hashlib.sha256(form["code_verifier"].encode()).digest())
        if challenge != asked["code_challenge"]:
            return 400, b'{"error": "invalid_grant"}'
        at_hash = base64url(hashlib.sha256(b"access-1").digest()[:16])
        now = int(time.time())
        claims = {
            "iss": self.origin, "aud": "portal", "sub": "sub-1", "exp": now + 300, "iat": now, "auth_time": now,
            "nonce": asked["nonce"], "at_hash": at_hash, "acr": "urn:dean06:loa:2.2",
        } | self.change  # fmt: skip
        claims = {name: value for name, value in claims.items() if value is not None}
        key = self.signing_key or self.key
        token = jwt.encode({"alg": "ES256", "kid": "k1"}, claims, key)
        return 200, json.dumps({"access_token": "access-1", "id_token": token, "token_type": "Bearer"}).encode()


def a_post():
    return HeldPost(
        "post-1",
        "G01.H49.06649",
        "Công an phường Bãi Cháy",
        "Cán bộ đăng ký cư trú",
        frozenset({"appraiser", "one_stop_officer"}),
        ("06649",),
    )


@dataclass(frozen=True)
class Card:
    code: str = "G01.06649-261119-0042"
    procedure_name: str = "Đăng ký thường trú"
    state_name: str = "Đang xử lý"
    state_code: int = 4
    step: int = 2
    due_on: date = date(2026, 12, 1)
    days_left: int | None = 4
    is_paused: bool = False
    submitted_at: datetime = datetime(2026, 11, 19, 3, 0, tzinfo=UTC)
    url: str = "/services/dossiers/G01.06649-261119-0042"


@dataclass(frozen=True)
class Paper:
    key: str = "d1"
    title: str = "Thông báo kết quả đăng ký cư trú"
    issued_by: str = "Công an phường Bãi Cháy"
    issued_on: date = date(2026, 3, 12)
    valid_until: date | None = None
    url: str = "/services/documents/d1"
    verify_url: str = "/verify?code=d1"


@dataclass(frozen=True)
class Procedure:
    code: str = "1.004222"
    name: str = "Đăng ký thường trú"
    field: str = "Đăng ký, quản lý cư trú"
    agency_level: str = "commune"
    url: str = "/services/1.004222"
    summary: str = "Khi bạn chuyển đến ở ổn định, lâu dài tại một chỗ ở hợp pháp"


RECORD = {
    "personal_id": NUMBER, "old_number": None, "full_name": NAME, "born_on": "1985-03-14", "birth_precision": "day", "sex": "female",
    "ethnic_group": "01", "religion": "00", "nationality": "VNM", "marital_state": "2", "status": "alive",
    "permanent_residence": {"unit_code": "06652", "unit_name": "Phường Cao Xanh, tỉnh Quảng Ninh", "address": "Tổ 3, khu 6", "since": "2012-11-08"},
    "temporary_residence": None,
    "household": {"code": "H1", "relation": "spouse", "head": {"full_name": "Phạm Quốc Huy", "personal_id": "022083000044"}},
    "father": {"full_name": "Vũ Văn Tài", "personal_id": None}, "mother": None, "spouse": {"full_name": "Phạm Quốc Huy", "personal_id": None},
    "born_in": {"unit_code": "06652", "unit_name": "Phường Cao Xanh"}, "native_place": "Hải Phòng",
}  # fmt: skip
HOUSEHOLD = {
    "code": "H1", "unit_code": "06652", "unit_name": "Phường Cao Xanh, tỉnh Quảng Ninh", "address": "Tổ 3, khu 6",
    "head": {"full_name": "Phạm Quốc Huy", "personal_id": "022083000044"},
    "members": [
        {"personal_id": NUMBER, "full_name": NAME, "born_on": "1985-03-14", "sex": "female", "relation": "spouse"},
        {"personal_id": "022083000044", "full_name": "Phạm Quốc Huy", "born_on": "1983", "sex": "male", "relation": "head"},
    ],
}  # fmt: skip


def look(**changes):
    values = {
        "entry_id": uuid4(), "log": "exchange.provider", "at": datetime(2026, 11, 19, 7, 6, tzinfo=UTC), "kind": "exchange.answered",
        "who": "Công an phường Bãi Cháy", "on_behalf_of": "", "purpose": "1.004222", "legal_basis": "68/2020/QH14, Điều 22",
        "dossier": "G01.06649-261119-0042", "fields": ("full_name", "born_on", "permanent_residence.address", "household.head.full_name"),
        "detail": {}, "seq": 774,
    }  # fmt: skip
    return Look(**(values | changes))


def install(monkeypatch, *, looks=(), posts=(), dossiers=(), documents=(), procedures=(Procedure(),)):
    """Put the fakes in place; return the provider, and the list of registry paths that were asked."""
    fake = FakeProvider()
    asked = []

    def own_document(path, *, actor):
        asked.append((path, actor.person))
        return HOUSEHOLD if "households" in path else RECORD

    def person_by_number(number):
        from dean06.registry.errors import PersonNotFound

        if number != NUMBER:
            raise PersonNotFound
        return PERSON

    def own_looks(person, *, cursor, size):
        return Page(list(looks)[:size] if person == PERSON else [])

    replaced = {
        "own_document": own_document,
        "person_by_number": person_by_number,
        "posts_of": lambda _person, _on: posts,
        "dossiers_of": lambda person: dossiers if person == PERSON else (),
        "documents_of": lambda person: documents if person == PERSON else (),
        "procedures": lambda: procedures,
        "search_procedures": lambda text: procedures if "thuong tru" in text or "thường trú" in text else (),
        "looks": own_looks,
        "one_look": lambda entry, **_who: next((one for one in looks if one.entry_id == entry), look(entry_id=entry)),
    }
    for name, function in replaced.items():
        monkeypatch.setattr(neighbours, name, function)
    identity = provider.IdentityProvider(fake)
    monkeypatch.setattr("dean06.portal.pages.login.identity_provider", lambda: identity)
    return fake, asked


def log_in(client, fake, *, next_path=""):
    """Walk the log-in with Django's client; return the response of the callback."""
    started = client.get("/login", {"next": next_path} if next_path else {})
    return client.get("/oidc/callback", fake.authorize(started["Location"]))
