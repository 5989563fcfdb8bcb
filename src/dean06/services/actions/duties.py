"""What officers do beside the five steps: take a dossier up, put it back, ask for the fee, enter the receipt."""

from django.db import transaction

from dean06.core.actor import Actor
from dean06.services.authority import Officer, dossier_in_charge, officer_for, role_of
from dean06.services.domain.states import Kind, Step
from dean06.services.errors import ReceiptUsed, WrongStep
from dean06.services.models import Dossier, Receipt
from dean06.services.pinning import pinned
from dean06.services.text import line, receipt_number
from dean06.services.trail import SERVICES, already_done, commit, propose, signature_of


def claim(*, code: str, version: int, actor: Actor) -> Dossier:
    """Take a dossier up (nhận việc): from now on nobody else handles it.

    Raises:
        NotYourStep: its next step is another role's.
        HeldByAnother: someone holds it.
        DossierChanged: it has changed since the actor saw it.
    """
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, Kind.CLAIMED, actor=actor, version=version):
        return dossier
    officer = _next_officer(dossier, actor)
    change = propose(dossier, Kind.CLAIMED, by=_signed(actor, officer), who=officer.unit_name, version=version)
    with transaction.atomic(using=SERVICES, durable=True):
        return commit(change, held_by_name=officer.name[:100])


def release(*, code: str, version: int, actor: Actor) -> Dossier:
    """Put a dossier back into the queue.

    Raises:
        HeldByAnother: the actor does not hold it.
        DossierChanged: it has changed since the actor saw it.
    """
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, Kind.RELEASED, actor=actor, version=version):
        return dossier
    change = propose(dossier, Kind.RELEASED, by=signature_of(actor), who=dossier.agency_name, version=version)
    with transaction.atomic(using=SERVICES, durable=True):
        return commit(change)


def request_duty(*, code: str, version: int, actor: Actor) -> Dossier:
    """Ask the citizen to pay; the clock stands until the receipt is entered.

    Raises:
        WrongStep: nothing is to be paid, or not now.
    """
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, Kind.DUTY_REQUESTED, actor=actor, version=version):
        return dossier
    if dossier.is_paid or not dossier.fee_vnd:
        raise WrongStep
    officer = _next_officer(dossier, actor)
    data = {"text": f"Chờ nộp lệ phí {dossier.fee_vnd} đồng", "fee_vnd": dossier.fee_vnd}
    change = propose(dossier, Kind.DUTY_REQUESTED, by=_signed(actor, officer), who=officer.unit_name, version=version, data=data)
    with transaction.atomic(using=SERVICES, durable=True):
        return commit(change)


def record_payment(*, code: str, version: int, actor: Actor, number: str = "", exemption: str = "") -> Dossier:
    """Enter the fee as paid by a counter receipt, or as not due on a ground.

    Args:
        code: the dossier.
        version: what the officer saw.
        actor: the officer of the one-stop desk.
        number: as printed on the receipt.
        exemption: ground of an exemption, instead of a number.

    Raises:
        NotYourStep: not an officer of the one-stop desk.
        MalformedReceipt: no number and no ground.
        ReceiptUsed: the number is entered for another dossier.
        WrongStep: paid already, or the dossier is not received or is closed.
    """
    dossier = dossier_in_charge(code, actor)
    if already_done(dossier, Kind.PAYMENT_RECORDED, actor=actor, version=version):
        return dossier
    officer = officer_for(dossier, actor, role=role_of(pinned(dossier.pack), Step.RECEPTION))
    ground = line(exemption, longest=300)
    printed = "" if ground else receipt_number(number)
    if printed and Receipt.objects.filter(number=printed).exists():
        raise ReceiptUsed
    amount = 0 if ground else dossier.fee_vnd
    change = propose(
        dossier,
        Kind.PAYMENT_RECORDED,
        by=_signed(actor, officer),
        who=officer.unit_name,
        version=version,
        data={"receipt": printed, "exemption": ground, "amount_vnd": amount},
    )
    with transaction.atomic(using=SERVICES, durable=True):
        commit(change, detail={"amount_vnd": amount})
        Receipt.objects.create(dossier=dossier, amount_vnd=amount, number=printed, exemption=ground, recorded_by=officer.person)
    return dossier


def _next_officer(dossier: Dossier, actor: Actor) -> Officer:
    if dossier.step not in {int(step) for step in Step if step is not Step.NONE}:
        raise WrongStep
    return officer_for(dossier, actor, role=role_of(pinned(dossier.pack), Step(dossier.step)))


def _signed(actor: Actor, officer: Officer) -> dict[str, str]:
    return signature_of(actor, name=officer.name, post=officer.post)
