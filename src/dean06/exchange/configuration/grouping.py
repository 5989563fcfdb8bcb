"""Groups of clients: who joins gets every agreement of the group, who leaves loses them; one person asks, another decides."""

from typing import Any, Final

from django.db import transaction
from django.db.models import QuerySet

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.messages import put
from dean06.exchange import snapshot
from dean06.exchange.agreements.authority import OPERATOR, REQUESTER, Office, belongs, groups_of, office_of
from dean06.exchange.changes import note_change
from dean06.exchange.configuration.errors import GroupChangeImpossible, GroupChangeNotWaiting, GroupNotFound
from dean06.exchange.configuration.models import GroupChange
from dean06.exchange.errors import NotInAgreementOffice, SecondPersonNeeded, UnknownMember
from dean06.exchange.loading import LOG
from dean06.exchange.models import ClientGroup, GroupMember, Subsystem
from dean06.ledger.public import record
from dean06.organisation.public import HeldPost

EXCHANGE: Final = database_of("exchange")
State = GroupChange.State
Kind = GroupChange.Kind


def groups_for(office: Office) -> QuerySet[ClientGroup]:
    """Return the groups that a person may see: an operator and a requester all, others those that hold a client of their agency."""
    rows = ClientGroup.objects.using(EXCHANGE).order_by("name")
    if office.is_operator or office.post_of(REQUESTER) is not None:
        return rows
    return rows.filter(code__in={group for code in office.member_codes for group in groups_of(code)})


def group_for(office: Office, code: str) -> ClientGroup:
    """Return a group.

    Raises:
        GroupNotFound: none, or none that this person may see.
    """
    if (group := groups_for(office).filter(code=code).first()) is None:
        raise GroupNotFound(group=code)
    return group


def post_for(office: Office, subsystem: Subsystem) -> HeldPost:
    """Return the post in which a person may ask that a client joins or leaves: requester of its agency, or operator.

    Raises:
        NotInAgreementOffice: there is none.
    """
    post = office.post_of(REQUESTER, str(subsystem.member)) or office.post_of(OPERATOR)
    if post is None:
        raise NotInAgreementOffice(account=office.account)
    return post


@transaction.atomic(using=EXCHANGE, durable=True)
def request_change(*, group: str, client: str, kind: str, reason: str, actor: Actor) -> GroupChange:
    """Ask that a client joins or leaves a group.

    Raises:
        NotInAgreementOffice: the actor is neither a requester of the client's agency nor an operator.
        GroupNotFound, UnknownMember: no such group or client.
        GroupChangeImpossible: it is so already, or another change of the same client waits.
    """
    office = office_of(actor)
    found = group_for(office, group)
    subsystem = next((row for row in Subsystem.objects.using(EXCHANGE).select_related("member") if str(row) == client), None)
    if subsystem is None:
        raise UnknownMember(client=client)
    post = post_for(office, subsystem)
    ClientGroup.objects.using(EXCHANGE).select_for_update().get(pk=found.pk)
    is_inside = GroupMember.objects.using(EXCHANGE).filter(group=found, subsystem=subsystem).exists()
    waiting = GroupChange.objects.using(EXCHANGE).filter(group=found, subsystem=subsystem, state=State.REQUESTED)
    if is_inside is (kind == Kind.JOIN) or waiting.exists():
        raise GroupChangeImpossible(group=group, client=client)
    change = GroupChange.objects.using(EXCHANGE).create(
        group=found, subsystem=subsystem, kind=kind, reason=reason.strip(), requested_by=office.person, requested_for=readable(post)
    )
    _note(change, "requested", actor=actor, who=change.requested_for, reason=change.reason)
    return change


@transaction.atomic(using=EXCHANGE, durable=True)
def decide_change(*, change: int, approves: bool, actor: Actor, reason: str = "") -> GroupChange:
    """Let a requested change happen or refuse it; gateways follow within seconds.

    Raises:
        NotInAgreementOffice: the actor is no operator.
        GroupChangeNotWaiting: no such change waits.
        SecondPersonNeeded: she asked for it herself.
    """
    office = office_of(actor)
    if (post := office.post_of(OPERATOR)) is None:
        raise NotInAgreementOffice(account=office.account)
    rows = GroupChange.objects.using(EXCHANGE).select_for_update(of=("self",)).select_related("subsystem__member")
    found = rows.filter(pk=change, state=State.REQUESTED).first()
    if found is None:
        raise GroupChangeNotWaiting(change=change)
    if found.requested_by == office.person:
        raise SecondPersonNeeded(change=change)
    found.state = State.DONE if approves else State.REFUSED
    found.decided_by, found.decided_for, found.decided_at = office.person, readable(post), now()
    found.decision_reason = reason.strip()
    found.save(using=EXCHANGE)
    if approves and found.kind == Kind.JOIN:
        GroupMember.objects.using(EXCHANGE).get_or_create(group_id=found.group_id, subsystem=found.subsystem)
    elif approves:
        GroupMember.objects.using(EXCHANGE).filter(group_id=found.group_id, subsystem=found.subsystem).delete()
    _note(found, "approved" if approves else "refused", actor=actor, who=found.decided_for, reason=found.decision_reason)
    if approves:
        note_change(using=EXCHANGE)
        snapshot.forget()
    return found


def may_ask_for(office: Office, subsystem: Subsystem) -> bool:
    """Say whether a person may ask that a client joins or leaves."""
    mine = any(REQUESTER in post.roles and belongs(post.unit_code, str(subsystem.member)) for post in office.posts)
    return mine or office.is_operator


def readable(post: HeldPost) -> str:
    """Return a post as people read it."""
    return f"{post.title}, {post.unit_name}"


def _note(change: GroupChange, step: str, *, actor: Actor, who: str, reason: str) -> None:
    detail: dict[str, Any] = {"group": change.group_id, "client": str(change.subsystem), "change": change.pk, "reason": reason}
    record(f"exchange.group_{change.kind}_{step}", log=LOG, using=EXCHANGE, actor=actor, who=who, detail=detail)
    put(
        "exchange.group_changed",
        {"group": change.group_id, "client": str(change.subsystem), "what": f"{change.kind}_{step}"},
        using=EXCHANGE,
    )
