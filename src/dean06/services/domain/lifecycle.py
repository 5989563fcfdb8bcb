"""What may happen to a dossier and what it becomes: one table of rules and one fold over the event log.

``check`` says whether an event may happen and refuses with the reason; ``apply`` folds it in. The row of a dossier in the
database is this fold, kept for queries; replaying the log must give the same (a test does).

Sources: domain.md E.3 (states and steps), I.1 (clock); knowledge/services.md 1e (no step forward while a correction
is pending; late only the day after).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from types import MappingProxyType
from typing import Final

from dean06.services.domain.clock import LegalClock
from dean06.services.domain.states import CLOSED, OPEN, Kind, State, Step
from dean06.services.errors import ConsentMissing, FourEyes, HeldByAnother, NotEligible, ReceiptMissing, RegistryNotConfirmed, WrongStep

PENDING: Final = "pending"
GIVEN: Final = "given"
REFUSED: Final = "refused"


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as the rules see it.

    Attributes:
        kind: what happened.
        on: day of the legal calendar.
        by: opaque key of who did it; empty for the system.
        text: reason or remark, where the kind has one.
        subject: the consent that is asked or answered.
        is_eligible: outcome of an appraisal.
    """

    kind: Kind
    on: date
    by: str = ""
    text: str = ""
    subject: str = ""
    is_eligible: bool = True


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a dossier stands: the fold of its events.

    Attributes:
        state: national state.
        step: the step to be signed next.
        version: how many events there are.
        limit_days: working days that the pack gives.
        fee_due_before: the step that may not be taken without a receipt; ``Step.NONE`` if no fee is due.
        four_eyes: the two steps that one person may not both take.
        resume_state: the state that a pause interrupted.
        held_by: who has claimed the dossier.
        consents: each consent asked for, with its answer.
        taken_by: who took which step.
        is_eligible: what the appraisal found.
        is_paid: whether a receipt or an exemption is entered.
        registry: empty, ``confirmed`` or ``refused``.
        clock: the legal clock, once it has started.
    """

    state: State = State.REGISTERED
    step: Step = Step.RECEPTION
    version: int = 0
    limit_days: int = 0
    fee_due_before: Step = Step.NONE
    four_eyes: frozenset[Step] = frozenset()
    resume_state: State | None = None
    held_by: str = ""
    consents: Mapping[str, str] = field(default_factory=dict)
    taken_by: Mapping[Step, str] = field(default_factory=dict)
    is_eligible: bool = True
    is_paid: bool = False
    registry: str = ""
    clock: LegalClock | None = None

    @property
    def is_closed(self) -> bool:
        """Say whether nothing more can happen."""
        return self.state in CLOSED

    @property
    def consents_are_complete(self) -> bool:
        """Say whether everyone who was asked agreed."""
        return all(answer == GIVEN for answer in self.consents.values())


@dataclass(frozen=True, slots=True)
class Rule:
    """When a kind of event may happen and where it leads."""

    states: frozenset[State]
    steps: frozenset[Step]
    to: State | None = None
    next_step: Step | None = None


def _rule(states: Iterable[State], steps: Iterable[Step] = Step, to: State | None = None, next_step: Step | None = None) -> Rule:
    return Rule(frozenset(states), frozenset(steps), to, next_step)


_WORKING = (State.RECEIVED, State.IN_PROGRESS)
_BEFORE_SIGNATURE = (Step.RECEPTION, Step.APPRAISAL, Step.APPROVAL)
_EXAMINED = (Step.APPRAISAL, Step.APPROVAL)

RULES: Final[Mapping[Kind, Rule]] = MappingProxyType(
    {
        Kind.CLAIMED: _rule(OPEN),
        Kind.RELEASED: _rule(OPEN),
        Kind.CONSENT_ASKED: _rule([State.REGISTERED, State.SUPPLEMENT], [Step.RECEPTION]),
        Kind.CONSENT_GIVEN: _rule([State.REGISTERED, State.SUPPLEMENT], [Step.RECEPTION]),
        Kind.CONSENT_REFUSED: _rule([State.REGISTERED, State.SUPPLEMENT], [Step.RECEPTION]),
        Kind.RECEIVED: _rule([State.REGISTERED], [Step.RECEPTION], State.RECEIVED, Step.APPRAISAL),
        Kind.RECEPTION_REFUSED: _rule([State.REGISTERED, State.SUPPLEMENT], [Step.RECEPTION], State.NOT_RECEIVED, Step.NONE),
        Kind.SUPPLEMENT_REQUESTED: _rule([State.REGISTERED, *_WORKING], _BEFORE_SIGNATURE, State.SUPPLEMENT),
        Kind.SUPPLEMENT_ANSWERED: _rule([State.SUPPLEMENT]),
        Kind.DUTY_REQUESTED: _rule(_WORKING, _EXAMINED, State.FINANCIAL_DUTY),
        Kind.PAYMENT_RECORDED: _rule([*_WORKING, State.FINANCIAL_DUTY, State.DONE]),
        Kind.APPRAISED: _rule(_WORKING, [Step.APPRAISAL], State.IN_PROGRESS, Step.APPROVAL),
        Kind.APPROVED: _rule([State.IN_PROGRESS], [Step.APPROVAL], State.IN_PROGRESS, Step.SIGNING),
        Kind.RESULT_SIGNED: _rule([State.IN_PROGRESS], [Step.SIGNING], State.IN_PROGRESS, Step.RETURN),
        Kind.REGISTRY_CONFIRMED: _rule([State.IN_PROGRESS], [Step.RETURN], State.DONE),
        Kind.REGISTRY_REFUSED: _rule([State.IN_PROGRESS], [Step.RETURN]),
        Kind.RETURNED: _rule([State.IN_PROGRESS, State.DONE], [Step.RETURN], State.RETURNED, Step.NONE),
        Kind.STOPPED: _rule([*_WORKING, State.SUPPLEMENT, State.FINANCIAL_DUTY], [*_EXAMINED, Step.RETURN], State.STOPPED, Step.NONE),
        Kind.WITHDRAWN: _rule(
            [State.REGISTERED, *_WORKING, State.SUPPLEMENT, State.FINANCIAL_DUTY],
            [*_BEFORE_SIGNATURE, Step.SIGNING],
            State.WITHDRAWN,
            Step.NONE,
        ),
    }
)

STEP_OF: Final[Mapping[Kind, Step]] = MappingProxyType(
    {
        Kind.RECEIVED: Step.RECEPTION,
        Kind.APPRAISED: Step.APPRAISAL,
        Kind.APPROVED: Step.APPROVAL,
        Kind.RESULT_SIGNED: Step.SIGNING,
        Kind.RETURNED: Step.RETURN,
    }
)
"""The signed step that a kind of event takes."""


def submitted(
    *, limit_days: int, fee_due_before: Step = Step.NONE, four_eyes: Iterable[Step] = (), consents: Iterable[str] = ()
) -> Progress:
    """Return how a dossier stands after its first event."""
    return Progress(
        version=1,
        limit_days=limit_days,
        fee_due_before=fee_due_before,
        four_eyes=frozenset(four_eyes),
        consents=dict.fromkeys(consents, PENDING),
    )


def may(progress: Progress, kind: Kind) -> bool:
    """Say whether state and step allow a kind of event, whoever asks and whatever else is missing."""
    rule = RULES.get(kind)
    return rule is not None and progress.state in rule.states and progress.step in rule.steps


def check(progress: Progress, event: Happening) -> None:
    """Refuse an event that may not happen now.

    Raises:
        WrongStep: state or step do not allow it.
        HeldByAnother: another officer has claimed the dossier.
        ConsentMissing, NotEligible, FourEyes, ReceiptMissing, RegistryNotConfirmed: a guard of the step.
    """
    if not may(progress, event.kind):
        raise WrongStep(kind=event.kind, state=int(progress.state), step=int(progress.step))
    for guard in _GUARDS.get(event.kind, ()):
        guard(progress, event)


def apply(progress: Progress, event: Happening) -> Progress:
    """Fold an event in.

    Raises:
        Dean06Error: as ``check``.
    """
    check(progress, event)
    rule = RULES[event.kind]
    after = replace(
        progress,
        version=progress.version + 1,
        state=rule.to or progress.state,
        step=rule.next_step or progress.step,
        clock=_clock_after(progress, event),
    )
    if step := STEP_OF.get(event.kind):
        after = replace(after, taken_by={**after.taken_by, step: event.by}, held_by="")
    if after.is_closed:
        after = replace(after, held_by="", resume_state=None)
    return _EFFECTS.get(event.kind, _nothing)(after, progress, event)


def replay(first: Progress, events: Iterable[Happening]) -> Progress:
    """Fold a whole log."""
    progress = first
    for event in events:
        progress = apply(progress, event)
    return progress


def _clock_after(progress: Progress, event: Happening) -> LegalClock | None:
    clock = progress.clock
    if event.kind is Kind.RECEIVED:
        return LegalClock(event.on, progress.limit_days)
    if clock is None or clock.finished_on is not None:
        return clock
    pauses = event.kind in {Kind.SUPPLEMENT_REQUESTED, Kind.DUTY_REQUESTED}
    resumes = event.kind is Kind.SUPPLEMENT_ANSWERED or (event.kind is Kind.PAYMENT_RECORDED and progress.state is State.FINANCIAL_DUTY)
    if pauses:
        return clock.paused(event.on, event.text)
    if resumes:
        return clock.resumed(event.on)
    leads_to = RULES[event.kind].to
    return clock.finished(event.on) if leads_to in CLOSED or leads_to is State.DONE else clock


Guard = Callable[[Progress, Happening], None]
Effect = Callable[[Progress, Progress, Happening], Progress]


def _held(progress: Progress, event: Happening) -> None:
    if progress.held_by not in {"", event.by}:
        raise HeldByAnother


def _free(progress: Progress, _event: Happening) -> None:
    if progress.held_by:
        raise HeldByAnother


def _held_by_her(progress: Progress, event: Happening) -> None:
    if progress.held_by != event.by:
        raise HeldByAnother


def _consented(progress: Progress, _event: Happening) -> None:
    if not progress.consents_are_complete:
        raise ConsentMissing


def _asked(progress: Progress, event: Happening) -> None:
    if progress.consents.get(event.subject) != PENDING:
        raise WrongStep(kind=event.kind)


def _not_given_yet(progress: Progress, event: Happening) -> None:
    if progress.consents.get(event.subject) in {PENDING, GIVEN}:
        raise WrongStep(kind=event.kind)


def _eligible(progress: Progress, _event: Happening) -> None:
    if not progress.is_eligible:
        raise NotEligible


def _by_another(progress: Progress, event: Happening) -> None:
    step = STEP_OF[event.kind]
    if step in progress.four_eyes and any(progress.taken_by.get(other) == event.by for other in progress.four_eyes - {step}):
        raise FourEyes


def _fee_entered(progress: Progress, event: Happening) -> None:
    if progress.fee_due_before is STEP_OF[event.kind] and not progress.is_paid:
        raise ReceiptMissing


def _not_paid(progress: Progress, event: Happening) -> None:
    if progress.is_paid:
        raise WrongStep(kind=event.kind)


def _confirmed(progress: Progress, _event: Happening) -> None:
    if progress.registry != "confirmed":
        raise RegistryNotConfirmed


def _unanswered(progress: Progress, event: Happening) -> None:
    if progress.registry:
        raise WrongStep(kind=event.kind)


def _stoppable(progress: Progress, event: Happening) -> None:
    if progress.step is Step.RETURN and progress.registry != "refused":
        raise WrongStep(kind=event.kind)


_GUARDS: Final[Mapping[Kind, tuple[Guard, ...]]] = MappingProxyType(
    {
        Kind.CLAIMED: (_free,),
        Kind.RELEASED: (_held_by_her,),
        Kind.CONSENT_ASKED: (_not_given_yet,),
        Kind.CONSENT_GIVEN: (_asked,),
        Kind.CONSENT_REFUSED: (_asked,),
        Kind.RECEIVED: (_held, _consented, _by_another, _fee_entered),
        Kind.RECEPTION_REFUSED: (_held,),
        Kind.SUPPLEMENT_REQUESTED: (_held,),
        Kind.DUTY_REQUESTED: (_held,),
        Kind.PAYMENT_RECORDED: (_not_paid,),
        Kind.APPRAISED: (_held, _by_another, _fee_entered),
        Kind.APPROVED: (_held, _eligible, _by_another, _fee_entered),
        Kind.RESULT_SIGNED: (_held, _by_another, _fee_entered),
        Kind.REGISTRY_CONFIRMED: (_unanswered,),
        Kind.REGISTRY_REFUSED: (_unanswered,),
        Kind.RETURNED: (_held, _confirmed, _by_another, _fee_entered),
        Kind.STOPPED: (_held, _stoppable),
    }
)


def _nothing(after: Progress, _before: Progress, _event: Happening) -> Progress:
    return after


def _claim(after: Progress, _before: Progress, event: Happening) -> Progress:
    """Hand it to her; taking up the appraisal is what makes a received dossier one in progress."""
    takes_up = after.state is State.RECEIVED and after.step is Step.APPRAISAL
    return replace(after, held_by=event.by, state=State.IN_PROGRESS if takes_up else after.state)


def _release(after: Progress, _before: Progress, _event: Happening) -> Progress:
    return replace(after, held_by="")


def _consent(answer: str) -> Effect:
    def effect(after: Progress, _before: Progress, event: Happening) -> Progress:
        return replace(after, consents={**after.consents, event.subject: answer})

    return effect


def _pause(after: Progress, before: Progress, _event: Happening) -> Progress:
    return replace(after, resume_state=before.state)


def _resume(after: Progress, before: Progress, _event: Happening) -> Progress:
    return replace(after, state=before.resume_state or State.REGISTERED, resume_state=None)


def _pay(after: Progress, before: Progress, event: Happening) -> Progress:
    paid = replace(after, is_paid=True)
    return _resume(paid, before, event) if before.state is State.FINANCIAL_DUTY else paid


def _find(after: Progress, _before: Progress, event: Happening) -> Progress:
    return replace(after, is_eligible=event.is_eligible)


def _registry(answer: str) -> Effect:
    def effect(after: Progress, _before: Progress, _event: Happening) -> Progress:
        return replace(after, registry=answer)

    return effect


_EFFECTS: Final[Mapping[Kind, Effect]] = MappingProxyType(
    {
        Kind.CLAIMED: _claim,
        Kind.RELEASED: _release,
        Kind.CONSENT_ASKED: _consent(PENDING),
        Kind.CONSENT_GIVEN: _consent(GIVEN),
        Kind.CONSENT_REFUSED: _consent(REFUSED),
        Kind.SUPPLEMENT_REQUESTED: _pause,
        Kind.SUPPLEMENT_ANSWERED: _resume,
        Kind.DUTY_REQUESTED: _pause,
        Kind.PAYMENT_RECORDED: _pay,
        Kind.APPRAISED: _find,
        Kind.REGISTRY_CONFIRMED: _registry("confirmed"),
        Kind.REGISTRY_REFUSED: _registry("refused"),
    }
)
