"""What a provider's service receives and returns, and what a consumer gets back."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from dean06.core.keys import PersonKey


@dataclass(frozen=True, slots=True)
class ProviderRequest:
    """One authorised call as the service behind the gateway sees it.

    Attributes:
        method: upper-case HTTP method.
        path: canonical path after the service code, exactly the one that was authorised (``/v1/persons/look-up``).
        body: raw bytes, bounded; empty if there is none.
        purpose: the purpose that the agreement covers (a procedure code, ``kyc`` ...).
        legal_basis: text of the legal basis on which the call rests.
        issue: dossier or case number of the consumer, or empty.
        user: end user who caused the call, as the consumer names him, or empty.
        client: identifier of the consuming subsystem.
        fields: paths of the answer that the agreement releases; ``("*",)`` means all. The gateway masks in any case.
        inside: the caller is a module of this installation, so opaque keys may be used.
        query: canonical query string without ``?``.
    """

    method: str
    path: str
    body: bytes = field(repr=False)
    purpose: str
    legal_basis: str
    issue: str
    user: str = field(repr=False)
    client: str
    fields: tuple[str, ...]
    inside: bool = False
    query: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class ProviderResponse:
    """What a service answers: a JSON document and the people whose data is in it.

    Attributes:
        status: HTTP status; a problem document comes with 400 or more.
        document: JSON object; the gateway removes what the agreement does not release (problem documents stay whole).
        subjects: whose data the document discloses; each sees this answer in the access log.
        about_nobody: the service found nobody, and says so; without it an answer without subjects may only be one that names none.
    """

    status: int
    document: Mapping[str, Any] = field(repr=False)
    subjects: tuple[PersonKey, ...] = ()
    about_nobody: bool = False


Handler = Callable[[ProviderRequest], ProviderResponse]
"""A service in this process: synchronous, may use the ORM, opens no transaction on the exchange's database."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a consumer receives.

    Attributes:
        status: the service's status; 400 or more for a problem document of the service itself.
        document: the masked JSON document.
        transaction_id: identifies the exchange on both sides (X-Road-Request-Id).
        evidence_id: the provider's ledger entry, which is the disclosure that the subject sees.
    """

    status: int
    document: Mapping[str, Any] = field(repr=False)
    transaction_id: str
    evidence_id: UUID | None = None
