"""Every step of an agreement: state, history, ledger entry and message in one transaction."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from dean06.core.actor import SYSTEM, Actor
from dean06.core.clock import now, today
from dean06.core.databases import database_of
from dean06.core.messages import put
from dean06.exchange import snapshot
from dean06.exchange.agreement_seals import APPROVED_AS, approved_statement
from dean06.exchange.agreements.alterations import alterations
from dean06.exchange.agreements.authority import APPROVER, OPERATOR, REQUESTER, Office, case_for, office_of, requesting_post
from dean06.exchange.agreements.deciding import post_named, request_digest, sign_decision
from dean06.exchange.changes import note_change
from dean06.exchange.domain.agreements import WARNED_BEFORE
from dean06.exchange.errors import AgreementAltered, AgreementFaulty, AgreementNotWaiting, NotInAgreementOffice, SecondPersonNeeded
from dean06.exchange.loading import LOG, document_faults, known_names, member_of, version_of
from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementEvent, AgreementVersion
from dean06.exchange.packs import agreement_faults
from dean06.exchange.sealing import sealed
from dean06.ledger.public import record
from dean06.organisation.public import HeldPost

EXCHANGE: Final = database_of("exchange")
TOPIC: Final = "exchange.agreement_changed"
SHORTEST_REASON: Final = 10
State = AgreementCase.State
ALIVE: Final = frozenset({State.IN_FORCE, State.SUSPENDED})


@transaction.atomic(using=EXCHANGE, durable=True)
def request_agreement(*, document: Mapping[str, Any], reason: str, actor: Actor, renews: str = "") -> AgreementCase:
    """Request an agreement (đề nghị chia sẻ dữ liệu), or a new version of one.

    Args:
        document: as an entry of a pack, without ``code``.
        reason: why the agency needs it, for those who approve.
        actor: a requester of the consumer's agency.
        renews: code of the agreement whose next version this is; the version before it stays as it is.

    Returns:
        The case, waiting for the provider's and the operator's approval.

    Raises:
        NotInAgreementOffice: the actor's posts do not let her request for this client.
        AgreementFaulty: the content has faults.
        AgreementNotWaiting: a version of the same agreement waits already, or client or service of a renewal differ.
    """
    office = office_of(actor)
    post, consumer = requesting_post(office, client=str(document.get("client", "")), group=str(document.get("group", "")))
    _require_reason(reason)
    note_change(using=EXCHANGE)  # its lock gives codes and versions one at a time
    code, number = _next_version(office, renews, document) if renews else (_new_code(), 1)
    content = {**document, "code": code}
    if faults := [*agreement_faults(content)] or [f"{name}: {fault}" for name, fault in document_faults(content, known=known_names())]:
        raise AgreementFaulty("; ".join(faults), faults=len(faults))
    if content["valid_until"] < today().isoformat():
        raise AgreementFaulty("valid_until: has passed. Choose a later day.")
    version = version_of(content, version=number, pack=None)
    version.save(using=EXCHANGE)
    case = AgreementCase.objects.using(EXCHANGE).create(
        agreement=version,
        origin=AgreementCase.Origin.REQUEST,
        state=State.REQUESTED,
        consumer=consumer,
        provider=member_of(version.service),
        reason=reason.strip(),
        requested_by=office.person,
    )
    _note(case, "requested", actor=actor, post=post, reason=reason)
    return case


def _next_version(office: Office, code: str, document: Mapping[str, Any]) -> tuple[str, int]:
    versions = AgreementVersion.objects.using(EXCHANGE).filter(code=code)
    newest = versions.order_by("-version").select_related("case").first()
    if newest is None or (newest.client, newest.group, newest.service) != (
        document.get("client", ""),
        document.get("group", ""),
        document["service"],
    ):
        raise AgreementNotWaiting("A renewal keeps client and service; request a new agreement instead.")
    case_for(office, code, newest.version)
    if versions.filter(case__state=State.REQUESTED).exists():
        raise AgreementNotWaiting("Another version of this agreement waits for approval already.")
    return code, newest.version + 1


def _new_code() -> str:
    """Return the next free code of the year: ``TT-2026-0007``."""
    start = f"TT-{today().year}-"
    known = set(AgreementVersion.objects.using(EXCHANGE).filter(code__startswith=start).values_list("code", flat=True))
    number = len(known) + 1
    while f"{start}{number:04d}" in known:
        number += 1
    return f"{start}{number:04d}"


@transaction.atomic(using=EXCHANGE, durable=True)
def approve(*, code: str, version: int, actor: Actor, seen: str | None = None) -> AgreementCase:
    """Approve a request for one's side; the second approval signs the agreement and puts it in force.

    Args:
        code: of the agreement.
        version: of the agreement.
        actor: an approver of the provider's agency, or an operator.
        seen: ``request_digest`` of what the person read; None if whoever calls has read it in no page.

    Raises:
        NotInAgreementOffice: the actor is neither the provider's approver nor an operator, or that side has approved.
        SecondPersonNeeded: she requested it or approved it for the other side.
        AgreementNotWaiting: not waiting any more, or its last day has passed.
        AgreementAltered: it is not as it was requested and approved so far, or not as the person saw it; nothing is signed.
    """
    office = office_of(actor)
    case = _locked(office, code, version, State.REQUESTED)
    if office.person in {case.requested_by, case.provider_approved_by, case.operator_approved_by}:
        raise SecondPersonNeeded(code=code)
    if case.agreement.valid_until < today():
        raise AgreementNotWaiting("The requested last day has passed; refuse it and let it be requested anew.")
    side, post = side_of(case, office)
    if seen not in {None, request_digest(case)}:
        raise AgreementAltered(code=code)
    _require_unaltered(case)
    at = now()
    setattr(case, f"{side}_approved_by", office.person)
    setattr(case, f"{side}_approved_at", at)
    decision = sign_decision(case, AgreementDecision.Kind.APPROVED, side=side, person=office.person, post=post, at=at)
    _note(case, f"approved_by_{side}", actor=actor, post=post, decision=decision, at=at)
    if case.provider_approved_by and case.operator_approved_by:
        case.signature = sealed(approved_statement(case), kind=APPROVED_AS)
        case.state = State.IN_FORCE
    case.save(using=EXCHANGE)
    if case.state == State.IN_FORCE:
        _note(case, "signed", actor=SYSTEM)
        _spread()
    return case


def side_of(case: AgreementCase, office: Office) -> tuple[str, HeldPost]:
    """Return for which side a person may approve a waiting request, and in which post.

    Raises:
        NotInAgreementOffice: for none that has not approved yet.
    """
    if case.provider_approved_at is None and (post := office.post_of(APPROVER, case.provider)) is not None:
        return "provider", post
    if case.operator_approved_at is None and (post := office.post_of(OPERATOR)) is not None:
        return "operator", post
    raise NotInAgreementOffice(account=office.account)


@transaction.atomic(using=EXCHANGE, durable=True)
def refuse(*, code: str, version: int, reason: str, actor: Actor) -> AgreementCase:
    """Refuse a request with a reason that the requester reads.

    Raises:
        NotInAgreementOffice, AgreementNotWaiting, AgreementFaulty: as ``approve``; the reason is missing.
    """
    office = office_of(actor)
    case = _locked(office, code, version, State.REQUESTED)
    _require_reason(reason)
    provides, post = office.post_of(APPROVER, case.provider), office.post_of(OPERATOR)
    if (post := provides or post) is None:
        raise NotInAgreementOffice(account=actor.account)
    side, at = "provider" if provides else "operator", now()
    decision = sign_decision(case, AgreementDecision.Kind.REFUSED, side=side, person=office.person, post=post, at=at, reason=reason.strip())
    return _turned(case, State.REFUSED, "refused", actor=actor, post=post, reason=reason, decision=decision, at=at)


@transaction.atomic(using=EXCHANGE, durable=True)
def withdraw(*, code: str, version: int, reason: str, actor: Actor) -> AgreementCase:
    """Take a request back, by the agency that made it."""
    office = office_of(actor)
    case = _locked(office, code, version, State.REQUESTED)
    _require_reason(reason)
    return _turned(case, State.WITHDRAWN, "withdrawn", actor=actor, post=office.post_of(REQUESTER, case.consumer), reason=reason)


@transaction.atomic(using=EXCHANGE, durable=True)
def suspend(*, code: str, version: int, reason: str, actor: Actor) -> AgreementCase:
    """Stop an agreement for now; gateways refuse its calls within seconds. One person may: stopping is never four-eyed."""
    office = office_of(actor)
    case = _locked(office, code, version, State.IN_FORCE)
    _require_reason(reason)
    post = office.post_of(APPROVER, case.provider) or office.post_of(OPERATOR)
    return _turned(case, State.SUSPENDED, "suspended", actor=actor, post=post, reason=reason, spreads=True)


@transaction.atomic(using=EXCHANGE, durable=True)
def resume(*, code: str, version: int, reason: str, actor: Actor) -> AgreementCase:
    """Put a suspended agreement back in force, by an operator who was not the one to suspend it.

    Raises:
        NotInAgreementOffice, AgreementNotWaiting, AgreementFaulty, SecondPersonNeeded: as above.
        AgreementAltered: it is not as it was decided.
    """
    office = office_of(actor)
    case = _locked(office, code, version, State.SUSPENDED)
    _require_reason(reason)
    last = case.events.filter(event="suspended").order_by("-id").first()
    if last is not None and last.by == actor.account:
        raise SecondPersonNeeded(code=code)
    _require_unaltered(case)
    return _turned(case, State.IN_FORCE, "resumed", actor=actor, post=office.post_of(OPERATOR), reason=reason, spreads=True)


@transaction.atomic(using=EXCHANGE, durable=True)
def end(*, code: str, version: int, reason: str, actor: Actor) -> AgreementCase:
    """End an agreement for good, by either agency or an operator."""
    office = office_of(actor)
    case = _locked(office, code, version, *ALIVE)
    _require_reason(reason)
    post = office.post_of(REQUESTER, case.consumer) or office.post_of(APPROVER, case.provider) or office.post_of(OPERATOR)
    return _turned(case, State.ENDED, "ended", actor=actor, post=post, reason=reason, spreads=True)


WITH_REASON: Final[Mapping[str, Callable[..., AgreementCase]]] = {
    "refuse": refuse,
    "withdraw": withdraw,
    "suspend": suspend,
    "resume": resume,
    "end": end,
}
"""Steps that take a reason, by their name in an address."""


def warn_of_ending() -> int:
    """Note of each agreement that ends within thirty days that it does, once a version; return how many are new."""
    day = today()
    cases = AgreementCase.objects.using(EXCHANGE).filter(
        state=State.IN_FORCE, agreement__valid_until__gte=day, agreement__valid_until__lte=day + WARNED_BEFORE
    )
    numbers = list(cases.exclude(events__event="expiring").values_list("pk", flat=True))
    return sum(_warned(number) for number in numbers)


@transaction.atomic(using=EXCHANGE, durable=True)
def _warned(number: int) -> bool:
    case = AgreementCase.objects.using(EXCHANGE).select_for_update(of=("self",)).select_related("agreement").get(pk=number)
    newest = (
        AgreementVersion.objects.using(EXCHANGE)
        .filter(code=case.agreement.code, case__state=State.IN_FORCE)
        .aggregate(n=Max("version"))["n"]
    )
    is_due = case.state == State.IN_FORCE and newest == case.agreement.version and not case.events.filter(event="expiring").exists()
    if is_due:
        _note(case, "expiring", actor=SYSTEM, reason=case.agreement.valid_until.isoformat())
    return is_due


def _locked(office: Office, code: str, version: int, *states: str) -> AgreementCase:
    """Lock a case that the person may see and that stands as the step wants it."""
    seen = case_for(office, code, version)
    case = AgreementCase.objects.using(EXCHANGE).select_for_update(of=("self",)).select_related("agreement").get(pk=seen.pk)
    if case.state not in states:
        raise AgreementNotWaiting(code=code, state=case.state)
    return case


def _turned(
    case: AgreementCase,
    state: str,
    event: str,
    *,
    actor: Actor,
    post: HeldPost | None,
    reason: str,
    spreads: bool = False,
    decision: AgreementDecision | None = None,
    at: datetime | None = None,
) -> AgreementCase:
    if post is None:
        raise NotInAgreementOffice(account=actor.account)
    case.state = state
    case.save(using=EXCHANGE, update_fields=["state"])
    _note(case, event, actor=actor, post=post, reason=reason, decision=decision, at=at)
    if spreads:
        _spread()
    return case


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < SHORTEST_REASON:
        raise AgreementFaulty("reason: give one of at least ten characters.")


def _require_unaltered(case: AgreementCase) -> None:
    """Let nothing come into force, again or for the first time, that is not as people decided on it."""
    if found := alterations(case):
        raise AgreementAltered(code=case.agreement.code, found=[one.what for one in found])


def _note(
    case: AgreementCase,
    event: str,
    *,
    actor: Actor,
    post: HeldPost | None = None,
    reason: str = "",
    decision: AgreementDecision | None = None,
    at: datetime | None = None,
) -> None:
    """Write the step into ledger, history and outbox."""
    agreement = case.agreement
    who = post_named(post) if post else ""
    detail = {
        "agreement": agreement.code,
        "version": agreement.version,
        "sha256": agreement.digest,
        "client": agreement.client,
        "group": agreement.group,
        "service": agreement.service,
        "reason": reason.strip(),
        **({"signature": case.signature} if event == "signed" else {}),
        **({"decision": decision.token} if decision is not None else {}),
    }
    entry = record(f"exchange.agreement_{event}", log=LOG, using=EXCHANGE, actor=actor, who=who, detail=detail)
    AgreementEvent.objects.using(EXCHANGE).create(
        case=case, event=event, by=actor.account, who=who, reason=reason.strip(), entry=entry, at=at or now()
    )
    put(TOPIC, {"agreement": agreement.code, "version": agreement.version, "event": event, "state": case.state}, using=EXCHANGE)


def _spread() -> None:
    """Tell the gateways: all processes see the number within a second or two, this one looks again at its next call."""
    note_change(using=EXCHANGE)
    snapshot.forget()
