"""Client packs: relying parties as data, checked as a whole, refused with file, line and remedy."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
import yaml
from joserfc.errors import JoseError
from joserfc.jwk import ECKey

from dean06.identity.domain.assurance import LevelOfAssurance
from dean06.identity.domain.clients import CLAIMS, AuthMethod, ClaimGrant, Client, default_sector, is_safe_redirect_uri
from dean06.identity.errors import BadClientPack

LARGEST_PACK_BYTES: Final = 1024 * 1024
_CLIENT_ID: Final = re.compile(r"[a-z0-9][a-z0-9-]{1,58}")
_PATH_STEP: Final = re.compile(r"\.([A-Za-z_]\w*)|\[(\d+)\]")


class ClaimEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One claim in a pack."""

    claim: str
    needed: bool
    reason: str
    reason_en: str = ""
    legal_basis: str = ""


class ClientEntry(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """One relying party in a pack."""

    client_id: str
    name: str
    redirect_uris: list[str]
    purpose: str
    claims: list[ClaimEntry]
    auth_method: AuthMethod
    purpose_en: str = ""
    kept_for: str = ""
    legal_basis: str = ""
    verified_as: str = ""
    sector: str = ""
    minimum_acr: str = ""
    consent_days: int = 365
    post_logout_redirect_uris: list[str] = []
    key_name: str = ""
    jwks: list[dict[str, str]] = []


class ClientPack(msgspec.Struct, forbid_unknown_fields=True, frozen=True):
    """A file of relying parties."""

    kind: Literal["clients"]
    version: str
    clients: list[ClientEntry]


def read_pack(path: Path, *, places: Mapping[str, str]) -> tuple[ClientEntry, ...]:
    """Read and check a pack.

    Args:
        path: a YAML file.
        places: what stands for ``{name}`` in addresses, such as ``{web}``.

    Raises:
        BadClientPack: says where and what to do.
    """
    try:
        raw = path.read_bytes()
        if len(raw) > LARGEST_PACK_BYTES:
            raise BadClientPack(f"{path.name}: larger than {LARGEST_PACK_BYTES} bytes. Split the pack.")
        text = raw.decode()
        root, document = yaml.compose(text, Loader=yaml.SafeLoader), yaml.safe_load(text)
    except OSError as exc:
        raise BadClientPack(f"{path}: cannot be read ({exc.strerror}). Name a file that exists.") from exc
    except UnicodeDecodeError as exc:
        raise BadClientPack(f"{path.name}: not UTF-8. Save the file as UTF-8.") from exc
    except yaml.MarkedYAMLError as exc:
        line = exc.problem_mark.line + 1 if exc.problem_mark else 1
        raise BadClientPack(f"{path.name}:{line}: {exc.problem}. Check indentation and quotes.") from exc
    except yaml.YAMLError as exc:
        raise BadClientPack(f"{path.name}:1: not YAML text. Save the file as plain YAML.") from exc
    try:
        pack = msgspec.convert(document, ClientPack)
    except msgspec.ValidationError as exc:
        words, _, place = str(exc).partition(" - at `")
        raise BadClientPack(f"{path.name}:{_line(root, place)}: {words}. Correct the value; the demo pack shows the format.") from exc
    entries = tuple(_placed(entry, places) for entry in pack.clients)
    faults = [
        f"{path.name}:{_line(root, f'$.clients[{index}]')}: {fault}" for index, entry in enumerate(entries) for fault in _faults(entry)
    ]
    if len({entry.client_id for entry in entries}) < len(entries):
        faults.append(f"{path.name}:1: a client_id stands twice. Keep one of them.")
    if faults:
        raise BadClientPack("\n".join(faults))
    return entries


def _placed(entry: ClientEntry, places: Mapping[str, str]) -> ClientEntry:
    def fill(uris: list[str]) -> list[str]:
        for name, value in places.items():
            uris = [uri.replace(f"{{{name}}}", value) for uri in uris]
        return uris

    return msgspec.structs.replace(
        entry, redirect_uris=fill(entry.redirect_uris), post_logout_redirect_uris=fill(entry.post_logout_redirect_uris)
    )


def _faults(entry: ClientEntry) -> list[str]:
    faults = []
    if not _CLIENT_ID.fullmatch(entry.client_id):
        faults.append("client_id: use 2 to 59 lower-case letters, digits and hyphens.")
    if not entry.redirect_uris:
        faults.append("redirect_uris: name at least one address.")
    faults += [
        f"{uri}: register a whole https address without fragment, user or pattern (http only for localhost)."
        for uri in (*entry.redirect_uris, *entry.post_logout_redirect_uris)
        if not is_safe_redirect_uri(uri)
    ]
    faults += [f"claims: {claim.claim} is not offered; use {', '.join(CLAIMS)}." for claim in entry.claims if claim.claim not in CLAIMS]
    if any(claim.claim == "number" and not claim.legal_basis for claim in entry.claims):
        faults.append("claims: number needs a legal_basis: name the law that lets this party have it.")
    if entry.minimum_acr and LevelOfAssurance.parse(entry.minimum_acr) is None:
        faults.append("minimum_acr: write urn:dean06:loa:<account level>.<authentication level>.")
    if not 1 <= entry.consent_days <= 3650:  # noqa: PLR2004 -- ten years
        faults.append("consent_days: between 1 and 3650.")
    if entry.auth_method == "private_key_jwt" and bool(entry.key_name) == bool(entry.jwks):
        faults.append("private_key_jwt: give either jwks (the party's public keys) or key_name (a key of this installation).")
    faults += [f"jwks: {fault}" for key in entry.jwks if (fault := _key_fault(key))]
    return faults


def _key_fault(key: dict[str, str]) -> str:
    if "d" in key:
        return "holds a private key; publish the public part only and replace this key."
    try:
        parsed = ECKey.import_key(dict(key))
    except (JoseError, ValueError, KeyError, TypeError):
        return "not an EC public key."
    return "" if parsed.curve_name == "P-256" and key.get("kid") else "use P-256 keys that carry a kid."


def _line(root: yaml.Node | None, place: str) -> int:
    """Return the line of a msgspec path such as ``$.clients[0].name``, or of what holds it."""
    node = root
    line = 1
    for name, index in _PATH_STEP.findall(place):
        if isinstance(node, yaml.MappingNode) and name:
            node = next((value for key, value in node.value if key.value == name), None)
        elif isinstance(node, yaml.SequenceNode) and index and int(index) < len(node.value):
            node = node.value[int(index)]
        else:
            break
        if node is None:
            break
        line = node.start_mark.line + 1
    return line


def client_of(entry: ClientEntry) -> Client:
    """Return the domain's view of a pack entry."""
    return Client(
        client_id=entry.client_id,
        name=entry.name,
        redirect_uris=tuple(entry.redirect_uris),
        sector=entry.sector or default_sector(tuple(entry.redirect_uris)),
        auth_method=entry.auth_method,
        claims={c.claim: ClaimGrant(c.claim, c.needed, c.legal_basis, c.reason, c.reason_en) for c in entry.claims},
        post_logout_redirect_uris=tuple(entry.post_logout_redirect_uris),
        purpose=entry.purpose,
        purpose_en=entry.purpose_en,
        kept_for=entry.kept_for,
        legal_basis=entry.legal_basis,
        verified_as=entry.verified_as,
        minimum=LevelOfAssurance.parse(entry.minimum_acr),
        consent_days=entry.consent_days,
    )


def stored(entry: ClientEntry) -> dict[str, Any]:
    """Return a pack entry as JSON values."""
    plain: dict[str, Any] = msgspec.to_builtins(entry)
    return plain


def restored(pack: Mapping[str, Any]) -> ClientEntry:
    """Return a pack entry from its JSON values."""
    return msgspec.convert(pack, ClientEntry)
