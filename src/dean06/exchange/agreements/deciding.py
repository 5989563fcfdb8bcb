"""Who decides on a request signs the decision with a key of her own; whoever alters anything of it later is found out.

A person who signs results of dossiers has a key already (``officer.…``) and signs with it; anybody else gets one (``approver.…``) with her
first decision, in the name of her post. The keys lie in this installation's encrypted store, as those of all officers do: the signature
holds against whoever may write into the database, not against whoever opens the key store.
"""

import base64
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.models import AgreementCase, AgreementDecision
from dean06.exchange.packs import digest_of
from dean06.exchange.sealing import REGISTRY_KEY, is_sealed, sealed
from dean06.organisation.public import HeldPost
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import PublicKey, Signer, chain_pem, ensure_key, kept_keys, signer

SIGNED_AS: Final = "dean06-agreement-decision+jws"
SEALED_AS: Final = "dean06-agreement+jws"
FORMAT: Final = "dean06-agreement-decision/1"
LONGEST_NAME: Final = 64  # ub-common-name of RFC 5280
State = AgreementCase.State
STATE_AFTER: Final[Mapping[str, str]] = {
    "requested": State.REQUESTED,
    "signed": State.IN_FORCE,
    "resumed": State.IN_FORCE,
    "suspended": State.SUSPENDED,
    "refused": State.REFUSED,
    "withdrawn": State.WITHDRAWN,
    "ended": State.ENDED,
}
"""How a requested version stands after the last of these steps in its history."""
COLUMNS: Final = ("code", "client", "group", "service", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class Alteration:
    """Something that is not as it was decided.

    Attributes:
        what: code, a key of ``words.ALTERATIONS``.
        side: whose decision it concerns; empty if nobody's alone.
    """

    what: str
    side: str = ""


def own_key(person: PersonKey, post: HeldPost) -> Signer:
    """Return the key with which a person signs decisions, made at her first one unless she signs as an officer already."""
    try:
        return signer(f"officer.{person}")
    except KeyNotFound:
        name, unit = post.title[:LONGEST_NAME], post.unit_name[:LONGEST_NAME]
        return ensure_key(f"approver.{person}", common_name=name, organisation=unit, usage="officer")


def sign_decision(case: AgreementCase, decision: str, *, side: str, person: PersonKey, post: HeldPost, at: datetime) -> AgreementDecision:
    """Sign what a person decided on a request and keep it, in the caller's transaction."""
    key = own_key(person, post)
    who = f"{post.title}, {post.unit_name}"
    certificates = x509.load_pem_x509_certificates(chain_pem(key.name))
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates]
    statement = statement_of(case, side=side, decision=decision, at=at, who=who, person=person)
    token = sealed(statement, kind=SIGNED_AS, header={"x5c": chain}, by=key)
    using = database_of("exchange")
    return AgreementDecision.objects.using(using).create(
        case=case, side=side, decision=decision, person=person, key_name=key.name, token=token
    )


def statement_of(case: AgreementCase, *, side: str, decision: str, at: datetime, who: str, person: PersonKey) -> dict[str, Any]:
    """Return what one person signs; of herself a digest with the agreement's code, as tokens may travel."""
    agreement = case.agreement
    return {
        "format": FORMAT,
        "agreement": agreement.code,
        "version": agreement.version,
        "sha256": digest_of(agreement.document),
        "side": side,
        "decision": decision,
        "decided_at": _iso(at),
        "post": who,
        "person": hashlib.sha256(f"{agreement.code}\n{person}".encode()).hexdigest(),
    }


def sealed_statement(case: AgreementCase, tokens: Mapping[str, str]) -> dict[str, Any]:
    """Return what the exchange signs: content, version, when each side agreed, and the digests of both decisions."""
    return {
        "agreement": case.agreement.document,
        "version": case.agreement.version,
        "requested_at": _iso(case.requested_at),
        "provider_approved_at": _iso(case.provider_approved_at),
        "operator_approved_at": _iso(case.operator_approved_at),
        "decisions": {side: hashlib.sha256(token.encode()).hexdigest() for side, token in tokens.items()},
    }


def approvals_of(case: AgreementCase) -> dict[str, str]:
    """Return the tokens of the approvals by side."""
    return {row.side: row.token for row in case.decisions.all() if row.decision == AgreementDecision.Kind.APPROVED}


def alterations(case: AgreementCase) -> tuple[Alteration, ...]:
    """Return what of an agreement is not as it was requested, decided and signed; nothing if all is."""
    return tuple(dict.fromkeys(_found(case)))


def _found(case: AgreementCase) -> Iterator[Alteration]:
    agreement, document = case.agreement, case.agreement.document
    shown = {name: str(getattr(agreement, name)) for name in COLUMNS}
    if digest_of(document) != agreement.digest or any(shown[name] != str(document.get(name, "")) for name in COLUMNS):
        yield Alteration("content_altered")
    if case.origin == AgreementCase.Origin.PACK:
        return
    rows = {(row.side, row.decision): row for row in case.decisions.all()}
    for side in AgreementDecision.Side.values:
        yield from _of_approval(case, side, rows.get((side, AgreementDecision.Kind.APPROVED)))
    yield from _of_refusal(case, [row for (_, kind), row in rows.items() if kind == AgreementDecision.Kind.REFUSED])
    is_sealed_state = case.state in {State.IN_FORCE, State.SUSPENDED, State.ENDED}
    if bool(case.signature) != is_sealed_state or (case.signature and not _is_seal_good(case)):
        yield Alteration("seal_wrong")
    steps = [event.event for event in sorted(case.events.all(), key=lambda event: event.pk) if event.event in STATE_AFTER]
    if not steps or STATE_AFTER[steps[-1]] != case.state:
        yield Alteration("state_altered")


def _of_approval(case: AgreementCase, side: str, row: AgreementDecision | None) -> Iterator[Alteration]:
    person, at = getattr(case, f"{side}_approved_by"), getattr(case, f"{side}_approved_at")
    if row is None:
        if person is not None or at is not None:
            yield Alteration("decision_missing", side)
        return
    if person is None or at is None or row.person != person:
        yield Alteration("person_altered", side)
        return
    who = _who(case, f"approved_by_{side}")
    if not _is_signed(row, statement_of(case, side=side, decision=row.decision, at=at, who=who, person=PersonKey(person))):
        yield Alteration("decision_altered", side)


def _of_refusal(case: AgreementCase, rows: list[AgreementDecision]) -> Iterator[Alteration]:
    if bool(rows) != (case.state == State.REFUSED):
        yield Alteration("decision_missing" if not rows else "state_altered")
    at = next((event.at for event in case.events.all() if event.event == "refused"), None)
    for row in rows:
        person, who = PersonKey(row.person), _who(case, "refused")
        if at is None or not _is_signed(row, statement_of(case, side=row.side, decision=row.decision, at=at, who=who, person=person)):
            yield Alteration("decision_altered", row.side)


def _who(case: AgreementCase, event: str) -> str:
    return next((one.who for one in case.events.all() if one.event == event), "")


def _is_signed(row: AgreementDecision, statement: Mapping[str, Any]) -> bool:
    """Say whether the person's own key signed exactly this; a key of somebody else is none of hers."""
    if row.key_name not in {f"officer.{row.person}", f"approver.{row.person}"}:
        return False
    return is_sealed(row.token, statement, kind=SIGNED_AS, keys=_keys(row.key_name))


def _is_seal_good(case: AgreementCase) -> bool:
    return is_sealed(case.signature, sealed_statement(case, approvals_of(case)), kind=SEALED_AS, keys=_keys(REGISTRY_KEY))


def _keys(name: str) -> dict[str, PublicKey]:
    try:
        return {key.kid: key.public_key for key in kept_keys(name)}
    except KeyNotFound:
        return {}


def _iso(value: datetime | None) -> str:
    return value.astimezone(UTC).isoformat() if value is not None else ""


def verify_all() -> Iterator[tuple[AgreementCase, tuple[Alteration, ...]]]:
    """Yield every version of every agreement with what is altered of it, by code and version."""
    rows = AgreementCase.objects.using(database_of("exchange")).select_related("agreement").prefetch_related("decisions", "events")
    for case in rows.order_by("agreement__code", "agreement__version"):
        yield case, alterations(case)
