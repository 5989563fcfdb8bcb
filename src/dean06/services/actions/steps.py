"""The five signed steps: tiếp nhận, thẩm định, phê duyệt, ký số, trả kết quả.

Each computes its event first, lets the officer's certificate sign the processing sheet over the hash of that event, and then
writes state, paper, log, ledger and message in one transaction. Signing takes tens of milliseconds and holds no
lock; if the dossier has moved on meanwhile, the signature is thrown away and nothing is written.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction

from dean06.core import messages
from dean06.core.actor import Actor
from dean06.core.keys import PersonKey
from dean06.ledger import public as ledger
from dean06.reference import public as reference
from dean06.services import papers
from dean06.services.actions.citizen import relationship_label
from dean06.services.authority import Officer, certified_name, dossier_in_charge, officer_for, role_of
from dean06.services.domain.codes import masked_name, new_verification_code
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import Kind, Step
from dean06.services.errors import WrongStep
from dean06.services.models import Dossier, SignedDocument, StoredResult
from dean06.services.pinning import pinned
from dean06.services.text import clean, reason
from dean06.services.trail import LOG, SERVICES, Change, already_done, commit, propose, signature_of

LONGEST_REMARK: Final = 500


@dataclass(frozen=True, slots=True)
class Taking:
    """A step about to be taken."""

    dossier: Dossier
    pack: Pack
    officer: Officer
    change: Change
    remark: str

    @property
    def signature(self) -> dict[str, Any]:
        """What signing the sheet needs."""
        step = papers.STEP_FIELDS[STEPS[Kind(self.change.event.kind)]]
        return {
            "field": step,
            "key": self.officer.signer_name,
            "lines": papers.stamp(self.officer, at=self.change.event.at, remark=self.remark),
            "reason": f"{self.pack.step(STEPS[Kind(self.change.event.kind)]).title} hồ sơ {self.dossier.code}",
            "location": self.dossier.agency_name,
            "bound_hash": self.change.hash,
        }


STEPS: Final[Mapping[Kind, Step]] = {
    Kind.RECEIVED: Step.RECEPTION,
    Kind.APPRAISED: Step.APPRAISAL,
    Kind.APPROVED: Step.APPROVAL,
    Kind.RESULT_SIGNED: Step.SIGNING,
    Kind.RETURNED: Step.RETURN,
}


def receive(*, code: str, version: int, actor: Actor, text: str = "") -> Dossier:
    """Step 1: accept the dossier as valid; the clock starts, the sheet and the appointment slip are made.

    Args:
        code: the dossier.
        version: what the officer saw.
        actor: the officer of the one-stop desk.
        text: a remark.

    Raises:
        ConsentMissing: not everyone who must agree has agreed.
        NotYourStep, OutsideArea, OwnDossier, HeldByAnother, WrongStep, DossierChanged: as the other steps.
    """
    taking = _taking(code, Kind.RECEIVED, version=version, actor=actor, text=text)
    if isinstance(taking, Dossier):
        return taking
    dossier, pack, event = taking.dossier, taking.pack, taking.change.event
    clock = taking.change.after.clock
    if clock is None:
        raise WrongStep
    due = clock.due_on(reference, today=event.on)
    sheet = papers.signed(papers.processing_sheet(dossier, pack, received_at=event.at, due_on=due), **taking.signature)
    parts = [pack.form_title, *(f"{file.name} ({pack.evidence[file.evidence].title})" for file in _evidence(dossier, pack))]
    slip = papers.signed(
        papers.appointment_slip(dossier, pack, received_at=event.at, due_on=due, parts=parts),
        **{**taking.signature, "field": papers.SLIP_BOX.name},
    )
    with transaction.atomic(using=SERVICES, durable=True):
        commit(taking.change)
        papers.keep(dossier, papers.SHEET, title=pack.papers[papers.SHEET].title, content=sheet)
        papers.keep(dossier, papers.SLIP, title=pack.papers[papers.SLIP].title, content=slip)
    return dossier


def appraise(*, code: str, version: int, actor: Actor, text: str, checked: tuple[str, ...] = (), is_eligible: bool = True) -> Dossier:
    """Step 2: find whether the conditions are met.

    Args:
        code: the dossier.
        version: what the officer saw.
        actor: the appraiser.
        text: the finding; a reason is required when the conditions are not met.
        checked: ids of the checks that hold.
        is_eligible: whether the conditions are met; all checks must hold then.

    Raises:
        ReasonMissing: conditions not met and nothing said.
        WrongStep: eligible, but a check is open.
    """
    if not is_eligible:
        reason(text)
    data = {"is_eligible": is_eligible, "checked": sorted(checked)}
    taking = _taking(code, Kind.APPRAISED, version=version, actor=actor, text=text, data=data)
    if isinstance(taking, Dossier):
        return taking
    if is_eligible and {check.id for check in taking.pack.checklist} - set(checked):
        raise WrongStep(kind="checks")
    return _sign_sheet(taking)


def approve(*, code: str, version: int, actor: Actor, text: str = "") -> Dossier:
    """Step 3: the head decides.

    Raises:
        NotEligible: the appraisal found the conditions not met.
        FourEyes: the actor appraised it herself.
    """
    taking = _taking(code, Kind.APPROVED, version=version, actor=actor, text=text)
    return taking if isinstance(taking, Dossier) else _sign_sheet(taking)


def sign_result(*, code: str, version: int, actor: Actor) -> Dossier:
    """Step 4: the result is made, signed by the head and by the agency's seal; the register is told what was decided."""
    taking = _taking(code, Kind.RESULT_SIGNED, version=version, actor=actor)
    if isinstance(taking, Dossier):
        return taking
    dossier, pack, event = taking.dossier, taking.pack, taking.change.event
    verification = new_verification_code()
    result = papers.result(
        dossier,
        pack,
        at=event.at,
        relation=relationship_label(dossier.answers["relation_to_householder"]),
        signer_title=taking.officer.title,
        verification_code=verification,
        verify_url=f"{settings.DEAN06_WEB_ORIGIN}/verify",
    )
    result = papers.signed(result, **{**taking.signature, "field": papers.HEAD_BOX.name})
    seal = f"seal.{dossier.agency_code}"
    result = papers.signed(
        result,
        field=papers.SEAL_BOX.name,
        key=seal,
        lines=(f"Cơ quan: {certified_name(seal) or dossier.agency_name}", f"Thời gian ký: {papers.moment(event.at)}"),
        reason=f"Đóng dấu kết quả hồ sơ {dossier.code}",
        location=dossier.agency_name,
        bound_hash=taking.change.hash,
    )
    sheet = _signed_sheet(taking)
    with transaction.atomic(using=SERVICES, durable=True):
        commit(taking.change)
        _keep_sheet(taking, sheet)
        document = papers.keep(dossier, papers.RESULT, title=pack.result_title, content=result)
        _store(dossier, pack, document, verification, on=event.on)
        messages.put(pack.decides_event, _decision(dossier, pack, on=event.on), using=SERVICES)
    return dossier


def return_result(*, code: str, version: int, actor: Actor, text: str = "") -> Dossier:
    """Step 5: the result goes into the citizen's store.

    Raises:
        RegistryNotConfirmed: the register has not confirmed the change yet.
        ReceiptMissing: the fee is not entered as paid.
    """
    taking = _taking(code, Kind.RETURNED, version=version, actor=actor, text=text)
    if isinstance(taking, Dossier):
        return taking
    sheet = _signed_sheet(taking)
    dossier = taking.dossier
    with transaction.atomic(using=SERVICES, durable=True):
        commit(taking.change)
        _keep_sheet(taking, sheet)
        StoredResult.objects.filter(source_dossier=dossier, revoked_at__isnull=True).update(
            is_in_store=True, stored_at=taking.change.event.at
        )
        ledger.record(
            "services.result_stored",
            log=LOG,
            using=SERVICES,
            actor=actor,
            who=taking.officer.unit_name,
            subject=PersonKey(dossier.applicant),
            purpose=dossier.procedure_code,
            legal_basis=taking.pack.legal_basis,
            dossier=dossier.code,
        )
    return dossier


def _taking(
    code: str, kind: Kind, *, version: int, actor: Actor, text: str = "", data: Mapping[str, Any] | None = None
) -> Taking | Dossier:
    """Check that the actor may take the step now; the dossier alone if this request was carried out before."""
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, kind, actor=actor, version=version):
        return dossier
    pack = pinned(dossier.pack)
    officer = officer_for(dossier, actor, role=role_of(pack, STEPS[kind]))
    remark = clean(text, longest=LONGEST_REMARK)
    change = propose(
        dossier,
        kind,
        by=signature_of(actor, name=officer.name, post=officer.post),
        who=officer.unit_name,
        version=version,
        data={**(data or {}), "text": remark},
    )
    return Taking(dossier, pack, officer, change, remark)


def _sign_sheet(taking: Taking) -> Dossier:
    sheet = _signed_sheet(taking)
    with transaction.atomic(using=SERVICES, durable=True):
        commit(taking.change)
        _keep_sheet(taking, sheet)
    return taking.dossier


def _signed_sheet(taking: Taking) -> tuple[SignedDocument, bytes]:
    sheet = papers.latest(taking.dossier, papers.SHEET)
    return sheet, papers.signed(bytes(sheet.content), **taking.signature)


def _keep_sheet(taking: Taking, sheet: tuple[SignedDocument, bytes]) -> None:
    before, content = sheet
    papers.keep(taking.dossier, papers.SHEET, title=before.title, content=content, version=before.version + 1)


def _evidence(dossier: Dossier, pack: Pack) -> list[Any]:
    return [file for file in dossier.attachments.defer("content").order_by("uploaded_at") if file.evidence in pack.evidence]


def _store(dossier: Dossier, pack: Pack, document: SignedDocument, verification: str, *, on: date) -> StoredResult:
    return StoredResult.objects.create(
        owner=dossier.applicant,
        holder_masked=masked_name(dossier.applicant_name),
        source_dossier=dossier,
        document=document,
        result_type=pack.result_type,
        title=pack.result_title,
        issued_by=dossier.agency_name,
        issued_on=on,
        valid_until=on + timedelta(days=pack.result_valid_days) if pack.result_valid_days else None,
        sha256=document.sha256,
        verification_code=verification,
    )


def _decision(dossier: Dossier, pack: Pack, *, on: date) -> dict[str, Any]:
    """Return the message that the registry applies; opaque keys, and the address that it will own."""
    householder: UUID | None = dossier.householder
    place = dossier.answers["new_place"]
    return {
        "dossier": dossier.code,
        "person_key": str(dossier.applicant),
        "unit_code": dossier.commune_code,
        "address": place["address"],
        "since": on.isoformat(),
        "householder_key": str(householder) if householder else None,
        "relation": dossier.answers["relation_to_householder"],
        "legal_basis": pack.decides_basis,
        "decided_by": dossier.agency_name,
    }
