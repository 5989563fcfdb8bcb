"""Every write of the registry: one decision, one transaction, one ledger entry, one message."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Final, TypeVar
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey, new_key
from dean06.ledger import public as ledger
from dean06.reference.public import code_list, unit
from dean06.registry.domain.decision import Decision
from dean06.registry.domain.facts import Fact, Span, hold_from
from dean06.registry.errors import (
    BeforeBirth,
    HouseholdElsewhere,
    NotACommune,
    NotAHouseholder,
    PersonDeceased,
    PersonNotFound,
    RelationUnknown,
    ResidenceNotFound,
    ResidenceOverlaps,
)
from dean06.registry.models import CURRENT, OPEN, FactRow, Household, Membership, Person, Residence
from dean06.registry.queries import held

REGISTRY: Final = database_of("registry")
LOG: Final = "registry"
PURPOSE: Final = "Cập nhật nơi thường trú theo quyết định của cơ quan đăng ký cư trú"

Row = TypeVar("Row", bound=FactRow)


@transaction.atomic(using=REGISTRY, durable=True)
def change_residence(
    *,
    person: PersonKey,
    unit_code: str,
    address: str,
    since: date,
    decision: Decision,
    actor: Actor,
    householder: PersonKey | None = None,
    relation: str = "",
) -> Residence:
    """Move a person's permanent residence (đăng ký thường trú), and her household membership with it.

    Args:
        person: whose residence changes.
        unit_code: five-digit code of a commune in force on ``since``.
        address: the place in the commune, as written in the decision.
        since: first day at the new place (valid time); known time is now.
        decision: dossier, legal basis and unit that decided it.
        actor: who acts, in which post.
        householder: head of the household that she joins; without one she heads a new household.
        relation: what she is to the householder (code list ``relationships``).

    Returns:
        The new residence. The old one stays, superseded, and stands again closed the day before ``since``. A residence that
        is already known to begin later stays and ends the new one, so decisions may arrive in any order.

    Raises:
        PersonNotFound: no such person, or no such householder.
        PersonDeceased: a death registration closed the record.
        UnitUnknown: no such unit on that day.
        NotACommune: the unit is not at commune level.
        BeforeBirth: ``since`` lies before the person's birth.
        ResidenceOverlaps: another decision already holds from that very day.
        RelationUnknown: what she is to the householder is no code of the list, or ``head``.
        NotAHouseholder: the householder heads no household on ``since``.
        HouseholdElsewhere: that household is registered in another commune.
    """
    return move(
        person=person,
        unit_code=unit_code,
        address=address,
        since=since,
        decision=decision,
        actor=actor,
        householder=householder,
        relation=relation,
    )


def move(
    *,
    person: PersonKey,
    unit_code: str,
    address: str,
    since: date,
    decision: Decision,
    actor: Actor,
    householder: PersonKey | None,
    relation: str,
) -> Residence:
    """Do what ``change_residence`` does inside the caller's transaction: a consumer of messages already has one."""
    record = _lock_people(person, householder)[person]
    if record.is_deceased:
        raise PersonDeceased(person=str(person))
    if unit(unit_code, on=since).level != "commune":
        raise NotACommune(unit_code=unit_code)
    if since < record.born_on:
        raise BeforeBirth(person=str(person))
    if householder and relation not in _relations():
        raise RelationUnknown(relation=relation)
    known_at = now()  # after the lock, so that known times follow the order of the changes

    household = _household_to_join(householder, unit_code, since) if householder else _new_household(unit_code, address, since, known_at)
    residence = Residence(
        person=record, kind=Residence.Kind.PERMANENT, unit_code=unit_code, address=address, household_key=household.key, **vars_of(decision)
    )
    residence = _hold(_current(Residence.objects.filter(kind=Residence.Kind.PERMANENT), person), residence, since=since, known_at=known_at)
    member = Membership(person=record, household=household, relation=relation if householder else Membership.HEAD, **vars_of(decision))
    _hold(_current(Membership.objects.all(), person), member, since=since, known_at=known_at)
    _refresh_home(record)
    _tell("registry.residence_changed", residence, decision=decision, actor=actor)
    return residence


@transaction.atomic(using=REGISTRY, durable=True)
def correct_residence(
    *,
    residence: UUID,
    decision: Decision,
    actor: Actor,
    unit_code: str | None = None,
    address: str | None = None,
    since: date | None = None,
    until: date | None = None,
) -> Residence:
    """Correct a residence that was recorded wrongly (cải chính thông tin cư trú): the wrong row stays, superseded.

    Args:
        residence: key of a row held true at present.
        decision: dossier, legal basis and unit that decided it.
        actor: who acts, in which post.
        unit_code: the right commune, if the recorded one is wrong.
        address: the right address, if the recorded one is wrong.
        since: the right first day, if the recorded one is wrong.
        until: the right first day after it (excluded), if the recorded one is wrong.

    Returns:
        The row that is held true from now on.

    Raises:
        ResidenceNotFound: no such row, or superseded already.
        UnitUnknown: no such unit on the first day.
        NotACommune: the unit is not at commune level.
        BeforeBirth: the first day lies before the person's birth.
        ResidenceOverlaps: the corrected days reach into another residence of the same kind.
    """
    found = Residence.objects.filter(CURRENT, key=residence).first()
    if found is None:
        raise ResidenceNotFound(residence=str(residence))
    person = PersonKey(found.person_id)
    record = _lock_people(person)[person]
    wrong = Residence.objects.filter(CURRENT, key=residence).first()
    if wrong is None:
        raise ResidenceNotFound(residence=str(residence))
    span = Span(since or wrong.span.start, until or wrong.span.end)
    if unit_code is not None and unit(unit_code, on=span.start).level != "commune":
        raise NotACommune(unit_code=unit_code)
    if span.start < record.born_on:
        raise BeforeBirth(person=str(person))
    others = [row for row in _current(Residence.objects.filter(kind=wrong.kind), person) if row.key != wrong.key]
    if span.is_empty or any(row.span.overlaps(span) for row in others):
        raise ResidenceOverlaps(residence=str(residence))

    known_at = now()
    right = wrong.again(span, known_at=known_at)
    right.unit_code, right.address = unit_code or wrong.unit_code, address or wrong.address
    for name, value in vars_of(decision).items():
        setattr(right, name, value)
    _supersede([wrong], at=known_at)
    right.save(force_insert=True)
    _refresh_home(record)
    _tell("registry.residence_corrected", right, decision=decision, actor=actor)
    return right


def vars_of(decision: Decision) -> dict[str, str]:
    """Return the columns that remember a decision."""
    return {"dossier": decision.dossier, "legal_basis": decision.legal_basis, "decided_by": decision.decided_by}


def _lock_people(*keys: PersonKey | None) -> dict[PersonKey, Person]:
    """Lock records in key order, so that two moves never wait for each other.

    Raises:
        PersonNotFound: one of them is unknown.
    """
    wanted = {key for key in keys if key}
    rows = Person.objects.select_for_update().filter(key__in=wanted).order_by("key")
    people = {PersonKey(row.key): row for row in rows}
    if missing := wanted - people.keys():
        raise PersonNotFound(person=", ".join(map(str, missing)))
    return people


def _current(rows: QuerySet[Row], person: PersonKey) -> Sequence[Row]:
    return list(rows.filter(CURRENT, person_id=person))


def _hold(current: Iterable[Row], row: Row, *, since: date, known_at: datetime) -> Row:
    """Let a new row hold from a day on until what is already known to follow; return it as saved."""
    change = hold_from([one.as_fact() for one in current], row, since=since, known_at=known_at)
    _supersede([fact.value for fact in change.superseded], at=known_at)
    saved = [_save(fact) for fact in change.added]
    return saved[-1]  # hold_from adds the new fact last


def _save(fact: Fact[Row]) -> Row:
    row = fact.value.again(fact.valid, known_at=fact.known_at)
    row.save(force_insert=True)
    return row


def _supersede(rows: Sequence[Row], *, at: datetime) -> None:
    for row in rows:
        row.superseded_at = at
        row.save(update_fields=["superseded_at"])


def _relations() -> set[str]:
    return {entry.code for entry in code_list("relationships").entries} - {Membership.HEAD}


def _household_to_join(householder: PersonKey, unit_code: str, since: date) -> Household:
    rows = held(Membership.objects.filter(person_id=householder, relation=Membership.HEAD), on=since).select_related("household")
    row = rows.first()
    if row is None:
        raise NotAHouseholder(person=str(householder))
    if row.household.unit_code != unit_code:
        raise HouseholdElsewhere(household=str(row.household_id))
    return row.household


def _new_household(unit_code: str, address: str, since: date, known_at: datetime) -> Household:
    key = new_key()
    return Household.objects.create(
        key=key, code=f"{unit_code}-{key.hex[-10:]}", unit_code=unit_code, address=address, since=since, known_at=known_at
    )


def _refresh_home(record: Person) -> None:
    home = Residence.objects.filter(OPEN, person=record, kind=Residence.Kind.PERMANENT).values_list("unit_code", flat=True).first()
    record.home_unit_code = home or ""
    record.save(update_fields=["home_unit_code"])


def _tell(kind: str, residence: Residence, *, decision: Decision, actor: Actor) -> None:
    """Leave the ledger entry and tell other modules, in the transaction of the change."""
    person = PersonKey(residence.person_id)
    since = residence.span.start.isoformat()
    ledger.record(
        kind,
        log=LOG,
        using=REGISTRY,
        actor=actor,
        who=decision.decided_by,
        subject=person,
        purpose=PURPOSE,
        legal_basis=decision.legal_basis,
        dossier=decision.dossier,
        fields=["permanent_residence", "household"],
        detail={"residence_key": str(residence.key), "unit_code": residence.unit_code, "since": since},
    )
    messages.put(
        "registry.residence_changed",
        {
            "dossier": decision.dossier,
            "person_key": str(person),
            "residence_key": str(residence.key),
            "unit_code": residence.unit_code,
            "since": since,
        },
        using=REGISTRY,
    )
