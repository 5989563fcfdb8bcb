"""What the officers' desk shows: the queue, one dossier with its sources, and what may be done next."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from dean06.core.actor import Actor
from dean06.core.clock import today
from dean06.core.paging import Page, page_of
from dean06.core.vietnamese import fold
from dean06.reference import public as reference
from dean06.services.cards import days_left
from dean06.services.domain.lifecycle import STEP_OF, may
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import CLOSED, PAUSED, Kind, State, Step
from dean06.services.models import OPEN_STATES, Dossier, DossierEvent
from dean06.services.pinning import pinned
from dean06.services.trail import events_of, progress_of
from dean06.services.words import CHANNELS, EVENTS, STATE_KINDS, STATES, STEPS
from dean06.ui.public import Step as ShownStep

ROWS_A_PAGE: Final = 20
VIEWS: Final = ("all", "mine", "unclaimed", "mine-to-sign", "late", "soon", "paused", "closed")
SIGNS: Final[Mapping[Step, Kind]] = {step: kind for kind, step in STEP_OF.items()}


@dataclass(frozen=True, slots=True)
class QueueRow:
    """One dossier of the queue, ready to show."""

    dossier: Dossier
    days_left: int | None
    is_paused: bool
    state_name: str
    state_kind: str
    step_name: str
    channel_name: str
    holder: str
    is_mine: bool
    may_claim: bool
    next_label: str
    url: str


def queue(actor: Actor, *, view: str, text: str = "", cursor: str = "") -> Page[Dossier]:
    """Return a page of the dossiers in the actor's charge, the nearest due day first."""
    rows = Dossier.objects.in_charge_of(actor).filter(condition(view, actor)).defer("facts", "answers")
    if text:
        rows = rows.filter(Q(code__icontains=text) | Q(applicant_folded__contains=fold(text)))
    return page_of(rows, order=("queue_on", "id"), cursor=cursor, size=ROWS_A_PAGE)


def condition(view: str, actor: Actor) -> Q:
    """Say which dossiers a saved view shows; the same words for its count."""
    day = today()
    opened = Q(state__in=OPEN_STATES)
    paused = Q(state__in=[int(state) for state in PAUSED])
    return {
        "mine": opened & Q(held_by=actor.person),
        "unclaimed": opened & Q(held_by__isnull=True),
        "mine-to-sign": opened
        & ~paused
        & Q(step__in=[int(step) for step in steps_of(actor)])
        & (Q(held_by__isnull=True) | Q(held_by=actor.person)),
        "late": opened & ~paused & Q(due_on__lt=day),
        "soon": opened & ~paused & Q(due_on__gte=day, due_on__lte=reference.add_working_days(day, 1)),
        "paused": paused,
        "closed": ~opened & Q(submitted_at__date__gte=day - timedelta(days=90)),
    }.get(view, opened)


def counts(actor: Actor) -> dict[str, int]:
    """Count each saved view."""
    rows = Dossier.objects.in_charge_of(actor)
    return {view: rows.filter(condition(view, actor)).count() for view in VIEWS}


def steps_of(actor: Actor) -> tuple[Step, ...]:
    """Return the steps whose role one of the actor's posts carries, by the usual distribution of roles."""
    roles = {"one_stop_officer": (Step.RECEPTION, Step.RETURN), "appraiser": (Step.APPRAISAL,), "head": (Step.APPROVAL, Step.SIGNING)}
    return tuple(step for role, steps in roles.items() if actor.has_role(role) for step in steps)


def queue_row(dossier: Dossier, actor: Actor) -> QueueRow:
    """Describe a dossier for the queue."""
    state = State(dossier.state)
    is_mine = dossier.held_by is not None and dossier.held_by == actor.person
    can = Step(dossier.step) in steps_of(actor) and state not in CLOSED | PAUSED
    return QueueRow(
        dossier=dossier,
        days_left=days_left(dossier.due_on, on=today()) if state not in CLOSED and state is not State.DONE else None,
        is_paused=state in PAUSED,
        state_name=str(STATES[state]),
        state_kind=STATE_KINDS[state],
        step_name=str(STEPS[dossier.step]),
        channel_name=str(CHANNELS[dossier.channel]),
        holder=dossier.held_by_name,
        is_mine=is_mine,
        may_claim=can and dossier.held_by is None,
        next_label=str(STEPS[dossier.step]) if can and (is_mine or dossier.held_by is None) else _("Xem"),
        url=reverse("services:officer-dossier", args=[dossier.code]),
    )


@dataclass(frozen=True, slots=True)
class Desk:
    """One dossier as an officer works on it."""

    dossier: Dossier
    pack: Pack
    events: list[DossierEvent]
    steps: list[ShownStep]
    log: list[dict[str, Any]]
    may: Mapping[str, bool]
    missing: list[str]
    days_left: int | None
    is_paused: bool
    state_name: str
    state_kind: str


def desk(dossier: Dossier, actor: Actor) -> Desk:
    """Gather what the desk shows; nothing is asked of other modules."""
    pack = pinned(dossier.pack)
    events = events_of(dossier)
    progress = progress_of(dossier, events)
    mine = Step(dossier.step) in steps_of(actor) and (dossier.held_by is None or dossier.held_by == actor.person)
    state = State(dossier.state)
    return Desk(
        dossier=dossier,
        pack=pack,
        events=events,
        steps=_steps(dossier, pack, events),
        log=[_line(event) for event in events],
        may={kind.value: mine and may(progress, kind) for kind in Kind} | {"record_payment": _may_enter_payment(dossier, actor)},
        missing=_missing(dossier, pack),
        days_left=days_left(dossier.due_on, on=today()) if state not in CLOSED and state is not State.DONE else None,
        is_paused=state in PAUSED,
        state_name=str(STATES[state]),
        state_kind=STATE_KINDS[state],
    )


def attachment(dossier: Dossier, key: UUID) -> Any:
    """Return a file of the dossier, or nothing."""
    return dossier.attachments.filter(pk=key).first()


def _may_enter_payment(dossier: Dossier, actor: Actor) -> bool:
    running = {State.RECEIVED, State.IN_PROGRESS, State.FINANCIAL_DUTY, State.DONE}
    return actor.has_role("one_stop_officer") and not dossier.is_paid and dossier.fee_vnd > 0 and State(dossier.state) in running


def _missing(dossier: Dossier, pack: Pack) -> list[str]:
    """Name what keeps the next step from being signed, in words that say what to do."""
    waiting = [
        _("Chờ ý kiến: %(who)s") % {"who": consent.title}
        for consent in dossier.consents.exclude(answer="given")
        if dossier.step == Step.RECEPTION
    ]
    if Step(dossier.step) is pack.fee.due_before and dossier.fee_vnd and not dossier.is_paid:
        waiting.append(_("Chưa ghi nhận lệ phí"))
    if dossier.step == Step.RETURN and dossier.registry != "confirmed":
        waiting.append(_("Chờ cơ sở dữ liệu dân cư xác nhận"))
    return waiting


def _steps(dossier: Dossier, pack: Pack, events: list[DossierEvent]) -> list[ShownStep]:
    signed = {STEP_OF[Kind(event.kind)]: event for event in events if Kind(event.kind) in STEP_OF}
    shown = []
    for rule in pack.steps:
        event = signed.get(rule.step)
        name = str(STEPS[rule.step])
        if event is not None:
            shown.append(ShownStep(name, "done", event.at, str(event.data.get("text", "")), str(event.by.get("name", ""))))
        elif dossier.step == rule.step and State(dossier.state) not in CLOSED:
            text = _("%(who)s đang làm") % {"who": dossier.held_by_name} if dossier.held_by_name else _("Chưa ai nhận")
            shown.append(ShownStep(name, "now", None, text))
        else:
            shown.append(ShownStep(name))
    return shown


def _line(event: DossierEvent) -> dict[str, Any]:
    return {
        "seq": event.seq,
        "at": event.at,
        "name": EVENTS[event.kind],
        "who": event.by.get("name", ""),
        "text": event.data.get("text", ""),
        "state": STATES[event.state],
        "hash": bytes(event.hash).hex(),
    }
