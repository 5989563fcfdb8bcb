"""A look that is not right: the person says so, the data protection officer answers, both stand in the ledger."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

import yaml
from django.db import IntegrityError, transaction

from dean06.core.actor import Actor
from dean06.core.clock import legal, now, today
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.ledger.public import record
from dean06.organisation.public import org_unit
from dean06.portal import neighbours
from dean06.portal.errors import CaseAlreadyAnswered, CaseAlreadyOpen, CaseNotFound, LoginNeeded, NotDataProtectionOfficer, WordsNeeded
from dean06.portal.looks import is_told
from dean06.portal.models import DATA_PROTECTION_OFFICER, LookCase
from dean06.portal.sealing import open_words, seal_words
from dean06.reference.public import add_working_days

USING: Final = database_of("portal")
LOG: Final = "portal"
LONGEST_WORDS: Final = 2000
CLOCKS: Final = Path(__file__).parent / "data" / "case-clock.yaml"


@dataclass(frozen=True, slots=True)
class CaseClock:
    """What the law, or a default that an administrator confirms, gives the officer."""

    valid_from: date
    reply_working_days: int
    answer_days: int
    extension_days: int
    basis: str
    certainty: str


@cache
def clocks() -> tuple[CaseClock, ...]:
    """Return the clocks by the day they begin to hold."""
    rows = yaml.safe_load(CLOCKS.read_text(encoding="utf-8"))
    return tuple(sorted((CaseClock(**row) for row in rows), key=lambda clock: clock.valid_from))


def clock_on(day: date) -> CaseClock:
    """Return the clock that holds on a day; before the first one, the first."""
    return next((clock for clock in reversed(clocks()) if clock.valid_from <= day), clocks()[0])


@transaction.atomic(using=USING, durable=True)
def open_case(*, entry: UUID, words: str, actor: Actor) -> LookCase:
    """Say of a look at one's own data that it is not right (phản ánh một lần xem).

    Raises:
        LoginNeeded: nobody is logged in.
        CaseNotFound: the look does not concern her, or she is not to be told of it yet.
        WordsNeeded: nothing was written, or more than ``LONGEST_WORDS``.
        CaseAlreadyOpen: she said so before.
    """
    if actor.person is None:
        raise LoginNeeded
    text = _checked(words)
    if not is_told(neighbours.one_look(entry, person=actor.person)):
        raise CaseNotFound(entry=str(entry))
    day = today()
    clock = clock_on(day)
    try:
        with transaction.atomic(using=USING):
            case = LookCase.objects.using(USING).create(
                entry_id=entry,
                person=actor.person,
                words=seal_words(text),
                reply_by=add_working_days(day, clock.reply_working_days),
                answer_by=day + timedelta(days=clock.answer_days),
                clock_basis=clock.basis,
            )
    except IntegrityError as exc:
        raise CaseAlreadyOpen(entry=str(entry)) from exc
    _note("portal.case_opened", case, actor=actor, who="", text=text)
    return case


@transaction.atomic(using=USING, durable=True)
def answer_case(*, case: UUID, words: str, actor: Actor) -> LookCase:
    """Answer a case as data protection officer; the answer is shown to the person and stands.

    Raises:
        NotDataProtectionOfficer: the actor's posts do not carry the role.
        CaseNotFound: no such case.
        CaseAlreadyAnswered: it was answered before.
        WordsNeeded: nothing was written, or more than ``LONGEST_WORDS``.
    """
    _require_officer(actor)
    text = _checked(words)
    found = LookCase.objects.using(USING).visible_to(actor).select_for_update().filter(pk=case).first()
    if found is None:
        raise CaseNotFound(case=str(case))
    if found.is_answered:
        raise CaseAlreadyAnswered(case=str(case))
    found.answer, found.answered_at, found.answered_by = seal_words(text), now(), actor.account
    found.answered_for = _office(actor)
    found.save(using=USING, update_fields=["answer", "answered_at", "answered_by", "answered_for"])
    _note("portal.case_answered", found, actor=actor, who=found.answered_for, text=text)
    return found


@transaction.atomic(using=USING, durable=True)
def note_look_at_case(case: LookCase, *, actor: Actor) -> None:
    """Record that an officer opened a case: he saw a look at her data, so that is one too."""
    _note("portal.case_shown", case, actor=actor, who=_office(actor), text="")


def cases_for(actor: Actor) -> list[LookCase]:
    """Return for the officer all cases: open ones first, the nearest term on top.

    Raises:
        NotDataProtectionOfficer: the actor's posts do not carry the role.
    """
    _require_officer(actor)
    rows = LookCase.objects.using(USING).visible_to(actor)
    return [
        *rows.filter(answered_at__isnull=True).order_by("answer_by", "id"),
        *rows.filter(answered_at__isnull=False).order_by("-answered_at")[:50],
    ]


def case_for(case: UUID, *, actor: Actor) -> LookCase:
    """Return one case to the officer.

    Raises:
        NotDataProtectionOfficer, CaseNotFound: the role is missing, or the case.
    """
    _require_officer(actor)
    found = LookCase.objects.using(USING).visible_to(actor).filter(pk=case).first()
    if found is None:
        raise CaseNotFound(case=str(case))
    return found


def own_cases(person: PersonKey, entries: Iterable[UUID]) -> Mapping[UUID, LookCase]:
    """Return the person's cases about some looks, by entry."""
    return {case.entry_id: case for case in LookCase.objects.using(USING).filter(person=person, entry_id__in=list(entries))}


def words_of(case: LookCase) -> str:
    """Return what the person wrote."""
    return open_words(case.words) or ""


def answer_of(case: LookCase) -> str:
    """Return the answer; empty until there is one."""
    return (open_words(case.answer) or "") if case.is_answered else ""


def days_left(case: LookCase) -> int:
    """Return how many days are left until the term; negative when it has passed."""
    return (case.answer_by - legal(now()).date()).days


def _require_officer(actor: Actor) -> None:
    if not actor.has_role(DATA_PROTECTION_OFFICER):
        raise NotDataProtectionOfficer


def _office(actor: Actor) -> str:
    return org_unit(actor.unit_code).name if actor.unit_code else actor.account


def _checked(words: str) -> str:
    text = words.strip()
    if not 0 < len(text) <= LONGEST_WORDS:
        raise WordsNeeded
    return text


def _note(kind: str, case: LookCase, *, actor: Actor, who: str, text: str) -> None:
    """Write the entry; her words may name others, so it holds their digest and not them."""
    digest = hashlib.sha256(text.encode()).hexdigest() if text else ""
    record(
        kind,
        log=LOG,
        using=USING,
        actor=actor,
        who=who,
        subject=PersonKey(case.person),
        legal_basis=case.clock_basis if kind == "portal.case_opened" else "",
        detail={"case": str(case.id), "entry": str(case.entry_id), **({"words_sha256": digest} if digest else {})},
    )
