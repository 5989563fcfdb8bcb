"""The in-process transport: same agreement, signatures, mask and evidence as between gateways, without a network."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec
import structlog
from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.databases import database_of
from dean06.core.errors import Dean06Error
from dean06.core.problems import PROBLEM_CONTENT_TYPE, problem, status_of
from dean06.exchange import snapshot
from dean06.exchange.consuming import Outgoing, check_answer, prepare, received, refused
from dean06.exchange.domain.answering import Answer, ProviderRequest, ProviderResponse
from dean06.exchange.domain.r1 import Message, compose
from dean06.exchange.errors import MessageReplayed, ServiceFailed, UnknownService
from dean06.exchange.evidence import PROVIDER_LOG, claim, keep, nonce_digest, write
from dean06.exchange.providing import provider_of
from dean06.exchange.serving import FIRST_PROBLEM_STATUS, JSON, Admitted, Sealed, ServiceAnswer, admit, authorise, request_of, seal
from dean06.exchange.snapshot import Snapshot

log = structlog.get_logger(__name__)

USING: Final = database_of("exchange")


def call(
    *,
    client: str,
    service: str,
    method: str,
    path: str,
    body: Mapping[str, Any] | None,
    purpose: str,
    legal_basis: str = "",
    issue: str = "",
    user: str = "",
    role: str = "",
    actor: Actor,
) -> Answer:
    """Ask a service on behalf of a subsystem and keep the evidence before the answer is returned.

    Must run outside any transaction on the exchange's database: the evidence is committed here.

    Args:
        client: the consuming subsystem, ``VN/GOV/H49/SERVICES``.
        service: the service, ``VN/GOV/G01/POPULATION/population``.
        method: HTTP method.
        path: path after the service code, ``/v1/persons/look-up``; personal numbers stand in ``body`` only.
        body: JSON object, or nothing.
        purpose: one of the agreement's purposes.
        legal_basis: text of one of the agreement's legal bases; empty takes it from the agreement if it has only one.
        issue: dossier or case number.
        user: end user; an account or officer identifier, never a personal number.
        role: the role in which the end user asks, where the agreement names roles.
        actor: who acts, for the ledger.

    Raises:
        AgreementMissing: nothing lets this client do this.
        AgreementExpired: not in force today.
        PurposeNotCovered: the agreement has other purposes.
        LegalBasisNotCovered: the agreement has other legal bases.
        OfficerRoleNotCovered: the agreement asks for an end user in another role.
        DossierNotNamed: the agreement asks for a dossier.
        ServiceFailed: the service failed; its own problem documents come back as an Answer with status 400 or more.
        BadRequest, UnknownMember, UnknownService: the call itself is wrong.
    """
    message = compose(
        client=client,
        service=service,
        method=method,
        path=path,
        body=msgspec.json.encode(body) if body is not None else b"",
        purpose=purpose,
        legal_basis=legal_basis,
        issue=issue,
        user=user,
        role=role,
    )
    state = snapshot.current()
    try:
        outgoing = prepare(message, state=state)
        admitted, sealed = _served(outgoing, state=state)
        answer = check_answer(outgoing, status=sealed.status, headers=dict(sealed.headers), body=sealed.body, state=state)
    except Dean06Error as error:
        keep([refused(error, log=PROVIDER_LOG, detail=described(message)).by(actor)])
        raise
    mine = received(
        outgoing, status=sealed.status, answer=answer, agreement=dict(sealed.headers)["x-exchange-agreement"], body=sealed.body, state=state
    )
    with transaction.atomic(using=USING, durable=True):
        if not all(claim([nonce_digest(admitted.signed)], using=USING)):
            raise MessageReplayed
        evidence_id, _ = write([sealed.evidence.by(actor), mine.by(actor)], using=USING)
    return Answer(sealed.status, sealed.document or {}, outgoing.request_id, evidence_id)


def _served(outgoing: Outgoing, *, state: Snapshot) -> tuple[Admitted, Sealed]:
    """Do what the provider's gateway does with the signed request."""
    message = outgoing.message
    rest, _, query = outgoing.target.removeprefix("/x1/").partition("?")
    admitted = admit(method=message.method, rest=rest, query=query, headers=dict(outgoing.headers), body=message.body, state=state)
    grant = authorise(admitted, state=state)
    answer = answer_inside(admitted, request_of(admitted, grant, inside=True))
    return admitted, seal(admitted, grant, answer, state=state)


def answer_inside(admitted: Admitted, request: ProviderRequest) -> ServiceAnswer:
    """Call a handler of this process.

    Raises:
        UnknownService: registered, but no handler stands behind it here.
        ServiceFailed: the handler failed in a way that nobody foresaw.
    """
    if (provider := provider_of(str(admitted.service.id))) is None:
        raise UnknownService(service=str(admitted.service.id))
    try:
        response = provider.handler(request)
    except Dean06Error as error:
        response = ProviderResponse(int(status_of(error)), problem(error, request_id=admitted.request_id))
    except Exception as exc:
        log.exception("exchange.handler_failed", service=str(admitted.service.id), transaction_id=admitted.request_id)
        raise ServiceFailed(service=str(admitted.service.id)) from exc
    kind = JSON if response.status < FIRST_PROBLEM_STATUS else PROBLEM_CONTENT_TYPE
    return ServiceAnswer(response.status, kind, document=response.document, subjects=response.subjects, about_nobody=response.about_nobody)


def described(message: Message) -> dict[str, object]:
    """Return what a refusal remembers of a message."""
    return {
        "client": message.client,
        "service": message.service,
        "method": message.method,
        "path": message.path,
        "message_id": message.message_id,
        "purpose": message.values.get("x-exchange-purpose", ""),
        "issue": message.issue,
    }
