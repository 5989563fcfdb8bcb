"""Agreements (thỏa thuận chia sẻ dữ liệu): who may ask what, which fields, why, on which legal basis, until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

from dean06.exchange.domain.globs import compiled
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.domain.masks import Mask
from dean06.exchange.errors import AgreementExpired, AgreementMissing, LegalBasisNotCovered, PurposeNotCovered

ANY_METHOD: Final = "*"
Notify = Literal["immediate", "delayed", "exempt"]


@dataclass(frozen=True, slots=True)
class LegalBasis:
    """A document and, where it is known, its article.

    Attributes:
        document: number of the document, ``91/2025/QH15``.
        article: ``Điều 19.1.c``; empty where the article was not read.
        certainty: mark of ``domain.md`` (F, F2, C, M): what is not sure is confirmed by an administrator, never stated as law.
    """

    document: str
    article: str = ""
    certainty: str = "M"

    @property
    def text(self) -> str:
        """Return what a call names: ``91/2025/QH15, Điều 19.1.c``."""
        return f"{self.document}, {self.article}" if self.article else self.document


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A method (``*`` is any) and a pattern of canonical paths."""

    method: str
    path: str

    def covers(self, method: str, path: str) -> bool:
        """Say whether the endpoint covers a call."""
        return self.method in (ANY_METHOD, method) and compiled(self.path).fullmatch(path) is not None


@dataclass(frozen=True, slots=True)
class Agreement:
    """One version of an agreement; ``valid_from`` and ``valid_until`` are days of the legal calendar, both inclusive."""

    code: str
    version: int
    client: ClientId
    service: ServiceId
    endpoints: tuple[Endpoint, ...]
    mask: Mask
    purposes: frozenset[str]
    legal_bases: tuple[LegalBasis, ...]
    valid_from: date
    valid_until: date
    subject_required: bool = True
    notify: Notify = "immediate"
    title: str = field(default="", compare=False)

    def covers(self, method: str, path: str) -> bool:
        """Say whether one of the endpoints covers a call."""
        return any(endpoint.covers(method, path) for endpoint in self.endpoints)

    def is_in_force(self, day: date) -> bool:
        """Say whether the day lies in the validity."""
        return self.valid_from <= day <= self.valid_until


@dataclass(frozen=True, slots=True)
class Grant:
    """The agreement and legal basis that a call rests on."""

    agreement: Agreement
    legal_basis: LegalBasis


def decide(agreements: Sequence[Agreement], *, method: str, path: str, purpose: str, legal_basis: str, day: date) -> Grant:
    """Find the agreement that covers a call, or say which part of it is not covered.

    Args:
        agreements: those between this client and this service, in a fixed order; the first that covers all wins.
        method: HTTP method.
        path: canonical path.
        purpose: what the caller names.
        legal_basis: what the caller names; empty takes the agreement's own if it has only one.
        day: of the legal calendar.

    Raises:
        AgreementMissing: none covers the endpoint.
        PurposeNotCovered: none of those covers the purpose.
        LegalBasisNotCovered: none of those rests on the legal basis.
        AgreementExpired: none of those is in force on the day.
    """
    if not (left := [agreement for agreement in agreements if agreement.covers(method, path)]):
        raise AgreementMissing
    if not (left := [agreement for agreement in left if purpose in agreement.purposes]):
        raise PurposeNotCovered(purpose=purpose)
    if not (grants := list(_grants(left, legal_basis))):
        raise LegalBasisNotCovered(legal_basis=legal_basis)
    for grant in grants:
        if grant.agreement.is_in_force(day):
            return grant
    raise AgreementExpired(agreement=grants[0].agreement.code)


def _grants(agreements: Iterable[Agreement], text: str) -> Iterable[Grant]:
    for agreement in agreements:
        if not text and len(agreement.legal_bases) == 1:
            yield Grant(agreement, agreement.legal_bases[0])
        for basis in agreement.legal_bases:
            if text and basis.text == text:
                yield Grant(agreement, basis)
