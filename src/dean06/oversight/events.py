"""What oversight hears: each event of each dossier, without personal data."""

from datetime import date, datetime

from dean06.core.clock import legal
from dean06.core.messages import Message, consumes
from dean06.oversight.domain.progress import Event, fold, outcome
from dean06.oversight.models import DossierFigures, LoggedEvent, StepTime, events_of


@consumes("services.dossier_event", module="oversight")
def count_dossier_event(message: Message) -> None:
    """Keep the event and fold the dossier's log again; late, doubled and disordered messages give the same figures."""
    told = message.payload
    LoggedEvent.objects.update_or_create(
        dossier_code=told["dossier_code"],
        seq=told["seq"],
        defaults={
            "kind": told["event"],
            "step": told["step"],
            "state": told["state"],
            "at": datetime.fromisoformat(told["at"]),
            "due_on": date.fromisoformat(told["due_on"]) if told.get("due_on") else None,
            "officer_post": told.get("officer_post") or "",
        },
    )
    refold(
        told["dossier_code"],
        procedure_code=told["procedure_code"],
        province_code=told["province_code"],
        commune_code=told["commune_code"],
        unit_code=told["unit_code"],
        channel=told["channel"],
    )


def refold(dossier_code: str, **place: object) -> None:
    """Compute a dossier's figures from its whole log."""
    progress = fold(Event(row.seq, row.kind, row.state, row.at, row.due_on) for row in events_of(dossier_code))
    settled_on = legal(progress.settled_at).date() if progress.settled_at else None
    DossierFigures.objects.update_or_create(
        dossier_code=dossier_code,
        defaults={
            **place,
            "state": progress.state,
            "submitted_at": progress.submitted_at,
            "received_at": progress.received_at,
            "settled_at": progress.settled_at,
            "due_on": progress.due_on,
            "is_paused": progress.is_paused,
            "outcome": outcome(progress, settled_on=settled_on),
        },
    )
    for step, time in progress.step_times.items():
        StepTime.objects.update_or_create(dossier_id=dossier_code, step=step, defaults={"seconds": max(0.0, time.total_seconds())})
