"""A procedure as data (gói thủ tục): who does what by when, what it costs, what is asked and what registers hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from types import MappingProxyType
from typing import Any, Final

from dean06.services.domain.states import Channel, Step
from dean06.services.errors import ProcedureNotFound

STEP_NAMES: Final = MappingProxyType(
    {
        "reception": Step.RECEPTION,
        "appraisal": Step.APPRAISAL,
        "approval": Step.APPROVAL,
        "signing": Step.SIGNING,
        "return": Step.RETURN,
    }
)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact comes from and how sure it is: ``found``, ``weak`` or ``default``."""

    title: str
    certainty: str


@dataclass(frozen=True, slots=True)
class StepRule:
    """One of the five steps: its role and its share of the limit in working days."""

    step: Step
    title: str
    does: str
    role: str
    limit_days: int


@dataclass(frozen=True, slots=True)
class Fee:
    """What the procedure costs, in đồng, by channel."""

    online_vnd: int
    counter_vnd: int
    due_before: Step
    exemption: str
    source: Source

    def amount_vnd(self, channel: Channel) -> int:
        """Return the fee of a channel; post counts as the counter."""
        return self.online_vnd if channel is Channel.ONLINE else self.counter_vnd


@dataclass(frozen=True, slots=True)
class ConsentRule:
    """Who else must agree, and the words that she agrees to."""

    id: str
    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """A paper that the law names: which register holds it, and whether it is asked all the same."""

    id: str
    title: str
    held_by: str
    is_asked: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Case:
    """One way to qualify (trường hợp)."""

    id: str
    title: str
    hint: str
    joins_household: bool
    relations: tuple[str, ...]
    consents: tuple[str, ...]
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefill:
    """A field of the form that a register fills in."""

    field: str
    service: str
    path: str
    pointer: str
    holder: str


@dataclass(frozen=True, slots=True)
class Check:
    """Something that the appraiser verifies."""

    id: str
    title: str
    basis: str


@dataclass(frozen=True, slots=True)
class Paper:
    """A document that the procedure issues: its title and its typst template."""

    title: str
    template: str


@dataclass(frozen=True, slots=True)
class Pack:
    """One version of one procedure, whole: what a dossier is pinned to."""

    code: str
    version: int
    digest: str
    valid_from: date
    valid_to: date | None
    name: str
    name_en: str
    summary: str
    summary_en: str
    field: str
    ministry: str
    subjects: tuple[str, ...]
    minutes_to_fill: int
    sources: Mapping[str, Source]
    agency_kind: str
    agency_title: str
    limit_days: int
    limit_source: Source
    fee: Fee
    steps: tuple[StepRule, ...]
    four_eyes: frozenset[Step]
    consents: Mapping[str, ConsentRule]
    evidence: Mapping[str, Evidence]
    cases: tuple[Case, ...]
    form_title: str
    form_schema: Mapping[str, Any]
    prefill: tuple[Prefill, ...]
    checklist: tuple[Check, ...]
    papers: Mapping[str, Paper]
    result_type: str
    result_title: str
    result_valid_days: int | None
    decides_event: str
    decides_basis: str
    asks_under: str
    legal_basis: str

    def step(self, step: Step) -> StepRule:
        """Return the rule of a step."""
        return self.steps[step - 1]

    def case(self, case_id: str) -> Case:
        """Return a case by its id.

        Raises:
            ProcedureNotFound: the procedure has no such case.
        """
        for case in self.cases:
            if case.id == case_id:
                return case
        raise ProcedureNotFound(case=case_id)

    def is_valid_on(self, day: date) -> bool:
        """Say whether this version is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)

    def asked_evidence(self, case: Case) -> tuple[Evidence, ...]:
        """Return what a case asks the citizen to upload."""
        return tuple(self.evidence[name] for name in case.evidence if self.evidence[name].is_asked)

    def source_of(self, field: str) -> str:
        """Return the register that fills a field, or nothing."""
        return next((item.holder for item in self.prefill if item.field == field), "")


def build_pack(content: Mapping[str, Any], *, form_schema: Mapping[str, Any], templates: Mapping[str, str], digest: str) -> Pack:
    """Make a pack of checked content (the loader checks; a pinned pack was checked when it was pinned)."""
    sources = {name: Source(**value) for name, value in content["sources"].items()}
    fee = content["fee"]
    valid_to = content.get("valid_to")
    return Pack(
        code=content["code"],
        version=content["version"],
        digest=digest,
        valid_from=date.fromisoformat(content["valid_from"]),
        valid_to=date.fromisoformat(valid_to) if valid_to else None,
        name=content["name"],
        name_en=content["name_en"],
        summary=content["summary"],
        summary_en=content["summary_en"],
        field=content["field"],
        ministry=content["ministry"],
        subjects=tuple(content["subjects"]),
        minutes_to_fill=content["minutes_to_fill"],
        sources=sources,
        agency_kind=content["agency"]["kind"],
        agency_title=content["agency"]["title"],
        limit_days=content["limit"]["working_days"],
        limit_source=sources[content["limit"]["source"]],
        fee=Fee(fee["online_vnd"], fee["counter_vnd"], STEP_NAMES[fee["due_before"]], fee["exemption"], sources[fee["source"]]),
        steps=tuple(
            StepRule(STEP_NAMES[row["step"]], row["title"], row["does"], row["role"], row["limit_days"]) for row in content["steps"]
        ),
        four_eyes=frozenset(STEP_NAMES[name] for name in content["four_eyes"]),
        consents={name: ConsentRule(name, row["title"], row["text"]) for name, row in content["consents"].items()},
        evidence={
            name: Evidence(name, row["title"], row["held_by"], row["is_asked"], row["reason"]) for name, row in content["evidence"].items()
        },
        cases=tuple(_case(row) for row in content["cases"]),
        form_title=content["form"]["title"],
        form_schema=form_schema,
        prefill=tuple(Prefill(**row) for row in content["prefill"]),
        checklist=tuple(Check(**row) for row in content["checklist"]),
        papers={name: Paper(row["title"], templates[row["file"]]) for name, row in content["papers"].items()},
        result_type=content["result"]["type"],
        result_title=content["result"]["title"],
        result_valid_days=content["result"].get("valid_days"),
        decides_event=content["decides"]["event"],
        decides_basis=content["decides"]["legal_basis"],
        asks_under=content["asks_under"],
        legal_basis=content["legal_basis"],
    )


def _case(row: Mapping[str, Any]) -> Case:
    def words(name: str) -> tuple[str, ...]:
        values: Sequence[str] = row[name]
        return tuple(values)

    return Case(
        id=row["id"],
        title=row["title"],
        hint=row["hint"],
        joins_household=row["joins_household"],
        relations=words("relations"),
        consents=words("consents"),
        evidence=words("evidence"),
    )
