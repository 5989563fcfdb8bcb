"""Provider edge: nothing reaches a service that is not signed, fresh and covered; nothing leaves that is not released."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from dean06.core.actor import Actor
from dean06.core.clock import now, today
from dean06.core.keys import PersonKey
from dean06.exchange.domain.agreements import Grant, decide
from dean06.exchange.domain.answering import ProviderRequest
from dean06.exchange.domain.digests import Header, content_digest, head_bytes, request_hash
from dean06.exchange.domain.identifiers import parse_client
from dean06.exchange.domain.masks import tells_of_nobody
from dean06.exchange.domain.paths import canonical_query
from dean06.exchange.domain.r1 import Message, split_service
from dean06.exchange.domain.signatures import Signed, answer_lines, request_lines, sign, verify
from dean06.exchange.errors import (
    AnswerNotMaskable,
    AnswerWithoutSubject,
    BadRequest,
    InvalidSignature,
    PurposeMissing,
    ServiceDisabled,
)
from dean06.exchange.evidence import PROVIDER_LOG, Evidence, signed_detail
from dean06.exchange.snapshot import MemberEntry, ServiceEntry, Snapshot

JSON: Final = "application/json"
FIRST_PROBLEM_STATUS: Final = 400
MOST_SUBJECTS: Final = 10_000


@dataclass(frozen=True)
class Admitted:
    """A request whose signature is good."""

    message: Message
    request_id: str
    hash: str
    signed: Signed = field(repr=False)
    consumer: MemberEntry
    provider: MemberEntry
    service: ServiceEntry


@dataclass(frozen=True, slots=True)
class ServiceAnswer:
    """What a service said, before mask and signature.

    Attributes:
        status: HTTP status.
        content_type: of the body.
        body: raw bytes.
        document: the parsed body, if the service is in this process.
        subjects: whose data is in it.
        headers: end-to-end headers of an information system.
    """

    status: int
    content_type: str
    body: bytes = field(default=b"", repr=False)
    document: Mapping[str, Any] | None = field(default=None, repr=False)
    subjects: tuple[PersonKey, ...] = ()
    headers: tuple[Header, ...] = ()
    about_nobody: bool = False


@dataclass(frozen=True, slots=True)
class Sealed:
    """A masked, hashed and signed answer with its evidence."""

    status: int
    headers: tuple[Header, ...]
    body: bytes = field(repr=False)
    signed: Signed = field(repr=False)
    evidence: Evidence
    document: Mapping[str, Any] | None = field(repr=False)


def admit(*, method: str, rest: str, query: str, headers: Mapping[str, str], body: bytes, state: Snapshot) -> Admitted:
    """Verify a request between gateways.

    Args:
        method: as received.
        rest: raw path after ``/x1/``; must already be canonical.
        query: without ``?``.
        headers: by lower-case name.
        body: bounded.
        state: members, services, keys.

    Raises:
        BadRequest: not of the form.
        UnknownMember, UnknownService: client or service is not registered.
        InvalidSignature: signature, body or head do not agree.
        StaleMessage: signed too long ago or ahead.
    """
    service_id, path = split_service(rest)
    names = headers.get("x-exchange-kept", "").split(",")
    if not headers.keys() >= set(names):
        raise InvalidSignature(reason="kept")
    message = Message(
        method=method,
        service=service_id,
        client=parse_client(headers.get("x-road-client", "")),
        path=path,
        query=canonical_query(query),
        headers=tuple((name, headers[name]) for name in names),
        body=body,
    )
    if message.address != f"{rest}{'?' + query if query else ''}":
        raise BadRequest("Gateways exchange canonical addresses only.")
    consumer = state.member(message.client)
    signed = _verified(message, headers, state=state)
    head = head_bytes(method, f"/r1/{message.address}", (*message.headers, ("x-road-request-id", headers["x-road-request-id"])))
    if headers["content-digest"] != content_digest(body) or headers["x-exchange-head"] != content_digest(head):
        raise InvalidSignature(reason="digest")
    state.client(message.client)
    service = state.service(service_id)
    return Admitted(
        message=message,
        request_id=headers["x-road-request-id"],
        hash=request_hash(head, body),
        signed=signed,
        consumer=consumer,
        provider=state.member(service_id.provider),
        service=service,
    )


def _verified(message: Message, headers: Mapping[str, str], *, state: Snapshot) -> Signed:
    """Check the signature, and that every kept header of the protocol is covered by the head's digest."""
    if not {"x-road-client", "x-road-id"} <= message.values.keys():
        raise InvalidSignature(reason="kept")
    lines = request_lines(method=message.method, target=f"/x1/{message.address}", headers=headers)
    return verify(lines, headers, verify_raw=state.verifier(message.client), now=int(now().timestamp()), once=True)


def authorise(admitted: Admitted, *, state: Snapshot) -> Grant:
    """Find the agreement that covers the call today.

    Raises:
        PurposeMissing, AgreementMissing, PurposeNotCovered, LegalBasisNotCovered, OfficerRoleNotCovered, DossierNotNamed,
            AgreementExpired: what is not covered.
        ServiceDisabled: covered, but switched off by the provider.
    """
    message = admitted.message
    if not message.values.get("x-exchange-purpose"):
        raise PurposeMissing
    grant = decide(
        state.between(message.client, message.service),
        method=message.method,
        path=message.path,
        purpose=message.purpose,
        legal_basis=message.legal_basis,
        day=today(),
        user=message.user,
        role=message.role,
        issue=message.issue,
    )
    if admitted.service.disabled_notice:
        raise ServiceDisabled(f"The provider has switched the service off: {admitted.service.disabled_notice}.")
    return grant


def request_of(admitted: Admitted, grant: Grant, *, inside: bool) -> ProviderRequest:
    """Return what the service gets to see."""
    message = admitted.message
    return ProviderRequest(
        method=message.method,
        path=message.path,
        body=message.body,
        purpose=message.purpose,
        legal_basis=grant.legal_basis.text,
        issue=message.issue,
        user=message.user,
        client=str(message.client),
        fields=grant.agreement.mask.fields,
        inside=inside,
        query=message.query,
    )


def seal(admitted: Admitted, grant: Grant, answer: ServiceAnswer, *, state: Snapshot) -> Sealed:
    """Mask, hash and sign an answer; the evidence comes with it and must be committed before the answer leaves.

    Raises:
        AnswerWithoutSubject: the agreement wants to know whose data this is.
        AnswerNotMaskable: the agreement limits the fields and the answer is not a JSON object.
    """
    agreement = grant.agreement
    succeeded = answer.status < FIRST_PROBLEM_STATUS
    message = admitted.message
    document, body, fields = _masked(grant, answer) if succeeded else (answer.document, answer.body, ())
    if agreement.subject_required and succeeded and not answer.subjects and not (answer.about_nobody and tells_of_nobody(document)):
        raise AnswerWithoutSubject(service=str(admitted.service.id))
    if not succeeded and document is not None:
        body = msgspec.json.encode(document)
    if message.method == "HEAD":
        body = b""
    headers = {
        **dict(answer.headers),
        **({"content-type": answer.content_type} if answer.content_type else {}),
        "content-digest": content_digest(body),
        "x-road-client": message.values["x-road-client"],
        "x-road-service": message.service.encoded,
        "x-road-id": message.message_id,
        "x-road-request-id": admitted.request_id,
        "x-road-request-hash": admitted.hash,
        "x-exchange-agreement": agreement.label,
    }
    signer = state.signer(message.service.provider)
    signed = sign(
        answer_lines(status=answer.status, headers=headers, request=admitted.signed),
        key_id=signer.kid,
        sign_raw=signer.sign_raw,
        created=int(now().timestamp()),
    )
    headers |= {"signature-input": signed.input, "signature": signed.signature}
    evidence = _answered(admitted, grant, answer, fields=fields, signed=signed, headers=headers)
    if agreement.keep_bodies != "none":
        evidence = evidence.with_bodies(request=message.body, answer=body)
    return Sealed(answer.status, tuple(headers.items()), body, signed, evidence, document)


def _masked(grant: Grant, answer: ServiceAnswer) -> tuple[Mapping[str, Any] | None, bytes, tuple[str, ...]]:
    """Return the released document, its bytes and which fields it holds."""
    mask = grant.agreement.mask
    document = answer.document
    if document is None:
        if not answer.body:
            return None, b"", ()
        if mask.is_everything and not answer.content_type.startswith(JSON):
            return None, answer.body, mask.fields
        document = _parsed(answer)
    released = mask.apply(document)
    return released, msgspec.json.encode(released), mask.released(released)


def _parsed(answer: ServiceAnswer) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(answer.body) if answer.content_type.startswith(JSON) else None
    except (msgspec.DecodeError, UnicodeDecodeError) as exc:
        raise AnswerNotMaskable from exc
    if not isinstance(document, dict):
        raise AnswerNotMaskable
    return document


def _answered(
    admitted: Admitted, grant: Grant, answer: ServiceAnswer, *, fields: tuple[str, ...], signed: Signed, headers: Mapping[str, str]
) -> Evidence:
    message = admitted.message
    return Evidence(
        kind="exchange.answered",
        log=PROVIDER_LOG,
        actor=Actor(account=str(message.client)),
        who=admitted.consumer.name,
        subjects=answer.subjects,
        purpose=message.purpose,
        legal_basis=grant.legal_basis.text,
        dossier=message.issue,
        on_behalf_of=message.represented_party,
        fields=fields,
        detail={
            "transaction_id": admitted.request_id,
            "message_id": message.message_id,
            "client": str(message.client),
            "service": str(message.service),
            "agreement": headers["x-exchange-agreement"],
            **grant.agreement.telling,
            "status": answer.status,
            "request_hash": admitted.hash,
            "request_digest": content_digest(message.body),
            "answer_digest": headers["content-digest"],
            "request": signed_detail(admitted.signed),
            "answer": signed_detail(signed),
        },
    )
