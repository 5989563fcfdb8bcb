"""What the householder and the owner say, each in her own session."""

from uuid import UUID

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.core.keys import PersonKey
from dean06.ledger import public as ledger
from dean06.registry import public as registry
from dean06.services.actions.citizen import ask
from dean06.services.authority import citizen, dossier_in_charge, filing_citizen, own_dossier
from dean06.services.domain.lifecycle import GIVEN, PENDING, REFUSED
from dean06.services.domain.states import Kind
from dean06.services.errors import ConsentAnswered, ConsentNotFound, PersonDead
from dean06.services.models import STEP_ROLES, Consent, Dossier
from dean06.services.pinning import pinned
from dean06.services.text import clean
from dean06.services.trail import LOG, SERVICES, commit, propose, signature_of


def ask_consent(*, code: str, role: str, actor: Actor) -> Consent:
    """Ask again someone who refused; the first question is put when the dossier is filed.

    The applicant may ask, and the officer in charge.

    Raises:
        DossierNotFound, OutsideArea: not the actor's dossier.
        WrongStep: the dossier is past reception, or the question stands.
    """
    person = citizen(actor)
    is_officer = bool(actor.roles & STEP_ROLES) and not Dossier.objects.filter(code=code, applicant=person).exists()
    found = dossier_in_charge(code, actor) if is_officer else own_dossier(code, actor)
    with transaction.atomic(using=SERVICES, durable=True):
        dossier = Dossier.objects.select_for_update(of=("self",)).select_related("pack").get(pk=found.pk)
        change = propose(dossier, Kind.CONSENT_ASKED, by=signature_of(actor), who=dossier.agency_name, data={"subject": role})
        commit(change)
        return ask(dossier, pinned(dossier.pack), role)


def give_consent(*, consent_id: UUID, actor: Actor) -> Dossier:
    """Agree to everything that this person is asked in this dossier.

    Raises:
        ConsentNotFound: the question was put to someone else.
        ConsentAnswered: it was answered before, otherwise.
        WrongStep: the dossier is closed or past reception.
        PersonDead: the person is registered as dead.
    """
    return _answer(consent_id, Kind.CONSENT_GIVEN, GIVEN, actor=actor)


def refuse_consent(*, consent_id: UUID, actor: Actor, text: str = "") -> Dossier:
    """Refuse; a reason may be given.

    Raises:
        ConsentNotFound, ConsentAnswered, WrongStep, PersonDead: as ``give_consent``.
    """
    return _answer(consent_id, Kind.CONSENT_REFUSED, REFUSED, actor=actor, text=clean(text, longest=500))


def _answer(consent_id: UUID, kind: Kind, answer: str, *, actor: Actor, text: str = "") -> Dossier:
    person = filing_citizen(actor)
    asked = Consent.objects.visible_to(actor).filter(pk=consent_id).first()
    if asked is None:
        raise ConsentNotFound
    if not registry.person_is_alive(person):
        raise PersonDead
    with transaction.atomic(using=SERVICES, durable=True):
        dossier = Dossier.objects.select_for_update(of=("self",)).select_related("pack").get(pk=asked.dossier_id)
        asked.refresh_from_db()
        if asked.answer == answer:
            return dossier
        if asked.answer != PENDING:
            raise ConsentAnswered
        for consent in dossier.consents.filter(person=person, answer=PENDING).order_by("role"):
            _note(consent, dossier, kind, answer, actor=actor, text=text)
    return dossier


def _note(consent: Consent, dossier: Dossier, kind: Kind, answer: str, *, actor: Actor, text: str) -> None:
    data = {"subject": consent.role, "text": text, "consent": str(consent.pk), "assurance": actor.assurance}
    change = propose(dossier, kind, by=signature_of(actor), who=consent.title, data=data)
    commit(change, detail={"role": consent.role})
    consent.answer, consent.answered_at = answer, now()
    consent.session, consent.assurance = actor.session[:64], actor.assurance[:100]
    consent.save()
    ledger.record(  # on the page of the one who answered, too
        f"services.{kind}",
        log=LOG,
        using=SERVICES,
        actor=actor,
        subject=PersonKey(consent.person),
        purpose=dossier.procedure_code,
        legal_basis=pinned(dossier.pack).legal_basis,
        dossier=dossier.code,
        detail={"role": consent.role, "answer": answer},
    )
