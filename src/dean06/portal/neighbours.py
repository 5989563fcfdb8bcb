"""What the portal asks of other modules, in one place, so that tests can put fakes there."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.core.paging import Page
from dean06.exchange.public import call
from dean06.ledger.public import Look, look_at, looks_at, proof_of
from dean06.organisation.public import HeldPost, posts_held_by
from dean06.portal.errors import OwnRecordRefused
from dean06.reference.public import Unit, code_list
from dean06.reference.public import search_units as units_by_name
from dean06.registry.public import PersonalId, person_key_by_number
from dean06.services import public as services
from dean06.services.public import DocumentCard, DossierCard, ProcedureCard

CLIENT: Final = "VN/GOV/H49/PORTAL"
POPULATION: Final = "VN/GOV/G01/POPULATION/population"
OWN_RECORD: Final = "own-record"
FIRST_PROBLEM_STATUS: Final = 400
LONGEST_UNIT_LIST: Final = 12


def person_by_number(number: str) -> PersonKey:
    """Return the key behind the provider's number claim."""
    return person_key_by_number(PersonalId.parse(number))


def own_document(path: str, *, actor: Actor) -> Mapping[str, Any]:
    """Fetch what the population registry holds about the actor herself; leaves one entry in the ledger.

    Raises:
        OwnRecordRefused: the registry refused or does not know her.
        Dean06Error: the exchange refused the call.
    """
    answer = call(
        client=CLIENT,
        service=POPULATION,
        method="POST",
        path=path,
        body={"person_key": str(actor.person)},
        purpose=OWN_RECORD,
        legal_basis="",
        user=actor.account,
        actor=actor,
    )
    if answer.status >= FIRST_PROBLEM_STATUS:
        raise OwnRecordRefused(status=answer.status, code=str(answer.document.get("code", "")))
    return answer.document


def looks(person: PersonKey, *, cursor: str, size: int) -> Page[Look]:
    """Return who looked at a person's data, newest first."""
    return looks_at(person, cursor=cursor, size=size)


def one_look(entry: UUID, *, person: PersonKey) -> Look:
    """Return one look at a person's data."""
    return look_at(entry, subject=person)


def proof(entry: UUID, *, person: PersonKey) -> dict[str, Any]:
    """Return the proof of one entry about the person."""
    return proof_of(entry, subject=person)


def posts_of(person: PersonKey, on: date) -> Sequence[HeldPost]:
    """Return the posts that a person holds on a day."""
    return posts_held_by(person, on=on)


def dossiers_of(person: PersonKey) -> Sequence[DossierCard]:
    """Return the person's dossiers, newest first."""
    return services.dossiers_of(person)


def documents_of(person: PersonKey) -> Sequence[DocumentCard]:
    """Return the person's documents, newest first."""
    return services.documents_of(person)


def procedures() -> Sequence[ProcedureCard]:
    """Return the procedures that can be asked for here."""
    return services.procedures()


def search_procedures(text: str) -> Sequence[ProcedureCard]:
    """Return the procedures that fit some words."""
    return services.search_procedures(text)


def search_units(text: str) -> Sequence[Unit]:
    """Return communes that have or had a name, with or without marks."""
    return units_by_name(text, limit=LONGEST_UNIT_LIST)


def label(name: str, code: str) -> str:
    """Return the label of a code in a list of ``reference``; the code itself where the list does not know it."""
    return code_list(name).name_of(code) if code else ""
