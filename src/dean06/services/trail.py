"""The event log of a dossier: read it, fold it, add to it.

``propose`` computes what an event would be, hash and all, without writing: a signature over the hash can be made outside
any transaction. ``commit`` writes event, row, ledger entry and message together, and refuses if the dossier has
moved on since (its version is the number of its events).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.clock import legal, now
from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.ledger import public as ledger
from dean06.reference import public as reference
from dean06.services.domain import lifecycle
from dean06.services.domain.hashing import FIRST, event_hash
from dean06.services.domain.lifecycle import Happening, Progress
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import Kind, State, Step
from dean06.services.errors import DossierChanged
from dean06.services.models import Dossier, DossierEvent
from dean06.services.pinning import pinned

SERVICES: Final = database_of("services")
LOG: Final = "services"


@dataclass(frozen=True, slots=True)
class Change:
    """An event that is ready to be written.

    Attributes:
        dossier: the row as it was read.
        after: where the dossier stands then.
        event: the row to be added, with its hash.
        who: who acts, as the citizen reads it.
    """

    dossier: Dossier
    after: Progress
    event: DossierEvent
    who: str

    @property
    def hash(self) -> bytes:
        """The hash of the event, which a step's signature binds."""
        return bytes(self.event.hash)


def happening_of(event: DossierEvent) -> Happening:
    """Read a row of the log as the rules see it."""
    return Happening(
        kind=Kind(event.kind),
        on=event.on,
        by=str(event.by.get("person", "")),
        text=str(event.data.get("text", "")),
        subject=str(event.data.get("subject", "")),
        is_eligible=bool(event.data.get("is_eligible", True)),
    )


def first_progress(pack: Pack, submitted: DossierEvent) -> Progress:
    """Return where a dossier stood after its first event."""
    return lifecycle.submitted(
        limit_days=pack.limit_days,
        fee_due_before=pack.fee.due_before if submitted.data["fee_vnd"] else Step.NONE,
        four_eyes=pack.four_eyes,
        consents=submitted.data["consents"],
    )


def events_of(dossier: Dossier) -> list[DossierEvent]:
    """Return the log in order."""
    return list(dossier.events.order_by("seq"))


def progress_of(dossier: Dossier, events: list[DossierEvent] | None = None) -> Progress:
    """Fold the log of a dossier."""
    log = events_of(dossier) if events is None else events
    first = first_progress(pinned(dossier.pack), log[0])
    return lifecycle.replay(first, [happening_of(event) for event in log[1:]])


def is_unbroken(dossier: Dossier) -> bool:
    """Recompute every hash of a dossier's log."""
    previous = FIRST
    for seq, event in enumerate(events_of(dossier), start=1):
        expected = _hash_of(event, code=dossier.code, seq=seq, previous=previous)
        if event.seq != seq or bytes(event.previous) != previous or bytes(event.hash) != expected:
            return False
        previous = expected
    return True


def signature_of(actor: Actor, *, name: str = "", post: str = "") -> dict[str, str]:
    """Describe who acts, for the log: opaque keys, and the name that the certificate shows."""
    described = {
        "account": actor.account,
        "person": str(actor.person or ""),
        "unit": actor.unit_code,
        "post": post,
        "name": name,
        "session": actor.session,
    }
    return {key: value for key, value in described.items() if value}


def already_done(dossier: Dossier, kind: Kind, *, actor: Actor, version: int | None) -> bool:
    """Say whether this very request was carried out before (a doubled click, a repeated delivery)."""
    if version is None or dossier.version <= version:
        return False
    next_one = dossier.events.filter(seq=version + 1).first()
    return next_one is not None and next_one.kind == kind and next_one.by.get("person", "") == str(actor.person or "")


def propose(
    dossier: Dossier,
    kind: Kind,
    *,
    by: Mapping[str, str],
    who: str,
    version: int | None = None,
    data: Mapping[str, Any] | None = None,
    events: list[DossierEvent] | None = None,
) -> Change:
    """Compute an event and what the dossier becomes; writes nothing.

    Args:
        dossier: the row.
        kind: what happens.
        by: who acts, from ``signature_of``.
        who: the same for the citizen's eyes.
        version: the version that the actor saw; none if she need not have seen one.
        data: more about it; ``text``, ``subject`` and ``is_eligible`` are what the rules read.
        events: the log, if it has been read.

    Raises:
        DossierChanged: the dossier has moved on since the actor saw it.
        Dean06Error: the rules refuse (``lifecycle.check``).
    """
    if version is not None and version != dossier.version:
        raise DossierChanged(dossier=dossier.code)
    log = events_of(dossier) if events is None else events
    at = now()
    event = DossierEvent(
        dossier=dossier,
        seq=len(log) + 1,
        kind=str(kind),
        at=at,
        on=legal(at).date(),
        by=dict(by),
        data=dict(data or {}),
        previous=bytes(log[-1].hash) if log else FIRST,
    )
    after = lifecycle.apply(progress_of(dossier, log), happening_of(event))
    event.state, event.step = int(after.state), int(after.step)
    event.hash = _hash_of(event, code=dossier.code, seq=event.seq, previous=bytes(event.previous))
    return Change(dossier, after, event, who)


def commit(change: Change, *, detail: Mapping[str, Any] | None = None, fields: tuple[str, ...] = (), **columns: Any) -> Dossier:
    """Write an event, the dossier's row, the ledger entry and the message, in the caller's transaction.

    Args:
        change: from ``propose``.
        detail: for the ledger; names nobody.
        fields: names of what was seen or changed.
        columns: more columns of the dossier to set.

    Raises:
        DossierChanged: another event was written since.
    """
    dossier, after = change.dossier, change.after
    row = {**projection(after), **columns}
    updated = Dossier.objects.filter(pk=dossier.pk, version=after.version - 1).update(**row)
    if not updated:
        raise DossierChanged(dossier=dossier.code)
    for name, value in row.items():
        setattr(dossier, name, value)
    _write(change.event, dossier, who=change.who, detail=detail or {}, fields=fields)
    return dossier


def open_log(dossier: Dossier, *, by: Mapping[str, str], at: datetime, data: Mapping[str, Any]) -> DossierEvent:
    """Write the first event of a new dossier, in the caller's transaction."""
    event = DossierEvent(
        dossier=dossier,
        seq=1,
        kind=str(Kind.SUBMITTED),
        at=at,
        on=legal(at).date(),
        step=int(Step.RECEPTION),
        state=int(State.REGISTERED),
        by=dict(by),
        data=dict(data),
        previous=FIRST,
    )
    event.hash = _hash_of(event, code=dossier.code, seq=1, previous=FIRST)
    _write(event, dossier, who="", detail={"form_hash": dossier.form_hash}, fields=tuple(sorted(dossier.answers)))
    return event


def projection(progress: Progress) -> dict[str, Any]:
    """Return the columns of a dossier that repeat the fold of its log."""
    clock = progress.clock
    due = clock.due_on(reference, today=legal(now()).date()) if clock else None
    columns: dict[str, Any] = {
        "state": int(progress.state),
        "step": int(progress.step),
        "version": progress.version,
        "held_by": UUID(progress.held_by) if progress.held_by else None,
        "is_eligible": progress.is_eligible,
        "is_paid": progress.is_paid,
        "registry": progress.registry,
        "received_on": clock.started_on if clock else None,
        "due_on": due,
        "finished_on": clock.finished_on if clock else None,
    }
    if not progress.held_by:
        columns["held_by_name"] = ""
    if due:
        columns["queue_on"] = due
    return columns


def _write(event: DossierEvent, dossier: Dossier, *, who: str, detail: Mapping[str, Any], fields: tuple[str, ...]) -> None:
    event.save(force_insert=True, using=SERVICES)
    actor = Actor(
        account=event.by.get("account", ""),
        person=PersonKey(UUID(event.by["person"])) if event.by.get("person") else None,
        unit_code=event.by.get("unit", ""),
        posts=(event.by["post"],) if event.by.get("post") else (),
    )
    ledger.record(
        f"services.{LEDGER_KINDS.get(event.kind, 'dossier_' + event.kind)}",
        log=LOG,
        using=SERVICES,
        actor=actor,
        who=who,
        subject=PersonKey(dossier.applicant),
        purpose=dossier.procedure_code,
        legal_basis=pinned(dossier.pack).legal_basis,
        dossier=dossier.code,
        fields=fields,
        detail={"seq": event.seq, "event_hash": bytes(event.hash).hex(), **detail},
    )
    messages.put("services.dossier_event", told(event, dossier), using=SERVICES)


LEDGER_KINDS: Final[Mapping[str, str]] = {
    **dict.fromkeys((Kind.RECEIVED, Kind.APPRAISED, Kind.APPROVED, Kind.RESULT_SIGNED, Kind.RETURNED), "step_signed"),
    Kind.CONSENT_GIVEN: "consent_given",
    Kind.CONSENT_REFUSED: "consent_refused",
    Kind.CONSENT_ASKED: "consent_asked",
    Kind.SUBMITTED: "dossier_submitted",
}


def told(event: DossierEvent, dossier: Dossier) -> dict[str, Any]:
    """Describe an event to other modules: codes, units, times, nobody's data."""
    return {
        "dossier_code": dossier.code,
        "seq": event.seq,
        "procedure_code": dossier.procedure_code,
        "unit_code": dossier.agency_code,
        "commune_code": dossier.commune_code,
        "province_code": dossier.province_code,
        "event": event.kind,
        "step": event.step,
        "state": event.state,
        "at": event.at.isoformat(),
        "due_on": dossier.due_on.isoformat() if isinstance(dossier.due_on, date) else None,
        "channel": int(dossier.channel),
        "officer_post": event.by.get("post", ""),
    }


def _hash_of(event: DossierEvent, *, code: str, seq: int, previous: bytes) -> bytes:
    return event_hash(dossier=code, seq=seq, kind=event.kind, at=event.at, by=event.by, data=event.data, previous=previous)
