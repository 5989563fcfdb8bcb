"""What the exchange signs of an agreement, and which versions gateways may go by: those that are still what was signed (ADR 21)."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

import structlog

from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementVersion
from dean06.exchange.sealing import REGISTRY_KEY, canonical, is_sealed
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import PublicKey, published_keys

log = structlog.get_logger(__name__)

APPROVED_AS: Final = "dean06-agreement+jws"
LOADED_AS: Final = "dean06-agreement-of-a-pack+jws"
State = AgreementCase.State
STANDINGS: Final[Mapping[str, Literal["in_force", "stopped"]]] = {
    State.IN_FORCE: "in_force",
    State.SUSPENDED: "stopped",
    State.ENDED: "stopped",
}
"""How a version stands for gateways, by state; the others never were in force."""
MOST_REMEMBERED: Final = 100_000
_good: Final[set[bytes]] = set()


def approved_statement(case: AgreementCase) -> dict[str, Any]:
    """Return what the exchange signs of an approved request: content, version, when each side agreed, the digests of both decisions."""
    approvals = [row for row in case.decisions.all() if row.decision == AgreementDecision.Kind.APPROVED]
    return {
        "agreement": case.agreement.document,
        "version": case.agreement.version,
        "requested_at": iso(case.requested_at),
        "provider_approved_at": iso(case.provider_approved_at),
        "operator_approved_at": iso(case.operator_approved_at),
        "decisions": {row.side: sha256_of(row.token) for row in approvals},
    }


def loaded_statement(version: AgreementVersion) -> dict[str, Any]:
    """Return what the exchange signs of a version that a deployment loaded: content, version and the digest of its packs."""
    return {"agreement": version.document, "version": version.version, "pack": version.pack.digest if version.pack else ""}


def is_seal_good(case: AgreementCase, *, keys: Mapping[str, PublicKey]) -> bool:
    """Say whether the exchange signed a version as it stands in the tables, under the code under which it stands.

    Args:
        case: with agreement, pack and decisions.
        keys: ``verifying_keys`` of the registry.
    """
    agreement = case.agreement
    if not isinstance(agreement.document, dict) or agreement.document.get("code") != agreement.code:
        return False
    if case.origin == AgreementCase.Origin.PACK:
        return _is_signed(case.signature, loaded_statement(agreement), kind=LOADED_AS, keys=keys)
    return _is_signed(case.signature, approved_statement(case), kind=APPROVED_AS, keys=keys)


def _is_signed(token: str, statement: Mapping[str, Any], *, kind: str, keys: Mapping[str, PublicKey]) -> bool:
    """Verify a signature once in this process: identifiers of keys are their thumbprints, so the same question has the same answer."""
    asked = hashlib.sha256(canonical({"token": token, "statement": statement, "kind": kind, "keys": sorted(keys)})).digest()
    if asked in _good:
        return True
    if not is_sealed(token, statement, kind=kind, keys=keys):
        return False
    if len(_good) >= MOST_REMEMBERED:
        _good.clear()
    _good.add(asked)
    return True


def signed_cases(using: str, *, code: str = "") -> dict[str, list[AgreementCase]]:
    """Return the versions that were ever in force, by code, oldest first; of one agreement alone, if its code is given.

    An agreement of which one version is not as it was signed is left out whole, so that no version before it comes back in its place.
    """
    rows = AgreementCase.objects.using(using).filter(state__in=STANDINGS, **({"agreement__code": code} if code else {}))
    rows = rows.select_related("agreement__pack").prefetch_related("decisions").order_by("agreement__code", "agreement__version")
    found: dict[str, list[AgreementCase]] = defaultdict(list)
    altered = set()
    keys = verifying_keys(REGISTRY_KEY)
    for case in rows:
        code = case.agreement.code
        found[code].append(case)
        if not is_seal_good(case, keys=keys):
            log.error("exchange.agreement_altered", agreement=code, version=case.agreement.version)
            altered.add(code)
    return {code: cases for code, cases in found.items() if code not in altered}


def verifying_keys(name: str) -> dict[str, PublicKey]:
    """Return every version of a key that signed decisions or seals: what these signed outlives them, so they stay published for ever."""
    try:
        return {key.kid: key.public_key for key in published_keys(name)}
    except KeyNotFound:
        return {}


def sha256_of(text: str) -> str:
    """Return the digest of a text in hexadecimal."""
    return hashlib.sha256(text.encode()).hexdigest()


def iso(value: datetime | None) -> str:
    """Return an instant as it stands in what is signed; empty for none."""
    return value.astimezone(UTC).isoformat() if value is not None else ""
