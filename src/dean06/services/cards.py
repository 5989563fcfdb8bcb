"""Short descriptions of dossiers, papers and procedures for lists, here and in other modules."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from django.urls import reverse
from django.utils.translation import get_language

from dean06.core.clock import today
from dean06.core.keys import PersonKey
from dean06.core.vietnamese import fold
from dean06.reference import public as reference
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import CLOSED, PAUSED, State
from dean06.services.loading import shipped_packs
from dean06.services.models import Dossier, ProcedureListing, StoredResult
from dean06.services.words import STATES

MOST_FOUND: Final = 30


@dataclass(frozen=True, slots=True)
class DossierCard:
    """A dossier in a list; ``days_left`` is none once it is closed or before its clock has started."""

    code: str
    procedure_name: str
    state_name: str
    state_code: int
    step: int
    due_on: date | None
    days_left: int | None
    is_paused: bool
    submitted_at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class DocumentCard:
    """A result in a person's store."""

    key: str
    title: str
    issued_by: str
    issued_on: date
    valid_until: date | None
    url: str
    verify_url: str


@dataclass(frozen=True, slots=True)
class ProcedureCard:
    """A procedure in a list."""

    code: str
    name: str
    field: str
    agency_level: str
    url: str
    summary: str
    is_online: bool = False


def days_left(due_on: date | None, *, on: date) -> int | None:
    """Count the working days left: 0 on the due day, below 0 after it; nothing without a due day."""
    if due_on is None:
        return None
    return reference.working_days_between(on, due_on) if on <= due_on else min(-1, -reference.working_days_between(due_on, on))


def dossier_card(dossier: Dossier, *, on: date) -> DossierCard:
    """Describe a dossier for a list."""
    state = State(dossier.state)
    runs = state not in CLOSED and state is not State.DONE
    return DossierCard(
        code=dossier.code,
        procedure_name=dossier.procedure_name,
        state_name=str(STATES[state]),
        state_code=int(state),
        step=dossier.step,
        due_on=dossier.due_on,
        days_left=days_left(dossier.due_on, on=on) if runs else None,
        is_paused=state in PAUSED,
        submitted_at=dossier.submitted_at,
        url=reverse("services:dossier", args=[dossier.code]),
    )


def dossiers_of(person: PersonKey) -> list[DossierCard]:
    """List the dossiers that a person filed, newest first."""
    rows = Dossier.objects.filter(applicant=person).order_by("-submitted_at").defer("facts", "answers")
    on = today()
    return [dossier_card(row, on=on) for row in rows]


def documents_of(person: PersonKey) -> list[DocumentCard]:
    """List the results in a person's store, newest first."""
    rows = StoredResult.objects.filter(owner=person, is_in_store=True, revoked_at__isnull=True).order_by("-issued_on", "-id")
    return [
        DocumentCard(
            key=str(row.pk),
            title=row.title,
            issued_by=row.issued_by,
            issued_on=row.issued_on,
            valid_until=row.valid_until,
            url=reverse("services:document", args=[row.document_id]),
            verify_url=reverse("services:verify-code", args=[row.verification_code]),
        )
        for row in rows
    ]


def procedures() -> list[ProcedureCard]:
    """List the procedures that can be filed here today, by name."""
    on = today()
    found = [pack for pack, _files in shipped_packs().values() if pack.is_valid_on(on)]
    return [_pack_card(pack) for pack in sorted(found, key=lambda pack: fold(pack.name))]


def search_procedures(text: str) -> list[ProcedureCard]:
    """Find procedures by words of their name, field or code: those that can be filed here first."""
    words = fold(text).split()[:8]
    if not words:
        return procedures()
    online = [card for card in procedures() if all(word in fold(f"{card.code} {card.name} {card.field} {card.summary}") for word in words)]
    rows = ProcedureListing.objects.exclude(code__in=[card.code for card in procedures()])
    for word in words:
        rows = rows.filter(folded__contains=word)
    return [*online, *(listing_card(row) for row in rows.order_by("sort_key", "id")[:MOST_FOUND])]


def listing_card(row: ProcedureListing) -> ProcedureCard:
    """Describe a procedure that is shown for information."""
    return ProcedureCard(
        code=row.code,
        name=row.name,
        field=row.field,
        agency_level=", ".join(row.levels),
        url=reverse("services:procedure", args=[row.code]),
        summary=row.details.get("agency", "")[:200],
    )


def _pack_card(pack: Pack) -> ProcedureCard:
    is_english = (get_language() or "vi").startswith("en")
    return ProcedureCard(
        code=pack.code,
        name=pack.name_en if is_english else pack.name,
        field=pack.field,
        agency_level=pack.agency_title,
        url=reverse("services:procedure", args=[pack.code]),
        summary=pack.summary_en if is_english else pack.summary,
        is_online=True,
    )
