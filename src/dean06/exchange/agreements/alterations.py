"""What of an agreement is not as it was requested, decided, signed and led through its steps; verified anew at each look."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from dean06.core.databases import database_of
from dean06.core.keys import PersonKey
from dean06.exchange.agreement_seals import STANDINGS, is_seal_good, verifying_keys
from dean06.exchange.agreements.deciding import SIGNED_AS, statement_of
from dean06.exchange.loading import member_of
from dean06.exchange.models import AgreementCase, AgreementDecision, AgreementEvent, AgreementVersion
from dean06.exchange.packs import digest_of
from dean06.exchange.sealing import REGISTRY_KEY, is_sealed

State, Origin = AgreementCase.State, AgreementCase.Origin
Kind = AgreementDecision.Kind
BEGINNINGS: Final[Mapping[tuple[str, str], str]] = {
    (Origin.REQUEST, "requested"): State.REQUESTED,
    (Origin.PACK, "loaded"): State.IN_FORCE,
    (Origin.PACK, "withdrawn_by_pack"): State.ENDED,
}
"""How a version stands after the first step of its history, by origin."""
STEPS: Final[Mapping[tuple[str, str], str]] = {
    (State.REQUESTED, "approved_by_provider"): State.REQUESTED,
    (State.REQUESTED, "approved_by_operator"): State.REQUESTED,
    (State.REQUESTED, "signed"): State.IN_FORCE,
    (State.REQUESTED, "refused"): State.REFUSED,
    (State.REQUESTED, "withdrawn"): State.WITHDRAWN,
    (State.IN_FORCE, "expiring"): State.IN_FORCE,
    (State.IN_FORCE, "suspended"): State.SUSPENDED,
    (State.SUSPENDED, "resumed"): State.IN_FORCE,
    (State.IN_FORCE, "ended"): State.ENDED,
    (State.SUSPENDED, "ended"): State.ENDED,
}
"""Where a step leads from a state; there are no others."""
COLUMNS: Final = ("code", "client", "group", "service", "valid_from", "valid_until")


@dataclass(frozen=True, slots=True)
class Alteration:
    """Something that is not as it was decided.

    Attributes:
        what: code, a key of ``words.ALTERATIONS``.
        side: whose decision it concerns; empty if nobody's alone.
    """

    what: str
    side: str = ""


def alterations(case: AgreementCase) -> tuple[Alteration, ...]:
    """Return what of an agreement is not as it was requested, decided and signed; nothing if all is."""
    return tuple(dict.fromkeys(_Checked(case).found()))


def verify_all() -> Iterator[tuple[AgreementCase, tuple[Alteration, ...]]]:
    """Yield every version of every agreement with what is altered of it, by code and version."""
    rows = AgreementCase.objects.using(database_of("exchange")).select_related("agreement__pack").prefetch_related("decisions", "events")
    for case in rows.order_by("agreement__code", "agreement__version").iterator(chunk_size=500):
        yield case, alterations(case)


class _Checked:
    """One version under examination: its history and decisions are read once."""

    def __init__(self, case: AgreementCase) -> None:
        self.case = case

    @cached_property
    def events(self) -> list[AgreementEvent]:
        return sorted(self.case.events.all(), key=lambda event: event.pk)

    @cached_property
    def decisions(self) -> list[AgreementDecision]:
        return list(self.case.decisions.all())

    def found(self) -> Iterator[Alteration]:
        case = self.case
        if not _is_content_good(case.agreement):
            yield Alteration("content_altered")
        if not _are_parties_good(case):
            yield Alteration("parties_altered")
        if _state_after(case.origin, (event.event for event in self.events)) != case.state:
            yield Alteration("state_altered")
        yield from self._of_pack() if case.origin == Origin.PACK else self._of_request()

    def _of_pack(self) -> Iterator[Alteration]:
        case = self.case
        if case.agreement.pack is None or case.requested_by is not None or self.decisions:
            yield Alteration("origin_altered")
        elif not is_seal_good(case, keys=verifying_keys(REGISTRY_KEY)):
            yield Alteration("seal_wrong")

    def _of_request(self) -> Iterator[Alteration]:
        case = self.case
        if case.agreement.pack_id is not None:
            yield Alteration("origin_altered")
        known = [row for row in self.decisions if row.side in AgreementDecision.Side.values and row.decision in Kind.values]
        if len(known) < len(self.decisions):
            yield Alteration("decision_altered")
        approvals = {row.side: row for row in known if row.decision == Kind.APPROVED}
        for side in AgreementDecision.Side.values:
            yield from self._of_approval(side, approvals.get(side))
        yield from self._of_refusals([row for row in known if row.decision == Kind.REFUSED])
        is_to_be_sealed = case.state in STANDINGS
        if bool(case.signature) != is_to_be_sealed or (case.signature and not is_seal_good(case, keys=verifying_keys(REGISTRY_KEY))):
            yield Alteration("seal_wrong")

    def _of_approval(self, side: str, row: AgreementDecision | None) -> Iterator[Alteration]:
        person, at = getattr(self.case, f"{side}_approved_by"), getattr(self.case, f"{side}_approved_at")
        steps = self._steps(f"approved_by_{side}")
        if row is None:
            if person is not None or at is not None or steps:
                yield Alteration("decision_missing", side)
        elif person is None or at is None or row.person != person:
            yield Alteration("person_altered", side)
        elif [step.at for step in steps] != [at] or not _is_signed(row, statement_of(self.case, at=at, who=steps[0].who, **_of_row(row))):
            yield Alteration("decision_altered", side)

    def _of_refusals(self, rows: list[AgreementDecision]) -> Iterator[Alteration]:
        if bool(rows) != (self.case.state == State.REFUSED):
            yield Alteration("state_altered" if rows else "decision_missing")
        statements: list[dict[str, Any]] = [{"at": step.at, "who": step.who, "reason": step.reason} for step in self._steps("refused")]
        for row in rows:
            if len(statements) != 1 or not _is_signed(row, statement_of(self.case, **statements[0], **_of_row(row))):
                yield Alteration("decision_altered", row.side)

    def _steps(self, name: str) -> list[AgreementEvent]:
        return [event for event in self.events if event.event == name]


def _is_content_good(agreement: AgreementVersion) -> bool:
    document = agreement.document
    return (
        isinstance(document, dict)
        and digest_of(document) == agreement.digest
        and all(str(getattr(agreement, name)) == str(document.get(name, "")) for name in COLUMNS)
        and agreement.withdrawn == document.get("withdrawn", False)
    )


def _are_parties_good(case: AgreementCase) -> bool:
    """Say whether the agencies that may decide are those of client and service; who asks for a group is in what was signed alone."""
    agreement = case.agreement
    return case.provider == member_of(agreement.service) and (not agreement.client or case.consumer == member_of(agreement.client))


def _state_after(origin: str, steps: Iterable[str]) -> str | None:
    """Return how a version stands after its history; None if no such history can be."""
    state: str | None = None
    for number, step in enumerate(steps):
        state = STEPS.get((state or "", step)) if number else BEGINNINGS.get((origin, step))
    return state


def _of_row(row: AgreementDecision) -> dict[str, Any]:
    return {"side": row.side, "decision": row.decision, "person": PersonKey(row.person)}


def _is_signed(row: AgreementDecision, statement: Mapping[str, Any]) -> bool:
    """Say whether the person's own key signed exactly this; a key of somebody else is none of hers."""
    if row.key_name not in {f"officer.{row.person}", f"approver.{row.person}"}:
        return False
    return is_sealed(row.token, statement, kind=SIGNED_AS, keys=verifying_keys(row.key_name))
