"""Who decides on a request signs the decision with a key of her own; whoever alters anything of it later is found out (``alterations.py``).

A person who signs results of dossiers has a key already (``officer.…``) and signs with it; anybody else gets one (``approver.…``) with her
first decision, in the name of her post. The keys lie in this installation's encrypted store, as those of all officers do: the signature
holds against whoever may write into the database, not against whoever opens the key store.
"""

import base64
from datetime import datetime
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.agreement_seals import iso, sha256_of
from dean06.exchange.models import AgreementCase, AgreementDecision
from dean06.exchange.packs import digest_of
from dean06.exchange.sealing import sealed
from dean06.organisation.public import HeldPost
from dean06.signing.errors import KeyNotFound
from dean06.signing.public import Signer, chain_pem, ensure_key, signer

SIGNED_AS: Final = "dean06-agreement-decision+jws"
FORMAT: Final = "dean06-agreement-decision/1"
LONGEST_NAME: Final = 64  # ub-common-name of RFC 5280


def own_key(person: PersonKey, post: HeldPost) -> Signer:
    """Return the key with which a person signs decisions, made at her first one unless she signs as an officer already."""
    title, unit = post.title[:LONGEST_NAME], post.unit_name[:LONGEST_NAME]
    name = f"officer.{person}"
    try:
        signer(name)
    except KeyNotFound:
        name = f"approver.{person}"
    return ensure_key(name, common_name=title, organisation=unit, usage="officer")  # renews a certificate that is about to end


def sign_decision(
    case: AgreementCase, decision: str, *, side: str, person: PersonKey, post: HeldPost, at: datetime, reason: str = ""
) -> AgreementDecision:
    """Sign what a person decided on a request and keep it, in the caller's transaction."""
    key = own_key(person, post)
    certificates = x509.load_pem_x509_certificates(chain_pem(key.name))
    chain = [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in certificates]
    statement = statement_of(case, side=side, decision=decision, at=at, who=post_named(post), person=person, reason=reason)
    token = sealed(statement, kind=SIGNED_AS, header={"x5c": chain}, by=key)
    using = database_of("exchange")
    return AgreementDecision.objects.using(using).create(
        case=case, side=side, decision=decision, person=person, key_name=key.name, token=token
    )


def post_named(post: HeldPost) -> str:
    """Name a post as histories and signed decisions do."""
    return f"{post.title}, {post.unit_name}"


def request_digest(case: AgreementCase) -> str:
    """Return the digest of what a person reads before she decides: content, who asks whom, for what reason, when and who requested it."""
    agreement = case.agreement
    return digest_of(
        {
            "agreement": agreement.code,
            "version": agreement.version,
            "sha256": digest_of(agreement.document),
            "consumer": case.consumer,
            "provider": case.provider,
            "reason": case.reason,
            "requested_at": iso(case.requested_at),
            "requested_by": str(case.requested_by),
        }
    )


def statement_of(
    case: AgreementCase, *, side: str, decision: str, at: datetime, who: str, person: PersonKey, reason: str = ""
) -> dict[str, Any]:
    """Return what one person signs; of herself and of her reason digests, as tokens may travel."""
    agreement = case.agreement
    return {
        "format": FORMAT,
        "agreement": agreement.code,
        "version": agreement.version,
        "sha256": digest_of(agreement.document),
        "request": request_digest(case),
        "side": side,
        "decision": decision,
        "reason": sha256_of(reason) if reason else "",
        "decided_at": iso(at),
        "post": who,
        "person": sha256_of(f"{agreement.code}\n{person}"),
    }
