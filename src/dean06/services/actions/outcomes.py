"""Where a dossier does not go straight on: refused at reception, sent back for a supplement, stopped."""

from django.db import transaction

from dean06.core.actor import Actor
from dean06.core.clock import now
from dean06.services import papers
from dean06.services.authority import Officer, dossier_in_charge, officer_for, role_of
from dean06.services.domain.pack import Pack
from dean06.services.domain.states import Kind, Step
from dean06.services.models import Dossier, StoredResult
from dean06.services.pinning import pinned
from dean06.services.text import reason
from dean06.services.trail import SERVICES, Change, already_done, commit, propose, signature_of


def refuse_reception(*, code: str, version: int, actor: Actor, text: str) -> Dossier:
    """Refuse the dossier at the desk, in writing (CT06).

    Raises:
        ReasonMissing: no reason given.
        WrongStep: it has been received.
    """
    return _refuse(code, Kind.RECEPTION_REFUSED, step=Step.RECEPTION, version=version, actor=actor, text=text)


def stop(*, code: str, version: int, actor: Actor, text: str) -> Dossier:
    """Stop the dossier because the conditions are not met, or because the register refused the change; the head decides.

    A result that was signed is revoked: its code answers so from now on.

    Raises:
        ReasonMissing: no reason given.
        WrongStep: the result is signed and the register has not refused.
    """
    return _refuse(code, Kind.STOPPED, step=Step.APPROVAL, version=version, actor=actor, text=text)


def request_supplement(*, code: str, version: int, actor: Actor, text: str) -> Dossier:
    """Ask the citizen for what is missing, once and whole; the clock stands until she answers.

    Raises:
        ReasonMissing: nothing is asked.
        WrongStep: a supplement is awaited already, or the result is decided.
    """
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, Kind.SUPPLEMENT_REQUESTED, actor=actor, version=version):
        return dossier
    pack = pinned(dossier.pack)
    officer = officer_for(dossier, actor, role=role_of(pack, Step(min(dossier.step, Step.APPROVAL))))
    change = propose(
        dossier,
        Kind.SUPPLEMENT_REQUESTED,
        by=signature_of(actor, name=officer.name, post=officer.post),
        who=officer.unit_name,
        version=version,
        data={"text": reason(text)},
    )
    with transaction.atomic(using=SERVICES, durable=True):
        return commit(change)


def _refuse(code: str, kind: Kind, *, step: Step, version: int, actor: Actor, text: str) -> Dossier:
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, kind, actor=actor, version=version):
        return dossier
    pack = pinned(dossier.pack)
    officer = officer_for(dossier, actor, role=role_of(pack, step))
    said = reason(text)
    change = propose(
        dossier,
        kind,
        by=signature_of(actor, name=officer.name, post=officer.post),
        who=officer.unit_name,
        version=version,
        data={"text": said},
    )
    notice = _notice(dossier, pack, officer, change, said)
    with transaction.atomic(using=SERVICES, durable=True):
        commit(change)
        papers.keep(dossier, papers.REFUSAL, title=pack.papers[papers.REFUSAL].title, content=notice)
        StoredResult.objects.filter(source_dossier=dossier).update(revoked_at=now(), revoked_because=said[:200])
    return dossier


def _notice(dossier: Dossier, pack: Pack, officer: Officer, change: Change, said: str) -> bytes:
    is_reception = change.event.kind == Kind.RECEPTION_REFUSED
    pdf = papers.refusal(dossier, pack, at=change.event.at, reason=said, is_reception=is_reception, signer_title=officer.title)
    return papers.signed(
        pdf,
        field=papers.REFUSAL_BOX.name,
        key=officer.signer_name,
        lines=papers.stamp(officer, at=change.event.at),
        reason=f"{'Từ chối tiếp nhận' if is_reception else 'Dừng xử lý'} hồ sơ {dossier.code}",
        location=dossier.agency_name,
        bound_hash=change.hash,
    )
