"""A relying party (đơn vị khai thác) as the provider sees it: what it may ask for, why, and where answers go."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal
from urllib.parse import urlsplit

from dean06.identity.domain.assurance import LevelOfAssurance

OPENID: Final = "openid"
"""The scope of every request, and the name under which consent to the sign-in itself is kept."""

AuthMethod = Literal["private_key_jwt", "client_secret_basic"]
AUTH_METHODS: Final[tuple[AuthMethod, ...]] = ("private_key_jwt", "client_secret_basic")

SCOPE_CLAIMS: Final[Mapping[str, tuple[str, ...]]] = {
    OPENID: (),
    "profile": ("name", "birthdate", "gender"),
    "address": ("address",),
    "number": ("number",),
}
"""Claims of each scope (OIDC Core sec. 5.4, narrowed); ``number`` is ours: the twelve digits, only where a pack grants them."""

CLAIMS: Final = tuple(claim for claims in SCOPE_CLAIMS.values() for claim in claims)


@dataclass(frozen=True, slots=True)
class ClaimGrant:
    """What a relying party may learn, on which ground."""

    name: str
    is_needed: bool
    legal_basis: str = ""
    reason: str = ""
    reason_en: str = ""


@dataclass(frozen=True, slots=True)
class Client:
    """A registered relying party.

    Attributes:
        sector: two clients of one sector see the same ``sub``.
        purpose: what for, in the words of the consent page.
        kept_for: how long the relying party keeps what it learns, in words.
        minimum: sessions below it are not let in.
        consent_days: how long an agreement is remembered.
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    sector: str
    auth_method: AuthMethod = "private_key_jwt"
    claims: Mapping[str, ClaimGrant] = field(default_factory=dict)
    post_logout_redirect_uris: tuple[str, ...] = ()
    purpose: str = ""
    purpose_en: str = ""
    kept_for: str = ""
    legal_basis: str = ""
    verified_as: str = ""
    minimum: LevelOfAssurance | None = None
    consent_days: int = 365

    @property
    def scopes(self) -> frozenset[str]:
        """Return the scopes that hold at least one granted claim, and ``openid``."""
        return frozenset(scope for scope, claims in SCOPE_CLAIMS.items() if scope == OPENID or any(c in self.claims for c in claims))

    def claims_of(self, scopes: tuple[str, ...]) -> tuple[ClaimGrant, ...]:
        """Return the granted claims of the requested scopes, in a fixed order."""
        wanted = {claim for scope in scopes for claim in SCOPE_CLAIMS.get(scope, ())}
        return tuple(self.claims[name] for name in CLAIMS if name in wanted and name in self.claims)


def is_safe_redirect_uri(uri: str) -> bool:
    """Say whether an address may be registered: absolute, no fragment, no user, https (or http on this machine).

    Source: RFC 6749 sec. 3.1.2; RFC 9700 sec. 2.1.
    """
    try:
        parts = urlsplit(uri)
        port_is_fine = parts.port is None or 0 < parts.port < 65536  # noqa: PLR2004 -- TCP
    except ValueError:
        return False
    if not uri.isascii() or any(c.isspace() or c == "\\" for c in uri) or "#" in uri or "@" in parts.netloc or "*" in uri or "/.." in uri:
        return False
    is_local = parts.scheme == "http" and parts.hostname in {"localhost", "127.0.0.1", "::1"}
    return port_is_fine and bool(parts.hostname) and (parts.scheme == "https" or is_local)


def default_sector(redirect_uris: tuple[str, ...]) -> str:
    """Return the host of the first redirect address (OIDC Core sec. 8.1)."""
    return urlsplit(redirect_uris[0]).hostname or ""
