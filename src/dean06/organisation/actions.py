"""Setting up units and posts, appointing, standing in; each action leaves one entry in the log ``organisation``."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from psycopg.errors import ExclusionViolation

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.errors import Dean06Error
from dean06.core.keys import PersonKey, new_key
from dean06.ledger.public import record
from dean06.organisation.domain.mandates import ROLES, UNIT_KINDS, Term, needs_two
from dean06.organisation.errors import (
    AlreadyAbsent,
    EmptyTerm,
    FourEyesRequired,
    MalformedUnit,
    MayNotAppoint,
    NotHeld,
    OrgUnitNotFound,
    PostNotFound,
    PostTaken,
    ProposalNotFound,
    StandInUnfit,
    UnitDiffers,
)
from dean06.organisation.models import Absence, Holding, PostRow, Proposal, Unit, covering
from dean06.organisation.queries import OrgUnit, Post, describe, describe_post, posts_held_by

ORGANISATION: Final = database_of("organisation")
LOG: Final = "organisation"
ONE_DAY: Final = timedelta(days=1)
ADMINISTRATORS: Final = frozenset({"operator", "system"})


@transaction.atomic(using=ORGANISATION, durable=True)
def establish_unit(*, code: str, name: str, kind: str, area_code: str, actor: Actor, parent_code: str = "") -> OrgUnit:
    """Set up a unit; once more with the same words changes nothing.

    Args:
        code: of the agency, ``G01.H49.06685``.
        name: as it stands on its seal.
        kind: one of ``UNIT_KINDS``.
        area_code: territory that it serves: ``VN``, a province or a commune.
        actor: an administrator.
        parent_code: the unit above, if any.

    Raises:
        MayNotAppoint: the actor is no administrator.
        MalformedUnit: something is empty or the kind unknown.
        OrgUnitNotFound: the unit above does not exist.
        UnitDiffers: the code belongs to another unit.
    """
    _require_administrator(actor)
    if not code or not name or not area_code or kind not in UNIT_KINDS:
        raise MalformedUnit(unit=code, kind=kind)
    if parent_code and not Unit.objects.filter(code=parent_code).exists():
        raise OrgUnitNotFound(unit=parent_code)
    wanted = {"name": name, "kind": kind, "area_code": area_code, "parent_code": parent_code}
    row, is_new = Unit.objects.get_or_create(code=code, defaults=wanted)
    if any(getattr(row, field) != value for field, value in wanted.items()):
        raise UnitDiffers(unit=code)
    if is_new:
        _leave_entry("organisation.unit_established", actor=actor, detail={"unit": code, **wanted})
    return describe(row)


@transaction.atomic(using=ORGANISATION, durable=True)
def establish_post(
    *, unit_code: str, title: str, roles: Collection[str], actor: Actor, area: Sequence[str] | None = None, key: str = ""
) -> Post:
    """Set up a post; with a given key, once more with the same words changes nothing.

    Args:
        unit_code: unit that it belongs to.
        title: as it stands under a signature.
        roles: what its holder may do.
        actor: an administrator.
        area: how far it reaches; none for the territory of its unit.
        key: a name of your own choice, for example ``<unit code>/head``; empty: one is made.

    Raises:
        MayNotAppoint: the actor is no administrator.
        MalformedUnit: no title, no role, or an unknown role.
        OrgUnitNotFound: no such unit.
        UnitDiffers: the key belongs to another post.
    """
    _require_administrator(actor)
    if not title or not roles or not ROLES.issuperset(roles):
        raise MalformedUnit(unit=unit_code, roles=sorted(roles))
    unit = Unit.objects.filter(code=unit_code).first()
    if unit is None:
        raise OrgUnitNotFound(unit=unit_code)
    wanted = {"unit_id": unit_code, "title": title, "roles": sorted(roles), "area": list(area or [unit.area_code])}
    row, is_new = PostRow.objects.get_or_create(key=key or str(new_key()), defaults=wanted)
    if any(getattr(row, field) != value for field, value in wanted.items()):
        raise UnitDiffers(post=key)
    if is_new:
        _leave_entry("organisation.post_established", actor=actor, detail={"post": row.key, **wanted})
    return describe_post(row)


@transaction.atomic(using=ORGANISATION, durable=True)
def appoint(*, post: str, person: PersonKey, since: date, actor: Actor, until: date | None = None) -> None:
    """Let a person hold a post from a day on; the same appointment once more changes nothing.

    A post with a sensitive role takes two people (``propose_appointment``, ``approve_appointment``). The installation itself
    (role ``system``) may appoint alone, since the first two administrators have to come from somewhere.

    Args:
        post: its key.
        person: who will hold it.
        since: first day.
        actor: an administrator.
        until: first day on which she no longer holds it; none: open.

    Raises:
        MayNotAppoint: the actor is no administrator.
        FourEyesRequired: the post carries a sensitive role.
        PostNotFound: no such post.
        EmptyTerm: ``until`` is not after ``since``.
        PostTaken: someone holds it on one of these days.
    """
    _require_administrator(actor)
    row = _post(post)
    if needs_two(row.roles) and not actor.has_role("system"):
        raise FourEyesRequired(post=post)
    _hold(row, person=person, term=Term(since, until), actor=actor, detail={})


@transaction.atomic(using=ORGANISATION, durable=True)
def propose_appointment(*, post: str, person: PersonKey, since: date, actor: Actor, until: date | None = None) -> UUID:
    """Propose an appointment that someone else has to approve; return the proposal's identifier.

    Raises:
        MayNotAppoint: the actor is no administrator.
        PostNotFound: no such post.
        EmptyTerm: ``until`` is not after ``since``.
    """
    _require_administrator(actor)
    row = _post(post)
    _require_days(Term(since, until))
    proposal = Proposal.objects.create(post=row, person=person, since=since, until=until, proposed_by=actor.account)
    _leave_entry("organisation.appointment_proposed", actor=actor, subject=person, detail={"post": post, "proposal": str(proposal.id)})
    return proposal.id


@transaction.atomic(using=ORGANISATION, durable=True)
def approve_appointment(proposal: UUID, *, actor: Actor) -> None:
    """Approve what someone else proposed; neither she nor the one to be appointed may.

    Raises:
        MayNotAppoint: the actor is no administrator.
        ProposalNotFound: no such proposal, or decided already.
        FourEyesRequired: the actor proposed it or would be appointed.
        PostTaken: someone holds the post on one of these days by now.
    """
    row = _decide(proposal, actor=actor, is_approved=True)
    detail = {"proposal": str(proposal), "proposed_by": row.proposed_by}
    _hold(row.post, person=PersonKey(row.person), term=Term(row.since, row.until), actor=actor, detail=detail)


@transaction.atomic(using=ORGANISATION, durable=True)
def reject_appointment(proposal: UUID, *, actor: Actor) -> None:
    """Turn a proposal down, or take one's own back.

    Raises:
        MayNotAppoint: the actor is no administrator.
        ProposalNotFound: no such proposal, or decided already.
    """
    row = _decide(proposal, actor=actor, is_approved=False)
    detail = {"post": row.post_id, "proposal": str(proposal)}
    _leave_entry("organisation.appointment_rejected", actor=actor, subject=PersonKey(row.person), detail=detail)


def _decide(proposal: UUID, *, actor: Actor, is_approved: bool) -> Proposal:
    _require_administrator(actor)
    row = Proposal.objects.select_for_update(of=("self",)).select_related("post").filter(id=proposal, decided_at=None).first()
    if row is None:
        raise ProposalNotFound(proposal=proposal)
    if is_approved and (actor.account == row.proposed_by or actor.person == row.person):
        raise FourEyesRequired(proposal=proposal)
    row.decided_by, row.decided_at, row.is_approved = actor.account, now(), is_approved
    row.save()
    return row


@transaction.atomic(using=ORGANISATION, durable=True)
def end_appointment(*, post: str, on: date, actor: Actor) -> None:
    """End the holding of a post; ``on`` is the first day without it.

    Raises:
        MayNotAppoint: the actor is no administrator.
        NotHeld: nobody holds it on the day before.
    """
    _require_administrator(actor)
    holding = Holding.objects.select_for_update().filter(covering(on - ONE_DAY), post_id=post).first()
    if holding is None:
        raise NotHeld(post=post, on=on)
    holding.valid = DateRange(holding.valid.lower, on)
    holding.save()
    detail = {"post": post, "until": on.isoformat()}
    _leave_entry("organisation.appointment_ended", actor=actor, subject=PersonKey(holding.person), detail=detail)


@transaction.atomic(using=ORGANISATION, durable=True)
def record_absence(*, person: PersonKey, since: date, until: date, actor: Actor, stand_in: PersonKey | None = None) -> None:
    """Record that a person is away and who stands in for her in every post she holds.

    Args:
        person: who is away; she does not act while she is.
        since: first day.
        until: first day back.
        actor: an administrator, or the person herself.
        stand_in: someone who holds a post in one of her units on the first day; none: her posts rest.

    Raises:
        MayNotAppoint: the actor is neither.
        EmptyTerm: ``until`` is not after ``since``.
        StandInUnfit: the stand-in is herself or holds no post beside her.
        AlreadyAbsent: an absence is recorded for one of these days.
    """
    if actor.person != person:
        _require_administrator(actor)
    _require_days(Term(since, until))
    if stand_in is not None and not _works_beside(stand_in, person, on=since):
        raise StandInUnfit(on=since)
    _insert(AlreadyAbsent(on=since), Absence(person=person, stand_in=stand_in, valid=DateRange(since, until)))
    _leave_entry("organisation.absence_recorded", actor=actor, subject=person, detail=_days(Term(since, until)))
    if stand_in is not None:
        _leave_entry("organisation.stand_in_appointed", actor=actor, subject=stand_in, detail=_days(Term(since, until)))


def _works_beside(one: PersonKey, other: PersonKey, *, on: date) -> bool:
    units = {held.unit_code for held in posts_held_by(other, on=on) if held.standing_in_for is None}
    return one != other and any(held.unit_code in units for held in posts_held_by(one, on=on) if held.standing_in_for is None)


def _require_administrator(actor: Actor) -> None:
    if ADMINISTRATORS.isdisjoint(actor.roles):
        raise MayNotAppoint


def _require_days(term: Term) -> None:
    if not term.is_possible:
        raise EmptyTerm


def _post(key: str) -> PostRow:
    row = PostRow.objects.filter(key=key).first()
    if row is None:
        raise PostNotFound(post=key)
    return row


def _hold(post: PostRow, *, person: PersonKey, term: Term, actor: Actor, detail: Mapping[str, Any]) -> None:
    _require_days(term)
    valid = DateRange(term.since, term.until)
    if Holding.objects.filter(post=post, person=person, valid=valid).exists():
        return
    _insert(PostTaken(post=post.key), Holding(post=post, person=person, valid=valid))
    _leave_entry("organisation.appointed", actor=actor, subject=person, detail={"post": post.key, **_days(term), **detail})


def _insert(refusal: Dean06Error, row: Holding | Absence) -> None:
    """Insert a row whose days the database keeps from overlapping others; say why if they do."""
    try:
        with transaction.atomic(using=ORGANISATION):
            row.save(force_insert=True)
    except IntegrityError as exc:
        if isinstance(exc.__cause__, ExclusionViolation):
            raise refusal from exc
        raise


def _days(term: Term) -> dict[str, str]:
    return {"since": term.since.isoformat(), "until": term.until.isoformat() if term.until else ""}


def _leave_entry(kind: str, *, actor: Actor, detail: Mapping[str, Any], subject: PersonKey | None = None) -> None:
    record(kind, log=LOG, using=ORGANISATION, actor=actor, who=actor.unit_code, subject=subject, detail=detail)
