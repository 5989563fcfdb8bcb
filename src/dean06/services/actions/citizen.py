"""What the applicant does: file, answer a request for a supplement, withdraw."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

from django.db import connections, transaction

from dean06.core.actor import Actor
from dean06.core.clock import legal, now
from dean06.core.keys import PersonKey
from dean06.core.vietnamese import fold
from dean06.reference import public as reference
from dean06.registry import public as registry
from dean06.services.authority import filing_citizen, own_dossier
from dean06.services.domain.clock import LegalClock
from dean06.services.domain.codes import DossierCode
from dean06.services.domain.pack import Case, Pack
from dean06.services.domain.states import Channel, Kind
from dean06.services.errors import AnswersIncomplete, DraftNotFound, EvidenceMissing, FormChanged, PersonDead
from dean06.services.files import keep_file
from dean06.services.models import Attachment, Consent, Dossier, Draft
from dean06.services.pinning import pinned
from dean06.services.residence import Ct01, compose, householder_of
from dean06.services.text import clean, reason
from dean06.services.trail import SERVICES, already_done, commit, open_log, propose, signature_of

LONGEST_ANSWER: Final = 2000
NEXT_SERIAL: Final = """
    INSERT INTO services_dailyserial (agency_code, day, last) VALUES (%s, %s, 1)
    ON CONFLICT (agency_code, day) DO UPDATE SET last = services_dailyserial.last + 1
    RETURNING last
"""


def submit(*, draft_id: UUID, form_hash: str, actor: Actor) -> Dossier:
    """File the form that the citizen has confirmed; a second click finds the dossier of the first.

    Her session and the hash of what she read stand in the log: they bind the submission to her until she can sign herself.

    Args:
        draft_id: her draft.
        form_hash: the hash that the page showed her.
        actor: the citizen.

    Raises:
        DraftNotFound: not her draft.
        FormChanged: the form is no longer the one that she confirmed.
        AnswersIncomplete, EvidenceMissing: something is missing.
        PersonDead: a death was registered since.
    """
    person = filing_citizen(actor)
    with transaction.atomic(using=SERVICES, durable=True):
        draft = Draft.objects.select_for_update(of=("self",)).select_related("pack").visible_to(actor).filter(pk=draft_id).first()
        if draft is None:
            raise DraftNotFound
        if draft.dossier_code:
            return Dossier.objects.select_related("pack").get(code=draft.dossier_code, applicant=person)
        pack = pinned(draft.pack)
        form = compose(pack, facts=draft.facts, typed=draft.answers)
        case = _complete(pack, draft, form, confirmed=form_hash)
        if not registry.person_is_alive(person):
            raise PersonDead
        dossier = _open(draft, pack, case, form, actor=actor, person=person)
        draft.dossier_code = dossier.code
        draft.facts, draft.answers = {}, {}  # the dossier holds them now
        draft.save()
    return dossier


def _complete(pack: Pack, draft: Draft, form: Ct01, *, confirmed: str) -> Case:
    if form.hash != confirmed:
        raise FormChanged
    if form.missing:
        raise AnswersIncomplete(missing=form.missing)
    case = pack.case(draft.answers["case"])
    attached = set(draft.attachments.values_list("evidence", flat=True))
    if missing := {item.id for item in pack.asked_evidence(case)} - attached:
        raise EvidenceMissing(missing=sorted(missing))
    return case


def _open(draft: Draft, pack: Pack, case: Case, form: Ct01, *, actor: Actor, person: PersonKey) -> Dossier:
    at = now()
    day = legal(at).date()
    agency = str(draft.facts["agency_code"])
    name = str(form.answers["full_name"])
    dossier = Dossier.objects.create(
        code=str(DossierCode(agency, day, _next_serial(agency, at))),
        pack=draft.pack,
        procedure_code=pack.code,
        procedure_name=pack.name,
        channel=Channel.ONLINE,
        applicant=person,
        applicant_name=name,
        applicant_folded=fold(name)[:100],
        agency_code=agency,
        agency_name=draft.facts["agency_name"],
        commune_code=form.answers["new_place"]["unit_code"],
        province_code=draft.facts["province_code"],
        case_id=case.id,
        answers=dict(form.answers),
        facts=draft.facts,
        form_hash=form.hash,
        householder=householder_of(draft.facts) if case.joins_household else None,
        fee_vnd=pack.fee.amount_vnd(Channel.ONLINE),
        submitted_at=at,
        queue_on=LegalClock(day, pack.limit_days).due_on(reference, today=day),
    )
    Attachment.objects.filter(draft=draft).update(dossier=dossier)
    data = {"form_hash": form.hash, "fee_vnd": dossier.fee_vnd, "consents": list(case.consents), "assurance": actor.assurance}
    open_log(dossier, by=signature_of(actor), at=at, data=data)
    for role in case.consents:
        ask(dossier, pack, role)
    return dossier


def ask(dossier: Dossier, pack: Pack, role: str) -> Consent:
    """Put a question to the householder or owner, in the caller's transaction."""
    answers = dossier.answers
    rule = pack.consents[role]
    owner = dossier.facts.get("owner_key") if role == "owner" else ""
    person = UUID(owner) if owner else dossier.householder
    if person is None:
        raise AnswersIncomplete(role=role)
    place = answers["new_place"]
    return Consent.objects.create(
        dossier=dossier,
        role=role,
        title=rule.title,
        person=person,
        person_name="" if owner else answers["householder_name"],
        text=rule.text.format(
            applicant=answers["full_name"],
            address=f"{place['address']}, {place['unit_name']}",
            relation=relationship_label(answers["relation_to_householder"]).lower(),
            dossier=dossier.code,
        ),
    )


def relationship_label(code: str) -> str:
    """Return the word for a place in the household."""
    entries = {entry.code: entry.name for entry in reference.code_list("relationships").entries}
    return entries.get(code, code)


def _next_serial(agency: str, at: datetime) -> int:
    """Give the next serial of the day; the row's lock holds until the dossier is committed, so none is given twice."""
    with connections[SERVICES].cursor() as cursor:
        cursor.execute(NEXT_SERIAL, [agency, legal(at).date()])
        row: tuple[int] = cursor.fetchone()
    return row[0]


def answer_supplement(*, code: str, version: int, text: str, actor: Actor, files: tuple[tuple[str, bytes], ...] = ()) -> Dossier:
    """Send what the officer asked for; the clock runs again from the next working day.

    Raises:
        DossierNotFound: not her dossier.
        WrongStep: nothing was asked.
        NotText, FileTooLarge, FileTypeRefused, TooManyFiles: the answer is not accepted.
    """
    dossier = own_dossier(code, actor)
    if already_done(dossier, Kind.SUPPLEMENT_ANSWERED, actor=actor, version=version):
        return dossier
    answer = clean(text, longest=LONGEST_ANSWER)
    if not answer and not files:
        raise EvidenceMissing
    change = propose(
        dossier, Kind.SUPPLEMENT_ANSWERED, by=signature_of(actor), who="", version=version, data={"answer": answer, "files": len(files)}
    )
    with transaction.atomic(using=SERVICES, durable=True):
        commit(change, fields=("supplement",))
        for name, content in files:
            keep_file(content, name=name, evidence="supplement", dossier=dossier)
    return dossier


def withdraw(*, code: str, version: int, text: str, actor: Actor) -> Dossier:
    """Take the application back, until the result is signed.

    Raises:
        DossierNotFound: not her dossier.
        WrongStep: the result is signed, or the dossier is closed.
        ReasonMissing: no reason given.
    """
    dossier = own_dossier(code, actor)
    if already_done(dossier, Kind.WITHDRAWN, actor=actor, version=version):
        return dossier
    return _commit_simple(dossier, Kind.WITHDRAWN, version=version, data={"text": reason(text)}, actor=actor)


def _commit_simple(dossier: Dossier, kind: Kind, *, version: int, data: dict[str, Any], actor: Actor) -> Dossier:
    change = propose(dossier, kind, by=signature_of(actor), who="", version=version, data=data)
    with transaction.atomic(using=SERVICES, durable=True):
        return commit(change)
