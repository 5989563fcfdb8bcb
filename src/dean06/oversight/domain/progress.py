"""One dossier as oversight sees it: the fold of its events, in whatever order they arrived.

Only codes, units and times come in: no person, no form. Sources: domain.md E.3 (states), I.1 (late only the day after), F.1 (QĐ 766,
indicator 2.1 counts settled dossiers); design §5.6 (no denominator: undetermined).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final

SUPPLEMENT: Final = 5
FINANCIAL_DUTY: Final = 6
NOT_RECEIVED: Final = 3
WITHDRAWN: Final = 7
STOPPED: Final = 8
DONE: Final = 9
RETURNED: Final = 10
PAUSED_STATES: Final = frozenset({SUPPLEMENT, FINANCIAL_DUTY})
SETTLED_STATES: Final = frozenset({STOPPED, DONE, RETURNED})
ENDED_STATES: Final = SETTLED_STATES | {NOT_RECEIVED, WITHDRAWN}

STEP_OF_EVENT: Final = {"received": 1, "appraised": 2, "approved": 3, "result_signed": 4, "returned": 5}
"""The signed step that an event ends (tiếp nhận, thẩm định, phê duyệt, ký số, trả kết quả)."""


class Outcome(StrEnum):
    """How a dossier stands against its due day."""

    OPEN = "open"
    BEFORE = "before"
    ON = "on"
    AFTER = "after"
    NOT_COUNTED = "not_counted"
    """Refused at reception or withdrawn: never part of the share that is on time."""


@dataclass(frozen=True, slots=True)
class Event:
    """One line of a dossier's event log.

    Attributes:
        seq: position in the dossier's log, from 1.
        kind: what happened (``received``, ``approved`` ...).
        state: national state after it.
        at: when, aware.
        due_on: legal due day as of this event; none before reception.
    """

    seq: int
    kind: str
    state: int
    at: datetime
    due_on: date | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a dossier stands and how long each signed step took (pauses taken out)."""

    state: int
    submitted_at: datetime
    received_at: datetime | None = None
    settled_at: datetime | None = None
    due_on: date | None = None
    is_paused: bool = False
    step_times: dict[int, timedelta] = field(default_factory=dict)


def fold(events: Iterable[Event]) -> Progress:
    """Fold a dossier's events; their order of arrival and repetitions do not matter.

    Raises:
        ValueError: there is no event.
    """
    log = sorted({event.seq: event for event in events}.values(), key=lambda event: event.seq)
    if not log:
        raise ValueError("a dossier has at least one event")
    received_at = next((event.at for event in log if event.kind == "received"), None)
    settled_at = next((event.at for event in log if event.state in ENDED_STATES), None)
    return Progress(
        state=log[-1].state,
        submitted_at=log[0].at,
        received_at=received_at,
        settled_at=settled_at,
        due_on=next((event.due_on for event in reversed(log) if event.due_on), None),
        is_paused=log[-1].state in PAUSED_STATES,
        step_times=_step_times(log),
    )


def outcome(progress: Progress, *, settled_on: date | None) -> Outcome:
    """Compare the settling day (legal calendar) with the due day."""
    if settled_on is None:
        return Outcome.OPEN
    if progress.state not in SETTLED_STATES or progress.due_on is None:
        return Outcome.NOT_COUNTED
    if settled_on < progress.due_on:
        return Outcome.BEFORE
    return Outcome.ON if settled_on == progress.due_on else Outcome.AFTER


def is_overdue(progress: Progress, *, today: date) -> bool:
    """Say whether an open dossier is late: only from the day after its due day, never while the clock stands."""
    return progress.settled_at is None and not progress.is_paused and progress.due_on is not None and today > progress.due_on


def _step_times(log: list[Event]) -> dict[int, timedelta]:
    times: dict[int, timedelta] = {}
    began = log[0].at
    paused_at: datetime | None = None
    paused = timedelta()
    for event in log:
        if paused_at is None and event.state in PAUSED_STATES:
            paused_at = event.at
        elif paused_at is not None and event.state not in PAUSED_STATES:
            paused, paused_at = paused + (event.at - paused_at), None
        step = STEP_OF_EVENT.get(event.kind)
        if step is not None and step not in times:
            times[step] = event.at - began - paused
            began, paused = event.at, timedelta()
    return times
