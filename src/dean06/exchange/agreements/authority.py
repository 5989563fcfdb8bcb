"""Who may request, approve and stop an agreement: posts say it, today, in the agency that the agreement names."""

from dataclasses import dataclass
from typing import Final

from django.db.models import Q, QuerySet

from dean06.core.actor import Actor
from dean06.core.clock import today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.errors import AgreementNotFound, NotInAgreementOffice
from dean06.exchange.loading import member_of
from dean06.exchange.models import AgreementCase, GroupMember
from dean06.organisation.public import HeldPost, posts_held_by

REQUESTER: Final = "exchange_requester"
APPROVER: Final = "exchange_approver"
OPERATOR: Final = "operator"
ROLES: Final = frozenset({REQUESTER, APPROVER, OPERATOR})


@dataclass(frozen=True, slots=True)
class Office:
    """What one person may do with agreements today.

    Attributes:
        person: the human being; four eyes are counted by it.
        account: who acts, for the ledger.
        posts: posts that carry one of the roles, held or stood in for.
    """

    person: PersonKey
    account: str
    posts: tuple[HeldPost, ...]

    def post_of(self, role: str, member: str = "") -> HeldPost | None:
        """Return a post with the role, in an agency of the member if one is named."""
        return next((post for post in self.posts if role in post.roles and (not member or belongs(post.unit_code, member))), None)

    @property
    def is_operator(self) -> bool:
        """Say whether the person operates the exchange."""
        return self.post_of(OPERATOR) is not None

    @property
    def member_codes(self) -> frozenset[str]:
        """Return the codes of agencies, with those above them, for which the person requests or approves."""
        units = [post.unit_code for post in self.posts if post.roles & {REQUESTER, APPROVER}]
        return frozenset(".".join(parts[:depth]) for unit in units for parts in [unit.split(".")] for depth in range(1, len(parts) + 1))


def belongs(unit_code: str, member: str) -> bool:
    """Say whether a unit is the member's agency or a part of it: ``G01.H49.06649`` belongs to ``VN/GOV/G01``."""
    code = member.rsplit("/", 1)[-1]
    return unit_code == code or unit_code.startswith(f"{code}.")


def office_of(actor: Actor) -> Office:
    """Return the actor's posts that have to do with agreements.

    Raises:
        NotInAgreementOffice: there is none.
    """
    if actor.person is None:
        raise NotInAgreementOffice
    posts = tuple(post for post in posts_held_by(actor.person, on=today()) if post.roles & ROLES)
    if not posts:
        raise NotInAgreementOffice(account=actor.account)
    return Office(actor.person, actor.account, posts)


def visible_to(office: Office) -> QuerySet[AgreementCase]:
    """Return the agreements that a person may see: an operator all, others those of their agency on either side."""
    rows = AgreementCase.objects.using(database_of("exchange")).select_related("agreement")
    if office.is_operator:
        return rows
    mine = Q()
    for code in office.member_codes:
        mine |= Q(consumer__endswith=f"/{code}") | Q(provider__endswith=f"/{code}")
        mine |= Q(agreement__group__in=list(groups_of(code)))
    return rows.filter(mine) if mine else rows.none()


def groups_of(member_code: str) -> frozenset[str]:
    """Return the groups that hold a client of the member."""
    found = GroupMember.objects.using(database_of("exchange")).filter(subsystem__member__member_code=member_code)
    return frozenset(found.values_list("group_id", flat=True))


def case_for(office: Office, code: str, version: int) -> AgreementCase:
    """Return one version of an agreement.

    Raises:
        AgreementNotFound: none, or none that this person may see.
    """
    row = visible_to(office).filter(agreement__code=code, agreement__version=version).first()
    if row is None:
        raise AgreementNotFound(code=code, version=version)
    return row


def requesting_post(office: Office, *, client: str, group: str) -> tuple[HeldPost, str]:
    """Return the post in which a person may request for a client or group, and the member that asks.

    Raises:
        NotInAgreementOffice: no such post in that agency.
    """
    if client:
        members = [member_of(client)]
    else:
        rows = GroupMember.objects.using(database_of("exchange")).filter(group=group).select_related("subsystem__member")
        members = [str(row.subsystem.member) for row in rows]
    for member in members:
        if (post := office.post_of(REQUESTER, member)) is not None:
            return post, member
    raise NotInAgreementOffice(account=office.account)


def may_request(case: AgreementCase, office: Office) -> bool:
    """Say whether the person may act for the agency that asks, in this case of one consumer."""
    return bool(case.consumer) and office.post_of(REQUESTER, case.consumer) is not None
