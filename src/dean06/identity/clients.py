"""Relying parties of this installation: loaded from packs, looked up by id, authenticated."""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import transaction
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.instance import kept_secret
from dean06.identity.domain.clients import Client
from dean06.identity.domain.discovery import ALGORITHM
from dean06.identity.domain.encoding import random_token, stored_hash
from dean06.identity.domain.tokens import PresentedAssertion, PresentedSecret, check_assertion_claims, presented_credentials
from dean06.identity.errors import InvalidClient, UnknownClient
from dean06.identity.models import RelyingParty
from dean06.identity.packs import ClientEntry, client_of, read_pack, restored, stored
from dean06.signing.public import ensure_key, published_keys, signer

USING: Final = database_of("identity")
SEEN_WITHIN_SECONDS: Final = 5.0
"""How long a process may go on with a relying party's old pack after it was loaded anew."""
ASSERTION_SECONDS: Final = 60
_NOBODYS_HASH: Final = stored_hash("the secret of nobody")


@dataclass(frozen=True, slots=True)
class Party:
    """A relying party with what authenticates it."""

    client: Client
    entry: ClientEntry
    secret_hash: str

    def public_keys(self) -> dict[str, ECKey]:
        """Return the party's keys by ``kid``: from its pack, or of this installation."""
        if self.entry.key_name:
            published = ((key.kid, ECKey.import_key(key.public_key)) for key in published_keys(self.entry.key_name))  # type: ignore[arg-type]  # P-256 by usage
            return dict(published)
        return {key["kid"]: ECKey.import_key(dict(key)) for key in self.entry.jwks}


_seen: dict[str, tuple[float, Party]] = {}


def party(client_id: str) -> Party:
    """Return a registered relying party.

    Raises:
        UnknownClient: none is registered under this id.
    """
    known = _seen.get(client_id)
    if known is not None and time.monotonic() - known[0] < SEEN_WITHIN_SECONDS:
        return known[1]
    row = RelyingParty.objects.filter(client_id=client_id).first()
    if row is None:
        raise UnknownClient
    entry = restored(row.pack)
    found = Party(client_of(entry), entry, row.secret_hash)
    _seen[client_id] = (time.monotonic(), found)
    return found


def forget_parties() -> None:
    """Read relying parties anew at their next use in this process."""
    _seen.clear()


def load_clients(path: Path) -> tuple[str, ...]:
    """Register the relying parties of a pack, or of all packs in a directory, or bring them up to date; return their ids.

    A party that authenticates by secret gets one at its first load, kept in the data directory; one with ``key_name`` gets a key.

    Raises:
        BadClientPack: a fault with file, line and remedy; nothing is loaded then.
    """
    files = sorted(path.glob("*.yaml")) if path.is_dir() else [path]
    entries = [entry for file in files for entry in read_pack(file, places={"web": settings.DEAN06_WEB_ORIGIN})]
    for entry in entries:
        if entry.key_name:
            ensure_key(entry.key_name, common_name=entry.name, organisation="", usage="oidc")
    rows = [
        RelyingParty(
            client_id=entry.client_id,
            pack=stored(entry),
            secret_hash=stored_hash(client_secret(entry.client_id)) if entry.auth_method == "client_secret_basic" else "",
        )
        for entry in entries
    ]
    with transaction.atomic(using=USING, durable=True):
        RelyingParty.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["client_id"], update_fields=["pack", "secret_hash", "loaded_at"]
        )
    forget_parties()
    return tuple(entry.client_id for entry in entries)


def client_secret(client_id: str) -> str:
    """Return a party's secret, making it the first time; for handing it over, never for comparing."""
    return kept_secret(Path(settings.DEAN06_DATA_DIR) / "secrets" / f"client-{client_id}")


def client_assertion(client_id: str, *, key_name: str) -> str:
    """Sign a client assertion as a relying party of this installation would (RFC 7523).

    Raises:
        KeyNotFound: the party has no key here.
    """
    key = signer(key_name)
    issued = int(now().timestamp())
    claims = {
        "iss": client_id,
        "sub": client_id,
        "aud": settings.DEAN06_WEB_ORIGIN,
        "iat": issued,
        "exp": issued + ASSERTION_SECONDS,
        "jti": random_token(),
    }
    header = {"alg": ALGORITHM, "kid": key.kid}
    return jwt.encode(header, claims, ECKey.import_key(key.private_key_for_jose()), algorithms=[ALGORITHM])


@dataclass(frozen=True, slots=True)
class Assertion:
    """A verified client assertion, to be spent once."""

    jti_hash: str
    expires_at: datetime


def authenticate_client(parameters: Mapping[str, str], authorization: str) -> tuple[Client, Assertion | None]:
    """Return the relying party that sent a request, and the assertion that must still be spent.

    Raises:
        InvalidClient: unknown, or what it shows is wrong; the same answer for both.
        InvalidRequest: two methods at once.
    """
    subject = _claimed_subject(parameters.get("client_assertion", ""))
    shown = presented_credentials(parameters, authorization, claimed_subject=subject)
    try:
        found = party(shown.client_id)
    except UnknownClient:
        if isinstance(shown, PresentedSecret):
            shown.matches(_NOBODYS_HASH)
        raise InvalidClient from None
    if isinstance(shown, PresentedSecret):
        if found.client.auth_method != "client_secret_basic" or not shown.matches(found.secret_hash):
            raise InvalidClient
        return found.client, None
    return found.client, _verified(shown, found)


def _claimed_subject(assertion: str) -> str:
    """Read ``sub`` without trusting it: it only says whose keys must verify."""
    if not assertion:
        return ""
    try:
        claims = json.loads(jws.extract_compact(assertion.encode()).payload)
    except (JoseError, ValueError):
        return ""
    subject = claims.get("sub") if isinstance(claims, dict) else None
    return subject if isinstance(subject, str) else ""


def _verified(shown: PresentedAssertion, found: Party) -> Assertion:
    if found.client.auth_method != "private_key_jwt":
        raise InvalidClient
    keys = found.public_keys()
    try:
        token = jwt.decode(shown.assertion, lambda obj: keys[obj.headers()["kid"]], algorithms=[ALGORITHM])
    except (JoseError, KeyError, ValueError, TypeError) as exc:
        raise InvalidClient from exc
    audiences = frozenset({settings.DEAN06_WEB_ORIGIN, f"{settings.DEAN06_PROTOCOL_ORIGIN}/oauth2/token"})
    jti, expires_at = check_assertion_claims(token.claims, client_id=found.client.client_id, audiences=audiences, now=now())
    return Assertion(stored_hash(jti), expires_at)
