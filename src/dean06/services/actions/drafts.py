"""Filling in a form: begun, saved after each step, resumed, its facts taken from the registers."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now, today
from dean06.core.errors import Invalid, NotFound
from dean06.core.keys import PersonKey, new_key
from dean06.ledger import public as ledger
from dean06.organisation import public as organisation
from dean06.reference import public as reference
from dean06.registry import public as registry
from dean06.services import facts
from dean06.services.authority import filing_citizen
from dean06.services.domain.pack import Case, Pack
from dean06.services.errors import (
    AnswersIncomplete,
    DossierChanged,
    DraftNotFound,
    HouseholdMissing,
    NoReceivingAgency,
    NotRelated,
    OtherCommune,
    PersonDead,
    SameHousehold,
    UnknownPerson,
)
from dean06.services.files import keep_file
from dean06.services.loading import current_pack
from dean06.services.models import Attachment, Draft
from dean06.services.pinning import pin, pinned
from dean06.services.residence import OTHER, relatives_of
from dean06.services.text import line, sniffed_type
from dean06.services.trail import LOG, SERVICES

OWNERS: Final = frozenset({"householder", "other"})


def start_draft(*, procedure_code: str, actor: Actor) -> Draft:
    """Begin a form, or resume the one that was begun; what the registry knows of the applicant is taken now.

    Raises:
        LogInFirst, LevelTooLow: not a session that files.
        ProcedureNotFound: nothing of this code can be filed here today.
        PersonDead: the applicant is registered as dead.
        RegistryUnavailable: the registry does not answer.
    """
    owner = filing_citizen(actor)
    pack, files = current_pack(procedure_code, on=today())
    begun = Draft.objects.filter(owner=owner, procedure_code=pack.code, dossier_code="", pack__digest=pack.digest).first()
    if begun is not None:
        return begun
    key = new_key()
    known = facts.ask(facts.PERSON, {"person_key": str(owner)}, pack=pack, issue=f"draft-{key}", actor=actor)
    if known.document.get("status") == "dead":
        raise PersonDead
    with transaction.atomic(using=SERVICES, durable=True):
        draft = Draft.objects.create(
            id=key,
            owner=owner,
            procedure_code=pack.code,
            pack=pin(pack, files),
            facts={"person": dict(known.document), "asked": [dict(known.trace)]},
        )
        _record("services.draft_started", draft, actor=actor, fields=tuple(sorted(known.document)))
    return draft


def choose_case(*, draft_id: UUID, case_id: str, relative: str, relative_number: str = "", actor: Actor) -> Draft:
    """Say how she qualifies; for moving in with a relative, find the relation and the household.

    Args:
        draft_id: her draft.
        case_id: one of the pack's cases.
        relative: ``spouse``, ``father``, ``mother`` as her record names them, or ``other`` with a number.
        relative_number: twelve digits, for ``other``.
        actor: the citizen.

    Raises:
        NotRelated: the registry knows no such relation.
        UnknownPerson, PersonDead, HouseholdMissing, SameHousehold: what is wrong with the relative.
    """
    draft = _own(draft_id, actor)
    pack = pinned(draft.pack)
    case = pack.case(case_id)
    found = _household_facts(draft, pack, case, relative=relative, number=relative_number, actor=actor) if case.joins_household else {}
    kept = {name: value for name, value in draft.facts.items() if name in {"person", "asked"}}
    asked = [*kept.get("asked", []), *found.pop("asked", [])]
    answers = {"case": case.id, "relative": relative if case.joins_household else "", **_kept(draft.answers, "phone", "email", "note")}
    return _save(draft, answers=answers, known={**kept, **found, "asked": asked}, actor=actor, fields=("case", "relative"))


def save_draft(
    *,
    draft_id: UUID,
    unit_code: str,
    address: str,
    actor: Actor,
    owner: str = "householder",
    owner_number: str = "",
    phone: str = "",
    email: str = "",
    note: str = "",
) -> Draft:
    """Keep where she moves to and how she can be reached.

    Raises:
        AnswersIncomplete: the case has not been chosen, or the address is missing.
        UnitUnknown: there is no such commune today.
        OtherCommune: the household that she joins is registered elsewhere.
        NoReceivingAgency: nobody settles this there yet.
        UnknownPerson, PersonDead: the owner's number is nobody's, or a dead person's.
        NotText: control characters, or too long.
    """
    draft = _own(draft_id, actor)
    pack = pinned(draft.pack)
    if not draft.answers.get("case"):
        raise AnswersIncomplete
    case = pack.case(draft.answers["case"])
    unit = reference.unit(unit_code, on=today())
    if unit.level != "commune":
        raise OtherCommune
    if case.joins_household and draft.facts.get("household", {}).get("unit_code") != unit.code:
        raise OtherCommune
    agency = _agency(unit.code, pack)
    place = {"unit_code": unit.code, "unit_name": unit.path_name, "address": line(address, longest=200)}
    owner_key = _owner(case, owner, owner_number)
    answers = {
        **_kept(draft.answers, "case", "relative"),
        "new_place": place,
        "owner": owner if case.joins_household else "not_needed",
        "owner_personal_id": owner_number.replace(" ", "") if owner_key else "",
        "phone": "".join(line(phone, longest=30).replace(".", " ").split()),
        "email": line(email, longest=120),
        "note": line(note, longest=1000),
    }
    known = {
        **draft.facts,
        "agency_code": agency.code,
        "agency_name": agency.name,
        "province_code": reference.province_of(unit.code, on=today()).code,
        "owner_key": str(owner_key) if owner_key else "",
    }
    return _save(draft, answers=answers, known=known, actor=actor, fields=tuple(sorted(answers)))


def attach_file(*, draft_id: UUID, evidence: str, name: str, content: bytes, actor: Actor) -> Attachment:
    """Keep a file as evidence.

    Raises:
        FileTooLarge, FileTypeRefused, TooManyFiles: the file is not accepted.
        AnswersIncomplete: the case does not ask for this evidence.
    """
    draft = _own(draft_id, actor)
    pack = pinned(draft.pack)
    asked = {item.id for item in pack.asked_evidence(pack.case(draft.answers.get("case", "")))}
    if evidence not in asked:
        raise AnswersIncomplete(evidence=evidence)
    sniffed_type(content)  # refused before anything is locked
    with transaction.atomic(using=SERVICES, durable=True):
        Draft.objects.select_for_update().get(pk=draft.pk)
        file = keep_file(content, name=name, evidence=evidence, draft=draft)
        _record("services.file_attached", draft, actor=actor, fields=(evidence,), detail={"sha256": file.sha256})
    return file


def _own(draft_id: UUID, actor: Actor) -> Draft:
    filing_citizen(actor)
    draft = Draft.objects.visible_to(actor).select_related("pack").filter(pk=draft_id, dossier_code="").first()
    if draft is None:
        raise DraftNotFound
    return draft


def _household_facts(draft: Draft, pack: Pack, case: Case, *, relative: str, number: str, actor: Actor) -> dict[str, Any]:
    person: Mapping[str, Any] = draft.facts["person"]
    issue = f"draft-{draft.pk}"
    known_relatives = dict(relatives_of(person))
    if relative != OTHER and relative not in known_relatives:
        raise AnswersIncomplete(field="relative")
    other_id = number.replace(" ", "") if relative == OTHER else known_relatives[relative]["personal_id"]
    related = facts.ask(
        facts.RELATION,
        {"personal_id": person["personal_id"], "other_personal_id": other_id},
        pack=pack,
        issue=issue,
        actor=actor,
    )
    if related.document["relation"] not in case.relations:
        raise NotRelated
    household = facts.ask(facts.HOUSEHOLD, {"personal_id": other_id}, pack=pack, issue=issue, actor=actor)
    head = household.document.get("head") or {}
    if not head.get("personal_id"):
        raise HouseholdMissing
    if household.document.get("code") == (person.get("household") or {}).get("code"):
        raise SameHousehold
    head_key = _living(head["personal_id"])
    asked = [dict(related.trace), dict(household.trace)]
    to_head = related.document["relation"]
    if head["personal_id"] != other_id:
        answer = facts.ask(
            facts.RELATION,
            {"personal_id": person["personal_id"], "other_personal_id": head["personal_id"]},
            pack=pack,
            issue=issue,
            actor=actor,
        )
        to_head = answer.document["relation"]
        asked.append(dict(answer.trace))
    return {
        "household": {name: household.document.get(name) for name in ("code", "unit_code", "unit_name", "address", "head")},
        "householder_key": str(head_key),
        "relative": {
            "full_name": _name_of(other_id, known_relatives, household.document),
            "personal_id": other_id,
            "relation": related.document["relation"],
        },
        "relation_to_head": facts.relation_to_head(to_head, sex=str(person.get("sex"))),
        "asked": asked,
    }


def _name_of(number: str, relatives: Mapping[str, Mapping[str, Any]], household: Mapping[str, Any]) -> str:
    people = [*relatives.values(), household.get("head") or {}, *(household.get("members") or [])]
    return next((str(row["full_name"]) for row in people if row.get("personal_id") == number), "")


def _living(number: str) -> PersonKey:
    """Return the key of a living person by number.

    Raises:
        UnknownPerson, PersonDead: nobody, or nobody living.
    """
    try:
        key = registry.person_key_by_number(registry.PersonalId.parse(number))
    except (Invalid, NotFound) as exc:
        raise UnknownPerson from exc
    if not registry.person_is_alive(key):
        raise PersonDead
    return key


def _owner(case: Case, owner: str, number: str) -> PersonKey | None:
    if not case.joins_household:
        return None
    if owner not in OWNERS:
        raise AnswersIncomplete(field="owner")
    return _living(number) if owner == "other" else None


def _agency(unit_code: str, pack: Pack) -> organisation.OrgUnit:
    try:
        return organisation.unit_for(unit_code, pack.agency_kind)
    except NotFound as exc:
        raise NoReceivingAgency(unit=unit_code) from exc


def _kept(answers: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: answers[name] for name in names if name in answers}


def _save(draft: Draft, *, answers: Mapping[str, Any], known: Mapping[str, Any], actor: Actor, fields: tuple[str, ...]) -> Draft:
    with transaction.atomic(using=SERVICES, durable=True):
        saved = Draft.objects.filter(pk=draft.pk, version=draft.version, dossier_code="").update(
            answers=answers, facts=known, version=draft.version + 1, saved_at=now()
        )
        if not saved:
            raise DossierChanged
        draft.refresh_from_db()
        _record("services.draft_saved", draft, actor=actor, fields=fields)
    return draft


def _record(kind: str, draft: Draft, *, actor: Actor, fields: tuple[str, ...], detail: Mapping[str, Any] | None = None) -> None:
    ledger.record(
        kind,
        log=LOG,
        using=SERVICES,
        actor=actor,
        subject=PersonKey(draft.owner),
        purpose=draft.procedure_code,
        legal_basis=pinned(draft.pack).legal_basis,
        dossier=f"draft-{draft.pk}",
        fields=fields,
        detail=detail or {},
    )
