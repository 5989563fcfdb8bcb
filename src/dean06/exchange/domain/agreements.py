"""Agreements (thỏa thuận chia sẻ dữ liệu): who may ask what, which fields, why, on which legal basis, until when."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Final, Literal

from dean06.exchange.domain.globs import compiled
from dean06.exchange.domain.identifiers import ClientId, ServiceId
from dean06.exchange.domain.masks import Mask
from dean06.exchange.errors import (
    AgreementExpired,
    AgreementMissing,
    DossierNotNamed,
    LegalBasisNotCovered,
    OfficerRoleNotCovered,
    PurposeNotCovered,
)

ANY_METHOD: Final = "*"
Notify = Literal["immediate", "delayed", "exempt"]
KeepBodies = Literal["none", "provider", "both"]
WARNED_BEFORE: Final = timedelta(days=30)
"""How long before its last day an agreement begins to warn: our own choice, time enough for a renewal."""


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
    """One version of an agreement; ``valid_from`` and ``valid_until`` are days of the legal calendar, both inclusive.

    Attributes:
        client: who asks; for an agreement with a group, one of its clients.
        subject_required: an answer that does not say whose data it holds is withheld.
        issue_required: a call that names no dossier is refused.
        officer_roles: roles in which the end user may ask, as the client names them; empty: no end user needs to be named.
        rate_per_second: calls a second, 0 for no limit; counted by the gateway's limits, not here.
        daily_quota: calls on a day of the legal calendar, 0 for no limit; counted by the gateway's limits, not here.
        notify: when the citizen sees the look: at once, from ``notify_until`` on, or not (``notify_ground`` says why).
        keep_bodies: which gateways keep what was asked and answered, encrypted, beside the evidence.
        group: code of the group that the agreement is with; empty for an agreement with one client.
    """

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
    issue_required: bool = False
    officer_roles: frozenset[str] = frozenset()
    rate_per_second: int = 0
    daily_quota: int = 0
    notify: Notify = "immediate"
    notify_until: date | None = None
    notify_ground: str = ""
    keep_bodies: KeepBodies = "none"
    group: str = ""
    events: tuple[str, ...] = ()
    title: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """Return code and version as messages and evidence name them."""
        return f"{self.code}/{self.version}"

    @property
    def telling(self) -> dict[str, str]:
        """Return what evidence keeps of when the citizen is told, so that a later change of the agreement takes nothing back."""
        until = {"notify_until": self.notify_until.isoformat()} if self.notify_until else {}
        ground = {"notify_ground": self.notify_ground} if self.notify_ground else {}
        return {"notify": self.notify, **until, **ground}

    @property
    def is_limited(self) -> bool:
        """Say whether calls are counted."""
        return bool(self.rate_per_second or self.daily_quota)

    def covers(self, method: str, path: str) -> bool:
        """Say whether one of the endpoints covers a call."""
        return any(endpoint.covers(method, path) for endpoint in self.endpoints)

    def is_in_force(self, day: date) -> bool:
        """Say whether the day lies in the validity."""
        return self.valid_from <= day <= self.valid_until

    def ends_soon(self, day: date) -> bool:
        """Say whether the last day is at most thirty days ahead and not yet past."""
        return day <= self.valid_until <= day + WARNED_BEFORE


@dataclass(frozen=True, slots=True)
class Version:
    """One version in the life of an agreement.

    Attributes:
        agreement: what it says.
        standing: ``in_force``: signed or loaded; ``stopped``: it was in force and was suspended or ended.
    """

    agreement: Agreement
    standing: Literal["in_force", "stopped"]


def effective(versions: Iterable[Version]) -> tuple[Agreement, ...]:
    """Return what the versions of one agreement allow, newest first, no two for the same day.

    A later version takes over on its first day. A version that was stopped leaves nothing before it alive: what was
    suspended does not come back in the shape of its predecessor.
    """
    found = []
    last_day = date.max
    for version in sorted(versions, key=lambda one: one.agreement.version, reverse=True):
        if version.standing == "stopped":
            break
        agreement = version.agreement
        until = min(agreement.valid_until, last_day)
        if agreement.valid_from <= until:
            found.append(replace(agreement, valid_until=until))
        last_day = min(last_day, agreement.valid_from - timedelta(days=1))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Grant:
    """The agreement and legal basis that a call rests on."""

    agreement: Agreement
    legal_basis: LegalBasis


def decide(
    agreements: Sequence[Agreement],
    *,
    method: str,
    path: str,
    purpose: str,
    legal_basis: str,
    day: date,
    user: str = "",
    role: str = "",
    issue: str = "",
) -> Grant:
    """Find the agreement that covers a call, or say which part of it is not covered.

    Args:
        agreements: those between this client and this service, in a fixed order; the first that covers all wins.
        method: HTTP method.
        path: canonical path.
        purpose: what the caller names.
        legal_basis: what the caller names; empty takes the agreement's own if it has only one.
        day: of the legal calendar.
        user: the end user that the caller names.
        role: the role in which the end user asks.
        issue: the dossier that the call is for.

    Raises:
        AgreementMissing: none covers the endpoint.
        PurposeNotCovered: none of those covers the purpose.
        LegalBasisNotCovered: none of those rests on the legal basis.
        OfficerRoleNotCovered: those ask for an end user in a role, and the call names another or none.
        DossierNotNamed: those ask for a dossier, and the call names none.
        AgreementExpired: none of those is in force on the day.
    """
    if not (left := [agreement for agreement in agreements if agreement.covers(method, path)]):
        raise AgreementMissing
    if not (left := [agreement for agreement in left if purpose in agreement.purposes]):
        raise PurposeNotCovered(purpose=purpose)
    if not (grants := list(_grants(left, legal_basis))):
        raise LegalBasisNotCovered(legal_basis=legal_basis)
    if not (grants := [grant for grant in grants if _may_ask(grant.agreement, user=user, role=role)]):
        raise OfficerRoleNotCovered(role=role)
    if not (grants := [grant for grant in grants if issue or not grant.agreement.issue_required]):
        raise DossierNotNamed
    for grant in grants:
        if grant.agreement.is_in_force(day):
            return grant
    raise AgreementExpired(agreement=grants[0].agreement.code)


def _may_ask(agreement: Agreement, *, user: str, role: str) -> bool:
    return not agreement.officer_roles or (bool(user) and role in agreement.officer_roles)


def _grants(agreements: Iterable[Agreement], text: str) -> Iterable[Grant]:
    for agreement in agreements:
        if not text and len(agreement.legal_bases) == 1:
            yield Grant(agreement, agreement.legal_bases[0])
        for basis in agreement.legal_bases:
            if text and basis.text == text:
                yield Grant(agreement, basis)
