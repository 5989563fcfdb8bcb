"""Keys and standing of members: enrolment by request, renewal with an overlap, revocation; shutting a member out."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.messages import put
from dean06.exchange import snapshot
from dean06.exchange.agreements.authority import OPERATOR, REQUESTER, office_of
from dean06.exchange.changes import note_change
from dean06.exchange.configuration.errors import KeyIsOver
from dean06.exchange.configuration.grouping import readable
from dean06.exchange.configuration.models import KeyDecision
from dean06.exchange.domain.identifiers import ClientId
from dean06.exchange.errors import MemberKeyNotFound, NotInAgreementOffice, SecondPersonNeeded, UnknownMember
from dean06.exchange.loading import LOG
from dean06.exchange.models import Member, MemberKey
from dean06.ledger.public import record
from dean06.organisation.public import HeldPost
from dean06.signing.public import certify_member, requested_key

EXCHANGE: Final = database_of("exchange")
OVERLAP: Final = timedelta(days=7)
"""How long a key still counts after its successor was approved: what was signed before is on its way, gateways follow."""
State = MemberKey.State
MAY_DECIDE: Final = frozenset({"operator", "system"})
LONGEST_COMMON_NAME: Final = 64  # ub-common-name of RFC 5280


@transaction.atomic(using=EXCHANGE, durable=True)
def request_key(*, member: str, request_pem: bytes, actor: Actor) -> MemberKey:
    """Take in a member's request (PKCS#10) for a signing key that it made and holds itself.

    A person enters it as requester of the member's agency or as operator; at the command line, whoever runs this installation does.

    The names in the request are not believed: the certificate will carry the member's own. Asked again, nothing changes.

    Raises:
        UnknownMember: no such member.
        NotInAgreementOffice: a person whose posts do not let her enter it.
        RequestNotUsable: not a P-256 request signed by its own key.
        MemberKeyNotFound: this key was refused or revoked before; make a new one.
    """
    row = locked_member(member)
    entered = _entering(row, actor)
    kid, _key = requested_key(request_pem)
    key, is_new = MemberKey.objects.using(EXCHANGE).get_or_create(
        member=row, kid=kid, defaults={"state": State.REQUESTED, "request": request_pem.decode("ascii")}
    )
    if key.state not in {State.REQUESTED, State.ACTIVE}:
        raise MemberKeyNotFound("This key was refused or revoked. Make a new one.", kid=kid)
    if is_new:
        if entered is not None and actor.person is not None:
            KeyDecision.objects.using(EXCHANGE).create(key=key, entered_by=actor.person, entered_for=readable(entered))
        note_step("exchange.member_key_requested", actor=actor, member=row, kid=kid)
    return key


@transaction.atomic(using=EXCHANGE, durable=True)
def approve_key(*, member: str, kid: str, actor: Actor, overlap: timedelta = OVERLAP) -> MemberKey:
    """Certify a requested key; keys that the member enrolled before count until the overlap ends.

    Before, the operator compares ``kid`` with the member by another way: the request itself proves nothing about who sent it.

    Raises:
        NotInAgreementOffice: the actor is no operator.
        MemberKeyNotFound: no such request.
        SecondPersonNeeded: she entered the request herself.
    """
    require_operator(actor)
    key = _key(member, kid, State.REQUESTED)
    _require_second(key, actor)
    ends_at = now() + overlap
    for older in MemberKey.objects.using(EXCHANGE).filter(member=key.member, state=State.ACTIVE).select_for_update():
        if older.not_after is None or older.not_after > ends_at:
            older.not_after = ends_at
            older.save(using=EXCHANGE, update_fields=["not_after"])
    name = key.member.name[:LONGEST_COMMON_NAME]
    certified = certify_member(key.request.encode(), common_name=name, organisation=name)
    key.state, key.certificate, key.not_after = State.ACTIVE, certified.certificate_pem, certified.not_after
    key.approved_at = now()
    _remember_person(key, "decided", actor=actor)
    _decide(key, "exchange.member_key_approved", actor=actor)
    return key


@transaction.atomic(using=EXCHANGE, durable=True)
def refuse_key(*, member: str, kid: str, reason: str, actor: Actor) -> MemberKey:
    """Refuse a requested key.

    Raises:
        NotInAgreementOffice: the actor is no operator.
        MemberKeyNotFound: no such request.
        SecondPersonNeeded: she entered the request herself.
    """
    require_operator(actor)
    key = _key(member, kid, State.REQUESTED)
    _require_second(key, actor)
    key.state, key.reason = State.REFUSED, reason
    _remember_person(key, "decided", actor=actor)
    _decide(key, "exchange.member_key_refused", actor=actor)
    return key


@transaction.atomic(using=EXCHANGE, durable=True)
def revoke_key(*, member: str, kid: str, reason: str, actor: Actor) -> MemberKey:
    """Revoke a key, enrolled or of this installation's key store: its signatures stop to count at once.

    Gateways of this installation follow within two seconds, others with their next fetch. A key of the key store is renewed
    first (``dean06 keys rotate``), or the member's calls stop. One operator is enough, also the one who entered it.

    Raises:
        NotInAgreementOffice: the actor is no operator.
        KeyIsOver: it was refused or revoked before; that decision and its time stay as they are, evidence goes by them.
    """
    require_operator(actor)
    row = locked_member(member)
    key, is_new = MemberKey.objects.using(EXCHANGE).get_or_create(member=row, kid=kid, defaults={"state": State.REVOKED})
    if not is_new and key.state in {State.REFUSED, State.REVOKED}:
        raise KeyIsOver(kid=kid)
    key.state, key.reason = State.REVOKED, reason
    _remember_person(key, "revoked", actor=actor)
    _decide(key, "exchange.member_key_revoked", actor=actor)
    return key


@transaction.atomic(using=EXCHANGE, durable=True)
def revoke_member(*, member: str, reason: str, actor: Actor) -> None:
    """Shut a member out: every call of it and to it is refused."""
    require_operator(actor)
    row = locked_member(member)
    row.revoked_at = row.revoked_at or now()
    row.save(using=EXCHANGE, update_fields=["revoked_at"])
    note_step("exchange.member_revoked", actor=actor, member=row, reason=reason)
    spread()


@transaction.atomic(using=EXCHANGE, durable=True)
def readmit_member(*, member: str, reason: str, actor: Actor) -> None:
    """Let a member in again."""
    require_operator(actor)
    row = locked_member(member)
    row.revoked_at = None
    row.save(using=EXCHANGE, update_fields=["revoked_at"])
    note_step("exchange.member_readmitted", actor=actor, member=row, reason=reason)
    spread()


def keys_of_members(*, state: str = "") -> Sequence[MemberKey]:
    """Return enrolled, requested and revoked keys, the newest first."""
    rows = MemberKey.objects.using(EXCHANGE).select_related("member").order_by("-id")
    return list(rows.filter(state=state) if state else rows)


def require_operator(actor: Actor) -> None:
    """Refuse whoever is not the operator.

    Raises:
        NotInAgreementOffice: she is not.
    """
    if not actor.roles & MAY_DECIDE or (actor.person is not None and _operating(actor) is None):
        raise NotInAgreementOffice(account=actor.account)


def _require_second(key: MemberKey, actor: Actor) -> None:
    if actor.person is not None and KeyDecision.objects.using(EXCHANGE).filter(key=key, entered_by=actor.person).exists():
        raise SecondPersonNeeded(kid=key.kid)


def _remember_person(key: MemberKey, what: str, *, actor: Actor) -> None:
    """Note who ``decided`` on a request or ``revoked`` a key, if it was a person."""
    if (post := _operating(actor)) is not None:
        made = {f"{what}_by": actor.person, f"{what}_for": readable(post)}
        KeyDecision.objects.using(EXCHANGE).update_or_create(key=key, defaults=made)


def _operating(actor: Actor) -> HeldPost | None:
    """Return the operator's post that a person holds today; none at the command line."""
    return office_of(actor).post_of(OPERATOR) if actor.person is not None else None


def _entering(member: Member, actor: Actor) -> HeldPost | None:
    """Return the post in which a person may enter a request; none at the command line."""
    if actor.person is None:
        return None
    office = office_of(actor)
    post = office.post_of(REQUESTER, str(member)) or office.post_of(OPERATOR)
    if post is None:
        raise NotInAgreementOffice(account=actor.account)
    return post


def locked_member(identifier: str) -> Member:
    """Return a member, locked until the transaction ends.

    Raises:
        UnknownMember: no such member.
    """
    parsed = ClientId.parse(identifier)
    rows = Member.objects.using(EXCHANGE).select_for_update()
    row = rows.filter(instance=parsed.instance, member_class=parsed.member_class, member_code=parsed.member_code).first()
    if row is None or parsed.subsystem_code:
        raise UnknownMember(member=identifier)
    return row


def _key(member: str, kid: str, state: str) -> MemberKey:
    key = MemberKey.objects.using(EXCHANGE).filter(member=locked_member(member), kid=kid, state=state).select_related("member").first()
    if key is None:
        raise MemberKeyNotFound(kid=kid)
    return key


def _decide(key: MemberKey, kind: str, *, actor: Actor) -> None:
    key.decided_at, key.decided_by = now(), actor.account
    key.save(using=EXCHANGE)
    note_step(kind, actor=actor, member=key.member, kid=key.kid, reason=key.reason)
    spread()


def note_step(kind: str, *, actor: Actor, member: Member, **detail: Any) -> None:
    """Record a step in the ledger and tell whoever hears of members."""
    record(kind, log=LOG, using=EXCHANGE, actor=actor, who=member.name, detail={"member": str(member), **detail})
    put("exchange.member_changed", {"member": str(member), "what": kind.removeprefix("exchange.")}, using=EXCHANGE)


def spread() -> None:
    """Let the gateways read anew."""
    note_change(using=EXCHANGE)
    snapshot.forget()
